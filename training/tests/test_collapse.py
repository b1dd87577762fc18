"""The regulariser and the detector distinguish good latents from collapsed ones."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from jepa_mpc_training.__main__ import main
from jepa_mpc_training.collapse import CollapseError, check_collapse, latent_spread, sigreg
from jepa_mpc_training.stages import Pipeline


def _normal(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def test_normal_latents_pass_and_use_every_dimension() -> None:
    spread = check_collapse(_normal(2000, 8), 2)
    assert spread["mean_std"] == pytest.approx(1.0, abs=0.05)
    assert spread["effective_rank"] == pytest.approx(8.0, abs=0.1)


@pytest.mark.parametrize(
    "latents",
    [torch.ones(500, 8), _normal(500, 8) * 0.01, _normal(500, 1).expand(500, 8).contiguous()],
    ids=["a point", "next to a point", "a line"],
)
def test_collapsed_latents_are_refused(latents: torch.Tensor) -> None:
    with pytest.raises(CollapseError, match="regulariser"):
        check_collapse(latents, 2)


def test_the_command_says_in_words_that_a_model_collapsed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(Pipeline, "run", lambda self, last: check_collapse(torch.ones(500, 8), 2))
    with pytest.raises(SystemExit, match=r"^jepa_mpc_training: error: latents: found .* raise train\.regulariser"):
        main(["train", "--run", str(tmp_path / "run"), "--model", str(tmp_path / "model"), "--threads", "1"])


def test_the_regulariser_prefers_normal_latents_and_pulls_collapsed_ones_apart() -> None:
    good = sigreg(_normal(1000, 8), 64, torch.Generator().manual_seed(1))
    latents = (_normal(1000, 8) * 0.1).requires_grad_()
    bad = sigreg(latents, 64, torch.Generator().manual_seed(1))
    assert bad > 20 * good
    bad.backward()
    moved = (latents - latents.grad * 100).detach()
    assert latent_spread(moved)["mean_std"] > latent_spread(latents.detach())["mean_std"]
