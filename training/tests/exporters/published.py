"""What the tests of the exporters share: options, and whether the families' own code is there."""

from __future__ import annotations

import pytest

from jepa_mpc_training.exporters.reference_packages import REQUIREMENTS, missing_package

_MISSING = missing_package()
needs_reference = pytest.mark.skipif(_MISSING is not None, reason=f"{_MISSING} is not installed: {REQUIREMENTS}")

ACTIONS = ["--joints", "shoulder,elbow", "--period-ms", "100"]
NORMALISERS = ["--action-mean=-0.1,0.2", "--action-std", "0.5,0.25"]
