"""The libsdformat programs on this machine, which make SDF of a URDF and check SDF as Gazebo does when it loads it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

ROOT_VARIABLE = "JEPA_MPC_GAZEBO_ROOT"
NONE_FOUND = (
    "needs libsdformat: found neither `gz sdf` nor `ign sdf` (modern Gazebo; Debian 12: apt install ignition-tools "
    f"libsdformat-dev), and {ROOT_VARIABLE} is not set (npm run test:gazebo)"
)
# `gz sdf --check` of Gazebo Classic says "complete" of anything. This is what `ign sdf --check` calls, in the same
# library.
CLASSIC_CHECK = (
    "import ctypes, sys\n"
    "library = ctypes.CDLL('libsdformat9.so.9')\n"
    "sys.exit(library.cmdCheck(sys.argv[1].encode()) != 0)\n"
)


@dataclass(frozen=True)
class Libsdformat:
    """A program that has the subcommand `sdf`, on this system or in a system below `root`."""

    program: str
    version: str
    root: Path | None = None

    def __str__(self) -> str:
        return f"{self.program}-sdf-{self.version}" + ("-classic" if self.root else "")

    def convert(self, text: str, suffix: str) -> ElementTree.Element:
        """The <model> that it makes of a URDF or an SDF."""
        result = self._run([self.program, "sdf", "--print"], text, suffix)
        assert result.returncode == 0, result.stderr
        model = ElementTree.fromstring(result.stdout[result.stdout.index("<sdf") :]).find("model")
        assert model is not None, result.stdout
        return model

    def errors(self, text: str, suffix: str) -> str:
        """What its check has against a file; empty: nothing."""
        check = ["python3", "-c", CLASSIC_CHECK] if self.root else [self.program, "sdf", "--check"]
        result = self._run(check, text, suffix)
        said = [line for line in result.stderr.splitlines() if re.search(r"\b(error|warning)\b", line, re.IGNORECASE)]
        # An optional library of the program.
        said = [line for line in said if "backward" not in line]
        if result.returncode != 0:
            said.append(f"exit status {result.returncode}")
        return "\n".join(said)

    def _run(self, command: list[str], text: str, suffix: str) -> subprocess.CompletedProcess[str]:
        with tempfile.TemporaryDirectory(dir=None if self.root is None else self.root / "tmp") as folder:
            path = Path(folder) / f"file{suffix}"
            path.write_text(text, encoding="utf-8")
            inside = path if self.root is None else Path("/") / path.relative_to(self.root)
            prefix = () if self.root is None else ("chroot", str(self.root))
            return subprocess.run(
                [*prefix, *command, str(inside)], capture_output=True, text=True, check=False, timeout=300
            )


@cache
def installed() -> tuple[Libsdformat, ...]:
    """All of them."""
    found = [
        Libsdformat(program, version)
        for program in ("gz", "ign")
        if shutil.which(program) and (version := _version([program, "sdf", "--versions"]))
    ]
    root = os.environ.get(ROOT_VARIABLE)
    if root:
        version = _version(["chroot", root, "gzserver", "--version"])
        if version:
            found.append(Libsdformat("gz", version, Path(root)))
    return tuple(found)


def _version(command: list[str]) -> str | None:
    # gzserver tells its version and exits with 255.
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    version = re.search(r"\d+\.\d+\.\d+", result.stdout)
    return version and version[0]
