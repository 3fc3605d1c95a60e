"""RIFF, the family of WAV, AVI and WebP: the store is a `C2PA` chunk of the first `RIFF` (C2PA 2.4 A.3.7).

    "RIFF" | size 4 | form 4 | { id 4 | size 4 | data | pad byte if size is odd } ...

Integers are little-endian; a size counts neither its header nor the pad byte. What follows the first `RIFF` (the
`AVIX` parts of a large AVI) holds no store and is not walked.
"""

from kzlabel.errors import MalformedError
from kzlabel.files import Reader
from kzlabel.formats._window import Walk
from kzlabel.formats.base import Carrier, Located
from kzlabel.limits import Limits
from kzlabel.spans import Span

__all__ = ["is_form", "locate"]


def is_form(head: bytes, form: bytes) -> bool:
    """Return whether `head` is the start of a RIFF file of this form."""
    return head[:4] == b"RIFF" and head[8:12] == form


def locate(file: Reader, limits: Limits) -> Located:
    """Return the `C2PA` chunks of the first `RIFF`; see `Format.locate`."""
    walk = Walk(file, limits)
    carriers: list[Carrier] = []
    end = 8 + int.from_bytes(walk.read(4, 4), "little")
    damage = f"the RIFF of {end} bytes reaches past the end of the file" if end > file.size else ""
    at = 12
    while at + 8 <= min(end, file.size):
        walk.count()
        try:
            head = walk.read(at, 8)
        except MalformedError as error:
            return Located(tuple(carriers), error.message)
        length = int.from_bytes(head[4:], "little")
        if at + 8 + length > min(end, file.size):
            return Located(tuple(carriers), f"the chunk at {at} reaches past the end of its RIFF")
        if head[:4] == b"C2PA":
            walk.check_store(length)
            carriers.append(Carrier((Span(at + 8, length),), (Span(at, length + 8),)))
        at += 8 + length + (length & 1)
    return Located(tuple(carriers), damage)
