"""RIFF: XMP, EXIF and tags of WebP, WAV and AVI.

    WebP: chunks `XMP ` and `EXIF`, announced by flags in `VP8X`, which a simple file doesn't have (RFC 9649)
    WAV, AVI: XMP in a chunk `_PMX`, tags in a list `INFO`, ID3 in `id3 `, TC260's label in a chunk `AIGC`

Text in `INFO` ends with a zero. The tag of a comment (`ICMT`) is the one in which a statement has a place there.
"""

from collections.abc import Iterator
from struct import Struct
from typing import Final

from kzlabel.errors import MalformedError
from kzlabel.files import BytesReader, Reader
from kzlabel.formats import Located, _riff
from kzlabel.formats._splice import Edit
from kzlabel.formats._window import Walk
from kzlabel.limits import DEFAULT_LIMITS, Limits
from kzlabel.markers import aigc, exif, xmp
from kzlabel.markers.model import Declaration, Field
from kzlabel.markers.places import id3
from kzlabel.markers.places.base import LARGEST, Change
from kzlabel.markers.values import decoded

__all__ = ["read", "write"]

_PACK: Final = Struct("<4sI").pack
_UNPACK: Final = Struct("<4sI").unpack_from
_LONGEST: Final = (1 << 32) - 1
_XMP_FLAG, _ALPHA_FLAG = 0x04, 0x10
_PACKETS: Final = frozenset({b"XMP ", b"_PMX"})
_STATED: Final = ("DigitalSourceType", "AISystemUsed", "AISystemVersionUsed")

Chunk = tuple[bytes, int, int]
"""Identifier, offset of the header, size of the data."""


def read(file: Reader, located: Located | None, limits: Limits) -> Iterator[Field]:
    """See `Place.read`."""
    del located
    for kind, at, length in _riff._chunks(Walk(file, limits)):  # noqa: SLF001 - one walk for the whole family
        if kind == b"LIST" and length >= 4 and file.read(at + 8, 4) == b"INFO":
            for name, text in _info(file.read(at + 12, min(length - 4, LARGEST))):
                yield Field(f"RIFF {decoded(name, 'latin-1').strip()}", decoded(text).strip())
        elif length > LARGEST:
            continue
        elif kind in _PACKETS:
            yield from xmp.fields(file.read(at + 8, length))
        elif kind == b"EXIF":
            yield from exif.fields(file.read(at + 8, length).removeprefix(b"Exif\0\0"))
        elif kind in (b"id3 ", b"ID3 "):
            yield from id3.read(BytesReader(file.read(at + 8, length)), None, limits)
        elif kind == b"AIGC":
            yield Field("RIFF AIGC", decoded(file.read(at + 8, length)).strip())


def _info(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield identifier and text of the tags in a list."""
    at = 0
    while at + 8 <= len(data):
        kind, length = _UNPACK(data, at)
        yield kind, data[at + 8 : at + 8 + length]
        at += 8 + length + (length & 1)


def write(file: Reader, declaration: Declaration, limits: Limits = DEFAULT_LIMITS) -> Change:
    """See `Writable.write`: what is new comes last in the RIFF, whose size grows."""
    chunks = list(_riff._chunks(Walk(file, limits)))  # noqa: SLF001 - as above
    form = file.read(8, 4)
    edits, added, names = _packet(file, form, chunks, declaration)
    if form == b"WEBP":
        if names:
            edits += _flags(file, chunks)
    else:
        for more, new, named in (_comment(file, chunks, declaration), _label(file, form, chunks, declaration)):
            edits, added, names = edits + more, added + new, names + named
    if not names:
        return Change()
    end = 12 if not chunks else chunks[-1][1] + 8 + chunks[-1][2] + (chunks[-1][2] & 1)
    if end < file.size and form == b"AVI ":
        raise MalformedError("what follows the first RIFF is found by its offset, which would change")
    stop = 8 + _UNPACK(file.read(0, 8))[1]
    if min(end, file.size) != min(stop + (stop & 1), file.size):
        raise MalformedError("the file's size is not the one that its chunks have together")
    missing = bytes(max(0, end - file.size))
    end = min(end, file.size)
    grown = end + len(missing) + len(added) + sum(_growth(edit) for edit in edits)
    if grown - 8 > _LONGEST:
        raise MalformedError("with the declaration the file would be larger than a RIFF can be")
    size = Edit(0, 8, (_PACK(b"RIFF", grown - 8),))
    return Change((size, *edits, Edit(end, end, (missing + added,))), names)


def _growth(edit: Edit) -> int:
    return sum(len(part) for part in edit.parts if isinstance(part, bytes)) - (edit.end - edit.start)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return _PACK(kind, len(data)) + data + bytes(len(data) & 1)


def _whole(file: Reader, chunk: Chunk) -> Edit:
    _, at, length = chunk
    return Edit(at, min(at + 8 + length + (length & 1), file.size))


Step = tuple[list[Edit], bytes, tuple[str, ...]]
"""Changes to what is there, chunks that are new, and the fields in both."""


def _packet(file: Reader, form: bytes, chunks: list[Chunk], declaration: Declaration) -> Step:
    kind = b"XMP " if form == b"WEBP" else b"_PMX"
    found = [chunk for chunk in chunks if chunk[0] in _PACKETS]
    if len(found) > 1 or (found and found[0][2] > LARGEST):
        raise MalformedError("the file has more than one XMP packet, or too large a one")
    old = file.read(found[0][1] + 8, found[0][2]) if found else b""
    new, names = xmp.written(old, declaration)
    if not names:
        return [], b"", ()
    if not found:
        return [], _chunk(kind, new), names
    place = _whole(file, found[0])
    return [Edit(place.start, place.end, (_chunk(found[0][0], new),))], b"", names


def _comment(file: Reader, chunks: list[Chunk], declaration: Declaration) -> Step:
    """Put a comment into the list `INFO`, where there is none yet."""
    entries = declaration.entries()
    text = "; ".join(f"{name}: {entries[name]}" for name in _STATED if name in entries)
    new = _chunk(b"ICMT", text.encode() + b"\0")
    lists = [c for c in chunks if c[0] == b"LIST" and c[2] >= 4 and file.read(c[1] + 8, 4) == b"INFO"]
    if not lists:
        return [], _chunk(b"LIST", b"INFO" + new), ("RIFF ICMT",)
    _, at, length = lists[0]
    if length > LARGEST:
        raise MalformedError("the list of tags is too large")
    data = file.read(at + 8, length)
    if any(kind == b"ICMT" for kind, _ in _info(data[4:])):
        return [], b"", ()
    place = _whole(file, lists[0])
    data += bytes(len(data) & 1) + new
    return [Edit(place.start, place.end, (_chunk(b"LIST", data),))], b"", ("RIFF ICMT",)


def _label(file: Reader, form: bytes, chunks: list[Chunk], declaration: Declaration) -> Step:
    """Put the AIGC label into a chunk of its own (TC260-PG-202510A); an AVI's reader finds it there too."""
    del form
    if declaration.aigc is None:
        return [], b"", ()
    found = next((chunk for chunk in chunks if chunk[0] == b"AIGC"), None)
    if found is None:
        return [], _chunk(b"AIGC", declaration.aigc.to_json().encode()), ("RIFF AIGC",)
    old = decoded(file.read(found[1] + 8, min(found[2], LARGEST)))
    new = aigc.merged(old, declaration.aigc)
    if not new:
        return [], b"", ()
    place = _whole(file, found)
    return [Edit(place.start, place.end, (_chunk(b"AIGC", new.encode()),))], b"", ("RIFF AIGC",)


def _flags(file: Reader, chunks: list[Chunk]) -> list[Edit]:
    """Return what announces XMP in a WebP: a flag, or the whole header that carries it."""
    if not chunks:
        raise MalformedError("the picture has no chunks")
    kind, at, length = chunks[0]
    if kind == b"VP8X" and length >= 10:
        flags = file.read(at + 8, 1)[0]
        return [] if flags & _XMP_FLAG else [Edit(at + 8, at + 9, (bytes([flags | _XMP_FLAG]),))]
    head = file.read(at + 8, min(length, 10))
    flags = _XMP_FLAG
    if kind == b"VP8L" and head[:1] == b"\x2f" and len(head) >= 5:
        bits = int.from_bytes(head[1:5], "little")
        width, height = bits & 0x3FFF, bits >> 14 & 0x3FFF
        flags |= _ALPHA_FLAG * (bits >> 28 & 1)
    elif kind == b"VP8 " and head[3:6] == b"\x9d\x01\x2a" and len(head) == 10:
        width = (int.from_bytes(head[6:8], "little") & 0x3FFF) - 1
        height = (int.from_bytes(head[8:10], "little") & 0x3FFF) - 1
    else:
        raise MalformedError("the picture begins with a chunk that is not one of a WebP")
    if width < 0 or height < 0:
        raise MalformedError("the picture has no size")
    header = bytes([flags, 0, 0, 0]) + width.to_bytes(3, "little") + height.to_bytes(3, "little")
    return [Edit(at, at, (_chunk(b"VP8X", header),))]
