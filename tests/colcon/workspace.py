"""A colcon workspace in a temporary folder, built from this checkout as a user would build a clone of it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COLCON = ROOT / ".prefix" / "colcon" / "bin" / "colcon"
OWN_INTERFACES = str(ROOT / ".prefix" / "interfaces")
# What a clone does not have.
NOT_CLONED = shutil.ignore_patterns(
    *(".git", ".prefix", "node_modules", "dist", "runs", "__pycache__", "*.egg-info", ".*_cache"),
    *(".hypothesis", ".stryker"),
)
SEARCH_PATHS = ("AMENT_PREFIX_PATH", "LD_LIBRARY_PATH", "PYTHONPATH")


def say(text: str) -> None:
    """Prints what is done, past pytest's capture of output: the check is started with -s."""
    print(f"colcon: {text}", flush=True)


def underlay() -> dict[str, str]:
    """The environment of the ROS 2 that is built against: this one, without the jepa_mpc_msgs of the checkout."""
    env = dict(os.environ)
    for name in SEARCH_PATHS:
        folders = env.get(name, "").split(":")
        env[name] = ":".join(folder for folder in folders if folder and not folder.startswith(OWN_INTERFACES))
    env["CMAKE_PREFIX_PATH"] = env["AMENT_PREFIX_PATH"]
    # The simulator's modules are installed as sources: a first run would write beside them.
    env["PYTHONDONTWRITEBYTECODE"] = "1"
    return env


def files_below(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file and folder with its size in bytes and the time of its last change."""
    found = {}
    for path in folder.rglob("*"):
        stat = path.lstat()
        found[str(path.relative_to(folder))] = (stat.st_size, stat.st_mtime_ns)
    return found


@dataclass(frozen=True)
class Workspace:
    """A built workspace."""

    folder: Path
    env: dict[str, str]
    log: str

    @property
    def source(self) -> Path:
        return self.folder / "src" / "jepa_mpc"

    @property
    def install(self) -> Path:
        return self.folder / "install"

    @property
    def share(self) -> Path:
        return self.install / "jepa_mpc" / "share" / "jepa_mpc"

    @property
    def bundle(self) -> Path:
        return self.share / "bundle"

    def command(self, *command: str) -> list[str]:
        """The command as typed after `source install/setup.bash`."""
        return ["bash", "-c", f'. "{self.install}/setup.bash" && exec "$@"', "bash", *command]

    def run(self, *command: str, timeout_s: float = 300) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*command), env=self.env, capture_output=True, text=True, timeout=timeout_s, check=False
        )

    def popen(self, *command: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(*command), env=self.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )


def copy_checkout(folder: Path) -> None:
    """Copies what a clone of this checkout would have."""
    shutil.copytree(ROOT, folder, symlinks=True, ignore=NOT_CLONED)


def set_up_gpu(checkout: Path) -> None:
    """Leaves what `npm run setup -- --gpu` does, for an ONNX Runtime that is not the installed one: it is not used."""
    libraries = checkout / ".prefix" / "gpu" / "lib"
    libraries.mkdir(parents=True)
    (libraries / "libcudart.so.13").write_text("a library", encoding="utf-8")
    load = {"onnxRuntime": "0.0.0", "load": {"cuda": ["libcuda.so.1", "lib/libcudart.so.13"]}}
    (libraries.parent / "libraries.json").write_text(json.dumps(load), encoding="utf-8")


def build_workspace(folder: Path) -> Workspace:
    """Builds jepa_mpc and jepa_mpc_msgs with colcon; the log of a failed build is the error."""
    copy_checkout(folder / "src" / "jepa_mpc")
    set_up_gpu(folder / "src" / "jepa_mpc")
    before = files_below(folder / "src")
    env = underlay()
    command = ["build", "--base-paths", "src/jepa_mpc", "src/jepa_mpc/interfaces"]
    say(f"building a copy of the checkout: colcon {' '.join(command)}")
    start = time.monotonic()
    built = subprocess.run(
        [str(COLCON), *command, "--event-handlers", "console_cohesion+"],
        cwd=folder,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stdout
    say(f"built both packages in {time.monotonic() - start:.0f} s")
    assert files_below(folder / "src") == before, "the build changed the sources"
    return Workspace(folder, env, built.stdout)


def development_packages() -> set[str]:
    """npm packages that only developers need, by name."""
    locked = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    name = lambda path: path.rpartition("node_modules/")[2]  # noqa: E731
    product = {name(path) for path, entry in locked.items() if not entry.get("dev") and not entry.get("devOptional")}
    return {name(path) for path in locked if path} - product
