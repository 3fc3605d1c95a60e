"""Named boxes of a JPEG: segments by their markers (C2PA 2.4 section 18.7.3.1; ISO 10918-1 table B.1).

`SOS` takes the entropy-coded data with it. All segments of the manifest store are one box. Files with restart
markers, several images or markers outside the table are left to the reference engine.
"""

import re

from kzlabel.errors import LimitError, MalformedError
from kzlabel.files import Reader
from kzlabel.formats._window import Walk
from kzlabel.limits import Limits
from kzlabel.spans import Span
from kzlabel.verifying.abstain import Abstention

__all__ = ["named_boxes"]

_NAMES = {
    0xC4: "DHT",
    0xDB: "DQT",
    0xDD: "DRI",
    0xFE: "COM",
    0xDA: "SOS",
    0xC0: "SOF0",
    0xC1: "SOF1",
    0xC2: "SOF2",
} | {0xE0 + n: f"APP{n}" for n in range(16)}
_SOS = 0xDA
_EOI = b"\xff\xd9"
_MARKER = re.compile(rb"\xff[^\x00]")
_CHUNK = 1 << 18


def named_boxes(file: Reader, limits: Limits, store: tuple[Span, ...]) -> list[tuple[str, Span]]:
    """Return name and place of every box up to `EOI`; `store` is where the segments of the store lie."""
    walk = Walk(file, limits)
    boxes = [("SOI", Span(0, 2))]
    at = 2
    try:
        while (marker := walk.read(at, 2)) != _EOI:
            walk.count()
            span = _place(walk, file, at, marker, store)
            boxes.append(("C2PA" if span in store else _NAMES[marker[1]], span))
            at = span.end
    except LimitError:
        raise
    except MalformedError:
        raise Abstention("the segments of the file are damaged") from None
    boxes.append(("EOI", Span(at, 2)))
    return boxes


def _place(walk: Walk, file: Reader, at: int, marker: bytes, store: tuple[Span, ...]) -> Span:
    for span in store:
        if span.start == at:
            return span
    if marker[0] != 0xFF or marker[1] not in _NAMES:
        raise Abstention(f"the segment at {at} has no name")
    if marker[1] == 0xEB:
        raise Abstention("the file has other JUMBF boxes")
    length = 2 + int.from_bytes(walk.read(at + 2, 2))
    if length < 4:
        raise Abstention(f"the segment at {at} is too short")
    if marker[1] == _SOS:
        length = _past_entropy(file, at + length) - at
    return Span(at, length)


def _past_entropy(file: Reader, at: int) -> int:
    """Return the offset of the first marker in or after the entropy-coded data that begins at `at`."""
    while at < file.size:
        data = file.read(at, min(_CHUNK, file.size - at))
        found = _MARKER.search(data)
        if found:
            if 0xD0 <= data[found.start() + 1] <= 0xD7 or data[found.start() + 1] == 0xFF:
                raise Abstention("the entropy-coded data has restart markers or padding")
            return at + found.start()
        if len(data) < 2:
            break
        at += len(data) - 1
    raise Abstention("the entropy-coded data has no end")
