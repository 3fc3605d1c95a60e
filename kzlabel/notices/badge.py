"""The badge of a picture: words or an acronym on a ground, laid out for the picture's size and drawn.

Its size follows the picture's shorter side; words that are too long for the width are wrapped, and when the whole
is too large letters become smaller, but never smaller than people can read.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import TYPE_CHECKING, Final

import msgspec

from kzlabel.notices.contrast import BLACK, WHITE, Colour, luminance, opacity
from kzlabel.notices.errors import NoticeError
from kzlabel.notices.truetype import bundled
from kzlabel.notices.wanted import CORNERS, Line, Wanted

if TYPE_CHECKING:
    from PIL import Image, ImageFont

__all__ = ["Below", "Layout", "draw", "fitting", "lay_out", "wrapped"]

_LEAST: Final = 10
"""Pixels that a letter's height (its em) has at least: below, Kazakh letters can't be told apart."""
_WIDEST: Final = 0.96
_HIGHEST: Final = 0.5
"""Parts of the picture that a badge covers at most."""
_LEADING: Final = 1.3
_ICON: Final = 1.6
"""How much larger an acronym is than words: it is all there is to read."""
_SMOOTH: Final = 4
_LARGE: Final = 4_000_000
"""Pixels of a badge whose edge looks smooth as it is."""


class Below(msgspec.Struct, frozen=True):
    """What the picture has where the badge comes."""

    darkest: Colour
    """The least of each colour."""

    brightest: Colour
    """The most of each colour."""

    mean: Colour
    """The colours' means."""

    opaque: bool = True
    """Whether nothing shines through there."""


class Layout(msgspec.Struct, frozen=True):
    """Where the badge is and what stands in it; pixels of the picture as people see it, turned upright."""

    left: int
    top: int
    width: int
    height: int
    size: int
    """Height of the letters (their em)."""

    rows: tuple[str, ...]
    """The words, wrapped."""

    icon: bool
    """Whether it is an acronym in a frame."""

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Its left, upper, right and lower edge."""
        return self.left, self.top, self.left + self.width, self.top + self.height


def lay_out(width: int, height: int, wanted: Wanted, least: int = _LEAST) -> Layout:
    """Return the layout of the badge for a picture of `width` by `height` pixels.

    Raises:
        NoticeError: The picture is too small for letters that can be read, or the font has no such letters.
    """
    place = wanted.place or "bottom-left"
    if place not in CORNERS:
        raise NoticeError(f"a notice in a picture can't be at {place!r}", f"use one of {', '.join(CORNERS)}")
    icon = wanted.form == "icon"
    lines = wanted.acronyms() if icon else wanted.lines()
    for line in lines:
        bundled().check(line.text)
    start = max(least, round(min(width, height) * wanted.scale * (_ICON if icon else 1)))
    for size in range(start, least - 1, -1):
        margin = max(2, size // 2)
        found = _fitted(lines, size, int(width * _WIDEST) - margin, int(height * _HIGHEST), icon=icon)
        if found is not None:
            rows, across, down = found
            left, top = _corner(place, width - across, height - down, margin)
            return Layout(left, top, across, down, size, rows, icon)
    raise NoticeError(
        f"a picture of {width} by {height} pixels is too small for a legible notice",
        "put the notice beside it" if icon else "use the form icon, a shorter text, or put the notice beside it",
    )


def fitting(width: int, height: int, wanted: Wanted) -> Wanted | None:
    """Return `wanted`, or the acronym where its words are too long for such a picture; None where that is too."""
    for tried in (wanted, msgspec.structs.replace(wanted, form="icon", text="")):
        try:
            lay_out(width, height, tried)
        except NoticeError:
            continue
        return tried
    return None


def _fitted(
    lines: Sequence[Line], size: int, most: int, highest: int, *, icon: bool
) -> tuple[tuple[str, ...], int, int] | None:
    """Return the rows, the width and the height of the badge at a type size; None when it is too large."""
    inner = round(size * (0.45 if icon else 0.5))
    if icon:
        rows: tuple[str, ...] = (" · ".join(line.text for line in lines),)
    else:
        rows = tuple(row for line in lines for row in wrapped(line.text, size, most - 2 * inner))
    font = _font(size)  # its letters are fitted to pixels, which makes them a little wider or narrower
    across = round(max(font.getlength(row) for row in rows)) + 2 * inner
    down = round(size * (_LEADING * len(rows) if not icon else 1.15)) + inner
    if across > most or down > highest:
        return None
    return rows, max(across, down), down


def wrapped(text: str, size: float, most: float) -> Iterator[str]:
    """Yield `text` in rows that fit into `most` pixels, about equally long; a word that doesn't stays too long."""
    font = bundled()
    words = text.split()
    needed = len(list(_filled(words, size, most)))
    whole = font.width(text) * size
    narrow = most
    for part in range(20):
        tried = min(most, round(whole / needed * (1 + part / 20)) + 1)
        if len(list(_filled(words, size, tried))) == needed:
            narrow = tried
            break
    yield from _filled(words, size, narrow)


def _filled(words: Sequence[str], size: float, most: float) -> Iterator[str]:
    font, row = bundled(), ""
    for word in words:
        longer = f"{row} {word}" if row else word
        if row and font.width(longer) * size > most:
            yield row
            row = word
        else:
            row = longer
    yield row


def _corner(place: str, across: int, down: int, margin: int) -> tuple[int, int]:
    """Return the upper left corner, when `across` by `down` pixels are free around the badge."""
    margin_across, margin_down = min(margin, across // 2), min(margin, down // 2)
    left = margin_across if "left" in place else across - margin_across if "right" in place else across // 2
    top = margin_down if "top" in place else down - margin_down if "bottom" in place else down // 2
    return left, top


def draw(layout: Layout, below: Below, wanted: Wanted, *, solid: bool = False) -> "Image.Image":
    """Return the badge as an RGBA picture, to be laid over the others in its box.

    The ground is white over what is dark and black over what is bright, so that the badge is seen as such; it is as
    opaque as it must be for the letters to be read over the worst pixel below.
    """
    from PIL import Image, ImageDraw  # noqa: PLC0415 - an extra, and slow to import

    dark = luminance(below.mean) < 0.18
    ground, letters = (WHITE, BLACK) if dark else (BLACK, WHITE)
    worst = below.darkest if dark else below.brightest
    alpha = 255 if solid or not below.opaque else opacity(letters, ground, worst, wanted.alpha)
    badge = Image.new("RGBA", (layout.width, layout.height), (*ground, 0))
    badge.putalpha(_rounded(layout).point([round(value * alpha / 255) for value in range(256)]))
    mask = Image.new("L", badge.size, 0)
    pen = ImageDraw.Draw(mask)
    font = _font(layout.size)
    step = layout.height / len(layout.rows)
    for number, row in enumerate(layout.rows):
        middle = (number - (len(layout.rows) - 1) / 2) * (step - layout.size * 0.25 / len(layout.rows))
        across = layout.width / 2 if layout.icon else layout.size / 2
        anchor = "mm" if layout.icon else "lm"
        pen.text((across, layout.height / 2 + middle), row, fill=255, font=font, anchor=anchor)
    badge.paste((*letters, 255), (0, 0), mask)
    if layout.icon:
        badge.paste((*letters, 255), (0, 0), _frame(layout))
    return badge


def _rounded(layout: Layout, inset: int = 0) -> "Image.Image":
    """Return the shape of the badge as a mask, drawn large and made smaller so that its edge is smooth."""
    from PIL import Image, ImageDraw  # noqa: PLC0415 - as above

    smooth = _SMOOTH if layout.width * layout.height < _LARGE else 1
    large = Image.new("L", (layout.width * smooth, layout.height * smooth), 0)
    edge = inset * smooth
    radius = round(layout.height * (0.28 if layout.icon else min(0.2, layout.size / 3 / layout.height))) * smooth
    corners = (edge, edge, large.width - 1 - edge, large.height - 1 - edge)
    ImageDraw.Draw(large).rounded_rectangle(corners, max(1, radius - edge), fill=255)
    return large.resize((layout.width, layout.height), Image.Resampling.BOX)


def _frame(layout: Layout) -> "Image.Image":
    from PIL import ImageChops  # noqa: PLC0415 - as above

    line = max(1, layout.size // 12)
    return ImageChops.subtract(_rounded(layout, line), _rounded(layout, 2 * line))


@cache
def _font_data() -> bytes:
    return files("kzlabel.notices").joinpath("data", "NotoSans-Bold-subset.ttf").read_bytes()


def _font(size: int) -> "ImageFont.FreeTypeFont":
    from PIL import ImageFont  # noqa: PLC0415 - as above

    return ImageFont.truetype(BytesIO(_font_data()), size, layout_engine=ImageFont.Layout.BASIC)
