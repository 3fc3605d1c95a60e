"""Where a page of a PDF has room for a note: where no words are.

Pictures and lines aren't looked at, and how wide words are is guessed: this is a courtesy to what is on the page,
such as its number, and where there is no room, the note covers something.
"""

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from pypdf import PdfReader

__all__ = ["Look", "Rectangle", "free_corner", "look"]

Rectangle = tuple[float, float, float, float]
"""Left, lower, right and upper edge."""

_WIDTH: Final = 0.55
"""How wide a letter is, as a part of its height."""
_MOST: Final = 20_000
_DEEPEST: Final = 100
_LARGEST: Final = 4 << 20
"""Bytes of a page's operators, beyond which nobody looks for room."""


class Look(NamedTuple):
    """What is on a page."""

    words: list[Rectangle]
    """About where words are, in its own coordinates."""

    depth: int
    """How many saved graphics states its operators leave behind, which are to be restored before the note."""


def look(document: "PdfReader", number: int) -> Look:
    """Return what is on a page; nothing where that can't be seen."""
    found: list[Rectangle] = []
    depth = 0

    def see(text: str, turned: Sequence[float], placed: Sequence[float], _font: Any, size: float) -> None:
        if not text.strip() or len(found) >= _MOST:
            return
        a, b, c, d, e, f = turned
        x = placed[4] * a + placed[5] * c + e
        y = placed[4] * b + placed[5] * d + f
        right = placed[0] * a + placed[1] * c, placed[0] * b + placed[1] * d
        scale = math.hypot(*right) or 1.0
        height = abs(size) * scale or 10.0
        width = _WIDTH * height * len(text.strip())
        along = right[0] / scale * width, right[1] / scale * width
        up = -right[1] / scale * height, right[0] / scale * height
        across = [x + part + off for part in (0, along[0]) for off in (-up[0] / 4, up[0])]
        down = [y + part + off for part in (0, along[1]) for off in (-up[1] / 4, up[1])]
        found.append((min(across), min(down), max(across), max(down)))

    try:
        page = document.pages[number]
        contents = page.get_contents()
        if contents is not None and len(contents.get_data()) <= _LARGEST:
            operators = [operator for _, operator in contents.operations]
            depth = operators.count(b"q") - operators.count(b"Q")
            page.extract_text(visitor_text=see)
    except Exception:  # noqa: BLE001 - broken pages make pypdf raise anything, and room is only a courtesy
        found.clear()
    return Look(found, min(max(0, depth), _DEEPEST))


def free_corner(
    page: tuple[float, float],
    note: tuple[float, float],
    margin: float,
    matrix: Sequence[float],
    taken: Sequence[Rectangle],
) -> tuple[float, float]:
    """Return where the lower left corner of a note comes on the page as it is seen: at its foot, or at its head.

    Args:
        page: Width and height of the page as it is seen.
        note: Width and height of the note.
        margin: Distance from the edges of the page.
        matrix: Turns coordinates of the page as it is seen into its own.
        taken: Where words are, in the page's own coordinates.
    """
    places = list(_places(page, note, margin))
    for x, y in places:
        (one, two), (three, four) = _turned(matrix, x, y), _turned(matrix, x + note[0], y + note[1])
        box = (min(one, three), min(two, four), max(one, three), max(two, four))
        if not any(_meet(box, words) for words in taken):
            return x, y
    return places[0]


def _places(page: tuple[float, float], note: tuple[float, float], margin: float) -> Iterator[tuple[float, float]]:
    room_across, room_down = page[0] - note[0], page[1] - note[1]
    side, end = min(margin, room_across / 2), min(margin, room_down / 2)
    for y in (end, room_down - end):
        for x in (room_across / 2, side, room_across - side):
            yield x, y


def _turned(matrix: Sequence[float], x: float, y: float) -> tuple[float, float]:
    a, b, c, d, e, f = matrix
    return a * x + c * y + e, b * x + d * y + f


def _meet(one: Rectangle, other: Rectangle) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
