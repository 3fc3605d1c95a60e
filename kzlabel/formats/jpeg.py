"""JPEG: the store is cut into APP11 segments of JPEG XT boxes (C2PA 2.4 A.3.1; ISO 19566-5 D.2).

    FF EB | Le 2 | CI "JP" | En 2 | Z 4 | LBox 4 | TBox 4 | [XLBox 8 if LBox is 1] | payload

Integers are big-endian. `Le` counts itself. Every segment repeats LBox and TBox, those of the whole box; only the
first segment's belong to the store. Segments with one `En` belong together; `Z` counts them, from 1 by the
standard and from 0 in files of some writers. Other JUMBF boxes may share APP11: a C2PA one is known by the
type of its description box. The walk ends where the entropy-coded data begins.
"""

from kzlabel.errors import LimitError, MalformedError
from kzlabel.files import Reader
from kzlabel.formats._window import Walk
from kzlabel.formats.base import Carrier, Located
from kzlabel.limits import Limits
from kzlabel.spans import Span

NAME = "jpeg"
MEDIA_TYPES: tuple[str, ...] = ("image/jpeg",)
EXTENSIONS: tuple[str, ...] = (".jpg", ".jpeg", ".jpe")

_APP11 = 0xEB
_SOS, _EOI = 0xDA, 0xD9
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})
_HEADER = 20
"""Bytes from the marker to the end of TBox."""


def sniff(head: bytes) -> str | None:
    """Return the media type if `head` is the start of a JPEG."""
    return MEDIA_TYPES[0] if head[:3] == b"\xff\xd8\xff" else None


def locate(file: Reader, limits: Limits) -> Located:
    """Return the C2PA boxes in APP11; see `Format.locate`."""
    walk = Walk(file, limits)
    boxes = _Boxes(walk)
    at = 2
    try:
        while True:
            walk.count()
            mark, code = walk.read(at, 2)
            if mark != 0xFF:
                return boxes.located(f"no marker at {at}")
            if code == 0xFF:  # a fill byte
                at += 1
            elif code in _ALONE:
                at += 2
            elif code in {_SOS, _EOI}:
                return boxes.located()
            else:
                length = int.from_bytes(walk.read(at + 2, 2))
                if length < 2 or at + 2 + length > file.size:
                    return boxes.located(f"the segment at {at} has an impossible length, {length}")
                if code == _APP11:
                    boxes.add(at, length + 2)
                at += 2 + length
    except LimitError:
        raise
    except MalformedError as error:
        return boxes.located(error.message)


class _Boxes:
    """The C2PA boxes met so far."""

    def __init__(self, walk: Walk) -> None:
        self._walk = walk
        self._found: list[tuple[list[Span], list[Span]]] = []
        self._instance = b""

    def add(self, start: int, length: int) -> None:
        """Take in the APP11 segment at `start`, if it is of a C2PA box."""
        if length < _HEADER:
            return
        head = self._walk.read(start, min(length, 40))
        instance, number = head[6:8], int.from_bytes(head[8:12])
        if self._found and instance == self._instance:
            store, whole = self._found[-1]
            if number <= len(whole):
                self._instance = b""  # not the next one of its box: what follows is no part of it either
                return
            skip = _HEADER + 8 * (head[12:16] == b"\0\0\0\x01")
        elif head[4:6] == b"JP" and b"c2pa" in (head[28:32], head[36:40]):
            self._instance = instance
            self._found.append(([], []))
            store, whole = self._found[-1]
            skip = _HEADER - 8
        else:
            return
        whole.append(Span(start, length))
        store.append(Span(start + skip, max(0, length - skip)))

    def located(self, damage: str = "") -> Located:
        """Return what was found."""
        carriers = []
        for store, whole in self._found:
            self._walk.check_store(sum(span.length for span in store))
            carriers.append(Carrier(tuple(store), _joined(whole)))
        return Located(tuple(carriers), damage)


def _joined(spans: list[Span]) -> tuple[Span, ...]:
    """Return `spans` with neighbours made one."""
    joined = spans[:1]
    for span in spans[1:]:
        if span.start == joined[-1].end:
            joined[-1] = Span(joined[-1].start, joined[-1].length + span.length)
        else:
            joined.append(span)
    return tuple(joined)
