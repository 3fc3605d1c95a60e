"""WebP: a RIFF file of the form `WEBP`; its layout is in `_riff.py`."""

from kzlabel.formats import _riff
from kzlabel.formats._riff import locate, splice

__all__ = ["EXTENSIONS", "MEDIA_TYPES", "NAME", "locate", "sniff", "splice"]

NAME = "webp"
MEDIA_TYPES: tuple[str, ...] = ("image/webp",)
EXTENSIONS: tuple[str, ...] = (".webp",)


def sniff(head: bytes) -> str | None:
    """Return the media type if `head` is the start of such a file."""
    return MEDIA_TYPES[0] if _riff.is_form(head, b"WEBP") else None
