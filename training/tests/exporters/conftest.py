"""A random LeWM in its published form, small."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from published import skip_without

from jepa_mpc_training.exporters.command import main, write_random_checkpoint
from jepa_mpc_training.exporters.lewm_sizes import SMALL
from jepa_mpc_training.exporters.reference_packages import STABLE_WORLDMODEL


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`weights.pt` in the names of transformers 4, with `config.json` in its folder."""
    skip_without(STABLE_WORLDMODEL)
    torch.set_num_threads(1)
    file = tmp_path_factory.mktemp("published") / "weights.pt"
    write_random_checkpoint("lewm", SMALL, file, layout=1)
    return file


@pytest.fixture
def refusal(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Runs the command, which is to refuse, and returns what it says."""

    def run(*arguments: object) -> str:
        capsys.readouterr()
        assert main([str(argument) for argument in arguments]) == 2
        return capsys.readouterr().err

    return run
