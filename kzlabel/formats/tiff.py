"""TIFF and DNG: the store is the value of tag 0xCD41 in a directory (C2PA 2.4 A.3.6; TIFF 6.0, BigTIFF).

    "II" or "MM" | 42 | offset 4 of the first directory
    directory: count 2 | { tag 2 | type 2 | count 4 | value or offset 4 } ... | offset 4 of the next, or 0

Integers are in the byte order that the first two bytes say. BigTIFF has 43 for 42, then 8 and 0 (2 bytes each),
and its counts and offsets have 8 bytes. The store itself is in its natural order whatever the file's is.
"""

from collections.abc import Iterator
from typing import Literal, NamedTuple

from kzlabel.errors import LimitError, MalformedError
from kzlabel.files import Reader
from kzlabel.formats._window import Walk
from kzlabel.formats.base import Carrier, Located
from kzlabel.limits import Limits
from kzlabel.spans import Span

NAME = "tiff"
MEDIA_TYPES: tuple[str, ...] = ("image/tiff", "image/dng")
EXTENSIONS: tuple[str, ...] = (".tif", ".tiff", ".dng")

_STORE = 0xCD41
_DNG_VERSION = 0xC612


class _Shape(NamedTuple):
    """How integers are written."""

    order: Literal["little", "big"]
    first: int
    """Where the offset of the first directory is."""
    entries: int
    """Bytes in the number of entries."""
    word: int
    """Bytes in a value's count and in an offset."""

    def number(self, data: bytes) -> int:
        return int.from_bytes(data, self.order)


_SHAPES = {
    b"II*\0": _Shape("little", 4, 2, 4),
    b"MM\0*": _Shape("big", 4, 2, 4),
    b"II+\0": _Shape("little", 8, 8, 8),
    b"MM\0+": _Shape("big", 8, 8, 8),
}


def sniff(head: bytes) -> str | None:
    """Return the media type: DNG where the first directory lies in `head` and says so."""
    shape = _SHAPES.get(head[:4])
    if shape is None:
        return None
    at = shape.number(head[shape.first : shape.first + shape.word])
    entries = shape.number(head[at : at + shape.entries])
    size = 4 + 2 * shape.word
    first = at + shape.entries
    tags = (
        shape.number(head[spot : spot + 2]) for spot in range(first, min(first + entries * size, len(head)), size)
    )
    return MEDIA_TYPES[_DNG_VERSION in tags]


def locate(file: Reader, limits: Limits) -> Located:
    """Return the stores in the main chain of directories; see `Format.locate`."""
    walk = Walk(file, limits)
    carriers: list[Carrier] = []
    try:
        for carrier in _directories(walk, _SHAPES[walk.read(0, 4)]):
            walk.check_store(carrier.store[0].length)
            carriers.append(carrier)
    except LimitError:
        raise
    except MalformedError as error:
        return Located(tuple(carriers), error.message)
    return Located(tuple(carriers))


def _directories(walk: Walk, shape: _Shape) -> Iterator[Carrier]:
    seen: set[int] = set()
    at = shape.number(walk.read(shape.first, shape.word))
    size = 4 + 2 * shape.word
    while at:
        if at in seen:
            raise MalformedError(f"the directories run in a circle, back to the one at {at}")
        seen.add(at)
        entries = shape.number(walk.read(at, shape.entries))
        first = at + shape.entries
        if first + entries * size > walk.size:
            raise MalformedError(f"the directory at {at} reaches past the end of the file")
        for spot in range(first, first + entries * size, size):
            walk.count()
            if shape.number(walk.read(spot, 2)) == _STORE:
                yield _carrier(walk, shape, spot)
        at = shape.number(walk.read(first + entries * size, shape.word))


def _carrier(walk: Walk, shape: _Shape, spot: int) -> Carrier:
    length = shape.number(walk.read(spot + 4, shape.word))
    value = spot + 4 + shape.word
    start = value if length <= shape.word else shape.number(walk.read(value, shape.word))
    if start + length > walk.size:
        raise MalformedError(f"the manifest store at {start} reaches past the end of the file")
    return Carrier((Span(start, length),), (Span(spot + 4, shape.word), Span(start, length)))
