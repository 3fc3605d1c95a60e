"""Where each format keeps a manifest store; one module a format, listed here.

A format is recognised by its content alone. `locate` reports where stores lie and judges nothing.
"""

from typing import cast

from kzlabel.files import Reader
from kzlabel.formats import (
    avi,
    bmff,
    c2pa,
    flac,
    gif,
    html,
    jpeg,
    jxl,
    mp3,
    odf,
    ogg,
    pdf,
    png,
    structured,
    svg,
    text,
    tiff,
    wav,
    webp,
    zip,  # noqa: A004 - the format's name
)
from kzlabel.formats._bare import bare_parts
from kzlabel.formats._comments import syntax_of
from kzlabel.formats._marks import is_text, is_utf8
from kzlabel.formats._utf16 import Utf16, in_utf16
from kzlabel.formats.base import Carrier, Derived, Embedder, Encoding, Format, Located, Splice
from kzlabel.limits import Limits

__all__ = [
    "BY_START",
    "FOREIGN",
    "FORMATS",
    "Carrier",
    "Derived",
    "Embedder",
    "Encoding",
    "Format",
    "Located",
    "Splice",
    "Utf16",
    "bare_parts",
    "by_extension",
    "embedder",
    "identify",
    "in_utf16",
    "recognise",
]

FORMATS: tuple[Format, ...] = (
    jpeg, png, webp, gif, tiff, bmff, jxl, pdf, wav, avi, ogg, flac, mp3, c2pa, odf, zip,
    svg, html, text, structured,
)  # fmt: skip
"""Every format, those with an unmistakable signature first; ID3 and text are looked for last."""


FOREIGN: frozenset[str] = frozenset(
    media_type for form in (html, ogg, text, structured) for media_type in form.MEDIA_TYPES
)
"""Media types that the reference engine doesn't read."""

BY_START: tuple[Format, ...] = (jpeg, png, webp, gif)
"""The first of them, for which the first bytes of a file suffice."""


def identify(head: bytes, among: tuple[Format, ...] = FORMATS) -> tuple[Format, str] | None:
    """Return the format and media type of a file that begins with `head`, or None.

    64 KiB of `head` suffice for every format, and 4 KiB for those in `BY_START`.
    """
    for candidate in among:
        media_type = candidate.sniff(head)
        if media_type:
            return candidate, media_type
    return None


def recognise(reader: Reader, suffix: str, limits: Limits) -> tuple[Format, str] | None:
    """Return the format and media type of a file, or None.

    Content decides. Text has nothing in it that says which kind it is: there the name decides, and where it
    doesn't, whether a label is found.

    Raises:
        MalformedError: The file became shorter while it was read.
    """
    found = identify(reader.head, BY_START)
    if found is not None:
        return found
    head = reader.read(0, min(limits.head, reader.size))
    found = identify(head)
    if found is not None and found[0] is not structured:
        return found
    if not reader.size or not is_text(head):
        return None
    return _text(reader, head, suffix, limits)


def _text(reader: Reader, head: bytes, suffix: str, limits: Limits) -> tuple[Format, str] | None:
    """Return which kind of text a file is, by its name or by a label in it."""
    syntax = syntax_of(suffix)
    promised = by_extension(suffix)
    if syntax is not None:
        return cast("Format", structured.Named(suffix)), syntax.media_type
    if promised in (text, html):
        return promised, promised.MEDIA_TYPES[0]
    if promised is not None or not is_utf8(head) or reader.size > limits.text:
        return None
    found = identify(reader.read(0, reader.size), (text, structured))
    if found is not None and found[0] is structured:
        return cast("Format", structured.Named(suffix)), found[1]
    return found


def by_extension(suffix: str) -> Format | None:
    """Return the format that file names ending in `suffix` (lower case, with the dot) promise, or None."""
    return next((candidate for candidate in FORMATS if suffix in candidate.EXTENSIONS), None)


def embedder(form: Format) -> Embedder | None:
    """Return `form` as one that a manifest store can be written into, or None if it is none."""
    return cast("Embedder", form) if hasattr(form, "splice") or form is structured else None
