"""Small sizes of the benchmark's cases: every test takes a second or less."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jepa_mpc_reference.cases import DINO_PATCHES, LEWM_18M, Case

_SMALL = {"depth": 2, "heads": 2, "dim_head": 8, "mlp_dim": 32, "samples": 12, "elites": 4, "iterations": 3}


@pytest.fixture(params=["lewm", "dino"])
def small_case(request: pytest.FixtureRequest) -> Case:
    """One of the two architectures, small."""
    if request.param == "lewm":
        return replace(LEWM_18M, dim=16, horizon=4, **_SMALL)
    return replace(DINO_PATCHES, tokens=4, dim=16, horizon=4, image_size=8, **_SMALL)
