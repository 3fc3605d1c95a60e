"""Drawing a badge in a picture whose pixels are numbers of colours in a table (PNG of colour type 3, GIF).

The badge is opaque there, with its letters smoothed in a few shades. They are put where the table has room: entries
that no pixel uses, or that it doesn't have yet. In a full table the nearest colours are taken, if they are legible.
"""

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kzlabel.notices.contrast import BLACK, ENOUGH, WHITE, Colour, ratio
from kzlabel.notices.errors import NoticeError

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["Numbers", "Painted", "free_entries", "paint"]

Numbers = NDArray[np.uint8]
"""A colour's number for each pixel, by rows."""

_SHADES: Final = 8
_HALF: Final = 128


class Painted(NamedTuple):
    """A badge in numbers."""

    numbers: Numbers
    """For each pixel of the badge, the number of its colour."""

    shape: NDArray[np.bool_]
    """Which pixels belong to it: its corners are round."""

    table: list[Colour]
    """The table of colours, with those of the badge."""

    new: tuple[int, ...]
    """Entries of the table that are new or have another colour now."""


def free_entries(numbers: Numbers, size: int, keep: int | None = None) -> list[int]:
    """Return the entries of a table of `size` that no pixel of `numbers` uses, `keep` left out."""
    used = np.bincount(numbers.ravel(), minlength=256)
    return [entry for entry in range(size) if not used[entry] and entry != keep]


def paint(badge: "Image.Image", table: list[Colour], free: list[int], barred: int | None = None) -> Painted:
    """Return the solid RGBA `badge` in colours of `table`, whose entries `free` may be changed.

    Args:
        badge: Black and white, and greys between them.
        table: The colours so far; it may grow up to the highest entry in `free`.
        free: Entries that nothing else uses.
        barred: An entry that is no colour, since it stands for transparency.

    Raises:
        NoticeError: There is no room, and no two colours of the table can be told apart well.
    """
    count = min(_SHADES, len(free))
    grown = list(table)
    if count >= 2:
        entries = free[:count]
        grown += [BLACK] * (max(entries) + 1 - len(grown))
        for step, entry in enumerate(entries):
            grey = round(255 * step / (count - 1))
            grown[entry] = (grey, grey, grey)
        new = tuple(entries)
    else:
        entries, new = [_nearest(table, BLACK, barred), _nearest(table, WHITE, barred)], ()
        if ratio(table[entries[0]], table[entries[1]]) < ENOUGH:
            raise NoticeError(
                "the picture's colour table is full, and has no two colours for a legible notice",
                "convert the picture to full colour",
            )
    grey_levels = np.asarray(badge.convert("RGB").convert("L"), dtype=np.uint16)
    steps = (grey_levels * (len(entries) - 1) + 127) // 255
    numbers = np.array(entries, dtype=np.uint8)[steps]
    return Painted(numbers, np.asarray(badge.getchannel("A")) >= _HALF, grown, new)


def _nearest(table: list[Colour], wanted: Colour, barred: int | None) -> int:
    candidates = [entry for entry in range(len(table)) if entry != barred]
    if not candidates:
        raise NoticeError("the picture has no colours", "check that the file is whole")
    return min(candidates, key=lambda entry: sum((a - b) ** 2 for a, b in zip(table[entry], wanted, strict=True)))
