"""The stage `inverse`: goal-conditioned inverse dynamics on the frozen latents, the actions from a latent to a goal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor
from tqdm import tqdm

from .config import InverseConfig, TrainConfig
from .moments import Goals, random_views
from .nets import InverseDynamics
from .steps_to_objects import InverseToObjects, ObjectNumbers, are_near

Distance = Callable[[Tensor, Tensor], Tensor]
"""Latents `[B, 1, D]` and goals `[B, 1, D]` -> predictor steps `[B]`."""

_CHECKED_WAYS = 16384
"""Held-out ways that the figures are of."""

_DRAWN_FOR_EACH = 4
_MOVED_SHARE = 0.85
"""Share of the ways to places of objects that move them."""


class Recorded(NamedTuple):
    """What the head learns from, of the same episodes.

    latents `[E, V, T + 1, D]`, raw actions between them `[E, T, J]`, the `pictures` of `Goals` or None, and, for goals
    of objects, the places of these in m `[E, T + 1, 3 O]`.
    """

    latents: Tensor
    actions: Tensor
    pictures: Tensor | None
    places: Tensor | None = None


class _Ways(NamedTuple):
    """Recorded ways from a latent to a later one.

    start and goal `[B, D]`, raw actions `[B, H * block, J]`, and how many predictor steps the recording took `[B]`.
    """

    start: Tensor
    goal: Tensor
    actions: Tensor
    steps: Tensor

    def weight(self, distance: Distance, config: InverseConfig) -> Tensor:
        """How much each way counts, 1 if it took no longer than the distance: `[B]`."""
        with torch.no_grad():
            shortest = distance(self.start[:, None], self.goal[:, None])
        return torch.exp(-(self.steps - shortest).clamp_min(0) / config.detour)


def train_inverse(
    training: Recorded,
    held_out: Recorded,
    distance: Distance,
    limit: Tensor,
    horizon: int,
    block: int,
    config: InverseConfig,
    folder: Path,
    ignored: int = 0,
    first: int = 0,
    towards: TowardsObjects | None = None,
) -> dict[str, Any]:
    """Trains a head that proposes `horizon` predictor steps of `block` actions and writes `inverse.pt` to `folder`;
    returns figures.

    It learns from recorded ways: from a moment to one up to `config.ahead` periods later, by the actions in between;
    after the last of them the robot rests. Random motion rarely takes the shortest way, so a way counts
    `exp(-detour / config.detour)`, where the detour is how much longer it took than the `distance`: imitation
    weighted by an advantage (Peng et al. 2019, arXiv 1910.00177), of goals in hindsight (Yang et al. 2022, arXiv
    2202.04478). `limit [J]`: largest action of each joint. `ignored`, `first`: as in `DistanceHead`. `towards`: goals
    are places of objects, and the poses that the robot has there do not count.
    """
    torch.manual_seed(config.seed)
    generator = torch.Generator().manual_seed(config.seed)
    dim = training.latents.shape[3]
    if towards is None:
        head, draw = InverseDynamics(config, dim, horizon, block, limit, ignored, first), _draw
    else:
        head, draw = InverseToObjects(config, towards.numbers, horizon, block, limit), towards.draw
    optimizer = torch.optim.AdamW(head.parameters(), lr=config.learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, config.steps, config.learning_rate * 0.01)
    progress = tqdm(range(config.steps), desc="inverse", unit="step")
    for step in progress:
        ways = draw(training, head, config, config.batch, generator)
        weight = ways.weight(distance, config)
        error = ((head.sequence(ways.start, ways.goal) - ways.actions) / limit).square().mean((1, 2))
        loss = (weight * error).sum() / weight.sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 50 == 0:
            progress.set_postfix(error=f"{float(loss.detach()):.3f}", direct=f"{float(weight.mean()):.2f}")
    head.eval()
    state = {
        "config": config.__dict__,
        "latent_dim": dim,
        "horizon": horizon,
        "block": block,
        "limit": limit,
        "ignored": ignored,
        "first": first,
        "rests_at_goal": head.rests_at_goal,
        **({} if towards is None else {"numbers": vars(towards.numbers)}),
        "head": head.state_dict(),
    }
    torch.save(state, folder / "inverse.pt")
    ways = draw(held_out, head, config, _CHECKED_WAYS, torch.Generator().manual_seed(config.seed))
    figures = _figures(head, ways, distance, limit, config)
    return {**figures, "read_out": in_words(figures)}


def load_inverse(path: Path) -> InverseDynamics:
    """Reads a file of `train_inverse`. Earlier versions did not store the block."""
    state = torch.load(path, weights_only=True)
    config, block = InverseConfig(**state["config"]), state.get("block", TrainConfig.block)
    ignored, first = state["ignored"], state.get("first", 0)
    if "numbers" in state:
        numbers = ObjectNumbers(**state["numbers"])
        head = InverseToObjects(config, numbers, state["horizon"], block, state["limit"])
    else:
        head = InverseDynamics(
            config,
            state["latent_dim"],
            state["horizon"],
            block,
            state["limit"],
            ignored,
            first,
            rests_at_goal=state.get("rests_at_goal", False),
        )
    head.load_state_dict(state["head"])
    return head.eval()


def in_words(figures: dict[str, Any]) -> list[str]:
    """One sentence for each row of the figures of `train_inverse`."""
    return [
        f"first action towards goals {row['goals']}: {row['first_action_error'] * 100:.0f} % of the largest action "
        f"off, no action {row['no_action_error'] * 100:.0f} %"
        for row in figures["held_out"]
    ]


def _draw(
    recorded: Recorded, head: InverseDynamics, config: InverseConfig, count: int, generator: torch.Generator
) -> _Ways:
    """Random ways of 0 to `config.ahead` periods, each from a random view to a random view."""
    latents, actions = recorded.latents, recorded.actions
    last = actions.shape[1]
    episode, view, other = random_views(latents, count, generator)
    periods = torch.randint(min(config.ahead, last) + 1, (count,), generator=generator)
    start = (torch.rand(count, generator=generator) * (last - periods + 1)).long()
    ahead = torch.arange(head.horizon * head.block)
    taken = actions[episode[:, None], (start[:, None] + ahead).clamp_max(last - 1)]
    goals = Goals(latents, recorded.pictures, config.picture_share, generator)
    return _Ways(
        latents[episode, view, start].float(),
        goals.at(episode, other, start + periods).float(),
        # At the goal the robot rests.
        taken * (ahead < periods[:, None]).unsqueeze(2),
        periods / head.block,
    )


@dataclass(frozen=True)
class TowardsObjects:
    """Goals that are places of objects.

    `numbers`: where a latent has them; objects count as at their goal within `near_m`.
    """

    numbers: ObjectNumbers
    near_m: float

    def draw(
        self, recorded: Recorded, head: InverseDynamics, config: InverseConfig, count: int, generator: torch.Generator
    ) -> _Ways:
        """Random ways to where the objects are up to `config.ahead` periods later. A way ends where they first are
        near; most are ways that move them, and in the others the robot rests."""
        latents, actions, _, places = recorded
        last = actions.shape[1]
        drawn = count * _DRAWN_FOR_EACH
        episode, view, other = random_views(latents, drawn, generator)
        start = torch.randint(last + 1, (drawn,), generator=generator)
        periods = ((last - start).clamp_max(config.ahead) * torch.rand(drawn, generator=generator)).round().long()
        goal = places[episode, start + periods]
        is_near = are_near(places[episode, start], goal, self.near_m)
        is_known = (goal + places[episode, start]).isfinite().all(1)
        weights = is_known * torch.where(is_near, 1 - _MOVED_SHARE, _MOVED_SHARE)
        # Shares of those that were drawn, whatever the recordings have of each.
        weights = weights / torch.where(is_near, (is_near & is_known).sum(), (~is_near & is_known).sum()).clamp_min(1)
        chosen = torch.multinomial(weights.float(), count, generator=generator)
        episode, view, other, start, periods, goal = (
            values[chosen] for values in (episode, view, other, start, periods, goal)
        )
        ahead = torch.arange(config.ahead + 1)
        passed = places[episode[:, None], (start[:, None] + ahead).clamp_max(last)]
        reached = are_near(passed, goal[:, None], self.near_m)
        taken = torch.where(reached, ahead, periods[:, None]).amin(1)
        following = torch.arange(head.horizon * head.block)
        driven = actions[episode[:, None], (start[:, None] + following).clamp_max(last - 1)]
        return _Ways(
            latents[episode, view, start].float(),
            latents[episode, other, start + periods].float(),
            driven * (following < taken[:, None]).unsqueeze(2),
            taken / head.block,
        )


def _figures(
    head: InverseDynamics, ways: _Ways, distance: Distance, limit: Tensor, config: InverseConfig
) -> dict[str, Any]:
    """Root mean squares of what the first action of held-out ways is off, as shares of the largest action: of the
    head's, and of none. Ways count as in training."""
    with torch.no_grad():
        first = head.sequence(ways.start, ways.goal)[:, 0] / limit
    taken = ways.actions[:, 0] / limit
    weight = ways.weight(distance, config)
    near = ways.steps <= head.horizon
    rows = {"within the horizon": near & (ways.steps > 0), "beyond it": ~near}
    return {
        "held_out": [
            {
                "goals": name,
                "first_action_error": _rms(first[chosen] - taken[chosen], weight[chosen]),
                "no_action_error": _rms(taken[chosen], weight[chosen]),
            }
            for name, chosen in rows.items()
            if chosen.any()
        ]
    }


def _rms(values: Tensor, weight: Tensor) -> float:
    """Of values `[B, J]`, each row with its weight `[B]`."""
    mean = (weight * values.square().mean(1)).sum() / weight.sum()
    return round(float(mean.sqrt()), 4)
