"""JPEG XL: XMP in a box `xml ` and EXIF in a box `Exif` of the container, or compressed in `brob` (ISO 18181-2).

    brob:  type of the box that is compressed 4 | its content, Brotli (RFC 7932)

A new packet comes before the picture. Reading and writing a compressed one needs the package `brotli`, an extra.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from kzlabel.errors import MalformedError
from kzlabel.files import Reader
from kzlabel.formats import Located
from kzlabel.formats._bmff import Box, boxes
from kzlabel.formats._splice import Edit
from kzlabel.formats._window import Walk
from kzlabel.limits import DEFAULT_LIMITS, Limits
from kzlabel.markers import exif, xmp
from kzlabel.markers.model import Declaration, Field, NoPlaceError
from kzlabel.markers.places.base import LARGEST, Change

__all__ = ["read", "write"]

_CONTAINER: Final = b"\0\0\0\x0cJXL "
_XML: Final = b"xml "
_EXIF: Final = b"Exif"
_PACKED: Final = b"brob"


def read(file: Reader, located: Located | None, limits: Limits) -> Iterator[Field]:
    """See `Place.read`; a bare codestream has no metadata."""
    del located
    if not file.head.startswith(_CONTAINER):
        return
    for box in boxes(Walk(file, limits), 0, file.size):
        kind = _kind(file, box)
        if kind not in (_XML, _EXIF):
            continue
        with suppress(MalformedError):
            data = _content(file, box)
            if kind == _XML:
                yield from xmp.fields(data)
            else:
                yield from exif.fields(data[4 + int.from_bytes(data[:4]) :])


def write(file: Reader, declaration: Declaration, limits: Limits = DEFAULT_LIMITS) -> Change:
    """See `Writable.write`: the packet's box is written anew, as it was; a new one comes before the picture."""
    if not file.head.startswith(_CONTAINER):
        raise NoPlaceError("a bare JPEG XL codestream has no place for metadata", "put it into a container")
    top = list(boxes(Walk(file, limits), 0, file.size))
    found = [box for box in top if _kind(file, box) == _XML]
    if len(found) > 1:
        raise MalformedError("the image has more than one XMP packet")
    old = _content(file, found[0]) if found else b""
    new, names = xmp.written(old, declaration, wrapped=bool(found))
    if not names:
        return Change()
    packed = bool(found) and found[0].type == _PACKED
    data = _XML + _pressed(new) if packed else new
    box = (8 + len(data)).to_bytes(4) + (_PACKED if packed else _XML) + data
    if found:
        return Change((Edit(found[0].start, found[0].end, (box,)),), names)
    before = [one for one in top[:3] if one.type in (b"JXL ", b"ftyp", b"jxll")]
    at = before[-1].end
    return Change((Edit(at, at, (box,)),), names)


def _kind(file: Reader, box: Box) -> bytes:
    """Return the type of a box, of a compressed one that of what is in it."""
    if box.type != _PACKED or box.size < box.header + 4:
        return box.type
    return file.read(box.start + box.header, 4)


def _content(file: Reader, box: Box) -> bytes:
    """Return what is in a box, decompressed.

    Raises:
        MalformedError: It is too large, or can't be decompressed.
    """
    if box.size > LARGEST:
        raise MalformedError("the metadata of the image are too large")
    data = file.read(box.start + box.header, box.size - box.header)
    if box.type != _PACKED:
        return data
    try:
        import brotli  # noqa: PLC0415 - an extra
    except ImportError:
        raise MalformedError("its metadata are compressed, and the package brotli is not installed") from None
    try:
        decoder = brotli.Decompressor()
        plain: bytes = decoder.process(data[4:], output_buffer_limit=LARGEST)
        if len(plain) >= LARGEST or not decoder.is_finished():
            raise MalformedError("the compressed metadata of the image are cut off, or too large")
    except (brotli.error, TypeError) as error:
        raise MalformedError(f"the metadata of the image can't be decompressed: {error}") from None
    return plain


def _pressed(data: bytes) -> bytes:
    import brotli  # noqa: PLC0415 - it has just decompressed the packet

    pressed: bytes = brotli.compress(data)
    return pressed
