"""ISO media files: XMP in a `uuid` box, tags in `moov` (ISO 14496-12; XMP specification part 3).

    uuid box  BE7ACFCB-97A9-42E8-9C71-999491E3AFAC | packet
    moov/udta/meta, handler `mdir`: ilst / ©too, ©cmt, ... / data;  ---- / mean, name, data    (iTunes)
    moov/udta/meta or moov/meta, handler `mdta`: keys / mdta name ...;  ilst / number / data   (QuickTime)

A new packet comes at the end of the file. A box that has to grow and stands before media data isn't changed: a
copy of it comes at the end, and the old one becomes `free`, so that no offset into the media data changes.
Pictures (HEIC, AVIF) keep XMP as an item; see `_item_writing.py`.
"""

from collections.abc import Iterator
from typing import Final

from kzlabel.errors import MalformedError
from kzlabel.files import Reader
from kzlabel.formats import Located, bmff
from kzlabel.formats._bmff import Box, boxes
from kzlabel.formats._splice import Edit
from kzlabel.formats._window import Walk
from kzlabel.limits import DEFAULT_LIMITS, Limits
from kzlabel.markers import xmp
from kzlabel.markers.model import Declaration, Field, NoPlaceError
from kzlabel.markers.places import _item_writing, _items, _movie
from kzlabel.markers.places.base import LARGEST, Change

__all__ = ["read", "write"]

_XMP: Final = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_FILMS: Final = frozenset({"video/mp4", "audio/mp4", "video/quicktime"})
_SOUND: Final = "audio/mp4"
_QUICKTIME: Final = "video/quicktime"
_LARGEST_MOVIE: Final = 1 << 26
_LARGEST_BOX: Final = (1 << 32) - 1
_FREE: Final = b"free"
_BY_OFFSET: Final = frozenset({b"mdat", b"moof", b"moov", b"idat", b"meta", b"mfra", b"sidx"})
"""Boxes that others lead to by offsets, or that hold such offsets."""


def read(file: Reader, located: Located | None, limits: Limits) -> Iterator[Field]:
    """See `Place.read`."""
    del located
    walk = Walk(file, limits)
    for box in boxes(walk, 0, file.size):
        body = box.start + box.header
        if box.type == b"uuid" and box.size - box.header >= 16 and walk.read(body, 16) == _XMP:
            if box.size <= LARGEST:
                yield from xmp.fields(file.read(body + 16, box.end - body - 16))
        elif box.type == b"moov":
            yield from _movie.fields(walk, box)
        elif box.type == b"meta":
            yield from _items.fields(walk, box)


def write(file: Reader, declaration: Declaration, limits: Limits = DEFAULT_LIMITS) -> Change:
    """See `Writable.write`: XMP for all, tags as well for sound, TC260's label in `moov`."""
    media_type = bmff.sniff(file.head) or ""
    top = list(boxes(Walk(file, limits), 0, file.size))
    if not top:
        raise MalformedError("the file has no boxes")
    if media_type not in _FILMS:
        return _picture(file, media_type, top, declaration, limits)
    edits, added, names = _packet(file, top, declaration)
    movies = [box for box in top if box.type == b"moov"]
    if media_type == _SOUND or declaration.aigc is not None:
        if len(movies) != 1 or movies[0].size > _LARGEST_MOVIE or movies[0].header != 8:
            raise MalformedError("the file has no single movie box that could be changed")
        old = file.read(movies[0].start, movies[0].size)
        freeform = declaration.entries() if media_type == _SOUND else {}
        sound, quicktime = media_type == _SOUND, media_type == _QUICKTIME
        new, more = _movie.written(old, freeform, declaration.aigc, itunes=sound, quicktime=quicktime)
        if more:
            moved, tail = _moved(top, movies[0], new)
            edits, added, names = [*edits, *moved], tail + added, names + more
    if not names:
        return Change()
    return Change((*edits, *_closed(file, top[-1]), Edit(file.size, file.size, (added,))), names)


def _picture(file: Reader, media_type: str, top: list[Box], declaration: Declaration, limits: Limits) -> Change:
    """Return how a picture gets its packet, into which TC260's label goes, too."""
    metas = [box for box in top if box.type == b"meta"]
    if not media_type.startswith("image/") or len(metas) != 1:
        raise NoPlaceError(
            f"{media_type} without a list of items has no place", "keep the statement in the label alone"
        )
    edits, tail, names = _item_writing.written(Walk(file, limits), metas[0], declaration, limits)
    if not names:
        return Change()
    return Change((*edits, *_closed(file, top[-1]), Edit(file.size, file.size, (tail,))), names)


def _closed(file: Reader, last: Box) -> tuple[Edit, ...]:
    """Return how the last box says its size, so that another may follow: 0 means up to the end of the file."""
    if file.read(last.start, 4) != bytes(4):
        return ()
    if last.type not in (b"mdat", _FREE) or last.size > _LARGEST_BOX:
        raise MalformedError("the last box of the file doesn't say how large it is")
    return (Edit(last.start, last.start + 4, (last.size.to_bytes(4),)),)


def _packet(file: Reader, top: list[Box], declaration: Declaration) -> tuple[list[Edit], bytes, tuple[str, ...]]:
    found = [
        box
        for box in top
        if box.type == b"uuid" and box.size >= box.header + 16 and file.read(box.start + box.header, 16) == _XMP
    ]
    if len(found) > 1 or (found and found[0].size > LARGEST):
        raise MalformedError("the file has more than one XMP packet, or too large a one")
    old = b""
    if found:
        at = found[0].start + found[0].header + 16
        old = file.read(at, found[0].end - at)
    new, names = xmp.written(old, declaration)
    if not names:
        return [], b"", ()
    data = (24 + len(new)).to_bytes(4) + b"uuid" + _XMP + new
    if not found:
        return [], data, names
    edits, tail = _moved(top, found[0], data)
    return edits, tail, names


def _moved(top: list[Box], box: Box, new: bytes) -> tuple[list[Edit], bytes]:
    """Return how `new` takes the place of `box`: there if nothing after it minds, else at the file's end."""
    if not any(other.type in _BY_OFFSET for other in top if other.start > box.start):
        return [Edit(box.start, box.end, (new,))], b""
    return [Edit(box.start + 4, box.start + 8, (_FREE,))], new
