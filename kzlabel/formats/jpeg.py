"""JPEG: the store is cut into APP11 segments of JPEG XT boxes (C2PA 2.4 A.3.1; ISO 19566-5 D.2; ISO 10918-1 B.1).

    FF EB | Le 2 | CI "JP" | En 2 | Z 4 | LBox 4 | TBox 4 | [XLBox 8 if LBox is 1] | payload

Integers are big-endian. `Le` counts itself. Every segment repeats LBox and TBox, those of the whole box; only the
first segment's belong to the store. Segments with one `En` belong together; `Z` counts them, from 1 by the
standard and from 0 in files of some writers. Other JUMBF boxes may share APP11: a C2PA one is known by the
type of its description box. XMP is in APP1 segments that begin with its namespace. The walk ends where the
entropy-coded data begins.

Between segments, fill bytes (FF) and bytes that belong to nothing are passed over as the reference engine does;
the latter are damage, and so are markers whose length it takes for another one than the standard does.
"""

from struct import Struct

from kzlabel.errors import LimitError, MalformedError
from kzlabel.files import Reader
from kzlabel.formats._splice_jpeg import splice
from kzlabel.formats._window import Walk
from kzlabel.formats.base import Carrier, Located
from kzlabel.limits import Limits
from kzlabel.spans import Span

__all__ = ["EXTENSIONS", "MEDIA_TYPES", "NAME", "locate", "sniff", "splice"]

NAME = "jpeg"
MEDIA_TYPES: tuple[str, ...] = ("image/jpeg",)
EXTENSIONS: tuple[str, ...] = (".jpg", ".jpeg", ".jpe")

_SOI_SIZE = 2
_RESTART = frozenset(range(0xD0, 0xD8))
_EOI, _SOS, _DRI, _APP11 = 0xD9, 0xDA, 0xDD, 0xEB
_SEGMENTS = frozenset({*range(0xC0, 0xD0), 0xDB, *range(0xE0, 0xF0), 0xFE}) - {_APP11}
"""Frame headers, tables, application data, comments: markers with a length, that every reader takes for one."""

_APP1 = 0xE1
_NOTES = frozenset({_APP1, 0xED, 0xFE})
"""Segments of EXIF and extended XMP, of IPTC, and comments."""
_PASSED = frozenset(0xFF00 | code for code in _SEGMENTS - _NOTES)
"""Markers of segments that hold nothing of interest."""
_NOTED, _APP1_MARK = frozenset(0xFF00 | code for code in _NOTES), 0xFF00 | _APP1
_MARKER = Struct(">HH").unpack_from
_XMP = b"http://ns.adobe.com/xap/1.0/"
_LEAST_XMP = 4 + len(_XMP)

_FRAME = 12
"""Bytes of a segment before LBox."""
_LEAST_MORE, _LEAST_FIRST = 20, 32
"""A segment of a C2PA box, marker included, is longer than this: a further one, and the first one."""
_PIECE = 4096


def sniff(head: bytes) -> str | None:
    """Return the media type if `head` is the start of a JPEG."""
    return MEDIA_TYPES[0] if head[:3] == b"\xff\xd8\xff" else None


def locate(file: Reader, limits: Limits) -> Located:
    """Return the C2PA boxes in APP11; see `Format.locate`."""
    walk = Walk(file, limits)
    boxes = _Boxes(limits)
    damage = ""
    try:
        damage = _walk_segments(walk, boxes)
    except LimitError:
        raise
    except MalformedError as error:
        damage = error.message
    return Located(boxes.carriers(walk), boxes.oddity or damage, tuple(walk.xmp), tuple(walk.notes))


def _walk_segments(walk: Walk, boxes: "_Boxes") -> str:
    """Walk from the first segment to the first scan, and return what is wrong at the end of it."""
    read, count, head, size = walk.read, walk.count, walk.head, walk.size
    at, near, sure = _SOI_SIZE, len(head) - 4, len(head) - _LEAST_XMP
    while True:
        count()
        if at <= near:  # the usual segments, quickly; each falls under a rule below as well
            mark, length = _MARKER(head, at)
            if length >= 2 and at + 2 + length <= size:
                if mark in _PASSED:
                    at += 2 + length
                    continue
                if mark in _NOTED and at <= sure:
                    its_xmp = mark == _APP1_MARK and length > _LEAST_XMP - 2 and head.startswith(_XMP, at + 4)
                    (walk.xmp if its_xmp else walk.notes).append(Span(at, 2 + length))
                    at += 2 + length
                    continue
        mark, code = read(at, 2)
        if mark != 0xFF:
            boxes.note(f"the bytes at {at} belong to no segment")
            at = _next_mark(walk, at)
        elif code in _SEGMENTS or code == _APP11:
            at += _segment(walk, boxes, at, code)
        elif code == _SOS:
            return "" if at + _length(walk, at) < walk.size else "the file ends before its entropy-coded data"
        elif code == 0xFF:  # a fill byte
            at += 1
        elif code == _EOI:
            return "" if at > _SOI_SIZE else "the image has no segments"
        elif code == _DRI and _length(walk, at) == 6 and read(at + 4, 1) != b"\xff":
            at += 6
        else:
            boxes.note(f"the marker FF{code:02X} at {at} has no place before the first scan")
            at = at + _length(walk, at) if code in _RESTART else _next_mark(walk, at + 2)


def _segment(walk: Walk, boxes: "_Boxes", at: int, code: int) -> int:
    """Take in what the segment at `at` holds, and return its length."""
    length = _length(walk, at)
    if code == _APP11:
        boxes.add(walk, at, length)
    elif code in _NOTES:
        its_xmp = code == _APP1 and length > _LEAST_XMP and walk.read(at + 4, len(_XMP)) == _XMP
        (walk.xmp if its_xmp else walk.notes).append(Span(at, length))
    return length


def _length(walk: Walk, at: int) -> int:
    """Return the length of the segment at `at`, marker included."""
    length = 2 + int.from_bytes(walk.read(at + 2, 2))
    if length < 4:
        raise MalformedError(f"the segment at {at} is shorter than its own length field")
    if at + length > walk.size:
        raise MalformedError(f"the segment at {at} reaches past the end of the file")
    return length


def _next_mark(walk: Walk, at: int) -> int:
    """Return the offset of the next FF at or after `at`."""
    while at < walk.size:
        piece = walk.read(at, min(_PIECE, walk.size - at))
        found = piece.find(0xFF)
        if found >= 0:
            return at + found
        at += len(piece)
    raise MalformedError("the file ends before its first scan")


class _Boxes:
    """The C2PA boxes met so far."""

    def __init__(self, limits: Limits) -> None:
        self.oddity = ""
        self._limits = limits
        self._found: list[tuple[list[Span], list[Span]]] = []
        self._instance = b""

    def note(self, oddity: str) -> None:
        """Keep the first thing that is wrong."""
        self.oddity = self.oddity or oddity

    def add(self, walk: Walk, start: int, length: int) -> None:
        """Take in the APP11 segment at `start`, if it is of a C2PA box.

        The reference engine takes a segment with the `En` of a C2PA box for the next of that box if `Z` is greater
        than the number of those before, whatever lies between them, and does not look at `CI`.
        """
        if length <= _LEAST_MORE:
            return
        head = walk.read(start, min(length, 40))
        instance, number = head[6:8], int.from_bytes(head[8:12])
        extended = head[12:16] == b"\0\0\0\x01"
        if instance == self._instance and number > len(self._found[-1][0]):
            skip = _FRAME + 8 + 8 * extended
        elif length > _LEAST_FIRST and (head[36:40] if extended else head[28:32]) == b"c2pa":
            skip = _FRAME
            self._found.append(([], []))
            self._instance = instance
            if len(self._found) > self._limits.carriers:
                raise LimitError(f"more than {self._limits.carriers} manifest stores")
        else:
            if instance == self._instance:
                self._instance = b""  # not the next of its box: what follows is no part of that box either
            return
        store, whole = self._found[-1]
        store.append(Span(start + skip, max(0, length - skip)))
        whole.append(Span(start, length))

    def carriers(self, walk: Walk) -> tuple[Carrier, ...]:
        """Return what was found."""
        carriers = []
        for store, whole in self._found:
            walk.check_store(sum(span.length for span in store))
            carriers.append(Carrier(tuple(store), _joined(whole)))
        return tuple(carriers)


def _joined(spans: list[Span]) -> tuple[Span, ...]:
    """Return `spans` with neighbours made one."""
    joined = spans[:1]
    for span in spans[1:]:
        last = joined[-1]
        if span.start == last.end:
            joined[-1] = Span(last.start, last.length + span.length)
        else:
            joined.append(span)
    return tuple(joined)
