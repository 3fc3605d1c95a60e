"""Which formats are labelled and verified; printed by `kzlabel formats`, and checked against the README."""

import msgspec

from kzlabel.formats import FORMATS
from kzlabel.signing.writable import WRITABLE

__all__ = ["Row", "matrix"]


class Row(msgspec.Struct, frozen=True):
    """One format."""

    name: str
    """Short name."""

    title: str
    """What people call it: the formats of the family, where it is one."""

    media_types: tuple[str, ...]
    """Media types, the preferred one first."""

    extensions: tuple[str, ...]
    """File name extensions."""

    label: bool
    """Whether a label can be embedded."""

    verify: bool
    """Whether an embedded label can be verified."""


_TITLES = {
    "avi": "AVI",
    "bmff": "MP4, MOV, M4A, HEIC, HEIF, AVIF",
    "c2pa": "C2PA manifest store",
    "flac": "FLAC",
    "gif": "GIF",
    "html": "HTML",
    "jpeg": "JPEG",
    "jxl": "JPEG XL (container)",
    "mp3": "MP3",
    "pdf": "PDF",
    "png": "PNG",
    "structured": "Markdown, source code, configuration: text with comments",
    "svg": "SVG",
    "text": "Plain text",
    "tiff": "TIFF, DNG",
    "wav": "WAV",
    "webp": "WebP",
    "zip": "ZIP, DOCX, XLSX, PPTX, ODT, EPUB",
}


def matrix() -> tuple[Row, ...]:
    """Return a row for each format, in the order in which they are recognised."""
    return tuple(
        Row(
            form.NAME,
            _TITLES[form.NAME],
            form.MEDIA_TYPES,
            form.EXTENSIONS,
            bool(WRITABLE & set(form.MEDIA_TYPES)),
            verify=True,
        )
        for form in FORMATS
    )
