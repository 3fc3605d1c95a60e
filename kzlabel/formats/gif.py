"""GIF: the store is an application extension `C2PA_GIF` (C2PA 2.4 A.3.8; GIF89a).

    "GIF89a" | width 2 | height 2 | flags 1 | 2 | [global colour table] | blocks ... | 3B
    extension: 21 | label 1 | sub-blocks | 00          sub-block: length 1 | data
    image:     2C | 8 | flags 1 | [local colour table] | code size 1 | sub-blocks | 00
    store:     21 FF 0B "C2PA_GIF" 01 00 00 | sub-blocks | 00

A colour table has 3 * 2 ** (1 + (flags & 7)) bytes and is there if flags has bit 7.
"""

from kzlabel.errors import LimitError, MalformedError
from kzlabel.files import Reader
from kzlabel.formats._window import Walk
from kzlabel.formats.base import Carrier, Located
from kzlabel.limits import Limits
from kzlabel.spans import Span

NAME = "gif"
MEDIA_TYPES: tuple[str, ...] = ("image/gif",)
EXTENSIONS: tuple[str, ...] = (".gif",)

_STORE = b"\x21\xff\x0bC2PA_GIF\x01\x00\x00"


def sniff(head: bytes) -> str | None:
    """Return the media type if `head` is the start of a GIF."""
    return MEDIA_TYPES[0] if head[:6] in {b"GIF87a", b"GIF89a"} else None


def locate(file: Reader, limits: Limits) -> Located:
    """Return the `C2PA_GIF` extensions; see `Format.locate`."""
    walk = Walk(file, limits)
    carriers: list[Carrier] = []
    try:
        at = 13 + _table(walk.read(10, 1)[0])
        while (kind := walk.read(at, 1)[0]) != 0x3B:
            walk.count()
            if kind == 0x21:
                whole = walk.read(at, min(len(_STORE), file.size - at))
                is_store = whole == _STORE
                end, spans = _sub_blocks(walk, at + (len(_STORE) if is_store else 2), keep=is_store)
                if is_store:
                    carriers.append(Carrier(spans, (Span(at, end - at),)))
            elif kind == 0x2C:
                end, _ = _sub_blocks(walk, at + 11 + _table(walk.read(at + 9, 1)[0]), keep=False)
            else:
                return Located(tuple(carriers), f"no block begins with {kind:#04x}, at {at}")
            at = end
    except LimitError:
        raise
    except MalformedError as error:
        return Located(tuple(carriers), error.message)
    return Located(tuple(carriers))


def _table(flags: int) -> int:
    return 3 << 1 + (flags & 7) if flags & 0x80 else 0


def _sub_blocks(walk: Walk, at: int, *, keep: bool) -> tuple[int, tuple[Span, ...]]:
    """Return the end of the sub-blocks that begin at `at`, and their data if it is to be kept."""
    spans: list[Span] = []
    size = 0
    while length := walk.read(at, 1)[0]:
        walk.count()
        if keep:
            spans.append(Span(at + 1, length))
            size += length
            walk.check_store(size)
        at += 1 + length
    return at + 1, tuple(spans)
