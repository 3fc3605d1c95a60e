"""GIF: XMP in an application extension of its own form, and comments (XMP specification part 3).

    21 FF 0B "XMP DataXMP" | packet | 01 FF FE ... 01 00 | 00

The packet isn't cut into blocks; whoever takes its letters for lengths lands in the trailer and finds the end. A
new extension comes before the first block.
"""

from collections.abc import Iterator
from typing import Final

from kzlabel.errors import MalformedError
from kzlabel.files import Reader
from kzlabel.formats import Located
from kzlabel.formats._splice import Edit
from kzlabel.formats._window import Walk
from kzlabel.formats.gif import _sub_blocks, _table
from kzlabel.limits import DEFAULT_LIMITS, Limits
from kzlabel.markers import xmp
from kzlabel.markers.model import Declaration, Field
from kzlabel.markers.places.base import LARGEST, Change
from kzlabel.markers.values import decoded

__all__ = ["read", "write"]

_XMP: Final = b"\x21\xff\x0bXMP DataXMP"
_TRAILER: Final = b"\1" + bytes(range(255, -1, -1)) + b"\0"
_COMMENT: Final = b"\x21\xfe"
_TEXT: Final = 1 << 16


def read(file: Reader, located: Located | None, limits: Limits) -> Iterator[Field]:
    """See `Place.read`: comments and XMP anywhere among the blocks."""
    del located
    walk = Walk(file, limits)
    for head, at, end in _blocks(walk):
        if head.startswith(_XMP):
            packet = _packet(walk, at, end)
            if len(packet) <= LARGEST:
                yield from xmp.fields(packet)
        elif head.startswith(_COMMENT):
            data = walk.read(at + 2, min(end - at - 2, _TEXT))
            yield Field("GIF comment", decoded(_joined(data)).strip())


def _blocks(walk: Walk) -> Iterator[tuple[bytes, int, int]]:
    """Yield first bytes, offset and end of each block between the colour table and the trailer."""
    at = 13 + _table(walk.read(10, 1)[0])
    while True:
        walk.count()
        kind = walk.read(at, 1)[0]
        head = walk.read(at, min(len(_XMP), walk.size - at))
        if kind == 0x21:
            end, _ = _sub_blocks(walk, at + 2, keep=False)
        elif kind == 0x2C:
            end, _ = _sub_blocks(walk, at + 11 + _table(walk.read(at + 9, 1)[0]), keep=False)
        else:
            return
        yield head, at, end
        at = end


def _joined(data: bytes) -> bytes:
    """Return the content of sub-blocks."""
    at, content = 0, b""
    while at < len(data) and data[at]:
        content += data[at + 1 : at + 1 + data[at]]
        at += 1 + data[at]
    return content


def _packet(walk: Walk, at: int, end: int) -> bytes:
    """Return the packet in the extension from `at` to `end`; some writers cut it into blocks after all."""
    if end - at > LARGEST + len(_XMP) + len(_TRAILER):
        return b""
    data = walk.read(at + len(_XMP), end - at - len(_XMP))
    plain = data.partition(_TRAILER[:8])[0]
    return plain if len(plain) < len(data) else _joined(data)


def write(file: Reader, declaration: Declaration, limits: Limits = DEFAULT_LIMITS) -> Change:
    """See `Writable.write`; a file of version 87a becomes one of 89a, which knows extensions."""
    walk = Walk(file, limits)
    found = [(at, end) for head, at, end in _blocks(walk) if head.startswith(_XMP)]
    if len(found) > 1:
        raise MalformedError("the image has more than one XMP packet")
    start, end = found[0] if found else (13 + _table(walk.read(10, 1)[0]),) * 2
    old = _packet(walk, start, end) if found else b""
    if found and not old:
        raise MalformedError("the XMP packet is too large")
    new, names = xmp.written(old, declaration)
    if not names:
        return Change()
    return Change((Edit(0, 6, (b"GIF89a",)), Edit(start, end, (_XMP + new + _TRAILER,))), names)
