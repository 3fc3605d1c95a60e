"""A store into a JPEG: APP11 segments after JFIF's own, or where the old ones were (layout in `jpeg.py`)."""

from struct import Struct
from typing import Final

from kzlabel.errors import MalformedError
from kzlabel.files import Reader
from kzlabel.formats._splice import Edit, check_sound, place, recut
from kzlabel.formats._window import Walk
from kzlabel.formats.base import Derived, Located, Splice
from kzlabel.limits import Limits
from kzlabel.spans import Span

__all__ = ["splice"]

_APP0, _APP11, _SOS = 0xE0, 0xEB, 0xDA
_SOI_SIZE: Final = 2
_HEAD: Final = Struct(">HH2sHI").pack
_FRAME: Final = 12
"""Marker, length, identifier, instance and number of a segment."""
_BOX_HEAD: Final = 8
_MOST: Final = 64_000
"""Bytes of the store in one segment, as many as in other writers."""
_INSTANCE: Final = 0x0211
_INSTANCES: Final = 1 << 16


def splice(file: Reader, located: Located, store_size: int, limits: Limits) -> Splice:
    """See `Embedder.splice`."""
    check_sound(located)
    walk = Walk(file, limits)
    old = [span for carrier in located.carriers for span in carrier.excluded]
    at, taken = _survey(walk, old)
    instance = next((n for n in range(_INSTANCE, _INSTANCES) if n not in taken), None)
    if instance is None:
        raise MalformedError("no number is left for the segments of a manifest store")
    pieces = max(1, -(-store_size // _MOST))
    size = store_size + pieces * _FRAME + (pieces - 1) * _BOX_HEAD
    new = Derived(size, lambda store: _segments(store, instance))
    start = old[0].start if old else at
    edits = [Edit(span.start, span.end) for span in old]
    parts = recut(file.size, [Edit(start, start, (new,)), *edits])
    return Splice(parts, (place(parts, new),))


def _survey(walk: Walk, old: list[Span]) -> tuple[int, set[int]]:
    """Return the offset after the leading APP0 segments, and the instance numbers of others' APP11 segments."""
    taken: set[int] = set()
    after, at, leading = _SOI_SIZE, _SOI_SIZE, True
    while True:
        walk.count()
        mark, code, *rest = walk.read(at, 4)
        if mark != 0xFF or code == 0xFF:
            raise MalformedError(f"no segment begins at {at}")
        if code == _SOS:
            return after, taken
        length = 2 + int.from_bytes(bytes(rest))
        leading = leading and code == _APP0
        if leading:
            after = at + length
        if code == _APP11 and length >= _FRAME and not any(span.start <= at < span.end for span in old):
            taken.add(int.from_bytes(walk.read(at + 6, 2)))
        at += length


def _segments(store: bytes, instance: int) -> bytes:
    made = []
    for number, start in enumerate(range(0, len(store), _MOST), 1):
        data = (store[:_BOX_HEAD] if start else b"") + store[start : start + _MOST]
        made.append(_HEAD(0xFF00 | _APP11, _FRAME - 2 + len(data), b"JP", instance, number) + data)
    return b"".join(made)
