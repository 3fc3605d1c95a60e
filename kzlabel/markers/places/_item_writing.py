"""A further item of XMP in a picture (HEIC, AVIF), or a new packet for the one that is there.

    meta / iinf / infe   version 2 | flags 3 | identifier 2 | protection 2 | "mime" | name 00 | media type 00
    meta / iref / cdsc   from 2 or 4 | count 2 | to 2 or 4: the packet describes the primary item of `pitm`

The packet comes into an `mdat` box of its own at the end of the file. What is behind `meta` moves by as much as
that grows, and every offset in the file follows.
"""

from collections.abc import Iterator
from typing import Final

from kzlabel.errors import MalformedError
from kzlabel.formats import _bmff_offsets
from kzlabel.formats._bmff import Box, boxes
from kzlabel.formats._splice import Edit
from kzlabel.formats._window import Walk
from kzlabel.limits import Limits
from kzlabel.markers import xmp
from kzlabel.markers.model import Declaration
from kzlabel.markers.places import _items
from kzlabel.markers.places._item_table import Table
from kzlabel.markers.places.base import LARGEST

__all__ = ["written"]

_PLAIN: Final = 8
"""Bytes of a box's header that isn't of the long form."""
_FULL: Final = 4
_NARROW: Final = 1 << 16
_LISTS: Final = (b"iinf", b"iloc", b"iref", b"pitm")


def written(
    walk: Walk, meta: Box, declaration: Declaration, limits: Limits
) -> tuple[list[Edit], bytes, tuple[str, ...]]:
    """Return the edits that give a picture its packet, what comes at the file's end, and the names of the fields.

    Raises:
        MalformedError: The picture's boxes are broken, or of a form that isn't changed.
    """
    found = _boxes(walk, meta)
    places = found[b"iloc"]
    content = walk.read(places.start + _PLAIN, places.size - _PLAIN)
    table = Table(content)
    packets = {number for number, kind in _items.listed(walk, found[b"iinf"]) if kind == b"mime"}
    entries = [entry for entry in table.entries if entry.number in packets]
    if len(packets) > 1 or len(entries) != len(packets):
        raise MalformedError("the picture has more than one XMP packet, or doesn't say where it is")
    old = _items.packet(walk, entries[0]) if entries else b""
    if entries and not old:
        raise MalformedError("the picture's XMP packet is in several pieces, or kept elsewhere")
    new, names = xmp.written(old, declaration)
    if not names:
        return [], b"", ()
    tail = (_PLAIN + len(new)).to_bytes(4) + b"mdat" + new
    if entries:
        content = table.with_place(content, entries[0], walk.size + _PLAIN, len(new))
        return [_whole(places, content)], tail, names
    number = 1 + max([entry.number for entry in table.entries] + [one for one, _ in _all(walk, found[b"iinf"])])
    if number >= _NARROW:
        raise MalformedError("the picture's items have numbers that leave no room for another")
    edits = [_with_entry(walk, found[b"iinf"], number), _with_reference(walk, meta, found, number)]
    grown = [(edit.end, sum(map(_size, edit.parts)) - (edit.end - edit.start)) for edit in edits]
    grown.append((places.end, table.growth()))
    growth = sum(more for _, more in grown)
    patches = {
        patch.start: patch.data
        for patch in _bmff_offsets.moved(
            walk, lambda offset: offset + sum(more for end, more in grown if end <= offset), limits
        )
    }
    content = patches.pop(places.start + _PLAIN, content)
    content = table.with_item(content, number, walk.size + growth + _PLAIN, len(new))
    edits += [_whole(places, content), Edit(meta.start, meta.start + 4, ((meta.size + growth).to_bytes(4),))]
    edits += [Edit(start, start + len(data), (data,)) for start, data in patches.items()]
    return edits, tail, names


def _size(part: object) -> int:
    assert isinstance(part, bytes)  # noqa: S101 - nothing else is in these edits
    return len(part)


def _boxes(walk: Walk, meta: Box) -> dict[bytes, Box]:
    """Return the lists in `meta`, each of which is there once."""
    if meta.header != _PLAIN:
        raise MalformedError("the picture's meta box is of a form that isn't changed")
    found: dict[bytes, Box] = {}
    for box in boxes(walk, meta.start + _PLAIN + _FULL, meta.end):
        if box.type not in _LISTS:
            continue
        if box.type in found or box.header != _PLAIN or box.size < _PLAIN + _FULL + 2 or box.size > LARGEST:
            raise MalformedError(f"the picture's {box.type.decode()} box is of a form that isn't changed")
        found[box.type] = box
    if not found.keys() >= {b"iinf", b"iloc", b"pitm"}:
        raise MalformedError("the picture has no list of items")
    return found


def _whole(box: Box, content: bytes) -> Edit:
    """Return a box with other content in its place."""
    return Edit(box.start, box.end, ((_PLAIN + len(content)).to_bytes(4) + box.type + content,))


def _all(walk: Walk, items: Box) -> Iterator[tuple[int, Box]]:
    """Yield the numbers of all items, and where they are said."""
    at = items.start + _PLAIN
    wide = walk.read(at, 1) != b"\0"
    for box in boxes(walk, at + _FULL + (4 if wide else 2), items.end):
        head = walk.read(box.start, min(box.size, 16))[box.header :]
        if box.type != b"infe" or len(head) < 8 or head[0] not in (2, 3):
            raise MalformedError("the picture's list of items is of a form that isn't changed")
        yield int.from_bytes(head[4 : 6 if head[0] == 2 else 8]), box


def _with_entry(walk: Walk, items: Box, number: int) -> Edit:
    content = walk.read(items.start + _PLAIN, items.size - _PLAIN)
    wide = 4 if content[0] else 2
    count = int.from_bytes(content[_FULL : _FULL + wide])
    if count != len(list(_all(walk, items))) or count + 1 >= _NARROW:
        raise MalformedError("the picture's list of items doesn't count right")
    entry = b"\2\0\0\0" + number.to_bytes(2) + bytes(2) + b"mime\0" + _items.RDF
    entry = (_PLAIN + len(entry)).to_bytes(4) + b"infe" + entry
    return _whole(items, content[:_FULL] + (count + 1).to_bytes(wide) + content[_FULL + wide :] + entry)


def _with_reference(walk: Walk, meta: Box, found: dict[bytes, Box], number: int) -> Edit:
    primary = walk.read(found[b"pitm"].start + _PLAIN, found[b"pitm"].size - _PLAIN)
    whole = int.from_bytes(primary[_FULL : _FULL + (4 if primary[0] else 2)])
    box = found.get(b"iref")
    wide = 2 if box is None else 4 if walk.read(box.start + _PLAIN, 1) != b"\0" else 2
    if whole >> 8 * wide:
        raise MalformedError("the picture's primary item has a number that its references have no room for")
    reference = number.to_bytes(wide) + b"\0\1" + whole.to_bytes(wide)
    reference = (_PLAIN + len(reference)).to_bytes(4) + b"cdsc" + reference
    if box is not None:
        return _whole(box, walk.read(box.start + _PLAIN, box.size - _PLAIN) + reference)
    return Edit(
        meta.end, meta.end, ((_PLAIN + _FULL + len(reference)).to_bytes(4) + b"iref" + bytes(4) + reference,)
    )
