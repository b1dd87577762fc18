"""Two network namespaces that stand for two machines, and a slow link between them."""

from __future__ import annotations

import array
import fcntl
import os
import shutil
import socket
import struct
import subprocess
import sys
from pathlib import Path

LINK = Path(__file__).with_name("slow_link.py")
ADDRESSES = {"robot": "10.213.0.1", "planner": "10.213.0.2"}

_SIOCETHTOOL = 0x8946
_ETHTOOL_STXCSUM = 0x17


def why_not() -> str | None:
    """Why this machine cannot make network namespaces; None when it can."""
    if os.geteuid() != 0:
        return "needs root, to make network namespaces"
    if shutil.which("ip") is None:
        return "needs the command ip (iproute2)"
    name = f"jepa-probe-{os.getpid()}"
    made = _run("ip", "netns", "add", name)
    if made.returncode != 0:
        return f"no network namespaces here: {made.stderr.strip()}"
    linked = _run("ip", "-n", name, "link", "add", "eth", "type", "veth", "peer", "name", "other")
    _run("ip", "netns", "del", name)
    return None if linked.returncode == 0 else f"no veth interfaces here: {linked.stderr.strip()}"


class TwoMachines:
    """Context manager: namespaces `robot` and `planner`, each with one interface, and a link that delays and loses frames.

    The link is tc's netem where the kernel has it, else a program between two veth pairs; `link` says which.
    """

    def __init__(self, delay_ms: float, loss: float) -> None:
        self.delay_ms = delay_ms
        self.loss = loss
        self.link = ""
        suffix = str(os.getpid())
        self._names = {side: f"jepa-{side}-{suffix}" for side in (*ADDRESSES, "between")}
        self._relay: subprocess.Popen | None = None

    def __enter__(self) -> TwoMachines:
        try:
            for name in self._names.values():
                _must("ip", "netns", "add", name)
            for side, address in ADDRESSES.items():
                self._connect(side, address)
            if not self._delay_with_netem():
                self._delay_with_relay()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._relay is not None:
            self._relay.terminate()
            self._relay.wait(5)
        for name in self._names.values():
            _run("ip", "netns", "del", name)

    def on(self, side: str, *command: str) -> list[str]:
        """The command line that runs a command on one of the machines."""
        return ["ip", "netns", "exec", self._names[side], *command]

    def received_bytes(self, side: str) -> int:
        counter = "/sys/class/net/eth/statistics/rx_bytes"
        return int(_must(*self.on(side, "cat", counter)))

    def _connect(self, side: str, address: str) -> None:
        name, between = self._names[side], self._names["between"]
        _must("ip", "-n", name, "link", "add", "eth", "type", "veth", "peer", "name", side, "netns", between)
        _must("ip", "-n", between, "link", "set", side, "up")
        for interface in ("lo", "eth"):
            _must("ip", "-n", name, "link", "set", interface, "up")
        _must("ip", "-n", name, "address", "add", f"{address}/24", "dev", "eth")
        # Discovery is by multicast.
        _must("ip", "-n", name, "route", "add", "224.0.0.0/4", "dev", "eth")
        # A veth leaves checksums to the card that is not there; whoever reads the frame in between would pass on a wrong one.
        _must(*self.on(side, sys.executable, __file__, "eth"))

    def _delay_with_netem(self) -> bool:
        between = self._names["between"]
        shape = ("netem", "delay", f"{self.delay_ms}ms", "loss", f"{100 * self.loss}%")
        for side in ADDRESSES:
            if _run("ip", "netns", "exec", between, "tc", "qdisc", "add", "dev", side, "root", *shape).returncode != 0:
                return False
        _must("ip", "-n", between, "link", "add", "bridge", "type", "bridge")
        for interface in ADDRESSES:
            _must("ip", "-n", between, "link", "set", interface, "master", "bridge")
        _must("ip", "-n", between, "link", "set", "bridge", "up")
        self.link = "tc netem"
        return True

    def _delay_with_relay(self) -> None:
        command = [sys.executable, str(LINK), *ADDRESSES, "--delay-ms", str(self.delay_ms), "--loss", str(self.loss)]
        self._relay = subprocess.Popen(self.on("between", *command), stdout=subprocess.PIPE, text=True)
        assert self._relay.stdout is not None
        if "passing" not in self._relay.stdout.readline():
            raise RuntimeError("the link between the namespaces did not start")
        self.link = "a relay in software (this kernel has no netem)"


def _leave_checksums_to_the_kernel(interface: str) -> None:
    """`ethtool -K INTERFACE tx off`."""
    value = array.array("B", struct.pack("II", _ETHTOOL_STXCSUM, 0))
    request = struct.pack("16sP", interface.encode(), value.buffer_info()[0])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, _SIOCETHTOOL, request)


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        return subprocess.CompletedProcess(command, 127, "", str(error))


def _must(*command: str) -> str:
    done = _run(*command)
    if done.returncode != 0:
        raise RuntimeError(f"`{' '.join(command)}` failed: {done.stderr.strip()}")
    return done.stdout


if __name__ == "__main__":
    _leave_checksums_to_the_kernel(sys.argv[1])
