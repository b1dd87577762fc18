"""The command stream under anything, held against the check of this folder: a short run of `npm run fuzz`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def test_no_fuzzed_step_exceeds_a_limit(tmp_path):
    result = tmp_path / "fuzz.json"
    command = [
        "node",
        str(ROOT / "bench" / "fuzz-commands.mjs"),
        "--steps",
        "100000",
        "--seed",
        "4",
        "--json",
        str(result),
    ]
    done = subprocess.run(
        command, env=os.environ | {"JEPA_MPC_PYTHON": sys.executable}, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(result.read_text())
    assert report["steps"] >= 100_000
    assert report["violations"] == 0
    # It went to the limits, so it could have exceeded them.
    assert min(report["worst"].values()) > 0.99
