"""Opens a model folder and recordings, and checks that they are of one robot."""

from __future__ import annotations

import json
from pathlib import Path

from .dataset import Dataset
from .exporters.errors import ExportRefusedError
from .runtime import ExportedModel


def open_model(folder: Path) -> ExportedModel:
    """The model of a folder. Raises ExportRefusedError if there is none."""
    if not (folder / "manifest.json").is_file():
        raise ExportRefusedError(
            str(folder), found="no manifest.json", expected="a model folder", remedy="Export a model there first."
        )
    return ExportedModel(folder)


def open_data(data: Path) -> Dataset:
    """The recordings that collect wrote to `data`. Raises ExportRefusedError if there are none."""
    try:
        return Dataset.load(data)
    except (OSError, ValueError) as error:
        raise ExportRefusedError(
            str(data),
            found=f"no recordings ({error})",
            expected="a folder that collect wrote: frames.npy, actions.npy, positions.npy, in_gazebo.npy",
            remedy="Run: python -m jepa_mpc_training collect --run RUN, then pass RUN/collect.",
        ) from error


def require_match(model: ExportedModel, dataset: Dataset, data: Path) -> None:
    """Raises ExportRefusedError for recordings of another robot or by other cameras, or with images that are too small
    for the model.

    `data` is the folder of `dataset`.
    """
    _require_cameras(model, dataset, data)
    height, width = dataset.frames.shape[-3:-1]
    for camera in model.cameras.values():
        if height < camera.height or width < camera.width:
            raise ExportRefusedError(
                f"{data}: frames",
                found=f"{width} x {height} pixels",
                expected=f"at least the {camera.width} x {camera.height} of the model's camera",
                remedy="Record them at the camera's own size: collect --set collect.frame_size=0. Smaller images would "
                "show the encoder less than the robot's camera does.",
            )
    joints, recorded = model.manifest["action"]["joints"], recorded_joints(data)
    count = dataset.positions.shape[2]
    fits = count == len(joints) if recorded is None else set(recorded) == set(joints)
    if not fits:
        raise ExportRefusedError(
            f"{data}: joints",
            found=f"{count}" if recorded is None else ", ".join(recorded),
            expected=", ".join(joints),
            remedy="Use recordings of the model's own robot.",
        )


def _require_cameras(model: ExportedModel, dataset: Dataset, data: Path) -> None:
    """Of one camera the name does not matter; several are those of the model, in its order."""
    names = tuple(model.cameras)
    wanted = names if len(names) > 1 else ()
    if dataset.cameras != wanted:
        found, expected = (", ".join(cameras) or "one camera" for cameras in (dataset.cameras, wanted))
        raise ExportRefusedError(
            f"{data}: cameras",
            found=found,
            expected=expected,
            remedy=f"Record with --set collect.cameras={','.join(wanted)}."
            if wanted
            else "Record without collect.cameras; --camera NAME chooses one of several cameras.",
        )


def recorded_joints(data: Path) -> list[str] | None:
    """Names of the recorded joints; None if collect did not write them."""
    stamp = data / "collect.json"
    return json.loads(stamp.read_text())["figures"].get("joints") if stamp.is_file() else None
