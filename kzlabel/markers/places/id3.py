"""ID3v2: texts, comments and addresses in the tag of an MP3 (id3.org 2.3.0 and 2.4.0), and the old tag at the end.

    TXXX: encoding 1 | description 00 | text       COMM: encoding 1 | language 3 | description 00 | text
    T***: encoding 1 | text                        PRIV: "XMP" 00 | packet

A declaration is written as `TXXX` frames, named as IPTC names its fields; TC260's label is `TXXX:AIGC`
(TC260-PG-202510A). Frames come last in the tag, before its padding.
"""

from collections.abc import Iterator
from typing import Final

from kzlabel.errors import MalformedError
from kzlabel.files import BytesReader, Reader
from kzlabel.formats import Located, _id3
from kzlabel.formats._splice import Edit
from kzlabel.formats._window import Walk
from kzlabel.limits import DEFAULT_LIMITS, Limits
from kzlabel.markers import aigc, xmp
from kzlabel.markers.model import Declaration, Field
from kzlabel.markers.places.base import LARGEST, Change
from kzlabel.markers.values import LONGEST, decoded

__all__ = ["read", "write"]

_HEADER: Final = 10
_UNSYNCHRONISED: Final = 0x80
_ENCODINGS: Final = {0: "latin-1", 1: "utf-16", 2: "utf-16-be", 3: "utf-8"}
_TEXTS: Final = frozenset({b"TSSE", b"TENC", b"TPE1", b"TIT2"})
_MOST: Final = 2 * LONGEST
_LONGEST: Final = (1 << 28) - 1
_PADDING: Final = 64


def read(file: Reader, located: Located | None, limits: Limits) -> Iterator[Field]:
    """See `Place.read`."""
    del located
    yield from _old(file)
    head = file.read(0, min(_HEADER, file.size))
    end = _id3.tag_size(head)
    if not end or head[3] < 3:
        return
    if head[5] & _UNSYNCHRONISED and head[3] == 3:
        body = file.read(_HEADER, min(end, file.size, LARGEST) - _HEADER).replace(b"\xff\0", b"\xff")
        head = head[:5] + bytes([head[5] & ~_UNSYNCHRONISED]) + _seven(len(body))
        file, end = BytesReader(head + body), _HEADER + len(body)
    for kind, start, length in _frames(file, head, min(end, file.size), limits):
        if kind == b"PRIV" and length <= LARGEST and file.read(start, min(length, 4)) == b"XMP\0":
            yield from xmp.fields(file.read(start + 4, length - 4))
        elif kind[:1] in (b"T", b"W") or kind == b"COMM":
            yield from _text(kind, file.read(start, min(length, _MOST)))


def _frames(file: Reader, head: bytes, end: int, limits: Limits) -> Iterator[tuple[bytes, int, int]]:
    return _id3._frames(Walk(file, limits), head, end)  # noqa: SLF001 - one walk for both


def _old(file: Reader) -> Iterator[Field]:
    """Yield artist and comment of the tag that ID3v1 has in the last 128 bytes."""
    if file.size >= 128:
        tag = file.read(file.size - 128, 128)
        if tag[:3] == b"TAG":
            for name, text in (("TPE1", tag[33:63]), ("COMM", tag[97:127])):
                if value := decoded(text, "latin-1").strip():
                    yield Field(f"ID3 {name}", value)


def _text(kind: bytes, data: bytes) -> Iterator[Field]:
    """Yield what a frame of text says."""
    name = kind.decode("latin-1")
    if kind[:1] == b"W" and kind != b"WXXX":
        yield Field(f"ID3 {name}", decoded(data, "latin-1").strip())
        return
    if not data or data[0] not in _ENCODINGS:
        return
    if kind not in {b"TXXX", b"WXXX", b"COMM"} | _TEXTS:
        return
    described = kind in (b"TXXX", b"WXXX", b"COMM")
    body = data[4:] if kind == b"COMM" else data[1:]
    first, rest = _parted(body, data[0]) if described else (b"", body)
    encoding = "latin-1" if kind == b"WXXX" else _ENCODINGS[data[0]]
    text = _decoded(rest, encoding).strip()
    if kind == b"TXXX":
        name = f"TXXX:{_decoded(first, _ENCODINGS[data[0]])}"
    if text:
        yield Field(f"ID3 {name}", text)


def _decoded(data: bytes, encoding: str) -> str:
    return decoded(data, "utf-16-le" if encoding == "utf-16" else encoding)


def _parted(data: bytes, encoding: int) -> tuple[bytes, bytes]:
    """Return what is before the first end of a text, and what is after it."""
    if encoding not in (1, 2):
        first, _, rest = data.partition(b"\0")
        return first, rest
    for at in range(0, len(data) - 1, 2):
        if data[at : at + 2] == b"\0\0":
            return data[:at], data[at + 2 :]
    return data, b""


def write(file: Reader, declaration: Declaration, limits: Limits = DEFAULT_LIMITS) -> Change:
    """See `Writable.write`."""
    head = file.read(0, min(_HEADER, file.size))
    end = _id3.tag_size(head)
    if end > file.size or (end and (head[3] < 3 or head[5])):
        raise MalformedError("the ID3 tag is of a kind into which nothing is written")
    head = head if end else b"ID3\x04\0\0\0\0\0\0"
    wanted = declaration.entries()
    label = declaration.aigc
    edits: list[Edit] = []
    at, names = _HEADER if end else 0, []
    for kind, start, length in _frames(file, head, end, limits):
        at = start + length
        if kind != b"TXXX" or length > _MOST:
            continue
        data = file.read(start, length)
        said = next(_text(kind, data), None) or Field("", "")
        key = said.name.removeprefix("ID3 TXXX:")
        wanted = {name: value for name, value in wanted.items() if name.lower() != key.lower()}
        if key == "AIGC" and label is not None:
            new = aigc.merged(said.value, label)
            label = None
            if new:
                edits.append(Edit(start - _HEADER, at, (_frame("AIGC", new, head[3]),)))
                names.append("ID3 TXXX:AIGC")
    if label is not None:
        wanted["AIGC"] = label.to_json()
    if end and file.read(at, min(4, end - at)).strip(b"\0"):
        raise MalformedError("something that is neither a frame nor padding is in the ID3 tag")
    added = b"".join(_frame(name, value, head[3]) for name, value in wanted.items())
    names += [f"ID3 TXXX:{name}" for name in wanted]
    if not names:
        return Change()
    if end - at < _HEADER:
        added += bytes(_PADDING)  # by the zeros after the last frame readers tell that its size is meant as it is
    grown = sum(sum(len(p) for p in e.parts if isinstance(p, bytes)) - (e.end - e.start) for e in edits)
    size = max(end - _HEADER, 0) + len(added) + grown
    if size > _LONGEST:
        raise MalformedError("the ID3 tag would be too large")
    header = Edit(0, min(end, _HEADER), (head[:6] + _seven(size),))
    return Change((header, *edits, Edit(at, at, (added,))), tuple(names))


def _frame(name: str, value: str, version: int) -> bytes:
    """Return a TXXX frame: in Latin-1 where that does, else in the Unicode that the version has."""
    encoding = 0 if (name + value).isascii() else 3 if version == 4 else 1
    first, end = name.encode(_ENCODINGS[encoding]), b"\0\0" if encoding == 1 else b"\0"
    data = bytes([encoding]) + first + end + value.encode(_ENCODINGS[encoding])
    size = _seven(len(data)) if version == 4 else len(data).to_bytes(4)
    return b"TXXX" + size + b"\0\0" + data


def _seven(number: int) -> bytes:
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))
