"""Two hosts on one machine: network namespaces joined by a cable with latency and loss.

The cable is a process that passes Ethernet frames between two TAP devices. `tc netem` does the same in the kernel, but
not every kernel has it, and its losses differ from run to run.
"""

from __future__ import annotations

import fcntl
import heapq
import os
import random
import select
import struct
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

TUNSETIFF = 0x400454CA
IFF_TAP = 0x0002
IFF_NO_PI = 0x1000
# Longest Ethernet frame with an MTU of 1500.
FRAME_BYTES = 1514
IDLE_S = 0.2


class NotPermitted(Exception):
    """This user, or this kernel, has no network namespaces or no TAP devices; the text says what refused."""


@dataclass(frozen=True)
class Impairment:
    """What the cable does to every frame, in each direction."""

    latency_s: float
    loss: float
    seed: int = 0


@dataclass
class Cable:
    """Passes frames between two file descriptors until it is cut."""

    ends: tuple[int, int]
    impairment: Impairment
    passed: list[int] = field(default_factory=lambda: [0, 0])
    lost: list[int] = field(default_factory=lambda: [0, 0])
    _cut: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Reads every frame at once, and writes it when its latency is over; those that are lost are not written."""
        rng = random.Random(self.impairment.seed)
        due: list[tuple[float, int, int, bytes]] = []
        sequence = 0
        while not self._cut.is_set():
            wait_s = max(0.0, due[0][0] - time.monotonic()) if due else IDLE_S
            readable, _, _ = select.select(self.ends, [], [], min(wait_s, IDLE_S))
            now = time.monotonic()
            for end in readable:
                direction = self.ends.index(end)
                frame = os.read(end, FRAME_BYTES)
                if rng.random() < self.impairment.loss:
                    self.lost[direction] += 1
                    continue
                sequence += 1
                heapq.heappush(due, (now + self.impairment.latency_s, sequence, direction, frame))
            while due and due[0][0] <= time.monotonic():
                _, _, direction, frame = heapq.heappop(due)
                os.write(self.ends[1 - direction], frame)
                self.passed[direction] += 1

    def cut(self) -> None:
        self._cut.set()


@dataclass(frozen=True)
class Hosts:
    """Two hosts by name, and the cable between them."""

    names: tuple[str, str]
    cable: Cable

    def command(self, host: int, command: Sequence[str]) -> list[str]:
        """The command as run on a host."""
        return ["ip", "netns", "exec", self.names[host], *command]


@contextmanager
def two_hosts(impairment: Impairment) -> Iterator[Hosts]:
    """Makes both hosts and connects them; raises NotPermitted where that cannot be done."""
    names = tuple(f"jepa-mpc-{os.getpid()}-{host}" for host in (0, 1))
    with ExitStack() as stack:
        ends = []
        for host, name in enumerate(names):
            _ip("netns", "add", name)
            stack.callback(subprocess.run, ["ip", "netns", "del", name], check=False)
            device = f"jm{os.getpid() % 10**8}-{host}"
            end = _open_tap(device)
            stack.callback(os.close, end)
            ends.append(end)
            _ip("link", "set", device, "netns", name)
            for arguments in (
                ("link", "set", "lo", "up"),
                ("addr", "add", f"10.77.0.{host + 1}/24", "dev", device),
                ("link", "set", device, "up"),
                ("route", "add", "default", "dev", device),  # multicast goes where it points
            ):
                _ip("-n", name, *arguments)
        cable = Cable((ends[0], ends[1]), impairment)
        thread = threading.Thread(target=cable.run, name="cable")
        thread.start()
        stack.callback(thread.join)
        stack.callback(cable.cut)
        yield Hosts(names, cable)


def _ip(*arguments: str) -> None:
    try:
        subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise NotPermitted("there is no `ip` (iproute2)") from error
    except subprocess.CalledProcessError as error:
        raise NotPermitted(f"ip {' '.join(arguments)}: {error.stderr.strip()}") from error


def _open_tap(device: str) -> int:
    try:
        end = os.open("/dev/net/tun", os.O_RDWR)
        fcntl.ioctl(end, TUNSETIFF, struct.pack("16sH", device.encode(), IFF_TAP | IFF_NO_PI))
    except OSError as error:
        raise NotPermitted(f"/dev/net/tun: {error}") from error
    return end
