"""Runs stable-worldmodel's own CEM, MPPI or iCEM with given noise, and times and records it from outside."""

from __future__ import annotations

import contextlib
import io
import time
import types
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import gymnasium
import numpy as np
import torch
from torch import Tensor, nn

from .costables import ReferenceModel
from .swm import cem, icem, mppi

_SOLVERS = {"cem": (cem, cem.CEMSolver), "mppi": (mppi, mppi.MPPISolver), "icem": (icem, icem.ICEMSolver)}


@dataclass(frozen=True)
class Settings:
    """Parameters of a planner. Actions are model actions (normalised)."""

    samples: int
    iterations: int
    elites: int
    horizon: int
    initial_std: float
    bound: float
    """Actions are clipped to [-bound, bound] by iCEM, and not by the others."""
    temperature: float = 0.5
    """Of MPPI, in the unit of the cost."""
    noise_beta: float = 2.0
    momentum: float = 0.1
    elites_kept: int = 5


@dataclass
class Iteration:
    """The record of one iteration."""

    ms: float
    score_ms: float
    """The part of `ms` that was spent in `get_cost`."""
    candidates: Tensor
    """`[S, H, A]`"""
    costs: Tensor
    """`[S]`"""
    mean: Tensor
    """`[H, A]` after the refit."""
    std: Tensor
    """`[H, A]` after the refit."""


@dataclass
class Trace:
    """The record of a plan."""

    total_ms: float
    iterations: list[Iteration]
    actions: Tensor
    """`[H, A]`, the solver's result."""
    part_ms: dict[str, float]
    """Time in each of the model's `parts()`, if it was measured."""


def synchronise(device: str) -> None:
    """Waits for the GPU. Otherwise only the launches of kernels would be timed."""
    if torch.device(device).type == "cuda":
        torch.cuda.synchronize()


@dataclass
class _Observer:
    """Stands between solver and model: provides the noise, and records the start and the costs of each iteration."""

    model: ReferenceModel
    noise: Tensor | None
    """Standard normals `[iterations, S, H, A]`. None: the solver draws its own."""
    planner: str
    device: str
    costs_given: Tensor | None = None
    """Costs `[iterations, S]` that replace the model's."""
    starts: list[float] = field(default_factory=list)
    score_seconds: list[float] = field(default_factory=list)
    candidates: list[Tensor] = field(default_factory=list)
    costs: list[Tensor] = field(default_factory=list)
    refits: list[tuple[Tensor, Tensor]] = field(default_factory=list)

    def randn(self, *shape: Any, **options: Any) -> Tensor:
        """Replaces `torch.randn` in the solver, which calls it once at the start of each iteration."""
        synchronise(self.device)
        index = len(self.starts)
        self.starts.append(time.perf_counter())
        if self.noise is None:
            return torch.randn(*shape, **options)
        drawn = self.noise[index][None]
        # iCEM draws noise with time as the last axis, [1, S, A, H], and then colours it.
        return drawn.transpose(2, 3).contiguous() if self.planner == "icem" else drawn

    def parameters(self) -> Any:
        return self.model.parameters()

    def get_cost(self, info_dict: dict, action_candidates: Tensor) -> Tensor:
        start = time.perf_counter()
        if self.costs_given is None:
            costs = self.model.get_cost(info_dict, action_candidates)
        else:
            costs = self.costs_given[len(self.costs)][None]
        synchronise(self.device)
        self.score_seconds.append(time.perf_counter() - start)
        self.candidates.append(action_candidates)
        self.costs.append(costs)
        return costs


class _RefitRecorder(cem.Callback):
    """Records the distribution after each refit, which CEM and iCEM report."""

    output_key = "refit"

    def __init__(self, refits: list[tuple[Tensor, Tensor]]) -> None:
        super().__init__()
        self.refits = refits

    def __call__(self, **state: Any) -> None:
        self.refits.append((state["mean"][0], state["var"][0]))


@contextlib.contextmanager
def _own_randn(module: types.ModuleType, randn: Any) -> Iterator[None]:
    """Replaces a module's `torch.randn`, and nothing else of its `torch`."""

    class Torch(types.ModuleType):
        def __getattr__(self, name: str) -> Any:
            return getattr(torch, name)

    replacement = Torch("torch")
    replacement.randn = randn
    original = module.torch
    module.torch = replacement
    try:
        yield
    finally:
        module.torch = original


@contextlib.contextmanager
def _timed_parts(parts: dict[str, list[nn.Module]], device: str) -> Iterator[dict[str, float]]:
    """Milliseconds spent in the modules of each part while the context is open."""
    spent = dict.fromkeys(parts, 0.0)
    starts: list[float] = []

    def begin(*_: Any) -> None:
        synchronise(device)
        starts.append(time.perf_counter())

    def end_of(part: str) -> Any:
        def end(*_: Any) -> None:
            synchronise(device)
            spent[part] += (time.perf_counter() - starts.pop()) * 1000

        return end

    handles = [
        handle
        for part, modules in parts.items()
        for module in modules
        for handle in (module.register_forward_pre_hook(begin), module.register_forward_hook(end_of(part)))
    ]
    try:
        yield spent
    finally:
        for handle in handles:
            handle.remove()


def _make_solver(planner: str, observer: _Observer, settings: Settings, action_dim: int, seed: int) -> Any:
    _, solver_class = _SOLVERS[planner]
    options: dict[str, Any] = {
        "model": observer,
        "num_samples": settings.samples,
        "var_scale": settings.initial_std,
        "n_steps": settings.iterations,
        "topk": settings.elites,
        "device": observer.device,
        "seed": seed,
    }
    if planner == "mppi":
        options |= {"temperature": settings.temperature}
    else:
        options |= {"callbacks": [_RefitRecorder(observer.refits)]}
    if planner == "icem":
        options |= {
            "noise_beta": settings.noise_beta,
            "alpha": settings.momentum,
            "n_elite_keep": settings.elites_kept,
        }
    solver = solver_class(**options)
    space = gymnasium.spaces.Box(-settings.bound, settings.bound, (1, action_dim), np.float32)
    solver.configure(
        action_space=space, n_envs=1, config=types.SimpleNamespace(horizon=settings.horizon, action_block=1)
    )
    return solver


def solve(
    planner: str,
    model: ReferenceModel,
    history: Tensor,
    goal: Tensor,
    noise: Tensor | None,
    settings: Settings,
    device: str = "cpu",
    seed: int = 0,
    costs: Tensor | None = None,
    parts: bool = False,
) -> Trace:
    """Plans from history `[T, N, D]` to goal `[N, D]` with noise `[iterations, S, H, A]`, all on `device`.

    `costs [iterations, S]` replace the model's, to test a solver on given costs. With `parts`, the time in the model's
    parts is measured as well.
    """
    module, _ = _SOLVERS[planner]
    observer = _Observer(model, noise, planner, device, costs)
    solver = _make_solver(planner, observer, settings, model.action_dim, seed)
    info = model.prepare(history, goal, settings.samples)
    synchronise(device)
    start = time.perf_counter()
    timed = model.parts() if parts else {}
    with (
        _timed_parts(timed, device) as part_ms,
        _own_randn(module, observer.randn),
        contextlib.redirect_stdout(io.StringIO()),
    ):
        outcome = solver.solve(info)
    synchronise(device)
    end = time.perf_counter()
    iterations = _iterations(observer, settings, outcome, end)
    return Trace((end - start) * 1000, iterations, outcome["actions"][0], part_ms)


def _iterations(observer: _Observer, settings: Settings, outcome: dict, end: float) -> list[Iteration]:
    refits = observer.refits
    if not refits:
        # MPPI does not report its mean, but it is candidate 0 of the next iteration. Its standard deviation is
        # constant.
        means = [candidates[0, 0] for candidates in observer.candidates[1:]] + [outcome["actions"][0]]
        refits = [(mean, torch.full_like(mean, settings.initial_std)) for mean in means]
    ends = [*observer.starts[1:], end]
    rows = zip(observer.starts, ends, observer.score_seconds, observer.candidates, observer.costs, refits, strict=True)
    return [
        Iteration((stop - start) * 1000, score * 1000, candidates[0].cpu(), costs[0].cpu(), mean.cpu(), std.cpu())
        for start, stop, score, candidates, costs, (mean, std) in rows
    ]
