"""Steps that pushes take until objects are where a goal has them: a distance whose goal is their places alone."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from tqdm import tqdm

from .config import DistanceConfig, InverseConfig
from .moments import random_views
from .nets import InverseDynamics
from .tip_place import PLACE_SCALE_M

_REACHED_SHARE, _LATER_SHARE = 0.2, 0.5
"""Shares of the goals that the objects are at, and that they are at later in the episode. The others are from
anywhere."""
_FOLLOWS = 0.005
"""Share of the weights that the head of the targets takes over in each step."""


_FINELY = 8.0
_SMALLEST, _NEAR, _BLUNT = 1e-6, 0.04, 0.1
"""In `PLACE_SCALE_M`: below them, distances and headings are smooth."""
_EDGE, _EDGE_WIDTH = 1.25, 0.3
"""In `near_m`: where objects stop being at their goal, blurred by how inexactly pictures show them."""


@dataclass(frozen=True)
class ObjectNumbers:
    """Where a latent of `dim` numbers has the places of objects, from `first` to `last`, and that of the tip, from
    `tip` on. The numbers before them show what the objects have nothing to do with."""

    dim: int
    first: int
    last: int
    tip: int

    def of(self, latents: Tensor) -> Tensor:
        """The places in latents `[..., dim]`: `[..., 3 O]`."""
        return latents[..., self.first : self.last]


class ObjectView(nn.Module):
    """Latents `[B, D]` and the places of goals `[B, 3 O]` -> what heads for objects take of them `[B, width]`.

    That is the places of the objects, the joint part, the goals, and for each object how far it is from its goal and
    from the tip, coarsely and finely: a centimetre decides on which side of an object a tool is, and is a small part of
    `PLACE_SCALE_M`.
    """

    def __init__(self, numbers: ObjectNumbers) -> None:
        super().__init__()
        self.numbers = numbers
        with torch.no_grad():
            self.width = self(torch.zeros(1, numbers.dim), torch.zeros(1, numbers.last - numbers.first)).shape[1]

    def lengths(self, latents: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
        """How far the object that is farthest from its goal is from there, and how far the tip is from the nearest
        object, `[B]` each."""
        away, beside = (_length(offset)[..., 0] for offset in self._offsets(latents, places))
        return away.amax(1), beside.amin(1)

    def _offsets(self, latents: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
        """From each object to its goal, and from the tip to it, `[B, O, 3]` each."""
        objects = self.numbers.of(latents).unflatten(1, (-1, 3))
        away = places.unflatten(1, (-1, 3)) - objects
        return away, objects - latents[:, self.numbers.tip : self.numbers.tip + 3].unsqueeze(1)

    def forward(self, latents: Tensor, places: Tensor) -> Tensor:
        parts, headings = [latents[:, self.numbers.first :], places], []
        for offset in self._offsets(latents, places):
            length = _length(offset)
            headings.append(offset / (length + _BLUNT))
            parts += [offset, _FINELY * offset, (length + _NEAR).log(), headings[-1]]
        # 1 where the tip is behind the object, as seen from the goal.
        parts.append((headings[0] * headings[1]).sum(2))
        return torch.cat([part.flatten(1) for part in parts], dim=1)


def _length(offset: Tensor) -> Tensor:
    return (offset.square().sum(2, keepdim=True) + _SMALLEST).sqrt()


def dense(inputs: int, width: int, outputs: int) -> nn.Sequential:
    """A network with three hidden layers."""
    hidden = [(nn.Linear(width if layer else inputs, width), nn.GELU()) for layer in range(3)]
    return nn.Sequential(*(part for layer in hidden for part in layer), nn.Linear(width, outputs))


class StepsToObjects(nn.Module):
    """Latents `[B, 1, D]` and goals `[B, 1, D]` -> predictor steps until the objects are where the goal has them `[B]`.

    Takes the places of the objects and the joint part of a latent, velocities included, and only the places of the
    goal. No metric: it is far from an object that was pushed too far to one that was not pushed far enough.

    At their goal, it is 0. Elsewhere it is 1, what the ways of the tip to the object and of the object to its goal take
    at least, and what the network adds, which is never negative. Without, a search finds poses that no recording has,
    from which all goals seem near.
    """

    def __init__(self, config: DistanceConfig, numbers: ObjectNumbers) -> None:
        super().__init__()
        self.numbers = numbers
        self.used = numbers.dim
        self.view = ObjectView(numbers)
        self.net = dense(self.view.width, config.width, 1)
        self.paces = nn.Parameter(torch.zeros(2))
        self.near = config.near_m / PLACE_SCALE_M

    def forward(self, latent: Tensor, goal: Tensor) -> Tensor:
        return self.steps(latent.flatten(1), self.numbers.of(goal.flatten(1)))

    def steps(self, latents: Tensor, places: Tensor) -> Tensor:
        """The same for latents `[B, D]` and the places of goals `[B, 3 O]`."""
        away, beside = self.view.lengths(latents, places)
        least = 1 + (torch.stack((away, beside), dim=1) * functional.softplus(self.paces)).sum(1)
        further = functional.softplus(self.net(self.view(latents, places))[:, 0])
        return torch.sigmoid((away / self.near - _EDGE) / _EDGE_WIDTH) * (least + further)


class InverseToObjects(InverseDynamics):
    """Inverse dynamics whose goals are places of objects. Where these are at their goal, the robot is in no pose of its
    own, so what it does there is learned."""

    def __init__(self, config: InverseConfig, numbers: ObjectNumbers, horizon: int, block: int, limit: Tensor) -> None:
        super().__init__(config, numbers.dim, horizon, block, limit, first=numbers.first, rests_at_goal=False)
        self.numbers, self.view = numbers, ObjectView(numbers)
        self.net = dense(self.view.width, config.width, horizon * block * len(limit))

    def given(self, latent: Tensor, goal: Tensor) -> Tensor:
        return self.net(self.view(latent, self.numbers.of(goal)))


def train_steps_to_objects(
    latents: Tensor,
    places: Tensor,
    numbers: ObjectNumbers,
    config: DistanceConfig,
    stride: int,
    folder: Path,
) -> dict[str, Any]:
    """Trains a head and writes `distance.pt` to `folder`; returns figures.

    latents `[E, V, T + 1, D]`; places of the objects `[E, T + 1, 3 O]` in m, NaN where they are not known; a predictor
    step is `stride` of them.

    The steps to a goal are those of the next recorded state and one more, discounted, and 0 where the objects are
    within `config.near_m` of it. The expectile `config.expectile` of them favours what the fastest recordings did
    (implicit Q-learning, Kostrikov et al. 2021, arXiv 2110.06169; with goals in hindsight, Park et al. 2023, arXiv
    2307.11949).
    """
    torch.manual_seed(config.seed)
    head = StepsToObjects(config, numbers)
    behind = copy.deepcopy(head).requires_grad_(False)
    generator = torch.Generator().manual_seed(config.seed)
    optimizer = torch.optim.AdamW(head.parameters(), lr=config.learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, config.steps, config.learning_rate * 0.01)
    progress = tqdm(range(config.steps), desc="distance", unit="step")
    for step in progress:
        here, next_, goal, is_near, is_known = _transitions(latents, places, numbers, config, stride, generator)
        with torch.no_grad():
            target = torch.where(is_near, 0.0, 1 + config.discount * behind.steps(next_, goal))
        short = head.steps(here, goal) - target
        # Steps that are estimated too many weigh more than too few.
        weight = torch.where(short > 0, config.expectile, 1 - config.expectile) * is_known
        loss = (weight * short.square()).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        with torch.no_grad():
            for mean, weights in zip(behind.parameters(), head.parameters(), strict=True):
                mean.lerp_(weights, _FOLLOWS)
        if step % 50 == 0:
            progress.set_postfix(loss=f"{float(loss.detach()):.4f}")
    head.eval()
    state = {"config": config.__dict__, "numbers": vars(numbers), "head": head.state_dict()}
    torch.save(state, folder / "distance.pt")
    return _figures(head, latents, places, config, stride)


def load_steps_to_objects(state: dict[str, Any]) -> StepsToObjects:
    """The head in a file of `train_steps_to_objects`."""
    head = StepsToObjects(DistanceConfig(**state["config"]), ObjectNumbers(**state["numbers"]))
    head.load_state_dict(state["head"])
    return head.eval()


def are_near(places: Tensor, goals: Tensor, near_m: float) -> Tensor:
    """Whether all objects at `places [..., 3 O]` are within `near_m` of `goals [..., 3 O]`, both in m; False where a
    place is not known."""
    return ((places - goals).unflatten(-1, (-1, 3)).norm(dim=-1) < near_m).all(-1)


def _transitions(
    latents: Tensor,
    places: Tensor,
    numbers: ObjectNumbers,
    config: DistanceConfig,
    stride: int,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Random recorded steps: latents before and after `[B, D]`, the places of a goal as a latent shows them `[B, 3 O]`,
    whether the objects are near them before the step, and whether all places are known, `[B]` each."""
    count, last = config.batch, places.shape[1] - 1
    episode, view, other = random_views(latents, count, generator)
    start = torch.randint(last - stride + 1, (count,), generator=generator)
    goal_episode = torch.randint(len(latents), (count,), generator=generator)
    goal_at = torch.randint(last + 1, (count,), generator=generator)
    drawn = torch.rand(count, generator=generator)
    is_later = drawn < _REACHED_SHARE + _LATER_SHARE
    later = start + ((last - start + 1) * torch.rand(count, generator=generator)).long()
    goal_at = torch.where(drawn < _REACHED_SHARE, start, torch.where(is_later, later, goal_at))
    goal_episode = torch.where(is_later, episode, goal_episode)
    here, goal = places[episode, start], places[goal_episode, goal_at]
    return (
        latents[episode, view, start],
        latents[episode, view, start + stride],
        numbers.of(latents[goal_episode, other, goal_at]),
        are_near(here, goal, config.near_m),
        (here + goal).isfinite().all(1),
    )


_CHECKED = 8192


def _figures(
    head: StepsToObjects, latents: Tensor, places: Tensor, config: DistanceConfig, stride: int
) -> dict[str, Any]:
    """How the estimates follow the steps that the recordings took from a moment to a later one, where the objects were
    moved in between: their median ratio, and the rank correlation."""
    generator = torch.Generator().manual_seed(config.seed)
    episode, view, other = random_views(latents, _CHECKED, generator)
    last = places.shape[1] - 1
    start = torch.randint(last, (_CHECKED,), generator=generator)
    later = start + 1 + ((last - start) * torch.rand(_CHECKED, generator=generator)).long()
    here, goal = places[episode, start], places[episode, later]
    chosen = ~are_near(here, goal, config.near_m) & (here + goal).isfinite().all(1)
    with torch.no_grad():
        estimated = head.steps(latents[episode, view, start], head.numbers.of(latents[episode, other, later]))[chosen]
    taken = ((later - start) / stride)[chosen]
    ranks = torch.stack([values.argsort().argsort().float() for values in (estimated, taken)])
    return {
        "pairs": int(chosen.sum()),
        "estimated_of_taken": round(float((estimated / taken).median()), 3) if len(taken) else None,
        "rank_correlation": round(float(torch.corrcoef(ranks)[0, 1]), 3) if len(taken) > 2 else None,
    }
