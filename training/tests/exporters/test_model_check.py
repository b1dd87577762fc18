"""What is exported holds against the model contract, is compiled, and is planned with."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from published import needs_reference, needs_reference_of

from jepa_mpc_training.exporters.command import main
from jepa_mpc_training.exporters.encoders.kinds import ENCODERS
from jepa_mpc_training.exporters.families import FAMILIES

PROGRAM = Path(__file__).resolve().parents[3] / "dist" / "cli" / "main.js"


@pytest.mark.skipif(not PROGRAM.is_file(), reason="the program is not built: npm run setup")
@pytest.mark.skipif(shutil.which("node") is None, reason="there is no node on the PATH")
@pytest.mark.parametrize(
    "kind", [*FAMILIES, *(pytest.param(kind, marks=[] if kind == "vjepa" else needs_reference) for kind in ENCODERS)]
)
def test_the_product_s_own_check_holds(kind: str, tmp_path: Path) -> None:
    if kind in FAMILIES:
        needs_reference_of(kind)
    assert main([kind, "--random", str(tmp_path)]) == 0

    command = ["node", str(PROGRAM), "model", "check", str(tmp_path), "--device", "cpu"]
    check = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)

    assert check.returncode == 0, check.stdout + check.stderr
    assert "everything holds" in check.stdout
    assert f"licence       {({**FAMILIES, **ENCODERS})[kind].licence}" in check.stdout
    # Not step by step: every operator of the predictor is one that can be compiled.
    assert "an iteration in one run" in check.stdout
