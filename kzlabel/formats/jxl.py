"""JPEG XL: the store is a `jumb` box of its own at the top level (C2PA 2.4 A.3.9; ISO 18181-2).

The container is a sequence of boxes (see `_bmff.py`) that begins with `JXL `. A bare codestream (FF 0A) has no
place for a store.
"""

from kzlabel.errors import LimitError, MalformedError
from kzlabel.files import Reader
from kzlabel.formats._bmff import boxes
from kzlabel.formats._window import Walk
from kzlabel.formats.base import Carrier, Located
from kzlabel.limits import Limits
from kzlabel.spans import Span

NAME = "jxl"
MEDIA_TYPES: tuple[str, ...] = ("image/jxl",)
EXTENSIONS: tuple[str, ...] = (".jxl",)

_MAGIC = bytes.fromhex("0000000c4a584c200d0a870a")


def sniff(head: bytes) -> str | None:
    """Return the media type if `head` is the start of a JPEG XL container."""
    return MEDIA_TYPES[0] if head[:12] == _MAGIC else None


def locate(file: Reader, limits: Limits) -> Located:
    """Return the C2PA `jumb` boxes at the top level; see `Format.locate`."""
    walk = Walk(file, limits)
    carriers: list[Carrier] = []
    try:
        for box in boxes(walk, 0, file.size):
            head = walk.read(box.start, min(box.size, box.header + 12))
            if box.type == b"jumb" and head[box.header + 4 :] == b"jumdc2pa":
                walk.check_store(box.size)
                carriers.append(Carrier((Span(box.start, box.size),), (Span(box.start, box.size),)))
    except LimitError:
        raise
    except MalformedError as error:
        return Located(tuple(carriers), error.message)
    return Located(tuple(carriers))
