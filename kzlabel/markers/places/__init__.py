"""Where each format keeps markers: one module a format or family, listed here by the format's name."""

from collections.abc import Mapping
from typing import Final, cast

from kzlabel.formats import Format
from kzlabel.markers.places import jpeg, png
from kzlabel.markers.places.base import Change, Place, Writable, changes_of

__all__ = ["OTHERS", "PLACES", "Change", "Place", "Writable", "changes_of", "place_of"]

PLACES: Final[Mapping[str, Place]] = {
    "jpeg": cast("Place", jpeg),
    "png": cast("Place", png),
}
"""By the format's name; a format that isn't here has no place for markers."""

OTHERS: Final[tuple[tuple[bytes, Place], ...]] = ()
"""By their first bytes, for files of formats that hold no manifest."""


def place_of(form: Format) -> Place | None:
    """Return where files of this format keep markers; None when they don't."""
    return PLACES.get(form.NAME)
