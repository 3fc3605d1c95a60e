"""Absolute offsets in ISO media files: where they stand, and what they become when content moves.

    stco, co64   chunks of samples                   ISO 14496-12 section 8.7.5
    saio         auxiliary information of samples    8.7.9, outside of fragments
    iloc         items of HEIF files                 8.11.3, construction method 0
    tfhd         data of a fragment, if stated       8.8.7
    tfra         fragments, for random access        8.8.10

Everything else in these files is relative: to a box, to a fragment, or to the end of an index.
"""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from kzlabel.errors import LimitError, MalformedError
from kzlabel.formats._bmff import Box, boxes
from kzlabel.formats._window import Walk
from kzlabel.limits import Limits

__all__ = ["Patch", "moved"]

Move = Callable[[int], int]
"""Where the byte at an offset of the source lies in the labelled file."""

_FAMILIES: Final = frozenset(
    {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"moof", b"traf", b"mfra", b"meta", b"udta", b"edts", b"mvex"}
)
_TABLES: Final = frozenset({b"stco", b"co64", b"saio", b"iloc", b"tfhd", b"tfra"})


class Patch(NamedTuple):
    """Bytes that take the place of as many others."""

    start: int
    """Offset of the first one in the source."""

    data: bytes
    """The new ones."""


def moved(walk: Walk, move: Move, limits: Limits) -> Iterator[Patch]:
    """Yield all tables of absolute offsets as they are after the content was moved.

    Raises:
        MalformedError: A table is broken, an offset leads to what is left out or doesn't fit any more.
        LimitError: The tables are too large.
    """
    left = limits.text
    for box, inside in _tables(walk, 0, walk.size, limits.depth, ()):
        left -= box.size
        if left < 0:
            raise LimitError(f"tables of offsets of more than {limits.text} bytes")
        content = walk.read(box.start + box.header, box.size - box.header)
        new = _rewritten(box.type, content, move, inside)
        if new != content:
            yield Patch(box.start + box.header, new)


def _tables(
    walk: Walk, at: int, end: int, depth: int, inside: tuple[bytes, ...]
) -> Iterator[tuple[Box, tuple[bytes, ...]]]:
    for box in boxes(walk, at, end):
        if box.type in _TABLES:
            yield box, inside
        elif box.type in _FAMILIES:
            if depth <= 0:
                raise MalformedError("the boxes are nested too deeply")
            start = box.start + box.header
            if box.type == b"meta" and not (box.end - start >= 8 and walk.read(start + 4, 4) == b"hdlr"):
                start += 4  # version and flags, which QuickTime's doesn't have
            if box.type != b"udta" and start <= box.end:
                yield from _tables(walk, start, box.end, depth - 1, (*inside, box.type))
        elif box.type == b"cmov":
            raise MalformedError("its movie box is compressed")


def _rewritten(kind: bytes, content: bytes, move: Move, inside: tuple[bytes, ...]) -> bytes:
    if kind == b"saio" and b"traf" in inside:
        return content  # counted from the fragment
    table = _Table(content, move)
    match kind:
        case b"stco":
            table.listed(4, 4)
        case b"co64":
            table.listed(4, 8)
        case b"saio":
            table.listed(12 if content[3:4] and content[3] & 1 else 4, 8 if content[:1] == b"\1" else 4)
        case b"tfhd":
            table.fragment()
        case b"tfra":
            table.fragments()
        case _:
            table.items()
    return bytes(table.data)


class _Table:
    """The content of one box, being rewritten."""

    def __init__(self, content: bytes, move: Move) -> None:
        self.data = bytearray(content)
        self._move = move

    def listed(self, at: int, width: int) -> None:
        """Rewrite a count at `at` and so many offsets of `width` bytes behind it."""
        count = self._number(at, 4)
        if at + 4 + count * width > len(self.data):
            raise MalformedError("a table of offsets is longer than its box")
        for place in range(at + 4, at + 4 + count * width, width):
            self._shift(place, width)

    def fragment(self) -> None:
        """Rewrite the base of a fragment's data, if it is stated."""
        if self._number(0, 4) & 1:
            self._shift(8, 8)

    def fragments(self) -> None:
        """Rewrite where the fragments are that one can begin to play at."""
        width = 8 if self._number(0, 1) == 1 else 4
        sizes = self._number(8, 4)
        rest = sum((sizes >> shift & 3) + 1 for shift in (4, 2, 0))
        for number in range(self._count(12, 4, 2 * width + rest)):
            self._shift(16 + number * (2 * width + rest) + width, width)

    def items(self) -> None:
        """Rewrite where the items of a HEIF file are."""
        version, sizes = self._number(0, 1), self._number(4, 2)
        if version > 2:
            raise MalformedError("a table of items of an unknown version")
        offset, length, base, index = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
        index = index if version else 0
        if not {offset, length, base, index} <= {0, 4, 8}:
            raise MalformedError("a table of items has numbers of an unknown size")
        wide = 4 if version == 2 else 2
        at = 6 + wide
        for _ in range(self._count(6, wide, wide + 4)):
            at = self._item(at + wide, version, offset, base, index + offset + length, index)

    def _item(self, at: int, version: int, offset: int, base: int, extent: int, index: int) -> int:
        """Rewrite the item whose identifier ends at `at`; return where the next one begins."""
        method = self._number(at, 2) & 15 if version else 0
        at += 2 if version else 0
        elsewhere = self._number(at, 2)
        at += 2
        start = self._number(at, base) if base else 0
        count = self._number(at + base, 2)
        first = at + base + 2
        places = [first + number * extent + index for number in range(count)]
        if method == 0 and not elsewhere and count:
            if not offset and not base:
                raise MalformedError("an item is the whole file")
            ends = [start + (self._number(place, offset) if offset else 0) for place in places]
            shifts = {self._move(end) - end for end in ends}
            if base and start and len(shifts) == 1:
                self._write(at, base, start + shifts.pop())
            elif offset:
                for place, end in zip(places, ends, strict=True):
                    self._write(place, offset, self._move(end) - start)
            else:
                raise MalformedError("the parts of an item would move apart")
        return first + count * extent

    def _count(self, at: int, width: int, each: int) -> int:
        count = self._number(at, width)
        if at + width + count * each > len(self.data):
            raise MalformedError("a table of offsets is longer than its box")
        return count

    def _number(self, at: int, width: int) -> int:
        if at + width > len(self.data):
            raise MalformedError("a table of offsets is cut off")
        return int.from_bytes(self.data[at : at + width])

    def _shift(self, at: int, width: int) -> None:
        self._write(at, width, self._move(self._number(at, width)))

    def _write(self, at: int, width: int, value: int) -> None:
        if not 0 <= value < 1 << 8 * width:
            raise MalformedError(f"the offset {value} doesn't fit into {width} bytes")
        self.data[at : at + width] = value.to_bytes(width)
