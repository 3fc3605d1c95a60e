"""The directories of a TIFF, read and changed in place (TIFF 6.0, section 2)."""

import struct
from collections.abc import Iterator, Sequence
from typing import Final

from kzlabel.errors import LimitError, MalformedError
from kzlabel.notices.errors import NoticeError

__all__ = ["Directory", "directories"]

_LETTERS: Final = {1: "B", 3: "H", 4: "I"}
_PAGES: Final = 10_000
_VALUES: Final = 1_000_000
_MANIFEST: Final = 0xCD41
"""The tag of a manifest store (C2PA 2.4 A.3.6)."""


class Directory:
    """A directory in `data`, which changes with it."""

    def __init__(self, data: bytearray, order: str, at: int) -> None:
        self.data, self.order, self._at = data, order, at
        try:
            self._count = struct.unpack_from(f"{order}H", data, at)[0]
            self.next = struct.unpack_from(f"{order}I", data, at + 2 + 12 * self._count)[0]
        except struct.error:
            raise MalformedError("a directory of the TIFF lies outside the file") from None
        self._entries: dict[int, tuple[int, int, int]] = {}
        for number in range(self._count):
            place = at + 2 + 12 * number
            tag, kind, count = struct.unpack_from(f"{order}HHI", data, place)
            self._entries.setdefault(tag, (place, kind, count))

    def has(self, tag: int) -> bool:
        """Return whether there is an entry."""
        return tag in self._entries

    def number(self, tag: int, default: int | None = None) -> int:
        """Return the first number of an entry.

        Raises:
            MalformedError: There is none, and no `default`.
        """
        found = self.numbers(tag, () if default is None else (default,))
        if not found:
            raise MalformedError(f"tag {tag} of the TIFF is missing")
        return found[0]

    def numbers(self, tag: int, default: Sequence[int] | None = None) -> tuple[int, ...]:
        """Return the numbers of an entry.

        Raises:
            MalformedError: There are none, and no `default`; or they lie outside the file.
        """
        if tag not in self._entries:
            if default is None:
                raise MalformedError(f"tag {tag} of the TIFF is missing")
            return tuple(default)
        at, form = self._values(tag)
        try:
            return struct.unpack_from(form, self.data, at)
        except struct.error:
            raise MalformedError(f"tag {tag} of the TIFF lies outside the file") from None

    def put(self, tag: int, values: Sequence[int]) -> None:
        """Let an entry have these numbers, as many as it has.

        Raises:
            NoticeError: One is too large for its type.
        """
        at, form = self._values(tag)
        try:
            struct.pack_into(form, self.data, at, *values)
        except struct.error:
            raise NoticeError("the TIFF's numbers are too small for what was drawn", "save it anew") from None

    def skip_next(self, after: int) -> None:
        """Let another directory follow."""
        struct.pack_into(f"{self.order}I", self.data, self._at + 2 + 12 * self._count, after)
        self.next = after

    def forget_manifest(self) -> None:
        """Take out the entry of a manifest store, which speaks of the old bytes; they stay, unused."""
        if _MANIFEST not in self._entries:
            return
        place, _, _ = self._entries.pop(_MANIFEST)
        end = self._at + 2 + 12 * self._count + 4
        self.data[place:end] = self.data[place + 12 : end] + bytes(12)
        struct.pack_into(f"{self.order}H", self.data, self._at, self._count - 1)

    def _values(self, tag: int) -> tuple[int, str]:
        place, kind, count = self._entries[tag]
        if kind not in _LETTERS or not 0 < count <= _VALUES:
            raise MalformedError(f"tag {tag} of the TIFF has a wrong type or too many values")
        form = f"{self.order}{count}{_LETTERS[kind]}"
        if struct.calcsize(form) <= 4:
            return place + 8, form
        return struct.unpack_from(f"{self.order}I", self.data, place + 8)[0], form


def directories(data: bytearray) -> Iterator[Directory]:
    """Yield the directories of the main chain.

    Raises:
        LimitError: There are too many.
        MalformedError: The file is broken, or the chain leads back into itself.
        NoticeError: It is a BigTIFF.
    """
    order = {b"II": "<", b"MM": ">"}.get(bytes(data[:2]))
    if order is None or len(data) < 8:
        raise MalformedError("the file is no TIFF")
    version, at = struct.unpack_from(f"{order}HI", data, 2)
    if version == 43:
        raise NoticeError("a BigTIFF can't have a notice", "save it as a TIFF below 4 GiB")
    seen: set[int] = set()
    while at:
        if at in seen:
            raise MalformedError("the directories of the TIFF lead back into themselves")
        if len(seen) >= _PAGES:
            raise LimitError(f"a TIFF with more than {_PAGES} pages")
        seen.add(at)
        directory = Directory(data, order, at)
        yield directory
        at = directory.next
