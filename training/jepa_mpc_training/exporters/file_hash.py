"""SHA-256 of a file, which may be larger than the memory."""

from __future__ import annotations

import hashlib
from pathlib import Path

_PIECE = 1 << 22


def sha256_of(file: Path) -> str:
    """In hexadecimal digits."""
    digest = hashlib.sha256()
    with file.open("rb") as content:
        while piece := content.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()
