"""RIFF, the family of WAV, AVI and WebP: the store is a `C2PA` chunk of the first `RIFF` (C2PA 2.4 A.3.7).

    "RIFF" | size 4 | form 4 | { id 4 | size 4 | data | pad byte if size is odd } ...

Integers are little-endian; a size counts neither its header nor the pad byte. What follows the first `RIFF` (the
`AVIX` parts of a large AVI) holds no store and is not walked. `RF64` and `BW64`, RIFF with sizes of 64 bits, can't
hold one either. XMP is in a chunk `XMP `.
"""

from collections.abc import Iterator
from struct import Struct

from kzlabel.errors import LimitError, MalformedError
from kzlabel.files import Reader
from kzlabel.formats._window import Walk
from kzlabel.formats.base import Carrier, Located
from kzlabel.limits import Limits
from kzlabel.spans import Span

__all__ = ["is_form", "locate"]

_HEADER = Struct("<4sI").unpack
_STRAY = 4
"""So many bytes at the end of a RIFF are no chunk: a pad byte that the size counts and the file may lack."""


def is_form(head: bytes, form: bytes) -> bool:
    """Return whether `head` is the start of a RIFF file of this form."""
    return head[:4] == b"RIFF" and head[8:12] == form


def locate(file: Reader, limits: Limits) -> Located:
    """Return the `C2PA` chunks of the first `RIFF`; see `Format.locate`."""
    walk = Walk(file, limits)
    carriers: list[Carrier] = []
    try:
        for kind, at, length in _chunks(walk):
            if kind == b"C2PA":
                walk.check_store(length)
                _add(carriers, Carrier((Span(at + 8, length),), (Span(at, length + 8),)), limits)
            elif kind == b"XMP ":
                walk.xmp.append(Span(at + 8, length))
    except LimitError:
        raise
    except MalformedError as error:
        return Located(tuple(carriers), error.message)
    return Located(tuple(carriers), xmp=tuple(walk.xmp))


def _add(carriers: list[Carrier], carrier: Carrier, limits: Limits) -> None:
    carriers.append(carrier)
    if len(carriers) > limits.carriers:
        raise LimitError(f"more than {limits.carriers} manifest stores")


def _chunks(walk: Walk) -> Iterator[tuple[bytes, int, int]]:
    """Yield identifier, offset and size of the chunks that lie inside the file."""
    _, length = _HEADER(walk.read(0, 8))
    end = 8 + length
    at = 12
    while at < end - _STRAY:
        walk.count()
        if at + 8 > end or at + 8 > walk.size:
            where = "RIFF" if at + 8 > end else "file"
            raise MalformedError(f"the {where} ends inside the header of the chunk at {at}")
        kind, length = _HEADER(walk.read(at, 8))
        if at + 8 + length > walk.size:
            raise MalformedError(f"the chunk at {at} reaches past the end of the file")
        yield kind, at, length
        if at + 8 + length > end:
            raise MalformedError(f"the chunk at {at} reaches past the end of its RIFF")
        at += 8 + length + (length & 1)
