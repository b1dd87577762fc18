"""Messages between this program and the model plugin (sim/gazebo/plugin/wire.hh), over a Unix socket."""

from __future__ import annotations

import queue
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum

import numpy as np

from .errors import GazeboError

_HEADER = struct.Struct("=IIc")
_STATE_TIME = struct.Struct("=q")
_IMAGE_HEAD = struct.Struct("=qII")
_ANSWER_TIMEOUT_S = 60.0


class Request(Enum):
    """Requests to the plugin. The C++ header describes their bodies."""

    SET_POINT = b"V"
    STEP = b"S"
    TELEPORT = b"T"
    RENDER = b"I"
    RENDER_AT = b"G"
    RUN = b"R"


_FAILURE, _STATE, _IMAGE = b"f", b"s", b"i"


@dataclass(frozen=True)
class State:
    """Joints at a simulated time: positions, velocities and efforts float64 `[J]`."""

    time_ns: int
    position: np.ndarray
    velocity: np.ndarray
    effort: np.ndarray


@dataclass(frozen=True)
class Image:
    """The camera image at a simulated time: uint8 `[H, W, 3]`, RGB."""

    time_ns: int
    pixels: np.ndarray


Answer = State | Image
Event = Answer | GazeboError
"""Sent by the plugin while Gazebo's own clock runs. An error means that Gazebo has ended; nothing follows it."""


class Connection:
    """Sends requests, and receives their answers and the events of Gazebo's own clock."""

    def __init__(self, peer: socket.socket, on_event: Callable[[Event], None], last_words: Callable[[], str]) -> None:
        """`on_event` is called in the reading thread, in order of arrival. `last_words` returns the end of Gazebo's
        log."""
        self._socket = peer
        self._on_event = on_event
        self._last_words = last_words
        self._answers: queue.SimpleQueue[tuple[int, Answer | GazeboError]] = queue.SimpleQueue()
        self._number = 0
        self._closing = False
        self._reader = threading.Thread(target=self._read, name="gazebo", daemon=True)
        self._reader.start()

    def send(self, request: Request, body: bytes) -> None:
        """Sends a request without waiting for an answer. Raises GazeboError if Gazebo has ended."""
        self._number += 1
        try:
            self._socket.sendall(_HEADER.pack(len(body), self._number, request.value) + body)
        except OSError as error:
            raise self._ended() from error

    def ask(self, request: Request, body: bytes = b"") -> Answer:
        """Sends a request and waits for its answer. Raises GazeboError if there is none."""
        self.send(request, body)
        while True:
            try:
                number, answer = self._answers.get(timeout=_ANSWER_TIMEOUT_S)
            except queue.Empty:
                raise GazeboError(
                    f"Gazebo: found no answer to {request.name} within {_ANSWER_TIMEOUT_S:g} s, expected one."
                ) from None
            if isinstance(answer, GazeboError):
                raise answer
            if number == self._number:
                return answer

    def close(self) -> None:
        """Closes the connection, upon which Gazebo ends itself."""
        self._closing = True
        # Gazebo may have closed it already.
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _read(self) -> None:
        while True:
            header = self._exactly(_HEADER.size)
            if header is None:
                break
            size, number, kind = _HEADER.unpack(header)
            body = self._exactly(size)
            if body is None:
                break
            answer = _decoded(kind, body)
            if number == 0 and not isinstance(answer, GazeboError):
                self._on_event(answer)
            else:
                self._answers.put((number, answer))
        if not self._closing:
            ended = self._ended()
            self._answers.put((0, ended))
            self._on_event(ended)

    def _ended(self) -> GazeboError:
        return GazeboError(f"Gazebo: found its end of the connection closed, expected it to run: {self._last_words()}")

    def _exactly(self, size: int) -> bytes | None:
        body = bytearray(size)
        view, done = memoryview(body), 0
        while done < size:
            try:
                count = self._socket.recv_into(view[done:])
            except OSError:
                return None
            if count == 0:
                return None
            done += count
        return bytes(body)


def _decoded(kind: bytes, body: bytes) -> Answer | GazeboError:
    if kind == _STATE:
        (time_ns,) = _STATE_TIME.unpack_from(body)
        position, velocity, effort = np.frombuffer(body, dtype=np.float64, offset=_STATE_TIME.size).reshape(3, -1)
        return State(time_ns, position, velocity, effort)
    if kind == _IMAGE:
        time_ns, width, height = _IMAGE_HEAD.unpack_from(body)
        pixels = np.frombuffer(body, dtype=np.uint8, offset=_IMAGE_HEAD.size).reshape(height, width, 3)
        return Image(time_ns, pixels)
    if kind == _FAILURE:
        return GazeboError(f"Gazebo: {body.decode(errors='replace')}")
    return GazeboError(f"Gazebo: found an answer of kind {kind!r}, expected one of {_STATE!r}, {_IMAGE!r}.")
