"""Where each format keeps a manifest store; one module a format, listed here.

A format is recognised by its content alone. `locate` reports where stores lie and judges nothing.
"""

from typing import cast

from kzlabel.formats import (
    avi,
    bmff,
    c2pa,
    flac,
    gif,
    jpeg,
    jxl,
    mp3,
    pdf,
    png,
    svg,
    tiff,
    wav,
    webp,
    zip,  # noqa: A004 - the format's name
)
from kzlabel.formats.base import Carrier, Derived, Embedder, Encoding, Format, Located, Splice

__all__ = [
    "FORMATS",
    "Carrier",
    "Derived",
    "Embedder",
    "Encoding",
    "Format",
    "Located",
    "Splice",
    "by_extension",
    "embedder",
    "identify",
]

FORMATS: tuple[Format, ...] = (
    jpeg, png, webp, gif, tiff, bmff, jxl, pdf, wav, avi, flac, mp3, c2pa, zip, svg
)  # fmt: skip
"""Every format, those with an unmistakable signature first; ID3 and text are looked for last."""


def identify(head: bytes) -> tuple[Format, str] | None:
    """Return the format and media type of a file that begins with `head`, or None.

    64 KiB of `head` suffice for every format; fewer bytes may leave a file unrecognised, never misjudged.
    """
    for candidate in FORMATS:
        media_type = candidate.sniff(head)
        if media_type:
            return candidate, media_type
    return None


def by_extension(suffix: str) -> Format | None:
    """Return the format that file names ending in `suffix` (lower case, with the dot) promise, or None."""
    return next((candidate for candidate in FORMATS if suffix in candidate.EXTENSIONS), None)


def embedder(form: Format) -> Embedder | None:
    """Return `form` as one that a manifest store can be written into, or None if it is none."""
    return cast("Embedder", form) if hasattr(form, "splice") else None
