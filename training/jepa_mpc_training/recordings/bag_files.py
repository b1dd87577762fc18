"""Opens rosbag2 recordings, including truncated ones: without metadata.yaml, or with an MCAP file cut short."""

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
"""Opcodes of the records up to the end of the data section."""
_RECORD_HEAD = 9
"""Bytes before the content of an MCAP record: its opcode and its length."""
_FOOTER = b"\x02" + (20).to_bytes(8, "little") + bytes(20)
"""The footer of an MCAP file without an index, which makes readers scan the whole file."""


@contextmanager
def opened(path: Path) -> Iterator[AnyReader]:
    """Opens the recording in a folder, or a file of one. Raises RecordingError if it cannot be read."""
    # A file in the folder of a bag selects the whole bag.
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


def truncated_files(path: Path) -> dict[str, int]:
    """The truncated MCAP files, by name: the number of bytes after the last complete record."""
    files = [path] if path.is_file() else sorted(path.glob("*.mcap"))
    return {file.name: file.stat().st_size - whole for file in files if (whole := _whole_bytes(file)) is not None}


def _parts(folder: Path) -> list[_Part]:
    if folder.is_file() or (folder / _METADATA).exists():
        return [_Part(folder)]
    # Recorders write metadata.yaml last: a truncated recording has none.
    files = sorted(
        (file for kind in ("*.mcap", "*.db3") for file in folder.glob(kind)),
        key=lambda file: [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", file.name)],
    )
    return [_Part(file) for file in files or [folder]]


def _remedy(folder: Path, problem: str) -> str:
    if ".db3" in problem:
        return "A damaged .db3 file cannot be read: record again. (A truncated MCAP file can, up to its end.)"
    if (folder / _METADATA).exists():
        return (
            f"If {folder / _METADATA} is damaged, delete it: the .mcap or .db3 files in its folder are read without it."
        )
    return "Pass the folder that `ros2 bag record -o` wrote."


class _Part(type(Path())):
    """A path that opens a truncated MCAP file as if it were complete."""

    def open(self, *arguments: Any, **keywords: Any) -> Any:
        """As `Path.open`."""
        whole = _whole_bytes(self) if self.suffix == ".mcap" else None
        file = super().open(*arguments, **keywords)
        return file if whole is None else io.BufferedReader(_Completed(file, whole))


class _Completed(io.RawIOBase):
    """The first `whole` bytes of an MCAP file, followed by the footer that it lacks."""

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
    """Number of bytes up to the end of the last complete record; None if the file is not a truncated MCAP file."""
    # The path's own `open` calls this function.
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
            # After a power failure, a file may end in zeros. An incomplete index is of no use.
            if head[0] not in _DATA_RECORDS or end > size:
                break
            kind, before, whole = head[0], whole, end
        file.seek(before + _RECORD_HEAD)
        if kind == _CHUNK and not _is_whole_chunk(file.read(whole - before - _RECORD_HEAD)):
            return before
        return whole


def _is_whole_chunk(chunk: bytes) -> bool:
    """Whether the messages in a chunk reach to its end, without zeros after them."""
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
