"""Files without their manifest: what a format's own recipe put in is taken out, and nothing else changes.

Where a recipe keeps nothing of what was there before, as with TIFF's directories, nothing is taken out.
"""

from typing import Final

from kzlabel.errors import MalformedError
from kzlabel.files import Reader
from kzlabel.formats import bmff, html, jpeg, jxl, ogg, pdf, png, structured, svg, text
from kzlabel.formats import gif as gif_format
from kzlabel.formats import zip as zip_format
from kzlabel.formats._id3 import without_frame
from kzlabel.formats._marks import find_all
from kzlabel.formats._riff import without_chunk
from kzlabel.formats._splice import Edit, check_sound, recut
from kzlabel.formats._splice_zip import without_member
from kzlabel.formats.base import Format, Located
from kzlabel.limits import Limits
from kzlabel.spans import Span

__all__ = ["bare_parts"]

Part = Span | bytes

_CUT: Final = frozenset(form.NAME for form in (jpeg, png, gif_format, jxl, ogg, html, text, structured))
"""Formats in which what a hash leaves out can be cut out."""
_RIFF: Final = frozenset({"wav", "avi", "webp"})
_ID3: Final = frozenset({"mp3", "flac"})
_ELEMENTS: Final = (
    (b"<c2pa:manifest>", b"</c2pa:manifest>"),
    (b"<metadata>", b"</metadata>"),
)
_EOF: Final = b"%%EOF"
_EOFS: Final = 10_000


def bare_parts(form: Format, file: Reader, located: Located, limits: Limits) -> tuple[Part, ...]:
    """Return the parts of `file` without the one manifest that `located` tells of.

    Raises:
        MalformedError: It carries none or several, is broken, or its format has no way back.
        LimitError: A limit was reached.
    """
    check_sound(located)
    if located.fault is not None or len(located.carriers) != 1:
        raise MalformedError(located.fault_reason or f"there are {len(located.carriers)} manifests in it, not one")
    (carrier,) = located.carriers
    match form.NAME:
        case name if name in _CUT:
            parts = recut(file.size, [Edit(span.start, span.end) for span in carrier.excluded])
        case name if name in _RIFF:
            parts = without_chunk(file, located, limits)
        case name if name in _ID3:
            parts = without_frame(file, located, limits)
        case bmff.NAME:
            parts = bmff.without(file, located, limits)
        case zip_format.NAME:
            parts = without_member(file, limits)
        case svg.NAME:
            parts = _without_element(file, carrier.store[0])
        case pdf.NAME:
            parts = _without_update(file, carrier.store[0], limits)
        case name:
            raise MalformedError(f"nothing here takes a manifest out of {name}")
    return tuple(part for part in parts if isinstance(part, Span | bytes))


def _without_element(file: Reader, store: Span) -> tuple[Part, ...]:
    start, end = store.start, store.end
    for number, (opening, closing) in enumerate(_ELEMENTS):
        before = file.read(max(0, start - len(opening)), min(len(opening), start))
        after = file.read(end, min(len(closing), file.size - end))
        if (before, after) == (opening, closing):
            start, end = start - len(opening), end + len(closing)
        elif not number:
            raise MalformedError("the manifest's element is written in a way that isn't known")
    return Span(0, start), Span(end, file.size - end)


def _without_update(file: Reader, store: Span, limits: Limits) -> tuple[Part, ...]:
    """Return the document as it was before the update that brought the store."""
    del limits
    ends = [at + len(_EOF) for at in find_all(file, _EOF, _EOFS) if at < store.start]
    if not ends:
        raise MalformedError("the manifest isn't in an update of the document")
    end = ends[-1]
    tail = file.read(end, min(2, store.start - end))
    newline = next((len(mark) for mark in (b"\r\n", b"\n", b"\r") if tail.startswith(mark)), 0)
    return (Span(0, end + newline),)
