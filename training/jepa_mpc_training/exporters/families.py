"""The families of published world models that can be exported, by the name that `export` takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import dino_wm, dino_wm_original, jepa_wm, lewm, vjepa2_ac
from .family import Family

FAMILIES: Mapping[str, Family[Any]] = {
    "lewm": lewm.LEWM,
    "pldm": lewm.PLDM,
    "dino-wm": dino_wm.DINO_WM,
    "dino-wm-original": dino_wm_original.DINO_WM_ORIGINAL,
    "vjepa2-ac": vjepa2_ac.VJEPA2_AC,
    "jepa-wm": jepa_wm.JEPA_WM,
    "jepa-wm-droid": jepa_wm.JEPA_WM_DROID,
}
