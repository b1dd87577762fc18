"""Control periods against what they are made of and what is made of them: ticks, and stretches of episodes."""

from __future__ import annotations

from .config import TICK_MS, TrainConfig
from .exporters.errors import ExportRefusedError


def ticks_in(period_ms: float, subject: str = "collect.period_ms", option: str = "--set collect.period_ms=") -> int:
    """Ticks of the command stream in a control period. Raises ExportRefusedError for a period that is not a multiple of
    a tick, with its `subject` and the `option` that sets it."""
    ticks = round(period_ms / TICK_MS)
    if ticks < 1 or ticks * TICK_MS != period_ms:
        multiple = TICK_MS * max(1, ticks)
        raise ExportRefusedError(
            subject,
            found=f"{period_ms:g} ms",
            expected=f"a multiple of the {TICK_MS} ms between two commands",
            remedy=f"Pass {option}{multiple}, for example.",
        )
    return ticks


def require_long_episodes(periods: int, config: TrainConfig) -> None:
    """Raises ExportRefusedError for episodes of so many `periods` in which a history and the rollout from it, as the
    loss takes them, do not fit."""
    needed = (config.window + config.rollout - 1) * config.block
    if periods < needed:
        raise ExportRefusedError(
            "collect.periods",
            found=f"{periods}",
            expected=f"{needed} or more: a history of {config.window} latents (train.window) and a rollout of "
            f"{config.rollout} steps (train.rollout), {config.block} periods in a step (train.block)",
            remedy=f"Record longer episodes: --set collect.periods={needed}.",
        )
