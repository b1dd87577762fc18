"""`python -m jepa_mpc_training export KIND …`: a published world model becomes a model folder."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import torch

from .actions import Statistics, make_action_spec, read_statistics
from .checkpoint import read_checkpoint
from .errors import ExportRefusedError
from .families import FAMILIES, Sizes
from .heads import Heads, heads_of
from .model_folder import Origin, write_model_folder
from .parity import TOLERANCE, measure_parity
from .reference_packages import missing_package

SEED = 20261125


def main(arguments: list[str]) -> int:
    """Runs the command. Returns the exit status: 2 for what is refused, 1 where the parity does not hold."""
    options = _parser().parse_args(arguments)
    try:
        return _run(options)
    except ExportRefusedError as error:
        print(error, file=sys.stderr)
        return 2


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
        return export_checkpoint(_with_made_up_actions(options), file, out)


def write_random_checkpoint(kind: str, sizes: Sizes, file: Path, layout: int = 0) -> None:
    """Saves the reference module with random weights as it is published: weights in one layout, and config.json."""
    family = FAMILIES[kind]
    tensors = family.random_reference(sizes, SEED).model.state_dict()
    torch.save({family.layouts[layout].to_theirs(key): tensor for key, tensor in tensors.items()}, file)
    config = {
        "encoder": {"num_attention_heads": sizes.heads.encoder},
        "predictor": {"heads": sizes.heads.predictor},
    }
    file.with_name("config.json").write_text(json.dumps(config))


def export_checkpoint(options: argparse.Namespace, file: Path, out: Path) -> int:
    """Reads, writes, and compares with the reference where its packages are installed."""
    family = FAMILIES[options.kind]
    checkpoint = read_checkpoint(file)
    given = None
    if options.encoder_heads is not None and options.predictor_heads is not None:
        given = Heads(options.encoder_heads, options.predictor_heads)
    model, sizes, weights = family.read(checkpoint.tensors, heads_of(checkpoint.config, given, str(file)), str(file))
    action = make_action_spec(
        action_dim=model.action_dim,
        joints=_joints(options),
        unit=options.unit,
        period_ms=_period_ms(options),
        block=options.block,
        statistics=_statistics(options),
        lower=options.action_lower,
        upper=options.action_upper,
    )
    reference = None if (missing := missing_package()) else family.reference(sizes)
    if reference is not None:
        reference.model.load_state_dict(weights, strict=False)
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
    write_model_folder(out, model, reference, action, origin)
    print(f"{out}: {family.title}, licence {licence} ({family.source})")
    bounds = zip(action.joints, action.lower, action.upper, strict=True)
    print(
        f"actions: taken for joint velocities, {action.block} of {action.period_ms:g} ms in a step; "
        + ", ".join(f"{joint} {least:g} to {most:g} {action.unit}" for joint, least, most in bounds)
    )
    if reference is None:
        print(f"parity: not measured, {missing} is not installed (training/README.md)")
        return 0
    errors = measure_parity(out, model, reference)
    print(f"parity, largest absolute differences in float32: {json.dumps(errors)}")
    if max(errors.values()) > TOLERANCE:
        print(f"parity: found {max(errors.values()):g}, expected at most {TOLERANCE:g}", file=sys.stderr)
        return 1
    return 0


def _with_made_up_actions(options: argparse.Namespace) -> argparse.Namespace:
    made_up = argparse.Namespace(**vars(options))
    made_up.joints = ("joint_1", "joint_2")
    made_up.period_ms = 100.0
    made_up.action_mean, made_up.action_std = (0.0, 0.0), (1.0, 1.0)
    return made_up


def _joints(options: argparse.Namespace) -> tuple[str, ...]:
    if options.joints is None:
        raise ExportRefusedError(
            "--joints",
            found="none",
            expected="names of the joints that are acted on, as in the robot description",
            remedy="Say --joints shoulder,elbow in the order of the model's actions.",
        )
    return options.joints


def _period_ms(options: argparse.Namespace) -> float:
    if options.period_ms is None or not options.period_ms > 0:
        raise ExportRefusedError(
            "--period-ms",
            found=f"{options.period_ms}",
            expected="how long one raw action was held in the training data, more than 0 ms",
            remedy="Say --period-ms 100 for data at 10 Hz.",
        )
    return options.period_ms


def _statistics(options: argparse.Namespace) -> Statistics | None:
    of_dataset = read_statistics(options.dataset_stats) if options.dataset_stats is not None else None
    if options.action_mean is None or options.action_std is None:
        return of_dataset
    numbers = Statistics(options.action_mean, options.action_std)
    return numbers if of_dataset is None else replace(of_dataset, mean=numbers.mean, std=numbers.std)


def _numbers(text: str) -> tuple[float, ...]:
    return tuple(float(number) for number in text.split(","))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="jepa_mpc_training export",
        description="Writes a published world model as a model folder (docs/model-contract.md).",
        epilog="Lists are comma-separated; write --action-mean=-0.1,0.2 where the first number is negative.",
    )
    parser.add_argument("kind", choices=tuple(FAMILIES))
    parser.add_argument("paths", nargs="+", type=Path, metavar="[CHECKPOINT] OUT")
    parser.add_argument("--random", action="store_true", help="of the reference module, with random weights")
    parser.add_argument("--full-size", action="store_true", help="with --random: in the published size")
    parser.add_argument(
        "--layout", type=int, choices=(0, 1), default=0, help="with --random: names of transformers 5 (0) or 4 (1)"
    )
    parser.add_argument("--joints", type=lambda text: tuple(text.split(",")), help="of the robot description")
    parser.add_argument("--period-ms", type=float, help="how long one raw action is held")
    parser.add_argument("--block", type=int, help="raw actions in one step (default: what the model takes)")
    parser.add_argument("--unit", default="rad/s", help="of raw actions, for people")
    parser.add_argument("--action-mean", type=_numbers, help="of raw actions in the training data, one a joint")
    parser.add_argument("--action-std", type=_numbers, help="likewise")
    parser.add_argument("--dataset-stats", type=Path, help="JSON with mean and std, or raw actions [N, J] as .npy")
    parser.add_argument("--action-lower", type=_numbers, help="bounds (default: the data's, or 3 deviations)")
    parser.add_argument("--action-upper", type=_numbers, help="likewise")
    parser.add_argument("--encoder-heads", type=int, help="where there is no config.json beside the weights")
    parser.add_argument("--predictor-heads", type=int, help="likewise")
    parser.add_argument("--licence", help="of the weights (default: that of the published ones)")
    parser.add_argument("--dataset", help="what the weights were trained on, for the manifest")
    parser.add_argument("--name", help="of the model (default: the folder's)")
    return parser
