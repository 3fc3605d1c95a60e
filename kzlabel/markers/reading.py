"""Reading markers: the places of a file's format, the fields in them, what the rules make of these."""

from collections.abc import Iterator

from kzlabel.errors import MalformedError
from kzlabel.files import Reader
from kzlabel.formats import Format, Located, recognise
from kzlabel.limits import DEFAULT_LIMITS, Limits
from kzlabel.markers.model import Field, Marker
from kzlabel.markers.places import QUICK, place_of
from kzlabel.markers.places.base import Place
from kzlabel.markers.rules import judge
from kzlabel.sources import Source, opened

__all__ = ["fields", "read", "read_source"]

_MOST = 5000
"""Fields of one file."""


def read(
    file: Reader, form: Format | None, *, located: Located | None = None, limits: Limits = DEFAULT_LIMITS
) -> tuple[Marker, ...]:
    """Return every unsigned statement in `file` about how its content was made.

    Whatever the bytes are, the answer is what could be read of them; nothing is judged but what fields say.

    Args:
        file: The file.
        form: Its format; None where that isn't known.
        located: What `form.locate` found in it, which saves another walk.
        limits: How much work the file may cause.

    Raises:
        OSError: It can't be read.
    """
    if form is not None and located is not None and (quick := QUICK.get(form.NAME)) is not None:
        try:
            if quick.silent(file, located):
                return ()
        except MalformedError:
            return ()
    found = list(fields(file, form, located=located, limits=limits))
    return judge(found) if found else ()


def read_source(source: Source, limits: Limits = DEFAULT_LIMITS) -> tuple[Marker, ...]:
    """Return the unsigned statements in a path, bytes or a stream; none in what is no regular file, or no file.

    Raises:
        InputError: It can't be opened.
    """
    with opened(source) as file:
        recognised = recognise(file.reader, file.suffix, limits)
        return read(file.reader, recognised[0] if recognised else None, limits=limits)


def fields(
    file: Reader, form: Format | None, *, located: Located | None = None, limits: Limits = DEFAULT_LIMITS
) -> Iterator[Field]:
    """Yield the fields that rules may be about, unjudged; see `read`."""
    place = _place(file, form, limits)
    if place is None:
        return
    left = _MOST
    try:
        for field in place.read(file, located, limits):
            yield field
            left -= 1
            if left <= 0:
                return
    except MalformedError:  # what came before the break was yielded
        return


def _place(file: Reader, form: Format | None, limits: Limits) -> Place | None:
    if form is not None:
        return place_of(form)
    try:
        recognised = recognise(file, "", limits)
    except MalformedError:
        return None
    return place_of(recognised[0]) if recognised else None
