"""Writing markers: a copy of a file that declares what it is, with everything else in it as it was."""

from collections.abc import Mapping
from typing import BinaryIO, Final

from kzlabel.errors import MalformedError
from kzlabel.files import Reader
from kzlabel.formats import FORMATS, Derived, Format
from kzlabel.formats._splice import recut
from kzlabel.limits import DEFAULT_LIMITS, Limits
from kzlabel.markers.model import Declaration, NoPlaceError
from kzlabel.markers.places import changes_of, place_of

__all__ = ["FIELDS", "writable", "write"]

FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "bmff": ("XMP", "MP4 ---- (M4A)", "MP4 AIGC"),
    "pdf": ("XMP", "PDF document information"),
    "wav": ("XMP", "RIFF ICMT", "RIFF AIGC"),
    "avi": ("XMP", "RIFF ICMT", "RIFF AIGC"),
    "mp3": ("ID3 TXXX",),
    "flac": ("Vorbis comments",),
    "ogg": ("Vorbis comments",),
    "html": ("HTML meta",),
    "zip": ("OOXML custom properties",),
    "structured": ("Markdown front matter",),
}
"""What is written by format; where nothing stands here, XMP."""


def write(
    file: Reader,
    form: Format,
    declaration: Declaration,
    destination: BinaryIO,
    *,
    limits: Limits = DEFAULT_LIMITS,
) -> tuple[str, ...]:
    """Write a copy of `file` to `destination` that carries the declaration; return the fields that were written.

    What the file says already stays: a field that is there isn't changed, except that an AIGC label gets those of
    its parts that are empty. A file that says everything is copied as it is, and nothing is returned.

    Raises:
        NoPlaceError: Files of this format have no place for markers, or this one has no room.
        MalformedError: The file is broken, or of a form into which nothing is written.
        OSError: `file` can't be read, or `destination` can't be written.
    """
    place = place_of(form)
    into = changes_of(place) if place is not None else None
    if into is None:
        having = ", ".join(one.NAME for one in FORMATS if writable(one))
        raise NoPlaceError(
            f"{form.NAME} files have no place for markers", f"formats that have one: {having}, markdown"
        )
    change = into.write(file, declaration, limits)
    parts = recut(file.size, change.edits)
    for part in parts:
        if isinstance(part, Derived):
            raise MalformedError("markers don't follow from a manifest store")
        for piece in (part,) if isinstance(part, bytes) else file.chunks([part]):
            destination.write(piece)
    return change.names


def writable(form: Format) -> tuple[str, ...]:
    """Return the kinds of fields that can be written into files of this format; none where there is no place."""
    place = place_of(form)
    if place is None or changes_of(place) is None:
        return ()
    return FIELDS.get(form.NAME, ("XMP",))
