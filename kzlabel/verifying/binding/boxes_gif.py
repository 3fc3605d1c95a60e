"""Named boxes of a GIF: blocks by their introducers (C2PA 2.4 section 18.7.3.4).

`GIF89a` header, `LSD` with the global colour table, `21F9` `21FE` `21FF` `2101` extensions, `2C` image descriptor
with the local colour table, `TBID` image data, `3B` trailer.
"""

from kzlabel.errors import LimitError, MalformedError
from kzlabel.files import Reader
from kzlabel.formats._window import Walk
from kzlabel.limits import Limits
from kzlabel.spans import Span
from kzlabel.verifying.abstain import Abstention

__all__ = ["named_boxes"]

_STORE = b"\x0bC2PA_GIF\x01\x00\x00"
_EXTENSIONS = {0xF9: "21F9", 0xFE: "21FE", 0xFF: "21FF", 0x01: "2101"}
_FIXED = {0xF9: 0, 0xFE: 0, 0xFF: 12, 0x01: 13}
"""Bytes between an extension's label and its sub-blocks."""


def named_boxes(file: Reader, limits: Limits, store: tuple[Span, ...]) -> list[tuple[str, Span]]:  # noqa: ARG001
    """Return name and place of every box up to the trailer."""
    walk = Walk(file, limits)
    try:
        return _walk(walk)
    except LimitError:
        raise
    except MalformedError:
        raise Abstention("the blocks of the file are damaged") from None


def _walk(walk: Walk) -> list[tuple[str, Span]]:
    at = 13 + _table(walk.read(10, 1)[0])
    boxes = [("GIF89a", Span(0, 6)), ("LSD", Span(6, at - 6))]
    while True:
        start, introducer = at, walk.read(at, 1)[0]
        if introducer == 0x3B:
            boxes.append(("3B", Span(at, 1)))
            return boxes
        if introducer == 0x2C:
            at += 10 + _table(walk.read(at + 9, 1)[0])
            boxes.append(("2C", Span(start, at - start)))
            start, at = at, _past_sub_blocks(walk, at + 1)
            boxes.append(("TBID", Span(start, at - start)))
        elif introducer == 0x21:
            name, at = _extension(walk, at)
            boxes.append((name, Span(start, at - start)))
        else:
            raise Abstention("a block of the file is unknown")


def _extension(walk: Walk, at: int) -> tuple[str, int]:
    label = walk.read(at + 1, 1)[0]
    if label not in _EXTENSIONS:
        raise Abstention("an extension of the file is unknown")
    # Other readers take the fixed parts at their word or not: only what all read alike is read here.
    stated = walk.read(at + 2, 1)[0]
    if (label == 0xFF and stated != 11) or (label == 0xF9 and walk.read(at + 2, 6)[::5] != b"\x04\x00"):
        raise Abstention("an extension of the file is odd")
    if label == 0x01 and stated != 12:
        raise Abstention("an extension of the file is odd")
    is_store = label == 0xFF and walk.read(at + 2, 12) == _STORE
    return "C2PA" if is_store else _EXTENSIONS[label], _past_sub_blocks(walk, at + 2 + _FIXED[label])


def _past_sub_blocks(walk: Walk, at: int) -> int:
    while True:
        walk.count()
        length = walk.read(at, 1)[0]
        at += 1 + length
        if length == 0:
            return at


def _table(packed: int) -> int:
    """Return the size of the colour table that a descriptor's packed field announces."""
    return 3 << ((packed & 7) + 1) if packed & 0x80 else 0
