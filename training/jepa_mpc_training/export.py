"""Stage 5: writes the model folder that the planner node loads (docs/model-contract.md)."""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from jepa_mpc_sim.cameras import topic_name
from jepa_mpc_sim.joint_limits import JointLimits, joint_limits, moved_joints
from jepa_mpc_sim.urdf import read_robot
from safetensors.numpy import save_file
from torch import Tensor, nn

from .camera_input import CameraInput, planar
from .config import Config, TrainConfig
from .dataset import Dataset
from .exporters.file_hash import sha256_of
from .external_data import move_large_weights_out, weight_files
from .joint_code import JointPart

CAMERA = "image"
PROPRIOCEPTION = "proprioception"
_FILES = {"goalEncoder": "goal_encoder.onnx", "inverseDynamics": "inverse_dynamics.onnx"}
"""Files of graphs that are not named as the graph."""
_OPSET = 18
_GOLDEN_BATCH = 8
_LEAST_GOLDEN = 4
"""As the contract has it (docs/model-contract.md)."""
_GOLDEN_PIXELS = _GOLDEN_BATCH * 64 * 64
"""Images have fewer golden vectors if those would have more pixels than this."""
_TOLERANCE = {"cpu": 5e-4, "webgpu": 1e-3}
"""Of golden vectors. PyTorch and ONNX Runtime add up the pixels of a channel in another order: a trained encoder of
images of 128 x 128 pixels differs by 8e-5."""


class ExportError(RuntimeError):
    """An exported graph does not give what the trained network gives."""


@dataclass(frozen=True)
class Networks:
    """The networks of the graphs. `encoder` takes `[B, 3, height, width]` of each of `cameras`, all sized and
    normalised as `camera`; `distance` and `inverse_dynamics` may be None.

    With a `joint_part` the encoder takes the joint state, too, and `goal_encoder` takes the picture of a goal alone, or
    those of all cameras.
    """

    encoder: nn.Module
    camera: CameraInput
    predictor: nn.Module
    distance: nn.Module | None
    inverse_dynamics: nn.Module | None = None
    joint_part: JointPart | None = None
    goal_encoder: nn.Module | None = None
    cameras: Sequence[str] = (CAMERA,)
    object_width: int = 0
    """Numbers that are the places of objects: the last ones of those that an image shows."""


def export(
    urdf_xml: str,
    networks: Networks,
    dataset: Dataset,
    config: Config,
    about: dict[str, Any],
    folder: Path,
) -> dict[str, Any]:
    """Writes graphs, golden vectors and manifest to `folder`, each graph checked against its network.

    `about`: description, licence and provenance of the manifest. Raises ExportError where ONNX Runtime differs from
    PyTorch by more than half the declared tolerance. Returns sizes and largest differences.
    """
    robot = read_robot(urdf_xml)
    joints = moved_joints(robot, config.robot)
    limits = joint_limits(robot, joints, config.robot, needs_acceleration=False)
    entries, figures = write_graphs(networks, _golden(networks, dataset, config.train), folder)
    manifest = manifest_of(joints, limits, networks, config, entries, about)
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
    return figures


def write_graphs(networks: Networks, golden: dict[str, Tensor], folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Writes graphs and golden vectors to `folder`; returns `graphs` and `golden` of the manifest, and figures."""
    folder.mkdir(parents=True, exist_ok=True)
    graphs: dict[str, tuple[nn.Module, dict[str, Tensor], str]] = {
        "encoder": (networks.encoder, _inputs(golden, "encoder", (*networks.cameras, PROPRIOCEPTION)), "latent"),
        "predictor": (
            networks.predictor,
            {"history": golden["predictor.history"], "actions": golden["predictor.actions"]},
            "next",
        ),
    }
    for name, (network, output) in _of_pairs(networks).items():
        graphs[name] = (network, _inputs(golden, name, ("latent", "goal")), output)
    if networks.goal_encoder is not None:
        graphs["goalEncoder"] = (networks.goal_encoder, _inputs(golden, "goalEncoder", networks.cameras), "latent")
    entries: dict[str, Any] = {}
    figures: dict[str, Any] = {}
    for name, (network, inputs, output) in graphs.items():
        file = folder / _FILES.get(name, f"{name}.onnx")
        export_graph(network, inputs, output, file)
        figures[f"{name}_max_difference"] = verify_graph(file, inputs, golden[f"{name}.{output}"])
        files = [file, *weight_files(file)]
        figures[f"{name}_kB"] = round(sum(each.stat().st_size for each in files) / 1000)
        entries[name] = graph_entry(file)
    return {"graphs": entries, "golden": write_golden(golden, folder)}, figures


def _of_pairs(networks: Networks) -> dict[str, tuple[nn.Module, str]]:
    """The networks that take a latent and a goal, by graph, each with its output."""
    pairs = {
        "distance": (networks.distance, "distance"),
        "inverseDynamics": (networks.inverse_dynamics, "actions"),
    }
    return {graph: (network, output) for graph, (network, output) in pairs.items() if network is not None}


def _inputs(golden: dict[str, Tensor], graph: str, names: Sequence[str]) -> dict[str, Tensor]:
    """Those golden inputs of a graph that it has."""
    return {name: golden[f"{graph}.{name}"] for name in names if f"{graph}.{name}" in golden}


def write_golden(golden: dict[str, Tensor], folder: Path) -> dict[str, Any]:
    """Writes the golden vectors; returns `golden` of the manifest."""
    vectors = folder / "golden.safetensors"
    save_file({name: tensor.numpy().copy() for name, tensor in golden.items()}, vectors)
    vectors.chmod(0o644)  # safetensors makes its files readable by their owner alone
    return {"file": vectors.name, "sha256": sha256_of(vectors), "tolerance": _TOLERANCE}


def graph_entry(file: Path) -> dict[str, Any]:
    """A graph's entry in `graphs` of the manifest."""
    data = [{"file": each.name, "sha256": sha256_of(each)} for each in weight_files(file)]
    return {"file": file.name, "sha256": sha256_of(file), **({"data": data} if data else {})}


def golden_count(pixels: int) -> int:
    """Golden vectors of a model whose images have so many pixels."""
    return min(_GOLDEN_BATCH, max(_LEAST_GOLDEN, _GOLDEN_PIXELS // pixels))


def _golden(networks: Networks, dataset: Dataset, config: TrainConfig) -> dict[str, Tensor]:
    """Golden vectors: inputs from recorded episodes, and the outputs of the networks."""
    rng, window = np.random.default_rng(0), config.window
    episodes = np.arange(len(dataset.frames))
    count = golden_count(networks.camera.width * networks.camera.height * len(networks.cameras))
    frames, actions, positions, velocities, _ = dataset.sequences(rng, episodes, count, window + 1, config.block)
    with torch.no_grad():
        # The first view, without photometry.
        seen = networks.camera.fit(planar(frames[:, 0, :window]))
        images = [seen] if len(networks.cameras) == 1 else list(seen.unbind(2))
        inputs = [*images]
        if networks.joint_part is not None:
            states = torch.from_numpy(np.concatenate((positions, velocities), axis=2)[:, :window])
            inputs.append(networks.joint_part.normalised(states))
        latents = networks.encoder(*(values.flatten(0, 1) for values in inputs))
        history = latents.unflatten(0, seen.shape[:2]).contiguous()
        blocks = torch.from_numpy(actions)[:, window - 1].contiguous()
        golden = {
            **_of_cameras("encoder", networks, [image[:, 0] for image in images]),
            "encoder.latent": history[:, 0].contiguous(),
            "predictor.history": history,
            "predictor.actions": blocks,
            "predictor.next": networks.predictor(history, blocks),
        }
        if networks.joint_part is not None:
            golden[f"encoder.{PROPRIOCEPTION}"] = inputs[-1][:, 0].contiguous()
        if networks.goal_encoder is not None:
            pictures = _of_cameras("goalEncoder", networks, [image[:, -1] for image in images])
            golden |= {**pictures, "goalEncoder.latent": networks.goal_encoder(*pictures.values())}
        for graph, (network, output) in _of_pairs(networks).items():
            golden |= golden_of_pairs(graph, network, output, history[:, -1].contiguous())
        return golden


def _of_cameras(graph: str, networks: Networks, images: Sequence[Tensor]) -> dict[str, Tensor]:
    """Golden inputs of a graph: images `[B, 3, height, width]`, one of each camera."""
    return {f"{graph}.{name}": image.contiguous() for name, image in zip(networks.cameras, images, strict=True)}


def golden_of_pairs(graph: str, network: nn.Module, output: str, latent: Tensor) -> dict[str, Tensor]:
    """Golden vectors of a graph that takes latents `[B, N, D]`, each with the one before it as its goal."""
    goal = latent.roll(1, dims=0).contiguous()
    with torch.no_grad():
        return {f"{graph}.latent": latent, f"{graph}.goal": goal, f"{graph}.{output}": network(latent, goal)}


def export_graph(network: nn.Module, inputs: dict[str, Tensor], output: str, file: Path) -> None:
    """Writes a network as a graph with a dynamic batch. Very large weights go into a second file in the folder."""
    names = [*inputs, output]
    with warnings.catch_warnings():
        # The tracing exporter is deprecated but writes small, plain graphs, which is what the planner rewrites.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            tuple(inputs.values()),
            # With a Path, the exporter would not find the folder for large weights.
            str(file),
            input_names=list(inputs),
            output_names=[output],
            dynamic_axes={name: {0: "batch"} for name in names},
            opset_version=_OPSET,
            dynamo=False,
        )
    move_large_weights_out(file)


def verify_graph(file: Path, inputs: dict[str, Tensor], expected: Tensor) -> float:
    """Largest difference between ONNX Runtime and PyTorch, for the golden batch and for its first row alone.

    Raises ExportError if it is above half the declared tolerance.
    """
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    worst = 0.0
    for count in (1, len(expected)):
        feed = {name: tensor[:count].numpy() for name, tensor in inputs.items()}
        worst = max(worst, float(np.abs(session.run(None, feed)[0] - expected[:count].numpy()).max()))
    if worst > _TOLERANCE["cpu"] / 2:
        raise ExportError(
            f"{file.name}: found a difference of {worst:g} to PyTorch, expected at most half of {_TOLERANCE}."
        )
    return worst


def manifest_of(
    joints: list[str],
    limits: JointLimits,
    networks: Networks,
    config: Config,
    entries: dict[str, Any],
    about: dict[str, Any],
) -> dict[str, Any]:
    """The manifest of a model whose actions are the velocities of joints.

    `entries`: what `write_graphs` returned; `about`: description, licence and provenance.
    """
    planner = config.planner
    return {
        "format": "jepa-mpc-model",
        "version": 1,
        "name": config.name,
        "description": about["description"],
        "licence": about["licence"],
        "graphs": entries["graphs"],
        "cameras": _cameras(networks),
        **_latent(joints, config.train.latent_dim, networks),
        "history": {"mode": "sliding", "window": config.train.window, "warmup": "repeat"},
        "action": {
            "kind": "joint_velocity",
            "joints": joints,
            "unit": _units_in_words(joints, limits),
            "periodMs": config.collect.period_ms,
            "block": config.train.block,
            "mean": [0.0] * len(joints),
            "std": [1.0] * len(joints),
            "lower": (-limits.velocity).tolist(),
            "upper": limits.velocity.tolist(),
        },
        "goal": {"kind": "image"} | ({} if networks.goal_encoder is None else {"proprioception": "from_images"}),
        "objective": {"default": planner.objective, "steps": planner.steps},
        "plannerDefaults": {
            "samples": planner.samples,
            "iterations": planner.iterations,
            "elites": planner.elites,
            "horizon": planner.horizon,
            "initialStd": planner.initial_std,
            "minStd": planner.min_std,
            "actionPenalty": planner.action_penalty,
            "restMargin": planner.rest_margin,
            **({} if networks.inverse_dynamics is None else {"proposalMargin": planner.proposal_margin}),
        },
        "provenance": about["provenance"],
        "golden": entries["golden"],
    }


def _cameras(networks: Networks) -> list[dict[str, Any]]:
    """`cameras` of the manifest. Each of several has the topic that the simulators publish its images on."""
    if len(networks.cameras) == 1:
        return [networks.camera.manifest(networks.cameras[0])]
    return [networks.camera.manifest(name, f"{topic_name(name)}/image_raw") for name in networks.cameras]


def _latent(joints: list[str], shown: int, networks: Networks) -> dict[str, Any]:
    """`latent` of the manifest, whose images have `shown` numbers, and `proprioception`, if there is a joint part."""
    part, free = networks.joint_part, shown - networks.object_width
    if part is None:
        return {"latent": {"tokens": 1, "dim": shown}}
    fields = [{"kind": kind, "joint": joint} for kind in ("joint_position", "joint_velocity") for joint in joints]
    at, dim = shown + part.still, shown + part.width
    # A goal is at rest, so velocities say nothing of the distance to it.
    streams = [
        ("image", "images", 0, free, 1),
        *([("objects", "images", free, shown, 1)] if networks.object_width else []),
        ("joints", PROPRIOCEPTION, shown, at, 1),
        ("velocities", PROPRIOCEPTION, at, dim, 0),
    ]
    return {
        "latent": {
            "tokens": 1,
            "dim": dim,
            "streams": [
                {
                    "name": name,
                    "of": of,
                    "update": "predicted",
                    "tokens": [0, 1],
                    "dims": [start, end],
                    "weight": weight,
                }
                for name, of, start, end, weight in streams
            ],
        },
        "proprioception": {"fields": fields, "mean": part.mean.tolist(), "std": part.std.tolist()},
    }


def _units_in_words(joints: list[str], limits: JointLimits) -> str:
    """Such as `rad/s`, or `rad/s, m/s for finger`."""
    sliding = [joint for joint, unit in zip(joints, limits.units, strict=True) if unit == "m"]
    if not sliding:
        return "rad/s"
    return "m/s" if len(sliding) == len(joints) else f"rad/s, m/s for {', '.join(sliding)}"
