"""Vorbis comments, and the metadata block of FLAC that holds them; those of Ogg are found by `ogg.py`.

    comments: vendor length 4 | vendor | count 4 | { length 4 | NAME=text } ...      little-endian
    FLAC:     "fLaC" | { last and type 1 | length 3 | data } ... | frames             (RFC 9639 section 8)

Names are compared without regard to letter case.
"""

from collections.abc import Iterator
from typing import Final

from kzlabel.errors import MalformedError
from kzlabel.files import Reader
from kzlabel.formats import Located, _id3
from kzlabel.formats._splice import Edit
from kzlabel.limits import DEFAULT_LIMITS, Limits
from kzlabel.markers import aigc
from kzlabel.markers.model import Declaration, Field
from kzlabel.markers.places import id3
from kzlabel.markers.places.base import LARGEST, Change
from kzlabel.markers.values import LONGEST, decoded

__all__ = ["fields", "read", "with_declaration", "write"]

_COMMENTS: Final = 4
_MOST_BLOCKS: Final = 1000
_MOST_COMMENTS: Final = 2000
_LONGEST_BLOCK: Final = (1 << 24) - 1
_NOT_READ: Final = "METADATA_BLOCK_PICTURE="


def read(file: Reader, located: Located | None, limits: Limits) -> Iterator[Field]:
    """See `Place.read`: of a FLAC file."""
    yield from id3.read(file, located, limits)
    for kind, at, length, _ in _blocks(file):
        if kind == _COMMENTS:
            yield from fields(file.read(at + 4, min(length, LARGEST)))


def _blocks(file: Reader) -> Iterator[tuple[int, int, int, bool]]:
    """Yield type, offset and length of the metadata blocks, and whether each is the last."""
    at = _id3.tag_size(file.read(0, min(10, file.size)))
    if file.read(at, 4) != b"fLaC":
        raise MalformedError("the file has no FLAC stream")
    at += 4
    for _ in range(_MOST_BLOCKS):
        head = file.read(at, 4)
        length = int.from_bytes(head[1:])
        if at + 4 + length > file.size:
            raise MalformedError(f"the metadata block at {at} reaches past the end of the file")
        yield head[0] & 0x7F, at, length, head[0] >= 0x80
        if head[0] >= 0x80:
            return
        at += 4 + length


def fields(data: bytes) -> Iterator[Field]:
    """Yield the fields in comments; those before the break where they are broken."""
    for comment in _split(data)[1]:
        name, mark, text = comment.partition(b"=")
        if mark and not comment[:32].upper().startswith(_NOT_READ.encode()):
            yield Field(f"Vorbis {decoded(name)}", decoded(text[: 4 * LONGEST]).strip())


def _split(data: bytes, *, strict: bool = False) -> tuple[bytes, list[bytes], bytes]:
    """Return the vendor, the comments in `data`, and what is behind them; up to the break where it is broken.

    Raises:
        MalformedError: It is broken, and `strict` says that all is needed.
    """
    size = int.from_bytes(data[:4], "little")
    vendor, at = data[4 : 4 + size], 4 + size
    count = int.from_bytes(data[at : at + 4], "little")
    at += 4
    comments: list[bytes] = []
    while at + 4 <= len(data) and len(comments) < min(count, _MOST_COMMENTS):
        length = int.from_bytes(data[at : at + 4], "little")
        if at + 4 + length > len(data):
            break
        comments.append(data[at + 4 : at + 4 + length])
        at += 4 + length
    if strict and len(comments) != count:
        raise MalformedError("the file's comments are broken")
    return vendor, comments, data[at:]


def with_declaration(data: bytes, declaration: Declaration) -> tuple[bytes, tuple[str, ...]]:
    """Return comments with those of the declaration that are missing, and the names of these.

    Raises:
        MalformedError: They are broken.
    """
    vendor, comments, rest = _split(data, strict=True)
    new, names = _added(comments, declaration)
    return (_joined(vendor, new) + rest, names) if names else (data, ())


def _joined(vendor: bytes, comments: list[bytes]) -> bytes:
    made = len(vendor).to_bytes(4, "little") + vendor + len(comments).to_bytes(4, "little")
    return made + b"".join(len(one).to_bytes(4, "little") + one for one in comments)


def write(file: Reader, declaration: Declaration, limits: Limits = DEFAULT_LIMITS) -> Change:
    """See `Writable.write`: the block of comments is written anew, or comes after the first block."""
    del limits
    blocks = list(_blocks(file))
    found = [block for block in blocks if block[0] == _COMMENTS]
    if not blocks or blocks[0][0] != 0 or len(found) > 1:
        raise MalformedError("the file's metadata blocks aren't those of a FLAC stream")
    old = file.read(found[0][1] + 4, found[0][2]) if found else _joined(b"kzlabel", [])
    data, names = with_declaration(old, declaration)
    if not names:
        return Change()
    if len(data) > _LONGEST_BLOCK:
        raise MalformedError("the file's comments would be too large")
    if found:
        _, at, length, last = found[0]
        return Change((Edit(at, at + 4 + length, (_block(data, last=last),)),), names)
    _, at, length, last = blocks[0]
    edits = [Edit(at, at + 1, (b"\0",)), Edit(at + 4 + length, at + 4 + length, (_block(data, last=last),))]
    return Change(tuple(edits), names)


def _block(data: bytes, *, last: bool) -> bytes:
    return bytes([_COMMENTS | 0x80 * last]) + len(data).to_bytes(3) + data


def _added(comments: list[bytes], declaration: Declaration) -> tuple[list[bytes], tuple[str, ...]]:
    """Return the comments with those of the declaration that are missing, and their names."""
    new, names = list(comments), []
    present = {one.partition(b"=")[0].upper(): index for index, one in enumerate(comments)}
    for name, value in declaration.entries().items():
        if name.upper().encode() not in present:
            new.append(f"{name.upper()}={value}".encode())
            names.append(f"Vorbis {name.upper()}")
    if declaration.aigc is not None:
        index = present.get(b"AIGC")
        text: str | None = declaration.aigc.to_json()
        if index is not None:
            text = aigc.merged(decoded(comments[index].partition(b"=")[2]), declaration.aigc)
        if text:
            line = f"AIGC={text}".encode()
            new = [*new, line] if index is None else [*new[:index], line, *new[index + 1 :]]
            names.append("Vorbis AIGC")
    return new, tuple(names)
