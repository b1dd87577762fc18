"""Features of every recorded frame by a published encoder, computed once and kept on disk."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from .camera_input import planar
from .config import EncoderConfig, PhotometryConfig
from .dataset import Dataset
from .exporters.encoders.frozen_vit import GridPool
from .exporters.encoders.kinds import ENCODERS
from .exporters.encoders.read_encoder import FrozenEncoder, read_encoder
from .exporters.errors import ExportRefusedError
from .nets import EachCamera
from .photometry import photographed

_BATCH = 16
_MIN_STD_SHARE = 0.1
"""Smallest standard deviation of a feature, as a share of their median, so that noise in a constant feature is not
amplified."""


class Features(Dataset):
    """A `Dataset` whose `frames` are features, float `[E, V, T + 1, G, D]`: D numbers for each of G areas of the image,
    or of the images of all cameras."""

    @classmethod
    def of(cls, dataset: Dataset, file: Path) -> Features:
        """The features of every frame of `dataset` in `file`; they stay on disk until they are used."""
        return cls(**vars(replace(dataset, frames=np.load(file, mmap_mode="r"))))

    def spread(self) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation `[G, D]` over up to 50 episodes."""
        some = np.asarray(self.frames[:: max(1, len(self.frames) // 50)], dtype=np.float32)
        mean, std = torch.from_numpy(some.mean((0, 1, 2))), torch.from_numpy(some.std((0, 1, 2)))
        return mean, std.clamp_min(max(1e-6, _MIN_STD_SHARE * float(std.median())))


def open_encoder(config: EncoderConfig) -> FrozenEncoder:
    """The encoder that the configuration names. Raises ExportRefusedError for missing weights and bad settings."""
    if config.kind not in ENCODERS:
        raise ExportRefusedError(
            "--encoder", found=f"'{config.kind}'", expected=", ".join(ENCODERS), remedy="Pass one of them."
        )
    if not config.weights:
        raise ExportRefusedError(
            "--encoder-weights",
            found="none",
            expected=f"the file with the weights of {ENCODERS[config.kind].title}",
            remedy=f"Download it from its authors ({ENCODERS[config.kind].file}) and pass its path.",
        )
    if config.dtype not in ("float16", "float32"):
        raise ExportRefusedError(
            "encoder.dtype", found=f"'{config.dtype}'", expected="float16 or float32", remedy="Set one of them."
        )
    encoder = read_encoder(
        config.kind, Path(config.weights), heads=config.heads, image_size=config.image_size, frames=config.frames
    )
    side = encoder.network.sizes.side
    if not 1 <= config.grid <= side:
        raise ExportRefusedError(
            "encoder.grid",
            found=f"{config.grid}",
            expected=f"1 to {side}, the patches along a side",
            remedy="Set one of these.",
        )
    return encoder


def features_of(encoder: FrozenEncoder, config: EncoderConfig, cameras: int) -> nn.Module:
    """A network of images of so many cameras, normalised -> their features `[B, G, D]`: tokens, averaged over areas."""
    front = nn.Sequential(encoder.network, GridPool(encoder.network.sizes, config.grid))
    return front if cameras == 1 else EachCamera(front)


def write_features(
    dataset: Dataset,
    encoder: FrozenEncoder,
    config: EncoderConfig,
    photometry: PhotometryConfig,
    folder: Path,
    made_from: str,
) -> dict[str, Any]:
    """Encodes every frame into `features.npy`, each view and camera under a photometry of its own. An interrupted run
    with the same inputs continues with the next episode. Returns counts and sizes."""
    sizes = encoder.network.sizes
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    front = features_of(encoder, config, dataset.camera_count).to(device)
    file, progress_file = folder / "features.npy", folder / "progress.json"
    first = _episodes_done(file, progress_file, made_from)
    shape = (*dataset.frames.shape[:3], dataset.camera_count * config.grid**2, sizes.dim)
    features = (
        np.lib.format.open_memmap(file, mode="r+")
        if first
        else np.lib.format.open_memmap(file, mode="w+", dtype=config.dtype, shape=shape)
    )
    # The exported graph computes in full precision, so the features must, too.
    with torch.no_grad(), torch.backends.cudnn.flags(allow_tf32=False):
        for episode in tqdm(range(first, len(features)), desc="features", initial=first, unit="episode"):
            # Seeded by the episode, so that a resumed run draws the same photometry as an uninterrupted one.
            generator = torch.Generator().manual_seed(episode)
            images = photographed(photometry, planar(dataset.frames[episode]), generator).flatten(0, 1)
            pooled = [front(encoder.camera.fit(some).to(device)).cpu() for some in images.split(_BATCH)]
            features[episode] = torch.cat(pooled).unflatten(0, shape[1:3]).to(getattr(torch, config.dtype)).numpy()
            _require_numbers(features[episode], config.dtype, file)
            features.flush()
            progress_file.write_text(json.dumps({"made_from": made_from, "episodes": episode + 1}))
    encoder.network.cpu()
    return {
        "frames": int(np.prod(shape[:3])),
        "places": shape[3],
        "width": shape[4],
        "MB": round(features.nbytes / 1e6),
    }


def _require_numbers(features: np.ndarray, dtype: str, file: Path) -> None:
    if not np.isfinite(features).all():
        raise ExportRefusedError(
            str(file),
            found="features that are not finite",
            expected=f"features within the range of {dtype}",
            remedy="Pass --set encoder.dtype=float32.",
        )


def _episodes_done(file: Path, progress_file: Path, made_from: str) -> int:
    if not (file.exists() and progress_file.exists()):
        return 0
    known = json.loads(progress_file.read_text())
    return known["episodes"] if known["made_from"] == made_from else 0
