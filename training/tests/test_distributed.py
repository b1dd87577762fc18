"""Training by two processes: the same weights in both, the mean of their gradients, and one that writes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_run import TINY, URDF, TinyRun

from jepa_mpc_training.__main__ import main
from jepa_mpc_training.config import Config
from jepa_mpc_training.distributed import (
    SINGLE_PROCESS,
    DeviceError,
    ProcessGroup,
    batch_per_process,
    open_process_group,
)
from jepa_mpc_training.train import load_jepa

HERE = Path(__file__).resolve().parent


def _torchrun(*command: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(HERE)}
    launcher = (sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
    return subprocess.run([*launcher, *command], env=environment, capture_output=True, text=True, check=False)


def _train(tiny: TinyRun, out: Path, *options: str) -> subprocess.CompletedProcess[str]:
    out.mkdir(exist_ok=True)
    return _torchrun(
        str(HERE / "train_distributed.py"), "--data", str(tiny.run / "collect"), "--out", str(out), *options
    )


def _ranks(out: Path) -> list[dict[str, Any]]:
    return [torch.load(out / f"rank-{rank}.pt", weights_only=True) for rank in range(2)]


def _same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_two_processes_end_with_the_same_weights_and_an_interrupted_run_goes_on(tiny: TinyRun, tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    result = _train(tiny, whole)
    assert result.returncode == 0, result.stderr
    first, second = _ranks(whole)
    assert _same(first["weights"], second["weights"])
    assert _same(first["readout"], second["readout"])
    assert (first["mean_gradient"] == 0.5).all()
    assert (second["mean_gradient"] == 0.5).all()
    trained = [[loss for seed, batch, loss in rank["losses"] if batch == 4] for rank in (first, second)]
    assert len(trained[0]) == len(trained[1]) == 12, "each has half of every batch of 8"
    assert trained[0] != trained[1], "and motions of its own"
    assert _same(load_jepa(whole / "jepa.pt").predictor.state_dict(), _part(first["weights"], "net."))
    assert len(list((whole / "tensorboard").iterdir())) == 1, "one of them writes"

    assert _train(tiny, cut, "--cut", "8").returncode != 0
    assert not (cut / "jepa.pt").exists()
    assert _train(tiny, cut).returncode == 0
    resumed = _ranks(cut)[0]
    assert len([batch for _, batch, _ in resumed["losses"] if batch == 4]) == 12 - 5, "from the checkpoint at step 5"
    assert _same(resumed["weights"], first["weights"])
    assert _same(resumed["readout"], first["readout"])


def _part(weights: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    return {name: tensor for name, tensor in weights.items() if name.startswith(prefix)}


def test_the_command_line_runs_other_stages_once_and_trains_distributed(tiny: TinyRun, tmp_path: Path) -> None:
    run = shutil.copytree(tiny.run, tmp_path / "run", ignore=shutil.ignore_patterns("train", "distance"))
    result = _torchrun(
        *("-m", "jepa_mpc_training", "distance", "--run-folder", str(run), "--urdf", str(URDF), "--threads", "1"),
        *(word for setting in _settings() for word in ("--set", setting)),
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("collect: up to date") == 1
    assert result.stdout.count('"scale"') == 1
    assert (run / "distance" / "distance.pt").exists()
    figures = json.loads((run / "train" / "train.json").read_text())["figures"]
    assert figures["mean_std"] > 0.1


def _settings() -> list[str]:
    """What is special about the tiny configuration, for the command line."""
    settings = []
    for section in fields(Config):
        ours, usual = getattr(TINY, section.name), getattr(Config(), section.name)
        for field in fields(ours) if is_dataclass(ours) else ():
            value = getattr(ours, field.name)
            if value != getattr(usual, field.name):
                settings.append(f"{section.name}.{field.name}={value}")
    return settings


def test_a_single_process_shares_nothing() -> None:
    with open_process_group("cpu") as group:
        assert group == SINGLE_PROCESS
        assert group.is_main
        assert group.broadcast(0.1) == 0.1
        group.barrier()
    parameter = torch.nn.Parameter(torch.zeros(1))
    parameter.grad = torch.ones(1)
    SINGLE_PROCESS.average_gradients([parameter])
    assert parameter.grad == 1


def test_a_batch_that_cannot_be_shared_is_refused() -> None:
    assert batch_per_process(48, ProcessGroup(rank=1, size=2)) == 24
    with pytest.raises(ValueError, match=r"train.batch: found 48, expected a multiple of the 5 processes"):
        batch_per_process(48, ProcessGroup(size=5))


def test_training_on_a_gpu_without_one_ends_before_anything_is_made(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    run = tmp_path / "run"
    with pytest.raises(SystemExit) as end:
        main(["all", "--urdf", str(URDF), "--run", str(run), "--device", "cuda"])
    assert str(end.value.code).startswith("jepa_mpc_training: error: --device cuda: found 0 GPUs")
    assert not run.exists()


def test_each_process_needs_a_gpu_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    monkeypatch.setenv("LOCAL_RANK", "1")
    with open_process_group("cuda") as group:
        assert group.device == torch.device("cuda", 1)
    monkeypatch.setenv("LOCAL_RANK", "2")
    with pytest.raises(DeviceError, match=r"found 2 GPUs .* of which this is number 3"), open_process_group("cuda"):
        pass
