"""What sizes say of an image that is cut into square patches."""

from __future__ import annotations


class PatchGrid:
    """`side` x `side` patches of `patch_size` pixels a side, one token each."""

    side: int
    patch_size: int

    @property
    def tokens(self) -> int:
        return self.side**2

    @property
    def image_size(self) -> int:
        return self.side * self.patch_size
