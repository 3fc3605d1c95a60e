"""JPEG: XMP and EXIF in APP1, IPTC in APP13, comments (XMP specification part 3 section 1.1.3; CIPA DC-008).

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

__all__ = ["read", "write"]

_XMP: Final = b"http://ns.adobe.com/xap/1.0/\0"
_EXTENSION: Final = b"http://ns.adobe.com/xmp/extension/\0"
_EXIF: Final = b"Exif\0"
_COMMENT: Final = 0xFE
_IIM: Final = 0xED
_MOST: Final = 65_533
"""Bytes of a segment after its length field."""
_LEADING: Final = frozenset({0xE0, 0xE1})


def read(file: Reader, located: Located | None, limits: Limits) -> Iterator[Field]:
    """See `Place.read`: what the segments hold is looked at in full only where a rule might recognise it."""
    found = located or jpeg.locate(file, limits)
    for span in found.xmp or ():
        packet = file.read(span.start + 4, span.length - 4)[len(_XMP) :]
        if xmp.may_speak(packet):
            yield from xmp.fields(packet)
    parts: list[tuple[int, bytes]] = []
    for start, length in found.notes or ():
        data = file.read(start + 4, length - 4)
        code = file.read(start + 1, 1)[0]
        if code == _COMMENT:
            if suspicious(data):
                yield Field("JPEG comment", decoded(data).strip())
        elif code == _IIM:
            values = iim.values(data)
            if values and suspicious(b"\n".join([value for _, value in values])):
                yield from iim.fields(data)
        elif data.startswith(_EXIF):
            yield from _exif(data[6:])
        elif data.startswith(_EXTENSION) and length > len(_EXTENSION) + 44:
            body = data[len(_EXTENSION) :]
            parts.append((int.from_bytes(body[36:40]), body[40:]))
    if parts:
        packet = xmp.extended(parts)
        if packet and xmp.may_speak(packet):
            yield from xmp.fields(packet)


def _exif(data: bytes) -> Iterator[Field]:
    values = exif.values(data)
    if values:
        joined = b"\n".join([value for _, value in values])
        if b"\0" in joined:
            joined = joined.replace(b"\0", b"")
        if suspicious(joined):
            yield from exif.fields(data)


def write(file: Reader, declaration: Declaration, limits: Limits = DEFAULT_LIMITS) -> Change:
    """See `Writable.write`: the packet is changed, or a new one comes after the segments that must be first."""
    located = jpeg.locate(file, limits)
    if located.damage:
        raise MalformedError(located.damage)
    spans = located.xmp or ()
    if len(spans) > 1:
        raise MalformedError("the image has more than one XMP packet")
    old = file.read(spans[0].start + 4, spans[0].length - 4)[len(_XMP) :] if spans else b""
    new, names = xmp.written(old, declaration)
    if not names:
        return Change()
    segment = _XMP + new
    if len(segment) + 2 > _MOST + 2:
        segment = _XMP + _tightened(new)
    if len(segment) > _MOST:
        raise NoPlaceError("the image's XMP has no room for another property", "shorten the prompt, or leave it out")
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
