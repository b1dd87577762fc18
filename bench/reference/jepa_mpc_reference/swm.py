"""The solvers and models of stable-worldmodel that the benchmark uses, from its installed and unchanged sources."""

from __future__ import annotations

from jepa_mpc_training.exporters.reference_packages import missing_package, swm_module

if missing := missing_package(("einops", "stable_worldmodel")):
    raise ImportError(f"found no {missing}; install it: pip install --no-deps -r bench/reference/no-deps.txt")

cem, icem, mppi = (swm_module(f"solver.{name}") for name in ("cem", "icem", "mppi"))
prejepa_modules = swm_module("wm.prejepa.module")
PreJEPA = swm_module("wm.prejepa.prejepa").PreJEPA
