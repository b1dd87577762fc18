"""`python -m jepa_mpc_training export {ijepa,vjepa,vjepa2,dinov2} --random OUT`: compares an untrained model with other
code."""

from __future__ import annotations

import argparse
import importlib.util
import json
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from jepa_mpc_sim.joint_limits import JointLimits
from torch import nn

from ...config import Config, PlannerConfig, TrainConfig
from ...export import CAMERA, Networks, manifest_of, write_graphs
from ...nets import Predictor, Projection
from ..errors import ExportRefusedError, exit_status
from ..parity import report_parity
from ..reference_packages import REQUIREMENTS
from .frozen_vit import GridPool, VitSizes
from .kinds import ENCODERS
from .parity import measure_encoder_parity
from .read_encoder import FrozenEncoder, read_encoder
from .reference import EncoderReference, published_weights, random_encoder

SEED = 20261126
_JOINTS = ["joint_1", "joint_2"]
_LIMITS = JointLimits(
    ("rad", "rad"),
    lower=np.full(2, -np.pi),
    upper=np.full(2, np.pi),
    velocity=np.full(2, 2.0),
    effort=np.full(2, np.inf),
    acceleration=np.full(2, np.inf),
)
_BATCH = 4
_SPREAD = 1.2
"""Standard deviation of random weights for one input, so that latents are of order 1, as trained ones are."""


def main(arguments: list[str]) -> int:
    """Runs the command. Returns the exit status: 0, 1 if parity does not hold, or 2 if the inputs were refused."""
    options = _parser().parse_args(arguments)
    return exit_status(lambda: _run(options))


def _run(options: argparse.Namespace) -> int:
    kind = ENCODERS[options.kind]
    *given, out = options.paths
    if given or not options.random:
        raise ExportRefusedError(
            f"export {options.kind}",
            found="an encoder alone",
            expected="a model with a predictor of actions; the published file has none",
            remedy=f"Train one on it: train --encoder {options.kind} --encoder-weights FILE, and export that. "
            "With --random, pass OUT alone.",
        )
    if options.kind != "vjepa" and importlib.util.find_spec("transformers") is None:
        raise ExportRefusedError(
            "reference modules", found="no transformers", expected="transformers", remedy=f"Install it: {REQUIREMENTS}"
        )
    sizes = kind.full_size if options.full_size else kind.small
    if kind.clip:
        sizes = replace(sizes, tubelets=options.frames // 2)
    reference = random_encoder(options.kind, sizes, SEED)
    encoder = _through_a_file(options, reference, sizes)
    grid = 4 if options.full_size else 2
    networks = random_model(encoder, grid)
    golden = _golden(networks, sizes)
    entries, _ = write_graphs(networks, golden, out)
    planner = PlannerConfig(objective="squared_latent_distance", action_penalty=0.0, rest_margin=0.0)
    about = {
        "description": f"{kind.title} with a projection and a predictor: {sizes.dim} wide, {sizes.depth} layers, "
        f"images of {sizes.image_size}",
        "licence": kind.licence,
        "provenance": {
            "source": "Random weights, for parity alone: it has seen no robot",
            "createdBy": f"python -m jepa_mpc_training export {options.kind} --random"
            + (" --full-size" if options.full_size else ""),
            "dataset": "none",
            "checkpointSha256": encoder.sha256,
        },
    }
    manifest = manifest_of(_JOINTS, _LIMITS, networks, Config(name=out.name, planner=planner), entries, about)
    (out / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
    print(f"{out}: {kind.title}, licence {kind.licence} ({kind.source})")
    return report_parity(measure_encoder_parity(out, networks, reference, grid))


def _through_a_file(options: argparse.Namespace, reference: EncoderReference, sizes: VitSizes) -> FrozenEncoder:
    """The reference's weights, written as they are published and read back as for training."""
    if not 0 <= options.layout < len(ENCODERS[options.kind].layouts):
        names = (f"{number}: {layout.name}" for number, layout in enumerate(ENCODERS[options.kind].layouts))
        raise ExportRefusedError(
            "--layout", found=f"{options.layout}", expected="; ".join(names), remedy="Pass one of these numbers."
        )
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "weights.pt"
        torch.save(published_weights(options.kind, reference, options.layout), file)
        file.with_name("config.json").write_text(json.dumps(reference.config()))
        size = sizes.image_size if ENCODERS[options.kind].image_size else 0
        return read_encoder(options.kind, file, image_size=size, frames=options.frames)


def random_model(encoder: FrozenEncoder, grid: int) -> Networks:
    """The encoder with a projection and a predictor of random weights, with which every layer changes the output."""
    torch.manual_seed(SEED)
    config, pool = TrainConfig(), GridPool(encoder.network.sizes, grid)
    projection = Projection(config, grid**2, encoder.network.sizes.dim)
    predictor = Predictor(config, len(_JOINTS))
    with torch.no_grad():
        nn.init.normal_(projection.mean, std=0.3)
        nn.init.uniform_(projection.std, 0.5, 1.5)
        for part in (projection, predictor):
            for layer in part.modules():
                if isinstance(layer, nn.Linear):
                    is_last = layer.out_features == config.latent_dim
                    spread = _SPREAD / 4 if is_last and part is predictor else _SPREAD
                    nn.init.normal_(layer.weight, std=spread / layer.in_features**0.5)
                    nn.init.normal_(layer.bias, std=0.1)
    whole = nn.Sequential(encoder.network, pool, projection).eval()
    return Networks(whole, encoder.camera, predictor.eval(), None)


def _golden(networks: Networks, sizes: VitSizes) -> dict[str, torch.Tensor]:
    draw = torch.Generator().manual_seed(0)
    image = torch.randn(_BATCH, 3, sizes.image_size, sizes.image_size, generator=draw)
    config = TrainConfig()
    history = torch.randn(_BATCH, config.window, 1, config.latent_dim, generator=draw)
    actions = torch.randn(_BATCH, config.block * len(_JOINTS), generator=draw)
    with torch.no_grad():
        return {
            f"encoder.{CAMERA}": image,
            "encoder.latent": networks.encoder(image),
            "predictor.history": history,
            "predictor.actions": actions,
            "predictor.next": networks.predictor(history, actions),
        }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="jepa_mpc_training export",
        description="Compares the export of a published encoder with other code, on random weights. "
        "To make a model on the published weights: train --encoder KIND --encoder-weights FILE.",
    )
    parser.add_argument("kind", choices=tuple(ENCODERS))
    parser.add_argument("paths", nargs="+", type=Path, metavar="OUT")
    parser.add_argument("--random", action="store_true", help="random weights, with a projection and a predictor")
    parser.add_argument("--full-size", action="store_true", help="use the published size")
    parser.add_argument(
        "--layout", type=int, default=0, help="the layout of weight names that is written and read back"
    )
    parser.add_argument(
        "--frames", type=int, default=2, help="how many times the image is repeated for encoders of clips"
    )
    return parser
