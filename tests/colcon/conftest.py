"""The workspace is built once: it takes a minute or two."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from workspace import COLCON, Workspace, build_workspace


@pytest.fixture(scope="session")
def workspace() -> Iterator[Workspace]:
    assert COLCON.exists(), f"found no {COLCON}; expected colcon there; what to do: start this with npm run test:colcon"
    with tempfile.TemporaryDirectory(prefix="jepa-mpc-colcon-") as folder:
        yield build_workspace(Path(folder))
