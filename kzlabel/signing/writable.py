"""Media types into which a manifest can be written."""

__all__ = ["WRITABLE"]

WRITABLE = frozenset(
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
"""By content, as `kzlabel.formats` names them."""
