"""JPEG: XMP and EXIF in APP1, IPTC in APP13, comments (XMP specification part 3; CIPA DC-008).

    FF E1 | Le 2 | "http://ns.adobe.com/xap/1.0/" 00 | packet
    FF E1 | Le 2 | "http://ns.adobe.com/xmp/extension/" 00 | digest 32 | whole size 4 | offset 4 | part

What doesn't fit into one segment is in extended XMP, which the packet names by its digest; it stays as it is.
"""

from collections.abc import Iterator
from typing import Final

from kzlabel.errors import MalformedError
from kzlabel.files import Reader
from kzlabel.formats import Located, jpeg
from kzlabel.formats._splice import Edit
from kzlabel.limits import DEFAULT_LIMITS, Limits
from kzlabel.markers import exif, iim, xmp
from kzlabel.markers.model import Declaration, Field, NoPlaceError
from kzlabel.markers.places.base import Change
from kzlabel.markers.rules import suspicious
from kzlabel.markers.values import decoded

__all__ = ["read", "silent", "write"]

_XMP: Final = b"http://ns.adobe.com/xap/1.0/\0"
_BEFORE: Final = 4 + len(_XMP)
"""Bytes of a segment before its packet."""
_EXTENSION: Final = b"http://ns.adobe.com/xmp/extension/\0"
_EXIF: Final = b"Exif\0"
_SMALL: Final = 768
_COMMENT: Final = 0xFE
_IIM: Final = 0xED
_MOST: Final = 65_533
"""Bytes of a segment after its length field."""
_LEADING: Final = frozenset({0xE0, 0xE1})


def silent(file: Reader, located: Located) -> bool:
    """See `Quick.silent`."""
    if not located.xmp and not located.notes:
        return True
    head = file.head
    texts: list[bytes] = []
    for start, length in located.xmp or ():
        end = start + length
        packet = head[start + _BEFORE : end] if end <= len(head) else file.read(start + _BEFORE, length - _BEFORE)
        if not xmp.take(packet, texts):
            return False
    for start, length in located.notes or ():
        end = start + length
        data = head[start:end] if end <= len(head) else file.read(start, length)
        if length < _SMALL and not data.startswith(_EXTENSION, 4):
            texts.append(data)  # as it is: taking it apart would cost more
        elif data[1] == _COMMENT:
            texts.append(data)
        elif data[1] == _IIM:
            texts += [value for _, value in iim.values(data)]
        elif data.startswith(_EXIF, 4):
            exif.take(data, 10, texts)
        elif data.startswith(_EXTENSION, 4):
            return False
    return not suspicious(b" ".join(texts), b"\0")


def read(file: Reader, located: Located | None, limits: Limits) -> Iterator[Field]:
    """See `Place.read`."""
    found = located or jpeg.locate(file, limits)
    for span in found.xmp or ():
        yield from xmp.fields(file.read(span.start + _BEFORE, span.length - _BEFORE))
    for start, length in found.notes or ():
        data = file.read(start, length)
        code, data = data[1], data[4:]
        if code == _COMMENT:
            yield Field("JPEG comment", decoded(data).strip())
        elif code == _IIM:
            yield from iim.fields(data)
        elif data.startswith(_EXIF):
            yield from exif.fields(data[6:])
    yield from _extended(file, found)


def _extended(file: Reader, located: Located) -> Iterator[Field]:
    """Yield the properties in extended XMP, if all of its parts are there."""
    parts: list[tuple[int, bytes]] = []
    for start, length in located.notes or ():
        data = file.read(start + 4, length - 4)
        if data.startswith(_EXTENSION) and len(data) > len(_EXTENSION) + 40:
            body = data[len(_EXTENSION) :]
            parts.append((int.from_bytes(body[36:40]), body[40:]))
    if parts:
        yield from xmp.fields(xmp.extended(parts))


def write(file: Reader, declaration: Declaration, limits: Limits = DEFAULT_LIMITS) -> Change:
    """See `Writable.write`: the packet is changed, or a new one comes after the segments that must be first."""
    located = jpeg.locate(file, limits)
    if located.damage:
        raise MalformedError(located.damage)
    spans = located.xmp or ()
    if len(spans) > 1:
        raise MalformedError("the image has more than one XMP packet")
    old = file.read(spans[0].start + _BEFORE, spans[0].length - _BEFORE) if spans else b""
    elsewhere = frozenset(field.name for field in _extended(file, located))
    new, names = xmp.written(old, declaration, skip=elsewhere)
    if not names:
        return Change()
    segment = _XMP + new
    if len(segment) + 2 > _MOST + 2:
        segment = _XMP + _tightened(new)
    if len(segment) > _MOST:
        raise NoPlaceError(
            "the image's XMP has no room for another property", "shorten the prompt, or leave it out"
        )
    data = b"\xff\xe1" + (len(segment) + 2).to_bytes(2) + segment
    if spans:
        return Change((Edit(spans[0].start, spans[0].end, (data,)),), names)
    at = _after_leading(file)
    return Change((Edit(at, at, (data,)),), names)


def _tightened(packet: bytes) -> bytes:
    """Return `packet` without the white space that editors leave before its end for each other."""
    head, mark, tail = packet.rpartition(b"<?xpacket end")
    return head.rstrip() + b"\n" + mark + tail if mark else packet.rstrip()


def _after_leading(file: Reader) -> int:
    """Return where the APP0 and APP1 segments at the start of the file end."""
    at = 2
    while at + 4 <= file.size:
        mark = file.read(at, 4)
        if mark[0] != 0xFF or mark[1] not in _LEADING:
            break
        at += 2 + int.from_bytes(mark[2:])
    return at
