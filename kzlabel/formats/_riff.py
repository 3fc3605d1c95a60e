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
from kzlabel.formats._splice import Edit, check_sound, place, recut
from kzlabel.formats._window import Walk
from kzlabel.formats.base import Carrier, Derived, Located, Splice
from kzlabel.limits import Limits
from kzlabel.spans import Span

__all__ = ["is_form", "locate", "splice", "without_chunk"]

_HEADER = Struct("<4sI").unpack
_PACK = Struct("<4sI").pack
_LONGEST = (1 << 32) - 1
_ONE_RIFF = b"AVI "
"""A form whose later parts are found by their offsets from the start of the file."""
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


def splice(file: Reader, located: Located, store_size: int, limits: Limits) -> Splice:
    """See `Embedder.splice`: the chunk comes last in the first `RIFF`; zeros make the store's length even."""
    check_sound(located)
    walk = Walk(file, limits)
    end = 12
    for _, at, length in _chunks(walk):
        end = at + 8 + length + (length & 1)
    _, stated = _HEADER(walk.read(0, 8))
    stop = 8 + stated
    if not min(end, file.size) == min(stop + (stop & 1), file.size) or (stop < file.size and end > file.size):
        raise MalformedError("the file's size is not the one that its chunks have together")
    if walk.read(8, 4) == _ONE_RIFF and file.size > end:
        raise MalformedError("what follows the first RIFF is found by its offset, which would change")
    missing = bytes(max(0, end - file.size))
    end = min(end, file.size)
    new = Derived(8 + store_size + (store_size & 1), _chunk)
    old = [
        Edit(span.start, min(span.end + (span.length & 1), end)) for c in located.carriers for span in c.excluded
    ]
    grown = end + len(missing) + new.size - sum(edit.end - edit.start for edit in old)
    if grown - 8 > _LONGEST:
        raise MalformedError("with a manifest store the file would be larger than a RIFF can be")
    header = _PACK(b"RIFF", grown - 8)
    parts = recut(file.size, [Edit(0, 8, (header,)), *old, Edit(end, end, (missing, new))])
    return Splice(parts, (place(parts, new),))


def without_chunk(file: Reader, located: Located, limits: Limits) -> tuple[Span | bytes | Derived, ...]:
    """Return the parts of the file without its manifest stores.

    Raises:
        MalformedError: Its size is not the one that its chunks have together, or the first `RIFF` isn't alone.
    """
    end = 12
    for _, at, length in _chunks(Walk(file, limits)):
        end = at + 8 + length + (length & 1)
    _, stated = _HEADER(file.read(0, 8))
    if end != file.size or 8 + stated != end:
        raise MalformedError("the file's size is not the one that its chunks have together")
    old = [Edit(span.start, span.end + (span.length & 1)) for c in located.carriers for span in c.excluded]
    header = _PACK(b"RIFF", end - sum(edit.end - edit.start for edit in old) - 8)
    return recut(file.size, [Edit(0, 8, (header,)), *old])


def _chunk(store: bytes) -> bytes:
    even = store + bytes(len(store) & 1)
    return _PACK(b"C2PA", len(even)) + even


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
