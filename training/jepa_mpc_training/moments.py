"""Random moments of recorded episodes, as states and as goals."""

from __future__ import annotations

import torch
from torch import Tensor


class Goals:
    """Moments as goals: `latents` or, for a random `picture_share` of them, `pictures`, both `[E, V, T + 1, ...]`.

    `pictures`: what the same moments are as goals that are given as pictures, if that is something else. A head that
    learns from both tolerates how inexactly pictures are read.
    """

    def __init__(
        self, latents: Tensor, pictures: Tensor | None, picture_share: float, generator: torch.Generator
    ) -> None:
        self._latents, self._pictures, self._generator = latents, pictures, generator
        self._picture_share = picture_share

    def at(self, episode: Tensor, view: Tensor, time: Tensor) -> Tensor:
        chosen = self._latents[episode, view, time]
        if self._pictures is None:
            return chosen
        is_picture = torch.rand(len(chosen), generator=self._generator) < self._picture_share
        return torch.where(is_picture.view(-1, *[1] * (chosen.dim() - 1)), self._pictures[episode, view, time], chosen)

    def anywhere(self, count: int) -> Tensor:
        """Random moments of all episodes."""
        episodes, views, times = self._latents.shape[:3]
        drawn = torch.randint(episodes * views * times, (count,), generator=self._generator)
        return self.at(drawn // (views * times), drawn // times % views, drawn % times)


def random_views(latents: Tensor, count: int, generator: torch.Generator) -> list[Tensor]:
    """Random episodes of latents `[E, V, T + 1, ...]`, and two random views of each, which may be the same: `[count]`
    each."""
    episodes, views = latents.shape[:2]
    return [torch.randint(high, (count,), generator=generator) for high in (episodes, views, views)]
