"""The files of a rosbag2 recording, also of one that was cut off: without metadata.yaml, or inside an MCAP file."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from rosbags.highlevel import AnyReader, AnyReaderError
from rosbags.typesys import Stores, get_typestore

from .errors import RecordingError

_METADATA = "metadata.yaml"
_MAGIC = b"\x89MCAP0\r\n"
_CHUNK = 0x06
_DATA_RECORDS = range(0x01, 0x0F)
"""Kinds of records up to the end of the data."""
_RECORD_HEAD = 9
"""Bytes before what a record of MCAP holds: its kind, and the length of the rest."""
_FOOTER = b"\x02" + (20).to_bytes(8, "little") + bytes(20)
"""Of an MCAP file without an index: readers then go through the whole file."""


@contextmanager
def opened(path: Path) -> Iterator[AnyReader]:
    """The recording that a folder, or a file in one, holds; raises RecordingError where it cannot be read."""
    # A file inside a bag's folder is as good as the folder.
    folder = path.parent if path.is_file() and (path.parent / _METADATA).exists() else path
    try:
        with AnyReader(_parts(folder), default_typestore=get_typestore(Stores.ROS2_JAZZY)) as bag:
            yield bag
    except (AnyReaderError, OSError) as error:
        raise RecordingError(
            f"bag {path}",
            found=f"'{error}'",
            expected="the folder of a rosbag2 recording, with .mcap or .db3 files",
            remedy=_remedy(folder, str(error)),
        ) from error


def cut_off(path: Path) -> dict[str, int]:
    """By the name of each MCAP file that was cut off, how many bytes come after its last whole record."""
    files = [path] if path.is_file() else sorted(path.glob("*.mcap"))
    return {file.name: file.stat().st_size - whole for file in files if (whole := _whole_bytes(file)) is not None}


def _parts(folder: Path) -> list[_Part]:
    if folder.is_file() or (folder / _METADATA).exists():
        return [_Part(folder)]
    # Recorders write metadata.yaml last: a recording that was cut off has none.
    files = sorted(
        (file for kind in ("*.mcap", "*.db3") for file in folder.glob(kind)),
        key=lambda file: [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", file.name)],
    )
    return [_Part(file) for file in files or [folder]]


def _remedy(folder: Path, problem: str) -> str:
    if ".db3" in problem:
        return "A damaged .db3 file cannot be read: record again. (An MCAP file can, up to where it was cut off.)"
    if (folder / _METADATA).exists():
        return f"If {folder / _METADATA} is damaged, delete it: the .mcap or .db3 files beside it are read without it."
    return "Give the folder that `ros2 bag record -o` wrote."


class _Part(type(Path())):
    """A path whose MCAP files can be read as if they had not been cut off."""

    def open(self, *arguments: Any, **keywords: Any) -> Any:
        """As `Path.open`."""
        whole = _whole_bytes(self) if self.suffix == ".mcap" else None
        file = super().open(*arguments, **keywords)
        return file if whole is None else io.BufferedReader(_Mended(file, whole))


class _Mended(io.RawIOBase):
    """The first `whole` bytes of an MCAP file, and the end that it lacks."""

    def __init__(self, file: BinaryIO, whole: int) -> None:
        self._file, self._whole, self._end = file, whole, _FOOTER + _MAGIC
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        size = self._whole + len(self._end)
        self._at = max(0, offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: size}[whence])
        return self._at

    def readinto(self, buffer: Any) -> int:
        if self._at < self._whole:
            self._file.seek(self._at)
            data = self._file.read(min(len(buffer), self._whole - self._at))
        else:
            data = self._end[self._at - self._whole :][: len(buffer)]
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def close(self) -> None:
        self._file.close()
        super().close()


def _whole_bytes(path: Path) -> int | None:
    """Up to where the records of an MCAP file are whole; None: it was not cut off, or is no MCAP file."""
    # Not by the path's own `open`, which asks this.
    with open(path, "rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        if file.read(len(_MAGIC)) != _MAGIC:
            return None
        file.seek(max(0, size - len(_MAGIC)))
        if size > len(_MAGIC) and file.read() == _MAGIC:
            return None
        before = whole = len(_MAGIC)
        kind = 0
        while whole + _RECORD_HEAD <= size:
            file.seek(whole)
            head = file.read(_RECORD_HEAD)
            end = whole + _RECORD_HEAD + int.from_bytes(head[1:], "little")
            # A disk that lost power may leave zeros; an index that was begun is of no use.
            if head[0] not in _DATA_RECORDS or end > size:
                break
            kind, before, whole = head[0], whole, end
        file.seek(before + _RECORD_HEAD)
        if kind == _CHUNK and not _is_whole_chunk(file.read(whole - before - _RECORD_HEAD)):
            return before
        return whole


def _is_whole_chunk(chunk: bytes) -> bool:
    """Whether the messages in a chunk go on to its end, and not over into zeros."""
    name_end = 32 + int.from_bytes(chunk[28:32], "little")
    records = memoryview(chunk)[name_end + 8 :]
    if name_end > 32:  # compressed
        return any(records[-8:])
    at = 0
    while at + _RECORD_HEAD <= len(records):
        if records[at] not in _DATA_RECORDS:
            return False
        at += _RECORD_HEAD + int.from_bytes(records[at + 1 : at + _RECORD_HEAD], "little")
    return at == len(records)
