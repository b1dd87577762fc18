"""A model trained in seconds, for every test that needs one."""

from __future__ import annotations

import os

os.environ.setdefault("MUJOCO_GL", "osmesa")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import pytest
import torch
from tiny_run import TINY, URDF, TinyRun

from jepa_mpc_training.stages import Pipeline


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> TinyRun:
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("tiny")
    figures = Pipeline(URDF.read_text(), TINY, folder / "run", folder / "model").run("evaluate")
    return TinyRun(folder / "run", folder / "model", figures)


@pytest.fixture(scope="session")
def urdf_xml() -> str:
    return URDF.read_text()
