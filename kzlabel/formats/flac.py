"""FLAC: the store is in an ID3v2 tag before `fLaC` (C2PA 2.4 A.3.4); its layout is in `_id3.py`."""

from kzlabel.formats._id3 import locate, splice, tag_size

__all__ = ["EXTENSIONS", "MEDIA_TYPES", "NAME", "locate", "sniff", "splice"]

NAME = "flac"
MEDIA_TYPES: tuple[str, ...] = ("audio/flac",)
EXTENSIONS: tuple[str, ...] = (".flac",)


def sniff(head: bytes) -> str | None:
    """Return the media type if `head` is the start of a FLAC file, with an ID3 tag before it or not."""
    at = tag_size(head)
    return MEDIA_TYPES[0] if head[at : at + 4] == b"fLaC" else None
