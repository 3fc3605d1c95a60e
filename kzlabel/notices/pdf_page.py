"""The pages of a PDF with what they inherit, and the note drawn on one (ISO 32000-2 7.7.3, 8.3 and 9.4)."""

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from kzlabel.errors import LimitError, MalformedError
from kzlabel.formats import _pdf_syntax as syntax
from kzlabel.formats._pdf_document import Ref
from kzlabel.formats._pdf_objects import Changes
from kzlabel.limits import DEFAULT_LIMITS
from kzlabel.notices.badge import wrapped
from kzlabel.notices.errors import NoticeError
from kzlabel.notices.pdf_font import shown
from kzlabel.notices.pdf_room import Rectangle, free_corner
from kzlabel.notices.truetype import bundled
from kzlabel.notices.wanted import Line

__all__ = ["Page", "note", "pages", "stream"]

_INHERITED: Final = (b"Resources", b"MediaBox", b"CropBox", b"Rotate")
_DEPTH: Final = 64
_NUMBER: Final = re.compile(rb"[+-]?(?:\d{1,12}(?:\.\d{0,40})?|\.\d{1,40})")
_LETTER: Final = (0.0, 0.0, 612.0, 792.0)
"""What readers take for a page without a size."""
_OF_A_PICTURE: Final = 1 / 3
_LEAST, _MOST = 7.0, 36.0
"""Points that the letters have at least and at most."""
_HIGHEST: Final = 0.4
_LEADING: Final = 1.3


class Page(NamedTuple):
    """A page, as people see it."""

    ref: Ref
    resources: bytes
    """Its resources or the ones that it inherits: a dictionary or a reference to one."""
    box: Rectangle
    """What of it is seen: left, lower, right and upper edge in its own coordinates."""
    turned: int
    """Degrees by which it is turned clockwise to be seen: 0, 90, 180 or 270."""
    number: int
    """Its place among the pages, from 0."""


def stream(content: bytes) -> bytes:
    """Return an object that is a stream with `content`."""
    return b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content)


def pages(changes: Changes) -> Iterator[Page]:
    """Yield the pages in order.

    Raises:
        LimitError: The page tree is too deep, or has too many nodes.
        MalformedError: It is broken.
    """
    catalogue = changes.dictionary(changes.document.root)
    waiting: list[tuple[bytes, dict[bytes, bytes], int]] = [(catalogue.get(b"Pages", b""), {}, 0)]
    seen: set[Ref] = set()
    number = 0
    while waiting:
        item, inherited, depth = waiting.pop()
        ref = syntax.reference_of(item)
        if ref is None or ref in seen:
            raise MalformedError("the page tree of the document is broken")
        seen.add(ref)
        if depth > _DEPTH or len(seen) > DEFAULT_LIMITS.pdf_objects:
            raise LimitError("the page tree of the document is too large")
        node = changes.dictionary(ref)
        known = inherited | {key: node[key] for key in _INHERITED if node.get(key, b"null") != b"null"}
        kids = changes.child(node, b"Kids").value
        if kids is not None:
            waiting += [(kid, known, depth + 1) for kid in reversed(syntax.array_of(kids))]
        else:
            yield _page(changes, ref, known, number)
            number += 1


def _page(changes: Changes, ref: Ref, known: dict[bytes, bytes], number: int) -> Page:
    media = _rectangle(changes, known.get(b"MediaBox")) or _LETTER
    crop = _rectangle(changes, known.get(b"CropBox")) or media
    box = (max(media[0], crop[0]), max(media[1], crop[1]), min(media[2], crop[2]), min(media[3], crop[3]))
    if box[0] >= box[2] or box[1] >= box[3]:
        box = media
    turned = round(_number(known.get(b"Rotate", b"0")))
    if turned % 90:
        raise MalformedError(f"a page of the document is turned by {turned} degrees")
    return Page(ref, known.get(b"Resources", b"<< >>"), box, turned % 360, number)


def _rectangle(changes: Changes, value: bytes | None) -> Rectangle | None:
    if value is None:
        return None
    items = syntax.array_of(changes.resolved(value)[0])
    if len(items) != 4:
        raise MalformedError("a box of a page of the document isn't four numbers")
    one, two, three, four = (_number(item) for item in items)
    box = (min(one, three), min(two, four), max(one, three), max(two, four))
    return box if box[0] < box[2] and box[1] < box[3] else None


def _number(value: bytes) -> float:
    if not _NUMBER.fullmatch(value):
        raise MalformedError("a number of a page of the document is broken")
    return float(value)


def note(
    page: Page,
    font: bytes,
    lines: Sequence[Line],
    marks: Sequence[int] | None,
    scale: float,
    taken: Sequence[Rectangle],
) -> bytes:
    """Return the operators that draw the note where the page has room for it, at its foot if possible.

    Args:
        page: The page.
        font: Name of the font in its resources.
        lines: The words.
        marks: Numbers of the marked content, one for each line, in a tagged document.
        scale: Height of a picture's letters as a part of its shorter side; a page's have a third of that.
        taken: Where words are on the page, in its own coordinates.

    Raises:
        NoticeError: The page is too small.
    """
    left, lower, right, upper = page.box
    across, down = (right - left, upper - lower) if page.turned in (0, 180) else (upper - lower, right - left)
    size, rows = _fitted(lines, across, down, scale)
    widest = max(bundled().width(row) * size for part in rows for row in part)
    count = sum(map(len, rows))
    width, height = widest + size, size * (_LEADING * count + 0.5)
    matrix = {
        0: (1, 0, 0, 1, left, lower),
        90: (0, 1, -1, 0, right, lower),
        180: (-1, 0, 0, -1, right, upper),
        270: (0, -1, 1, 0, left, upper),
    }[page.turned]
    x, y = free_corner((across, down), (width, height), size * 0.8, matrix, taken)
    out = [
        b"q",
        _numbers(*matrix) + b" cm",
        b"/Artifact BMC",
        b"1 g 0.2 G 0.6 w",
        _numbers(x, y, width, height) + b" re B",
        b"EMC",
        b"0 g 0 Tr 0 Tc 0 Tw 100 Tz 0 Ts",
    ]
    baseline = y + height - size * 1.22
    for number, (line, part) in enumerate(zip(lines, rows, strict=True)):
        language = re.sub(r"[^A-Za-z0-9-]", "", line.language).encode()
        out.append(b"/P << /MCID %d >> BDC" % marks[number] if marks else b"/Span << /Lang (%s) >> BDC" % language)
        for row in part:
            begin = x + (width - bundled().width(row) * size) / 2
            out += [
                b"BT /%s " % font + _numbers(size) + b" Tf",
                _numbers(1, 0, 0, 1, begin, baseline) + b" Tm " + shown(row) + b" Tj ET",
            ]
            baseline -= size * _LEADING
        out.append(b"EMC")
    return b"\n".join([*out, b"Q"])


def _fitted(lines: Sequence[Line], across: float, down: float, scale: float) -> tuple[float, list[list[str]]]:
    """Return the size of the letters and the rows of each line."""
    size = min(_MOST, max(_LEAST, min(across, down) * scale * _OF_A_PICTURE))
    while size >= _LEAST:
        most = across * 0.94 - size
        rows = [list(wrapped(line.text, size, most)) for line in lines] if most > 0 else []
        fits = rows and all(bundled().width(row) * size <= most for part in rows for row in part)
        if fits and size * (_LEADING * sum(map(len, rows)) + 0.5) <= down * _HIGHEST:
            return size, rows
        size -= 0.5
    raise NoticeError(
        f"a page of {across:.0f} by {down:.0f} points is too small for a legible note", "use a shorter text"
    )


def _numbers(*values: float) -> bytes:
    return b" ".join(f"{value:.3f}".rstrip("0").rstrip(".").encode() for value in values)
