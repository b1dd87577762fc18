"""What is exported holds against the model contract, is compiled, and is planned with."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from published import needs_reference, needs_reference_of
from tiny_run import TinyRun

from jepa_mpc_training.exporters.command import main
from jepa_mpc_training.exporters.encoders.kinds import ENCODERS
from jepa_mpc_training.exporters.families import FAMILIES

PROGRAM = Path(__file__).resolve().parents[3] / "dist" / "src" / "cli" / "main.js"


SWIFTSHADER = Path("/usr/lib/chromium/vk_swiftshader_icd.json")
"""Vulkan on the processor, as Debian's chromium package ships it."""

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="there is no node on the PATH")


@pytest.mark.parametrize(
    "kind", [*FAMILIES, *(pytest.param(kind, marks=[] if kind == "vjepa" else needs_reference) for kind in ENCODERS)]
)
def test_the_product_s_own_check_holds(kind: str, tmp_path: Path) -> None:
    if kind in FAMILIES:
        needs_reference_of(kind)
    assert main([kind, "--random", str(tmp_path)]) == 0

    check = _check(tmp_path, "cpu")

    assert _row(check, "licence") == ({**FAMILIES, **ENCODERS})[kind].licence
    # Not step by step: every operator of the predictor is one that can be compiled.
    assert "an iteration in one run" in check


def test_it_holds_for_a_model_that_was_trained_here(tiny: TinyRun) -> None:
    check = _check(tiny.model, "cpu")
    assert _row(check, "goal").startswith("image, with the robot state read from it;")
    assert "an iteration in one run" in check


# Those with the most operators. The others hold as well, but a plan on a processor's Vulkan takes its time.
@pytest.mark.skipif(not SWIFTSHADER.is_file(), reason=f"no {SWIFTSHADER}: install Debian's chromium-common, libvulkan1")
@pytest.mark.parametrize("kind", ["vjepa2-ac", "jepa-wm"])
def test_it_holds_on_webgpu_too(kind: str, tmp_path: Path) -> None:
    needs_reference_of(kind)
    assert main([kind, "--random", str(tmp_path)]) == 0

    assert "a whole plan in one run" in _check(tmp_path, "webgpu")


def _row(check: str, title: str) -> str:
    """What the card says in the row of that title."""
    (text,) = re.findall(rf"^  {title} +(.*)$", check, re.MULTILINE)
    return text


def _check(folder: Path, device: str) -> str:
    """The card of a folder that holds."""
    command = ["node", str(PROGRAM), "model", "check", str(folder), "--device", device]
    environment = os.environ | {"VK_ICD_FILENAMES": str(SWIFTSHADER)}
    check = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False, env=environment)
    assert check.returncode == 0, check.stdout + check.stderr
    assert "everything holds" in check.stdout
    return check.stdout
