"""Which formats are labelled and verified; printed by `kzlabel formats`, and checked against the README."""

import msgspec

from kzlabel.formats import FOREIGN, FORMATS, Format, c2pa, embedder
from kzlabel.signing.writable import BY_REFERENCE, WRITABLE

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

    written_by: str
    """Who writes it: `kzlabel`, or `reference engine`; empty where it can't be embedded."""

    sidecar: bool
    """Whether a label can be kept beside such a file."""

    reference: bool
    """Whether the reference engine reads the format, too; the native engine reads all of them."""


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
    "odf": "OpenDocument: ODT, ODS, ODP, ODG",
    "ogg": "Ogg: Opus, Vorbis, FLAC, Speex, Theora",
    "pdf": "PDF",
    "png": "PNG",
    "structured": "Markdown, source code, configuration: text with comments",
    "svg": "SVG",
    "text": "Plain text",
    "tiff": "TIFF, DNG",
    "wav": "WAV",
    "webp": "WebP",
    "zip": "ZIP, DOCX, XLSX, PPTX, EPUB",
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
            written_by=_writer(form),
            sidecar=form is not c2pa,
            reference=not FOREIGN & set(form.MEDIA_TYPES),
        )
        for form in FORMATS
    )


def _writer(form: Format) -> str:
    if embedder(form) is not None:
        return "kzlabel"
    return "reference engine" if BY_REFERENCE & set(form.MEDIA_TYPES) else ""
