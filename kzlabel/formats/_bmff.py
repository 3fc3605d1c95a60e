"""Boxes of the ISO base media file format (ISO 14496-12 section 4.2), which JPEG XL shares.

    size 4 | type 4 | [size 8 if the first is 1] | [user type 16 if type is "uuid"] | content

Integers are big-endian; a size counts the header, and 0 means up to the end of the file.
"""

from collections.abc import Iterator
from typing import NamedTuple

from kzlabel.errors import MalformedError
from kzlabel.formats._window import Walk

__all__ = ["Box", "boxes"]


class Box(NamedTuple):
    """One box."""

    type: bytes
    """Its type, four bytes."""

    start: int
    """Offset of its first byte."""

    header: int
    """Length of its header, without a user type."""

    size: int
    """Length of the whole box."""

    @property
    def end(self) -> int:
        """Offset of the first byte after the box."""
        return self.start + self.size


def boxes(walk: Walk, at: int, end: int) -> Iterator[Box]:
    """Yield the boxes that lie one after the other between `at` and `end`.

    Raises:
        MalformedError: A box does not fit, after those before it were yielded.
        LimitError: There are too many.
    """
    while at < end:
        walk.count()
        if end - at < 8:
            raise MalformedError(f"{end - at} bytes at {at} are too few for a box")
        head = walk.read(at, 8)
        size, header = int.from_bytes(head[:4]), 8
        if size == 1:
            size, header = int.from_bytes(walk.read(at + 8, 8)), 16
        elif size == 0:
            size = end - at
        if size < header or at + size > end:
            raise MalformedError(f"the box at {at} has an impossible size, {size}")
        yield Box(head[4:], at, header, size)
        at += size
