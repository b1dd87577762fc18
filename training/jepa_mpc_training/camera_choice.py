"""The cameras of a robot that a model sees through."""

from __future__ import annotations

from collections.abc import Sequence

from jepa_mpc_sim.cameras import Camera, topic_name
from jepa_mpc_sim.names import did_you_mean

from .exporters.errors import ExportRefusedError

_SETTING = "collect.cameras"
OTHER_TENSORS = ("proprioception", "latent")
"""Names that a graph with images has for something else."""


def camera_indices(there: Sequence[Camera], chosen: Sequence[str], frame_size: int) -> list[int]:
    """Where the `chosen` cameras are among those of a robot; with none chosen, its main one: `[0]`.

    `frame_size`: 0 where images keep the size of their camera, which then has to be that of all. Raises
    ExportRefusedError.
    """
    if not chosen:
        return [0]
    names = [camera.name for camera in there]
    if len(set(chosen)) != len(chosen) or len(chosen) < 2:
        raise ExportRefusedError(
            _SETTING,
            found=", ".join(chosen),
            expected="two or more different cameras",
            remedy=f"For one camera, leave it empty and pass --camera {chosen[0]}.",
        )
    for name in chosen:
        if name not in names:
            raise ExportRefusedError(
                "cameras",
                found=f"'{name}'",
                expected=f"cameras of the robot: {', '.join(names) or 'it has none'}",
                remedy=did_you_mean(name, names, "Name cameras that are there, or add a sensor to the URDF."),
            )
        if name in OTHER_TENSORS:
            raise ExportRefusedError(
                _SETTING,
                found=f"a camera '{name}'",
                expected=f"names other than {' and '.join(OTHER_TENSORS)}, which a model has for something else",
                remedy="Rename the sensor in the URDF.",
            )
    if len({topic_name(name) for name in chosen}) != len(chosen):
        raise ExportRefusedError(
            _SETTING,
            found=f"cameras {', '.join(chosen)}, two of them on one topic",
            expected="names that still differ with _ for each character that a topic cannot have",
            remedy="Rename one of the sensors in the URDF.",
        )
    indices = [names.index(name) for name in chosen]
    sizes = {f"{there[index].width} x {there[index].height}" for index in indices}
    if frame_size == 0 and len(sizes) > 1:
        raise ExportRefusedError(
            _SETTING,
            found=f"images of {' and '.join(sorted(sizes))} pixels",
            expected="one size for all",
            remedy="Give the cameras one size in the URDF, or scale the frames: --set collect.frame_size=128.",
        )
    return indices


def images_in_words(cameras: int) -> str:
    """Such as `images of 2 cameras`."""
    return "images" if cameras == 1 else f"images of {cameras} cameras"
