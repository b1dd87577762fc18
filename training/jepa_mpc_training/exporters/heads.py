"""Numbers of attention heads and the size of images, which the shapes of the weights do not determine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .errors import ExportRefusedError

# Heads of `vit_hf(size)` of stable-pretraining and of the backbones of stable-worldmodel.
_HEADS_OF_ENCODER = {
    "tiny": 3,
    "small": 6,
    "base": 12,
    "large": 16,
    "huge": 16,
    "dinov2_small": 6,
    "dinov2_base": 12,
    "dinov2_large": 16,
    "facebook/dinov2-small": 6,
    "facebook/dinov2-base": 12,
    "facebook/dinov2-large": 16,
}


@dataclass(frozen=True)
class Heads:
    """Numbers of attention heads; and pixels of a side of the images, if positions are rotary."""

    encoder: int
    predictor: int
    image_size: int | None = None
    """None: as published."""


def heads_of(config: Mapping[str, Any], given: Heads | None, subject: str, otherwise: Heads | None = None) -> Heads:
    """The heads `given` on the command line, or those of the published `config.json`, or `otherwise`.

    Raises ExportRefusedError if none of them is known. `subject` is the file, for the error.
    """
    if given is not None:
        return given
    model = config.get("model", config)
    encoder, predictor = model.get("encoder"), model.get("predictor")
    if isinstance(encoder, Mapping) and isinstance(predictor, Mapping):
        of_encoder = encoder.get(
            "num_attention_heads", _HEADS_OF_ENCODER.get(str(encoder.get("size", encoder.get("name"))))
        )
        of_predictor = predictor.get("heads")
        if isinstance(of_encoder, int) and isinstance(of_predictor, int):
            return Heads(of_encoder, of_predictor, config.get("image_size"))
    if otherwise is not None:
        return otherwise
    raise ExportRefusedError(
        f"{subject}: config.json",
        found="no numbers of attention heads" if config else "no such file in the folder of the weights",
        expected="encoder.size, encoder.name or encoder.num_attention_heads, and predictor.heads",
        remedy="Download config.json into the same folder, or pass --encoder-heads 3 --predictor-heads 16 "
        "(LeWM and PLDM; 6 and 16: DINO-WM on DINOv2-small).",
    )


def require_division(subject: str, heads: int, width: int) -> None:
    """Raises ExportRefusedError if `width` is not divisible by the number of heads."""
    if heads < 1 or width % heads:
        raise ExportRefusedError(
            subject,
            found=f"{heads}",
            expected=f"a divisor of the width {width}",
            remedy="Use the config.json that belongs to these weights.",
        )
