"""`python -m jepa_mpc_training export KIND …`: writes a published world model as a model folder."""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from .checkpoint import Checkpoint, read_checkpoint
from .encoders.kinds import ENCODERS
from .errors import ExportRefusedError, exit_status
from .families import FAMILIES
from .family import Sizes
from .heads import Heads, heads_of
from .interface import JOINT_KINDS, Interface
from .model_folder import Origin, write_model_folder
from .parity import measure_parity, report_parity
from .presets import PRESETS
from .reference_packages import missing_package
from .separate_encoder import ENCODER, ENCODER_OPTION
from .world_model import WorldModel

SEED = 20261125
ENCODER_FILE = "encoder.pth"
"""File of the random weights of a separately published encoder."""


def main(arguments: list[str]) -> int:
    """Runs the command. Returns the exit status: 0, 1 if parity does not hold, or 2 if the inputs were refused."""
    if arguments[0] in ENCODERS:
        # Imported here because the export of an encoder needs this project's own training, and so MuJoCo.
        from .encoders.command import main as export_encoder

        return export_encoder(arguments)
    options = _parser().parse_args(arguments)
    return exit_status(lambda: _run(options))


def _run(options: argparse.Namespace) -> int:
    *given, out = options.paths
    if len(given) != (0 if options.random else 1):
        raise ExportRefusedError(
            "paths",
            found=f"{len(options.paths)}",
            expected="OUT alone with --random, CHECKPOINT and OUT without",
            remedy=f"See: python -m jepa_mpc_training export {options.kind} --help",
        )
    if not options.random:
        return export_checkpoint(options, given[0], out)
    family = FAMILIES[options.kind]
    sizes = family.full_size if options.full_size else family.small
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "weights.pt"
        write_random_checkpoint(options.kind, sizes, file, layout=options.layout)
        given = {"encoder_weights": file.with_name(ENCODER_FILE), **family.random_options}
        return export_checkpoint(argparse.Namespace(**{**vars(options), **given}), file, out)


def write_random_checkpoint(kind: str, sizes: Sizes, file: Path, layout: int = 0) -> None:
    """Saves a reference with random weights as it is published: weights in the given layout, and config.json."""
    family = FAMILIES[kind]
    tensors = family.random_reference(sizes, SEED).model.state_dict()
    theirs = {
        family.layouts[min(layout, len(family.layouts) - 1)].to_theirs(key): each for key, each in tensors.items()
    }
    torch.save(family.pack(theirs), file)
    if family.pack_encoder is not None:
        torch.save(family.pack_encoder(tensors), file.with_name(ENCODER_FILE))
    config = {
        "image_size": sizes.heads.image_size,
        "encoder": {"num_attention_heads": sizes.heads.encoder},
        "predictor": {"heads": sizes.heads.predictor},
    }
    file.with_name("config.json").write_text(json.dumps(config))


def export_checkpoint(options: argparse.Namespace, file: Path, out: Path) -> int:
    """Reads a checkpoint, writes the model folder, and compares it with the reference if its packages are installed.

    Returns the exit status of the comparison.
    """
    family = FAMILIES[options.kind]
    checkpoint = read_checkpoint(file, groups=family.groups)
    if family.pack_encoder is not None:
        checkpoint.tensors.update(_encoder_tensors(options.encoder_weights, family.encoder_file))
    heads = _heads(options, checkpoint)
    model, sizes, weights = family.read(checkpoint.tensors, heads, str(file))
    model = replace(model, window=_window(options.window, model))
    interface = family.interface(options, model)
    reference = None if (missing := missing_package(family.needs)) else family.reference(sizes)
    if reference is not None:
        reference.model.load_state_dict(weights, strict=False, assign=True)
    licence = options.licence or family.licence
    origin = Origin(
        name=options.name or out.name,
        description=f"{family.title}: window of {model.window}, latents of {model.dim}, images of {model.image_size}",
        licence=licence,
        source="Random weights, for parity alone: it has seen no robot"
        if options.random
        else f"{family.title}, {file.name}; code and weights of {family.source}, licence {licence}",
        created_by=f"python -m jepa_mpc_training export {options.kind}"
        + (" --random" + (" --full-size" if options.full_size else "") if options.random else f" {file.name}"),
        dataset=options.dataset or ("none" if options.random else "not stated; see the source"),
        checkpoint_sha256=checkpoint.sha256,
    )
    write_model_folder(out, model, reference, interface, origin)
    print(f"{out}: {family.title}, licence {licence} ({family.source})")
    _print_interface(interface)
    if reference is None:
        print(f"parity: not measured, {missing} is not installed (training/README.md)")
        return 0
    return report_parity(measure_parity(out, model, reference))


def _encoder_tensors(file: Path | None, published: str) -> dict[str, Tensor]:
    if file is None:
        raise ExportRefusedError(
            ENCODER_OPTION,
            found="none",
            expected="the file of the encoder, which is not in the checkpoint",
            remedy=f"Download {published}, and pass its path.",
        )
    return {f"{ENCODER}{name}": tensor for name, tensor in read_checkpoint(file).tensors.items()}


def _heads(options: argparse.Namespace, checkpoint: Checkpoint) -> Heads:
    given = None
    if options.encoder_heads is not None and options.predictor_heads is not None:
        given = Heads(options.encoder_heads, options.predictor_heads)
    otherwise = FAMILIES[options.kind].default_heads(checkpoint.tensors)
    heads = heads_of(checkpoint.config, given, str(options.paths[0]), otherwise)
    return heads if options.image_size is None else replace(heads, image_size=options.image_size)


def _window(requested: int | None, model: WorldModel) -> int:
    """Latents in the window: the requested number, or that of the family. Raises ExportRefusedError."""
    if requested is None:
        return model.window
    maximum = model.max_window or model.window
    minimum = 2 if model.max_window else maximum
    if not minimum <= requested <= maximum:
        raise ExportRefusedError(
            "--window",
            found=f"{requested}",
            expected=f"{minimum} to {maximum}" if minimum < maximum else f"{maximum}, that of its position embeddings",
            remedy="Pass as many latents as plans need: the horizon is enough.",
        )
    return requested


def _print_interface(interface: Interface) -> None:
    action = interface.action
    kind = action.kind.replace("_", " ").replace("velocity", "velocities").replace("position", "positions")
    bounds = zip(action.names, action.lower, action.upper, strict=True)
    print(
        f"actions: interpreted as {kind.replace('delta', 'deltas')}, "
        f"{action.block} of {action.period_ms:g} ms in a step; "
        + ", ".join(f"{name} {low:g} to {high:g}" for name, low, high in bounds)
        + f" ({action.unit})"
    )


def _numbers(text: str) -> tuple[float, ...]:
    return tuple(float(number) for number in text.split(","))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="jepa_mpc_training export",
        description="Writes a published world model as a model folder (docs/model-contract.md).",
        epilog=f"For the encoders {', '.join(ENCODERS)}, see 'export KIND --help'; models on them are trained with "
        "train --encoder. Lists are comma-separated; write --action-mean=-0.1,0.2 if the first number is negative.",
    )
    parser.add_argument("kind", choices=tuple(FAMILIES))
    parser.add_argument("paths", nargs="+", type=Path, metavar="[CHECKPOINT] OUT")
    parser.add_argument("--random", action="store_true", help="export the reference with random weights")
    parser.add_argument("--full-size", action="store_true", help="with --random: use the published size")
    parser.add_argument(
        "--layout",
        type=int,
        choices=(0, 1),
        default=0,
        help="with --random: weight names of transformers 5 (0) or 4 (1)",
    )
    parser.add_argument(
        "--joints", type=lambda text: tuple(text.split(",")), help="names of the joints in the robot description"
    )
    parser.add_argument("--period-ms", type=float, help="time for which one raw action is held")
    parser.add_argument("--block", type=int, help="raw actions in one step (default: as many as the model takes)")
    parser.add_argument(
        "--window", type=int, help="latents that a prediction takes, if the model allows several numbers"
    )
    parser.add_argument("--image-size", type=int, help="pixels of a side, if the weights do not determine it")
    parser.add_argument("--unit", help="unit of raw actions, as text (default: that of the kind of action)")
    parser.add_argument(
        "--action-kind", choices=JOINT_KINDS, default=JOINT_KINDS[0], help="meaning of the actions of joints"
    )
    parser.add_argument("--base", help="end effector: the link that its pose is measured in")
    parser.add_argument("--link", help="end effector: its link")
    parser.add_argument("--gripper-joint", help="end effector: the joint of the gripper")
    parser.add_argument("--gripper-zero", type=float, help="position of that joint when the model's input is 0 (open)")
    parser.add_argument("--gripper-one", type=float, help="position of that joint when the model's input is 1 (closed)")
    parser.add_argument("--action-mean", type=_numbers, help="mean of raw actions in the training data, by joint")
    parser.add_argument("--action-std", type=_numbers, help="their standard deviation")
    parser.add_argument("--dataset-stats", type=Path, help="JSON with mean and std, or raw actions [N, J] as .npy")
    parser.add_argument(
        "--action-lower", type=_numbers, help="lower bounds (default: the data's, or 3 standard deviations)"
    )
    parser.add_argument("--action-upper", type=_numbers, help="upper bounds (default: likewise)")
    parser.add_argument(
        "--encoder-weights", type=Path, help="file of an encoder that is not in the checkpoint (JEPA-WM, DINO-WM)"
    )
    parser.add_argument("--preset", choices=tuple(PRESETS), help="use the normalisers of a simulated task of JEPA-WM")
    parser.add_argument("--proprioception", help="its numbers, as joint_position:elbow,joint_velocity:elbow")
    parser.add_argument("--proprioception-mean", type=_numbers, help="mean of its numbers in the training data")
    parser.add_argument("--proprioception-std", type=_numbers, help="their standard deviation")
    parser.add_argument("--encoder-heads", type=int, help="attention heads, if there is no config.json")
    parser.add_argument("--predictor-heads", type=int, help="attention heads, likewise")
    parser.add_argument("--licence", help="licence of the weights (default: that of the published ones)")
    parser.add_argument("--dataset", help="what the weights were trained on, for the manifest")
    parser.add_argument("--name", help="name of the model (default: that of the folder)")
    return parser
