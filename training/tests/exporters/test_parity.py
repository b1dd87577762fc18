"""Every family's export gives what its authors' code gives."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from published import needs_reference_of

from jepa_mpc_training.exporters.checkpoint import read_checkpoint
from jepa_mpc_training.exporters.command import main
from jepa_mpc_training.exporters.families import FAMILIES
from jepa_mpc_training.exporters.parity import TOLERANCE, measure_parity


@pytest.mark.parametrize(
    ("kind", "layout"), [(kind, layout) for kind, family in FAMILIES.items() for layout in range(len(family.layouts))]
)
def test_encoder_step_rollout_and_cost_are_those_of_the_reference(
    kind: str, layout: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    needs_reference_of(kind)
    assert main([kind, "--random", "--layout", str(layout), str(tmp_path / "model")]) == 0

    printed = capsys.readouterr().out
    errors = json.loads(printed[printed.rindex("{") :])
    assert set(errors) == {"encoder", "one_step", "three_step_rollout", "cost"}
    assert max(errors.values()) <= TOLERANCE
    assert f"licence {FAMILIES[kind].licence}" in printed


@pytest.mark.parametrize("kind", [kind for kind, family in FAMILIES.items() if not family.groups])
def test_a_module_that_was_pickled_whole_has_the_weights_of_its_state_dict(kind: str, tmp_path: Path) -> None:
    needs_reference_of(kind)
    family = FAMILIES[kind]
    module = family.random_reference(family.small, 0).model
    torch.save(module, tmp_path / "model.ckpt")

    found = read_checkpoint(tmp_path / "model.ckpt").tensors

    expected = module.state_dict()
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], tensor.float()) for name, tensor in expected.items())


@pytest.mark.parametrize("kind", FAMILIES)
def test_another_model_is_found_out(kind: str, tmp_path: Path) -> None:
    needs_reference_of(kind)
    assert main([kind, "--random", str(tmp_path)]) == 0
    family = FAMILIES[kind]
    other = family.random_reference(family.small, 1)
    model, _, _ = family.read(other.model.state_dict(), family.small.heads, "other")

    errors = measure_parity(tmp_path, model, other)

    assert min(errors.values()) > 100 * TOLERANCE
