"""Media types into which a manifest can be written."""

from typing import Final

from kzlabel.formats import FORMATS, embedder

__all__ = ["BY_REFERENCE", "WRITABLE"]

BY_REFERENCE: Final = frozenset(
    {
        "application/pdf",
        "audio/flac",
        "audio/mp4",
        "audio/mpeg",
        "audio/wav",
        "image/avif",
        "image/dng",
        "image/gif",
        "image/heic",
        "image/heif",
        "image/jpeg",
        "image/jxl",
        "image/png",
        "image/svg+xml",
        "image/tiff",
        "image/webp",
        "image/x-adobe-dng",
        "video/avi",
        "video/mp4",
        "video/quicktime",
    }
)
"""Types that the reference engine writes, as `kzlabel.formats` names them by content."""

WRITABLE: Final = BY_REFERENCE.union(*(form.MEDIA_TYPES for form in FORMATS if embedder(form)))
"""All types into which something here writes."""
