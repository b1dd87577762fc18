"""Training in several processes, as `torchrun` starts them: each has a share of every batch; gradients are averaged."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import torch
from torch import Tensor, nn
from torch import distributed as dist

_LONGEST_STAGE = timedelta(days=2)
"""How long the others wait for a stage that only the first one does."""


@dataclass(frozen=True)
class Group:
    """Who trains together: this process's number among `size`, and where its networks are."""

    rank: int = 0
    size: int = 1
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    @property
    def leads(self) -> bool:
        """The one that writes files and prints."""
        return self.rank == 0

    def wait(self) -> None:
        """Returns once all are here."""
        if self.size > 1:
            dist.barrier()

    def agree(self, value: float) -> float:
        """The first one's value, for all: what follows from it must be the same everywhere."""
        if self.size == 1:
            return value
        shared = torch.tensor([value], dtype=torch.float64, device=self.device)
        dist.broadcast(shared, src=0)
        return float(shared)

    def begin_alike(self, networks: Sequence[nn.Module]) -> None:
        """Gives all of them the first one's weights."""
        if self.size > 1:
            for network in networks:
                for tensor in network.state_dict().values():
                    dist.broadcast(tensor, src=0)

    def average_gradients(self, parameters: Sequence[nn.Parameter]) -> None:
        """Replaces each gradient by its mean over all of them."""
        if self.size == 1:
            return
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        # One message for all: they are small, and each message waits for everyone.
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        dist.all_reduce(flat)
        flat /= self.size
        for gradient, mean in zip(gradients, _split_as(flat, gradients), strict=True):
            gradient.copy_(mean)


ALONE = Group()


@contextmanager
def joined(device: str) -> Iterator[Group]:
    """The group that `torchrun` started this process in; alone without it. `device`: cpu, or cuda (one GPU each)."""
    place = torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0))) if device == "cuda" else torch.device(device)
    size = int(os.environ.get("WORLD_SIZE", 1))
    if size == 1:
        yield Group(device=place)
        return
    if place.type == "cuda":
        torch.cuda.set_device(place)
    dist.init_process_group("nccl" if place.type == "cuda" else "gloo", timeout=_LONGEST_STAGE)
    try:
        yield Group(dist.get_rank(), size, place)
    finally:
        dist.destroy_process_group()


def share_of(batch: int, group: Group) -> int:
    """How much of a batch each of a group has; raises ValueError where it cannot be shared equally."""
    if batch % group.size:
        raise ValueError(f"train.batch: found {batch}, expected a multiple of the {group.size} processes.")
    return batch // group.size


def _split_as(flat: Tensor, shapes: Sequence[Tensor]) -> list[Tensor]:
    parts = flat.split([one.numel() for one in shapes])
    return [part.view_as(one) for part, one in zip(parts, shapes, strict=True)]
