"""Writes the random-weight cases as model folders (docs/model-contract.md):

python -m jepa_mpc_reference.make_models [--folder .prefix/bench/models] [--case lewm-18m]
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import onnx
from jepa_mpc_training.exporters.actions import ActionSpec
from jepa_mpc_training.exporters.errors import ExportRefusedError
from jepa_mpc_training.exporters.interface import Interface
from jepa_mpc_training.exporters.model_folder import Origin, write_model_folder
from jepa_mpc_training.exporters.world_model import Camera, Planner, WorldModel

from .cases import CASES, Case
from .world_models import build_encoder, build_graph

_EXPORT_TOLERANCE = 1e-5
# stable-worldmodel's CEM has no action bounds. Ours must not clip either, so the bounds are 10 initial standard
# deviations away.
_BOUND = 10.0
_CAMERA = Camera(resize="squash", interpolation="area", mean=(0.5,) * 3, std=(0.25,) * 3)


def make_model(case: Case, folder: Path) -> dict[str, Any]:
    """Writes one model folder. Returns sizes, node counts and the largest differences to PyTorch.

    Raises ExportRefusedError if ONNX Runtime differs from the module by more than 1e-5.
    """
    predictor = build_graph(case)
    model = WorldModel(
        encoder=build_encoder(case),
        predictor=predictor,
        channels=3,
        image_size=case.image_size,
        tokens=case.tokens,
        dim=case.dim,
        window=case.window,
        action_dim=case.action_dim,
        camera=_CAMERA,
        planner=Planner(
            samples=case.samples,
            iterations=case.iterations,
            elites=case.elites,
            horizon=case.horizon,
            initial_std=1 / _BOUND,
        ),
    )
    differences = write_model_folder(folder, model, None, _interface(case), _origin(case), seed=case.seed + 2)
    for name, difference in differences.items():
        if difference > _EXPORT_TOLERANCE:
            raise ExportRefusedError(
                f"{folder}: {name}",
                found=f"a difference of {difference:g} between ONNX Runtime and PyTorch",
                expected=f"at most {_EXPORT_TOLERANCE:g}",
                remedy="The two sides of the benchmark would not plan with the same model.",
            )
    nodes = onnx.load(folder / "predictor.onnx").graph.node
    return {
        **{f"{name}_max_difference": difference for name, difference in differences.items()},
        "predictor_parameters": sum(parameter.numel() for parameter in predictor.parameters()),
        "predictor_nodes": dict(Counter(node.op_type for node in nodes).most_common()),
    }


def _interface(case: Case) -> Interface:
    zeros, ones = (0.0,) * case.joints, (1.0,) * case.joints
    return Interface(
        ActionSpec(
            joints=tuple(f"joint_{index + 1}" for index in range(case.joints)),
            unit="rad/s",
            period_ms=100,
            block=case.block,
            mean=zeros,
            std=ones,
            lower=(-_BOUND,) * case.joints,
            upper=(_BOUND,) * case.joints,
        )
    )


def _origin(case: Case) -> Origin:
    return Origin(
        name=case.name,
        description=case.description,
        licence="Apache-2.0",
        source="Random weights, for speed and parity alone: it has seen no robot",
        created_by=f"python -m jepa_mpc_reference.make_models --case {case.name}",
        dataset=f"none; seed {case.seed}",
    )


def main() -> None:
    """Writes the folders of the requested cases."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path(".prefix/bench/models"))
    parser.add_argument("--case", choices=list(CASES), action="append", help="default: all")
    parser.add_argument("--seed", type=int, help="of the weights; default: the case's own")
    arguments = parser.parse_args()
    for name in arguments.case or CASES:
        case = CASES[name] if arguments.seed is None else replace(CASES[name], seed=arguments.seed)
        figures = make_model(case, arguments.folder / name)
        print(f"{arguments.folder / name}: {json.dumps(figures)}")


if __name__ == "__main__":
    main()
