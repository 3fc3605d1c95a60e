"""PNG: XMP and text in iTXt, text in tEXt and zTXt, EXIF in eXIf (ISO 15948 section 11.3.4).

    tEXt: keyword 00 | text            zTXt: keyword 00 | 0 | zlib
    iTXt: keyword 00 | compressed 1 | 0 | language 00 | translated keyword 00 | text or zlib

What is compressed is inflated as far as rules look at it, and no further.
"""

import re
from collections.abc import Iterator
from struct import Struct
from typing import Final
from zlib import crc32

from kzlabel.errors import MalformedError
from kzlabel.files import Reader
from kzlabel.formats import Located, png
from kzlabel.formats._splice import Edit
from kzlabel.limits import DEFAULT_LIMITS, Limits
from kzlabel.markers import exif, xmp
from kzlabel.markers.model import Declaration, Field
from kzlabel.markers.places.base import LARGEST, Change
from kzlabel.markers.rules import suspicious
from kzlabel.markers.values import LONGEST, decoded, inflated

__all__ = ["read", "silent", "write"]

_KEYWORD: Final = b"XML:com.adobe.xmp"
_BEFORE: Final = len(_KEYWORD) + 5
"""Bytes of a chunk's data before its packet, where no language is named."""
_FIRST: Final = 33
"""Where `IHDR`, which must come first, ends."""
_PACK: Final = Struct(">I4s").pack
_PLAIN: Final = 4 * LONGEST
_PROFILE: Final = b"Raw profile type "
_RAW: Final = re.compile(rb"Raw profile type (exif|APP1|iptc|xmp)\0", re.IGNORECASE)


def silent(file: Reader, located: Located) -> bool:
    """See `Quick.silent`."""
    if not located.xmp and not located.notes:
        return True
    texts: list[bytes] = []
    for start, length in located.xmp or ():
        data = file.read(start, min(length, LARGEST))
        plain = data[_BEFORE - 4 : _BEFORE] == bytes(4)  # not compressed, and in no language
        if not plain or length > LARGEST or not xmp.take(data[_BEFORE:], texts):
            return False
    for start, length in located.notes or ():
        data = file.read(start + 4, min(length - 4, _PLAIN))
        if data[:4] == b"tEXt":
            if data.startswith(_PROFILE, 4):
                return False
            texts.append(data[4:])
        elif data[:4] == b"eXIf":
            values: list[bytes] = []
            exif.take(data, 4, values)
            texts.append(b" ".join(values).replace(b"\0", b""))
        else:
            if data.startswith(_PROFILE, 4):
                return False
            texts += _text(data[:4], data[4:])
    joined = b" ".join(texts)
    return b"AIGC" not in joined and not suspicious(joined)


def read(file: Reader, located: Located | None, limits: Limits) -> Iterator[Field]:
    """See `Place.read`; a long text is looked at as far as rules look at it."""
    found = located or png.locate(file, limits)
    for span in found.xmp or ():
        yield from xmp.fields(_text(b"iTXt", file.read(span.start, min(span.length, LARGEST)), xmp.LARGEST)[1])
    for start, length in found.notes or ():
        data = file.read(start + 4, min(length - 4, _PLAIN))
        kind, body = data[:4], data[4:]
        if kind == b"eXIf":
            yield from exif.fields(body)
            continue
        profile = _RAW.match(body)
        if profile:
            yield from _profile(profile[1].lower(), kind, body)
            continue
        keyword, text = _text(kind, body)
        yield Field(f"PNG {decoded(keyword, 'latin-1')}", decoded(text).strip())


def _profile(kind: bytes, chunk: bytes, body: bytes) -> Iterator[Field]:
    """Yield what a profile holds that ImageMagick has written as hexadecimal text."""
    digits = b"".join(_text(chunk, body)[1].split(b"\n")[3:])
    try:
        data = bytes.fromhex(digits.decode())
    except ValueError:
        return
    if kind in (b"exif", b"app1") and data[:6] == b"Exif\0\0":
        yield from exif.fields(data[6:])
    elif kind == b"xmp" or data.lstrip()[:1] == b"<":
        yield from xmp.fields(data)


def _text(kind: bytes, body: bytes, most: int = LONGEST) -> tuple[bytes, bytes]:
    """Return keyword and text of a chunk, inflated as far as `most` bytes."""
    keyword, _, rest = body.partition(b"\0")
    if kind == b"tEXt":
        return keyword, rest
    if kind == b"zTXt":
        return keyword, inflated(rest[1:], most)
    packed = rest[:1] == b"\1"
    text = rest[2:].split(b"\0", 2)[-1] if rest[2:].count(b"\0") >= 2 else b""
    return keyword, inflated(text, most) if packed else text


def write(file: Reader, declaration: Declaration, limits: Limits = DEFAULT_LIMITS) -> Change:
    """See `Writable.write`: the packet's chunk is written anew, or a new one comes after the header."""
    located = png.locate(file, limits)
    if located.damage:
        raise MalformedError(located.damage)
    spans = located.xmp or ()
    if len(spans) > 1:
        raise MalformedError("the image has more than one XMP packet")
    if file.size < _FIRST or file.read(8, 8) != _PACK(13, b"IHDR"):
        raise MalformedError("the file doesn't begin with a header chunk")
    if spans and spans[0].length > LARGEST:
        raise MalformedError("the XMP packet is too large")
    old = _text(b"iTXt", file.read(spans[0].start, spans[0].length), xmp.LARGEST + 1)[1] if spans else b""
    if spans and not old:
        raise MalformedError("the XMP chunk can't be read")
    new, names = xmp.written(old, declaration)
    if not names:
        return Change()
    body = _KEYWORD + b"\0\0\0\0\0" + new
    chunk = _PACK(len(body), b"iTXt") + body + crc32(body, crc32(b"iTXt")).to_bytes(4)
    start, end = (spans[0].start - 8, spans[0].end + 4) if spans else (_FIRST, _FIRST)
    return Change((Edit(start, end, (chunk,)),), names)
