"""TIFF and DNG: XMP in tag 700 of the first directory, EXIF around it (XMP specification part 3).

A new packet goes to the end of the file, since everything in it is found by its offset. Where the directory has the
tag already, its entry is changed in place; else the directory is written anew after the packet.
"""

from collections.abc import Iterator
from typing import Final

from kzlabel.errors import MalformedError
from kzlabel.files import Reader
from kzlabel.formats import Located, tiff
from kzlabel.formats._splice import Edit
from kzlabel.formats._window import Walk
from kzlabel.limits import DEFAULT_LIMITS, Limits
from kzlabel.markers import exif, xmp
from kzlabel.markers.model import Declaration, Field
from kzlabel.markers.places.base import LARGEST, Change

__all__ = ["read", "write"]

_XMP: Final = 0x02BC
_BYTE: Final = 1
_MOST_BYTES: Final = 1 << 20


def read(file: Reader, located: Located | None, limits: Limits) -> Iterator[Field]:
    """See `Place.read`: the first directory may lie anywhere, so that its values are read one by one."""
    walk = Walk(file, limits)
    shape = tiff._shape(walk.read(0, min(8, walk.size)))  # noqa: SLF001 - one reading of the layout for both
    if shape is not None:
        at = shape.number(walk.read(shape.first, shape.word))
        for _ in range(2):
            below = 0
            for tag, value in _values(walk, shape, at):
                if tag == exif.EXIF:
                    below = shape.number(value)
                yield from exif.field(tag, value, "le" if shape.order == "little" else "be")
            if not below:
                break
            at = below
    for span in (located or tiff.locate(file, limits)).xmp or ():
        if span.length <= LARGEST:
            yield from xmp.fields(file.read(span.start, span.length))


def _values(walk: Walk, shape: tiff._Shape, at: int) -> Iterator[tuple[int, bytes]]:
    """Yield tag and raw bytes of the fields that matter in the directory at `at`."""
    first, end = tiff._extent(walk, shape, at)  # noqa: SLF001 - as above
    for tag, kind, count, value in shape.entry.iter_unpack(walk.read(first, min(end - first, _MOST_BYTES))):
        size = count * exif.SIZES.get(kind, 0)
        if tag == exif.EXIF or (tag in exif.TAGS and size <= shape.word):
            yield tag, value[: size or None]
        elif tag in exif.TAGS and size <= LARGEST and shape.number(value) + size <= walk.size:
            yield tag, walk.read(shape.number(value), size)


def write(file: Reader, declaration: Declaration, limits: Limits = DEFAULT_LIMITS) -> Change:
    """See `Writable.write`."""
    located = tiff.locate(file, limits)
    if located.damage:
        raise MalformedError(located.damage)
    walk = Walk(file, limits)
    shape = tiff._shape(walk.read(0, 8))  # noqa: SLF001 - as above
    if shape is None:
        raise MalformedError("the file has no header of a TIFF")
    at = shape.number(walk.read(shape.first, shape.word))
    first, end = tiff._extent(walk, shape, at)  # noqa: SLF001 - as above
    if end - first > _MOST_BYTES:
        raise MalformedError(f"the directory at {at} is too large to be written anew")
    entries = list(shape.entry.iter_unpack(walk.read(first, end - first)))
    found = [index for index, entry in enumerate(entries) if entry[0] == _XMP]
    if len(found) > 1:
        raise MalformedError("the first directory has more than one XMP packet")
    old = b""
    if found:
        _, _, count, value = entries[found[0]]
        if count > LARGEST:
            raise MalformedError("the XMP packet is too large")
        old = value[:count] if count <= shape.word else walk.read(shape.number(value), count)
    new, names = xmp.written(old, declaration)
    if not names:
        return Change()
    even = bytes(file.size & 1)
    start = file.size + len(even)
    after = start + len(new) + (len(new) & 1)
    if (after + end - first + 64) >> 8 * shape.word:
        raise MalformedError("with the declaration the file would be larger than a TIFF can be")
    packet = even + new + bytes(len(new) & 1)
    entry = _XMP, _BYTE, len(new), shape.write(start, shape.word)
    if found:
        spot = first + found[0] * shape.entry.size
        changed = Edit(spot, spot + shape.entry.size, (shape.entry.pack(*entry),))
        return Change((changed, Edit(file.size, file.size, (packet,))), names)
    index = next((i for i, one in enumerate(entries) if one[0] > _XMP), len(entries))
    packed = [shape.entry.pack(*one) for one in (*entries[:index], entry, *entries[index:])]
    directory = shape.write(len(packed), shape.count) + b"".join(packed) + walk.read(end, shape.word)
    pointer = Edit(shape.first, shape.first + shape.word, (shape.write(after, shape.word),))
    return Change((pointer, Edit(file.size, file.size, (packet + directory,))), names)
