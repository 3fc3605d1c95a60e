"""JPEG XL: the store is a `jumb` box of its own at the top level (C2PA 2.4 A.3.9; ISO 18181-2).

    box header | description box header 8 | type 16 | toggles 1 | label "c2pa" 00 | ...

The container is a sequence of boxes (see `_bmff.py`) that begins with `JXL `. Other `jumb` boxes may be there: the
store's is known by its label. XMP is in an `xml ` box, or packed in a `brob` box. A bare codestream (FF 0A) has no
place for a store.
"""

from kzlabel.errors import LimitError, MalformedError
from kzlabel.files import Reader
from kzlabel.formats._bmff import Box, boxes
from kzlabel.formats._splice import Edit, check_sound, place, recut
from kzlabel.formats._window import Walk
from kzlabel.formats.base import Carrier, Derived, Located, Splice
from kzlabel.limits import Limits
from kzlabel.spans import Span

NAME = "jxl"
MEDIA_TYPES: tuple[str, ...] = ("image/jxl",)
EXTENSIONS: tuple[str, ...] = (".jxl",)

_MAGIC = bytes.fromhex("0000000c4a584c200d0a870a")
_DESCRIBED = 30
"""Bytes of a description box up to the end of the store's label."""
_LABELLED = 0x03


def sniff(head: bytes) -> str | None:
    """Return the media type if `head` is the start of a JPEG XL container."""
    return MEDIA_TYPES[0] if head[:12] == _MAGIC else None


def locate(file: Reader, limits: Limits) -> Located:
    """Return the C2PA `jumb` boxes at the top level; see `Format.locate`."""
    walk = Walk(file, limits)
    carriers: list[Carrier] = []
    packed = False
    try:
        for box in boxes(walk, 0, file.size):
            if box.type == b"jumb" and _is_store(walk, box):
                walk.check_store(box.size)
                whole = Span(box.start, box.size)
                _add(carriers, Carrier((whole,), (whole,)), limits)
            elif box.type == b"xml ":
                walk.xmp.append(Span(box.start, box.size))
            packed = packed or box.type == b"brob"
    except LimitError:
        raise
    except MalformedError as error:
        return Located(tuple(carriers), error.message)
    return Located(tuple(carriers), xmp=None if packed else tuple(walk.xmp))


def splice(file: Reader, located: Located, store_size: int, limits: Limits) -> Splice:
    """See `Embedder.splice`: the box comes after `ftyp`, and after `jxll`, whose place is there."""
    check_sound(located)
    at = 0
    for box in boxes(Walk(file, limits), 0, file.size):
        if box.type not in {b"JXL ", b"ftyp", b"jxll"}:
            break
        at = box.end
    new = Derived(store_size, bytes)
    old = [Edit(span.start, span.end) for carrier in located.carriers for span in carrier.excluded]
    parts = recut(file.size, [Edit(at, at, (new,)), *old])
    return Splice(parts, (place(parts, new),))


def _add(carriers: list[Carrier], carrier: Carrier, limits: Limits) -> None:
    carriers.append(carrier)
    if len(carriers) > limits.carriers:
        raise LimitError(f"more than {limits.carriers} manifest stores")


def _is_store(walk: Walk, box: Box) -> bool:
    at = box.start + box.header
    head = walk.read(at, min(_DESCRIBED, box.end - at))
    return head[4:8] == b"jumd" and head[25:] == b"c2pa\0" and head[24] & _LABELLED == _LABELLED
