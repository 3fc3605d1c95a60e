"""Where each format keeps markers: one module a format or family, listed here by the format's name."""

from collections.abc import Mapping
from typing import Final, cast

from kzlabel.formats import Format, structured
from kzlabel.markers.places import (
    bmff,
    gif,
    html,
    id3,
    jpeg,
    jxl,
    markdown,
    office,
    ogg,
    pdf,
    png,
    riff,
    svg,
    tiff,
    vorbis,
)
from kzlabel.markers.places.base import Change, Place, Quick, Writable, changes_of

__all__ = ["PLACES", "QUICK", "Change", "Place", "Writable", "changes_of", "place_of"]

PLACES: Final[Mapping[str, Place]] = {
    "jpeg": cast("Place", jpeg),
    "png": cast("Place", png),
    "webp": cast("Place", riff),
    "gif": cast("Place", gif),
    "tiff": cast("Place", tiff),
    "bmff": cast("Place", bmff),
    "jxl": cast("Place", jxl),
    "pdf": cast("Place", pdf),
    "wav": cast("Place", riff),
    "avi": cast("Place", riff),
    "flac": cast("Place", vorbis),
    "ogg": cast("Place", ogg),
    "mp3": cast("Place", id3),
    "zip": cast("Place", office),
    "svg": cast("Place", svg),
    "html": cast("Place", html),
}
"""By the format's name; a format that isn't here has no place for markers."""

QUICK: Final[Mapping[str, Quick]] = {"jpeg": cast("Quick", jpeg), "png": cast("Quick", png)}
"""Those that can tell at a glance that there is nothing."""


def place_of(form: Format) -> Place | None:
    """Return where files of this format keep markers; None when they don't."""
    if form.NAME == structured.NAME:  # which of these texts it is, `structured.Named` knows by the suffix
        return cast("Place", markdown) if getattr(form, "suffix", "") in markdown.SUFFIXES else None
    return PLACES.get(form.NAME)
