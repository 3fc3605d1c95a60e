"""WAV and Broadcast WAV: a RIFF file of the form `WAVE`; its layout is in `_riff.py`."""

from kzlabel.formats import _riff
from kzlabel.formats._riff import locate, splice

__all__ = ["EXTENSIONS", "MEDIA_TYPES", "NAME", "locate", "sniff", "splice"]

NAME = "wav"
MEDIA_TYPES: tuple[str, ...] = ("audio/wav",)
EXTENSIONS: tuple[str, ...] = (".wav", ".bwf")


def sniff(head: bytes) -> str | None:
    """Return the media type if `head` is the start of such a file."""
    return MEDIA_TYPES[0] if _riff.is_form(head, b"WAVE") else None
