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
from kzlabel.markers.places._item_table import Entry, Table
from kzlabel.markers.places.base import LARGEST

__all__ = ["RDF", "fields", "listed", "packet"]

_FULL: Final = 4
RDF: Final = b"application/rdf+xml\0"


def fields(walk: Walk, meta: Box) -> Iterator[Field]:
    """Yield what the items of EXIF and XMP in `meta` say."""
    found: dict[bytes, Box] = {}
    for box in boxes(walk, meta.start + meta.header + _FULL, meta.end):
        found.setdefault(box.type, box)
    places = found.get(b"iloc")
    if b"iinf" not in found or places is None or places.size > LARGEST:
        return
    wanted = dict(listed(walk, found[b"iinf"]))
    if not wanted:
        return
    table = Table(walk.read(places.start + places.header, places.size - places.header))
    for entry in table.entries:
        data = packet(walk, entry) if entry.number in wanted else b""
        if data:
            if wanted[entry.number] == b"Exif":
                skip = 4 + int.from_bytes(data[:4])
                yield from exif.fields(data[skip:])
            else:
                yield from xmp.fields(data)


def packet(walk: Walk, entry: Entry) -> bytes:
    """Return what an item holds that lies in one piece in the file itself; nothing of others."""
    if entry.method or len(entry.extents) != 1:
        return b""
    start, length = entry.base + entry.extents[0][0], entry.extents[0][1]
    return walk.read(start, length) if length <= LARGEST and start + length <= walk.size else b""


def listed(walk: Walk, items: Box) -> Iterator[tuple[int, bytes]]:
    """Yield numbers and types, `Exif` or `mime`, of the items of EXIF and XMP."""
    at = items.start + items.header
    wide = walk.read(at, 1) != b"\0"
    for box in boxes(walk, at + _FULL + (4 if wide else 2), items.end):
        head = walk.read(box.start, min(box.size, 64))[box.header :]
        if box.type != b"infe" or len(head) < 12 or head[0] not in (2, 3):
            continue
        size = 2 if head[0] == 2 else 4
        kind = head[6 + size : 10 + size]
        if kind == b"Exif" or (kind == b"mime" and RDF in head):
            yield int.from_bytes(head[4 : 4 + size]), kind
