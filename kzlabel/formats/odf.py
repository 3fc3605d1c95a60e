"""OpenDocument: a ZIP archive whose manifest store would be where that of every other is (C2PA 2.4 A.6).

Stores that are there are found and verified. None is put in: OpenDocument has only its own manifest and signatures
in `META-INF` (part 2, section 3), and LibreOffice takes a document for damaged that has another file there.
"""

from typing import Final

from kzlabel.formats.zip import locate, stated_type

__all__ = ["EXTENSIONS", "MEDIA_TYPES", "NAME", "locate", "sniff"]

_KIND: Final = "application/vnd.oasis.opendocument."

NAME = "odf"
MEDIA_TYPES: tuple[str, ...] = tuple(
    _KIND + name + suffix
    for name in ("text", "spreadsheet", "presentation", "graphics")
    for suffix in ("", "-template")
)
EXTENSIONS: tuple[str, ...] = (".odt", ".ods", ".odp", ".odg", ".ott", ".ots", ".otp", ".otg")


def sniff(head: bytes) -> str | None:
    """Return the media type if `head` is the start of an OpenDocument file that states it."""
    stated = stated_type(head)
    return stated if stated in MEDIA_TYPES else None
