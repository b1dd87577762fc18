"""Distributed training, as `torchrun` starts it: each process takes a part of every batch; gradients are averaged."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import torch
from torch import Tensor, nn
from torch import distributed as dist

_TIMEOUT = timedelta(days=2)
"""How long the other processes wait for a stage that only the main process runs."""


class DeviceError(RuntimeError):
    """PyTorch cannot train on the device that was asked for."""


@dataclass(frozen=True)
class ProcessGroup:
    """The processes that train one model: the rank of this one, their number, and the device of its networks."""

    rank: int = 0
    size: int = 1
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    @property
    def is_main(self) -> bool:
        """Whether this is the process that writes files and prints."""
        return self.rank == 0

    def barrier(self) -> None:
        """Returns once every process has called it."""
        if self.size > 1:
            dist.barrier()

    def broadcast(self, value: float) -> float:
        """The main process's value, in every process, so that all take the same decisions."""
        if self.size == 1:
            return value
        shared = torch.tensor([value], dtype=torch.float64, device=self.device)
        dist.broadcast(shared, src=0)
        return float(shared)

    def broadcast_weights(self, networks: Sequence[nn.Module]) -> None:
        """Gives every process the weights of the main process."""
        if self.size > 1:
            for network in networks:
                for tensor in network.state_dict().values():
                    dist.broadcast(tensor, src=0)

    def average_gradients(self, parameters: Sequence[nn.Parameter]) -> None:
        """Replaces each gradient by its mean over the processes."""
        if self.size == 1:
            return
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        # One message for all gradients: they are small, and every message makes each process wait for the others.
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        dist.all_reduce(flat)
        flat /= self.size
        for gradient, mean in zip(gradients, _split_as(flat, gradients), strict=True):
            gradient.copy_(mean)


SINGLE_PROCESS = ProcessGroup()


@contextmanager
def open_process_group(device: str) -> Iterator[ProcessGroup]:
    """
    The group that `torchrun` started this process in, or a group of one. `device`: cpu, or cuda (one GPU each).

    Raises DeviceError without a GPU for this process.
    """
    if device == "cuda":
        _require_gpu(int(os.environ.get("LOCAL_RANK", 0)))
    place = torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0))) if device == "cuda" else torch.device(device)
    size = int(os.environ.get("WORLD_SIZE", 1))
    if size == 1:
        yield ProcessGroup(device=place)
        return
    if place.type == "cuda":
        torch.cuda.set_device(place)
    dist.init_process_group("nccl" if place.type == "cuda" else "gloo", timeout=_TIMEOUT)
    try:
        yield ProcessGroup(dist.get_rank(), size, place)
    finally:
        dist.destroy_process_group()


def _require_gpu(rank: int) -> None:
    gpus = torch.cuda.device_count()
    if rank < gpus:
        return
    built = f"CUDA {torch.version.cuda}" if torch.version.cuda else "no CUDA"
    raise DeviceError(
        f"--device cuda: found {gpus} GPUs that PyTorch {torch.__version__} (built with {built}) can use, expected one "
        f"for each process on this machine, of which this is number {rank + 1}. What to do: see whether nvidia-smi "
        "lists them; start no more processes than that (torchrun --nproc-per-node); or train with --device cpu."
    )


def batch_per_process(batch: int, group: ProcessGroup) -> int:
    """Each process's part of a batch. Raises ValueError if the batch cannot be divided equally."""
    if batch % group.size:
        raise ValueError(f"train.batch: found {batch}, expected a multiple of the {group.size} processes.")
    return batch // group.size


def _split_as(flat: Tensor, shapes: Sequence[Tensor]) -> list[Tensor]:
    parts = flat.split([one.numel() for one in shapes])
    return [part.view_as(one) for part, one in zip(parts, shapes, strict=True)]
