"""The table that says where the items of a picture are, and how a further one gets into it (ISO 14496-12 8.11.3).

iloc: version 1 | flags 3 | sizes of offset, length, base, index 4 bits each | count 2 or 4
{ identifier 2 or 4 | [method 2] | file 2 | base | count 2 | { [index] | offset | length } ... } ...
"""

from typing import Final, NamedTuple

from kzlabel.errors import MalformedError

__all__ = ["Entry", "Table"]

_SIZES: Final = frozenset({0, 4, 8})
_MOST: Final = 10_000


class Entry(NamedTuple):
    """One item, and where in the table it is said."""

    number: int
    method: int
    """How offsets are counted: 0 from the beginning of the file."""

    base_at: int
    """Where in the table the base stands."""

    base: int
    extents: tuple[tuple[int, int], ...]
    """Offset and length of each piece."""

    extents_at: int
    """Where in the table the first piece stands."""


class Table:
    """The content of an `iloc` box."""

    def __init__(self, content: bytes) -> None:
        """Take the table apart.

        Raises:
            MalformedError: It is broken, or of an unknown version.
        """
        self.content = content
        if len(content) < 8 or content[0] > 2:
            raise MalformedError("the table of the picture's items is of an unknown form")
        self.version = content[0]
        self._offset, self._length, self._base, index = (
            content[at] >> by & 15 for at, by in ((4, 4), (4, 0), (5, 4), (5, 0))
        )
        self._index = index if self.version else 0
        if not {self._offset, self._length, self._base, self._index} <= _SIZES:
            raise MalformedError("the table of the picture's items has numbers of an unknown size")
        self._wide = 4 if self.version == 2 else 2
        self._at = 6
        count = self._number(self._wide)
        if count > _MOST:
            raise MalformedError(f"the picture has {count} items")
        self.entries = tuple(self._entry() for _ in range(count))
        self.end = self._at

    def _number(self, size: int) -> int:
        self._at += size
        if self._at > len(self.content):
            raise MalformedError("the table of the picture's items is cut off")
        return int.from_bytes(self.content[self._at - size : self._at])

    def _entry(self) -> Entry:
        number = self._number(self._wide)
        method = self._number(2) & 15 if self.version else 0
        elsewhere = self._number(2)
        base_at, base = self._at, self._number(self._base)
        count = self._number(2)
        extents_at, extents = self._at, []
        for _ in range(count):
            self._number(self._index)
            extents.append((self._number(self._offset), self._number(self._length)))
        return Entry(number, -1 if elsewhere else method, base_at, base, tuple(extents), extents_at)

    def with_item(self, content: bytes, number: int, offset: int, length: int) -> bytes:
        """Return the content of a table, perhaps with other offsets than this one, and a further item in it.

        Raises:
            MalformedError: A number doesn't fit.
        """
        method = bytes(2) if self.version else b""
        base, here = (offset, 0) if not self._offset else (0, offset)
        entry = (
            _bytes(number, self._wide) + method + bytes(2) + _bytes(base, self._base) + _bytes(1, 2)
            + bytes(self._index) + _bytes(here, self._offset) + _bytes(length, self._length)
        )  # fmt: skip
        count = _bytes(len(self.entries) + 1, self._wide)
        return content[:6] + count + content[6 + self._wide : self.end] + entry + content[self.end :]

    def growth(self) -> int:
        """Return how many bytes a further item takes."""
        method = 2 if self.version else 0
        return self._wide + method + 2 + self._base + 2 + self._index + self._offset + self._length

    def with_place(self, content: bytes, entry: Entry, offset: int, length: int) -> bytes:
        """Return the content of a table with an item of one piece somewhere else.

        Raises:
            MalformedError: The item is in several pieces, or a number doesn't fit.
        """
        if len(entry.extents) != 1 or entry.method:
            raise MalformedError("the XMP packet of the picture is in several pieces, or in another place")
        base, here = (offset, 0) if not self._offset else (0, offset)
        made = bytearray(content)
        made[entry.base_at : entry.base_at + self._base] = _bytes(base, self._base)
        at = entry.extents_at + self._index
        made[at : at + self._offset + self._length] = _bytes(here, self._offset) + _bytes(length, self._length)
        return bytes(made)


def _bytes(value: int, size: int) -> bytes:
    if value >> 8 * size:
        raise MalformedError(f"{value} doesn't fit into {size} bytes of the picture's table of items")
    return value.to_bytes(size)
