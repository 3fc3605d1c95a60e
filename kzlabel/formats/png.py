"""PNG: the store is the data of a `caBX` chunk (C2PA 2.4 A.3.2).

    89 "PNG" 0D 0A 1A 0A | { length 4 | type 4 | data | CRC 4 } ...

Integers are big-endian; `length` counts the data. The last chunk is `IEND`; what follows it is not walked.
"""

from kzlabel.errors import MalformedError
from kzlabel.files import Reader
from kzlabel.formats._window import Walk
from kzlabel.formats.base import Carrier, Located
from kzlabel.limits import Limits
from kzlabel.spans import Span

NAME = "png"
MEDIA_TYPES: tuple[str, ...] = ("image/png",)
EXTENSIONS: tuple[str, ...] = (".png", ".apng")

_MAGIC = b"\x89PNG\r\n\x1a\n"


def sniff(head: bytes) -> str | None:
    """Return the media type if `head` is the start of a PNG."""
    return MEDIA_TYPES[0] if head[:8] == _MAGIC else None


def locate(file: Reader, limits: Limits) -> Located:
    """Return the `caBX` chunks; see `Format.locate`."""
    walk = Walk(file, limits)
    carriers: list[Carrier] = []
    damage = ""
    at = len(_MAGIC)
    while not damage:
        walk.count()
        try:
            head = walk.read(at, 8)
        except MalformedError as error:
            damage = error.message
            break
        length, kind = int.from_bytes(head[:4]), head[4:]
        if not (kind.isascii() and kind.isalpha()):
            damage = f"the chunk at {at} has no name of four letters"
        elif at + 12 + length > file.size:
            damage = f"the chunk {kind.decode()} at {at} reaches past the end of the file"
        elif kind == b"IEND":
            break
        elif kind == b"caBX":
            walk.check_store(length)
            carriers.append(Carrier((Span(at + 8, length),), (Span(at, length + 12),)))
        at += 12 + length
    return Located(tuple(carriers), damage)
