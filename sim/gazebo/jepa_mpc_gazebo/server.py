"""Runs Gazebo Classic 11 as a headless child process, in the chroot that `npm run test:gazebo` makes."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from .errors import GazeboError

ROOT_VARIABLE = "JEPA_MPC_GAZEBO_ROOT"
PLUGIN_VARIABLE = "JEPA_MPC_GAZEBO_PLUGIN"
START_TIMEOUT_S = 60.0
_STOP_TIMEOUT_S = 5.0
_POLL_S = 0.02
_FOLDER_PREFIX = "jepa-mpc-"
_LOG_LINES = 5
# The child must end if this program is killed. For the kernel, its parent is the thread that started it.
_DIES_WITH_PARENT = ("setpriv", "--pdeathsig", "KILL") if shutil.which("setpriv") else ()


@dataclass(frozen=True)
class Installation:
    """The root folder of a system with Gazebo Classic, and the path of the plugin in it."""

    root: Path
    plugin: str

    @classmethod
    def of_environment(cls, environ: Mapping[str, str] = os.environ) -> Installation:
        """The installation of the environment variables. Raises GazeboError if they are not set."""
        for variable in (ROOT_VARIABLE, PLUGIN_VARIABLE):
            if not environ.get(variable):
                raise GazeboError(
                    f"environment variable {variable}: found nothing, expected a value from the set-up of Gazebo. "
                    "Run 'npm run test:gazebo' once, and this through 'npm run' or 'node scripts/bootstrap.mjs exec'."
                )
        return cls(Path(environ[ROOT_VARIABLE]), environ[PLUGIN_VARIABLE])

    def run(self, *command: str) -> str:
        """The stdout of a command in the installation. Raises GazeboError if it fails."""
        result = subprocess.run(
            self.command(*command), env=_environment({}), capture_output=True, text=True, timeout=60, check=False
        )
        if result.returncode != 0:
            output = (result.stderr or result.stdout).strip().splitlines()[-_LOG_LINES:]
            raise GazeboError(f"{' '.join(command)}: found exit status {result.returncode}: {' / '.join(output)}.")
        return result.stdout

    def command(self, *command: str) -> list[str]:
        """The command line that runs `command` in the installation."""
        return ["chroot", str(self.root), *command]


class GazeboServer:
    """A gzserver with a virtual display of its own. It ends with `close`, or when the connection is closed."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._stack = ExitStack()
        _remove_leftovers(installation.root / "tmp")
        folder = tempfile.mkdtemp(prefix=f"{_FOLDER_PREFIX}{os.getpid()}-", dir=installation.root / "tmp")
        self.folder = Path(folder)
        """Folder for files of Gazebo; see `inside`."""
        self._log = self.folder / "gzserver.log"
        self._stack.callback(shutil.rmtree, folder, ignore_errors=True)

    def inside(self, path: Path) -> str:
        """A path under the installation's root, as Gazebo sees it."""
        return "/" + str(path.relative_to(self._installation.root))

    def start(self, world: Path, socket_path: Path, timeout_s: float) -> socket.socket:
        """Starts Gazebo, paused, and connects to its plugin. Raises GazeboError if that fails."""
        display = self._start_display()
        variables = {
            "DISPLAY": display,
            "HOME": self.inside(self.folder),
            "TMPDIR": self.inside(self.folder),
            # Only on this machine, and separate from any other Gazebo on it.
            "GAZEBO_MASTER_URI": f"http://127.0.0.1:{_free_port()}",
            "GAZEBO_IP": "127.0.0.1",
            "LIBGL_ALWAYS_SOFTWARE": "1",
        }
        # The set-up script sets Debian's folders. The empty URI disables the database of models on the internet.
        script = '. /usr/share/gazebo/setup.sh; export GAZEBO_MODEL_DATABASE_URI=; exec gzserver --verbose -u "$1"'
        with self._log.open("w") as log:
            process = self._spawn(["sh", "-c", script, "sh", self.inside(world)], variables, log)
        deadline = time.monotonic() + timeout_s
        while True:
            peer = _connected(socket_path)
            if peer is not None:
                return peer
            if process.poll() is not None or time.monotonic() > deadline:
                how = "running" if process.returncode is None else f"ended with status {process.returncode}"
                raise GazeboError(f"gzserver: found it {how}, expected its plugin to answer: {self.last_words()}")
            time.sleep(_POLL_S)

    def last_words(self) -> str:
        """The end of Gazebo's log, as one line."""
        text = self._log.read_text(errors="replace") if self._log.exists() else ""
        return " / ".join(line.strip() for line in text.strip().splitlines()[-_LOG_LINES:])

    def close(self) -> None:
        """Ends Gazebo and its display."""
        self._stack.close()

    def _start_display(self) -> str:
        reading, writing = os.pipe()
        try:
            command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "320x240x24", "-nolisten", "tcp"]
            with (self.folder / "xvfb.log").open("w") as log:
                self._spawn(command, {}, log, pass_fds=(writing,))
        finally:
            os.close(writing)
        with os.fdopen(reading) as lines:
            number = lines.readline().strip()
        if not number:
            raise GazeboError(f"Xvfb: found {(self.folder / 'xvfb.log').read_text()!r}, expected a display number.")
        return f":{number}"

    def _spawn(
        self, command: list[str], variables: Mapping[str, str], log: object, pass_fds: tuple[int, ...] = ()
    ) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [*_DIES_WITH_PARENT, *self._installation.command(*command)],
            env=_environment(variables),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            pass_fds=pass_fds,
            # Ctrl-C must reach this program alone, which ends its children in order.
            start_new_session=True,
        )
        self._stack.callback(_end, process)
        return process


def _environment(variables: Mapping[str, str]) -> dict[str, str]:
    """The environment of a command in the installation, where this program's library paths are not valid."""
    return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "GAZEBO_MODEL_DATABASE_URI": "", **variables}


def _remove_leftovers(folder: Path) -> None:
    """Removes the folders of programs that were killed."""
    for path in folder.glob(f"{_FOLDER_PREFIX}*"):
        pid = path.name.removeprefix(_FOLDER_PREFIX).partition("-")[0]
        if pid.isdecimal() and not Path("/proc", pid).exists():
            shutil.rmtree(path, ignore_errors=True)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _connected(path: Path) -> socket.socket | None:
    peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        peer.connect(str(path))
    except (FileNotFoundError, ConnectionRefusedError):
        peer.close()
        return None
    return peer


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
