"""The items of a picture (HEIC, AVIF) that hold EXIF and XMP (ISO 14496-12 section 8.11; ISO 23008-12 annex A).

    meta / iinf / infe: identifier, type `Exif`, or `mime` with the media type application/rdf+xml
    meta / iloc: identifier -> offset and length in the file

Items in several pieces, or kept elsewhere, are passed over.
"""

from collections.abc import Iterator
from typing import Final

from kzlabel.formats._bmff import Box, boxes
from kzlabel.formats._window import Walk
from kzlabel.markers import exif, xmp
from kzlabel.markers.model import Field
from kzlabel.markers.places.base import LARGEST

__all__ = ["fields"]

_FULL: Final = 4
_MOST: Final = 1000
_RDF: Final = b"application/rdf+xml\0"


def fields(walk: Walk, meta: Box) -> Iterator[Field]:
    """Yield what the items of EXIF and XMP in `meta` say."""
    found: dict[bytes, Box] = {}
    for box in boxes(walk, meta.start + meta.header + _FULL, meta.end):
        found.setdefault(box.type, box)
    listed, places = found.get(b"iinf"), found.get(b"iloc")
    if listed is None or places is None or places.size > LARGEST:
        return
    wanted = dict(_listed(walk, listed))
    if not wanted:
        return
    for number, start, length in _places(walk.read(places.start + places.header, places.size - places.header)):
        if number in wanted and length <= LARGEST and start + length <= walk.size:
            data = walk.read(start, length)
            if wanted[number] == b"Exif":
                skip = 4 + int.from_bytes(data[:4])
                yield from exif.fields(data[skip:])
            else:
                yield from xmp.fields(data)


def _listed(walk: Walk, listed: Box) -> Iterator[tuple[int, bytes]]:
    at = listed.start + listed.header
    wide = walk.read(at, 1) != b"\0"
    for box in boxes(walk, at + _FULL + (4 if wide else 2), listed.end):
        head = walk.read(box.start, min(box.size, 64))[box.header :]
        if box.type != b"infe" or len(head) < 12 or head[0] not in (2, 3):
            continue
        size = 2 if head[0] == 2 else 4
        kind = head[6 + size : 10 + size]
        if kind == b"Exif" or (kind == b"mime" and _RDF in head):
            yield int.from_bytes(head[4 : 4 + size]), kind


def _places(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield number, offset and length of the items that lie in one piece in the file itself."""
    if len(data) < 8 or data[0] > 2:
        return
    version = data[0]
    offset, length, base, index = data[4] >> 4, data[4] & 15, data[5] >> 4, data[5] & 15
    index = index if version else 0
    at = 6
    wide = 2 if version < 2 else 4

    def number(size: int) -> int:
        nonlocal at
        at += size
        return int.from_bytes(data[at - size : at])

    count = number(wide)
    for _ in range(min(count, _MOST)):
        item = number(wide)
        method = number(2) & 15 if version else 0
        number(2)
        start = number(base)
        extents = number(2)
        first = (0, 0)
        for extent in range(min(extents, _MOST)):
            number(index)
            here = number(offset), number(length)
            first = here if extent == 0 else first
        if at > len(data):
            return
        if extents == 1 and method == 0:
            yield item, start + first[0], first[1]
