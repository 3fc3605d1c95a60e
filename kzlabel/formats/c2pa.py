"""A manifest store in a file of its own (C2PA 2.4 section 11.4): one JUMBF superbox with the label `c2pa`.

LBox 4 | "jumb" | LBox 4 | "jumd" | 63327061-0011-0010-8000-00AA00389B71 | toggles 1 | "c2pa" 00 | ...
"""

from kzlabel.files import Reader
from kzlabel.formats._window import Walk
from kzlabel.formats.base import Carrier, Located
from kzlabel.limits import Limits
from kzlabel.spans import Span

NAME = "c2pa"
MEDIA_TYPES: tuple[str, ...] = ("application/c2pa",)
EXTENSIONS: tuple[str, ...] = (".c2pa",)


def sniff(head: bytes) -> str | None:
    """Return the media type if `head` is the start of a manifest store."""
    return MEDIA_TYPES[0] if head[4:8] == b"jumb" and head[12:20] == b"jumdc2pa" else None


def locate(file: Reader, limits: Limits) -> Located:
    """Return the store; see `Format.locate`."""
    walk = Walk(file, limits)
    walk.check_store(file.size)
    size = int.from_bytes(walk.read(0, 4))
    damage = "" if size <= file.size else f"the store of {size} bytes reaches past the end of the file"
    return Located((Carrier((Span(0, min(size, file.size)),), ()),), damage=damage)
