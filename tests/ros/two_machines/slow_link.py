"""A slow and lossy link in software, for kernels without netem: passes Ethernet frames between two interfaces, late, and loses some.

`python slow_link.py IN OUT --delay-ms 20 --loss 0.01 --seed 1` runs until it is ended. Needs the right to open raw sockets.
"""

from __future__ import annotations

import argparse
import heapq
import random
import select
import signal
import socket
import sys
import time

ALL_PROTOCOLS = 3
LARGEST_FRAME = 65_600
OUTGOING = socket.PACKET_OUTGOING


def open_interface(name: str) -> socket.socket:
    raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL_PROTOCOLS))
    raw.bind((name, 0))
    raw.setblocking(False)
    return raw


def pass_frames(ends: tuple[socket.socket, socket.socket], delay_s: float, loss: float, draw: random.Random) -> None:
    """Each frame leaves `delay_s` after it came, unless it is lost; order is kept."""
    waiting: list[tuple[float, int, int, bytes]] = []
    count = 0
    while True:
        timeout = max(0.0, waiting[0][0] - time.monotonic()) if waiting else None
        readable, _, _ = select.select(ends, [], [], timeout)
        for end in readable:
            frame, address = end.recvfrom(LARGEST_FRAME)
            # What this program has sent itself is seen again on its way out.
            if address[2] == OUTGOING or draw.random() < loss:
                continue
            count += 1
            heapq.heappush(waiting, (time.monotonic() + delay_s, count, 1 - ends.index(end), frame))
        while waiting and waiting[0][0] <= time.monotonic():
            _, _, out, frame = heapq.heappop(waiting)
            ends[out].send(frame)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("interfaces", nargs=2)
    parser.add_argument("--delay-ms", type=float, required=True, help="one way")
    parser.add_argument("--loss", type=float, required=True, help="share of the frames, 0 to 1")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    ends = tuple(open_interface(name) for name in options.interfaces)
    print("passing frames", flush=True)
    pass_frames(ends, options.delay_ms / 1000, options.loss, random.Random(options.seed))


if __name__ == "__main__":
    main()
