"""What a place for markers is to the rest of the package: a module that satisfies `Place`."""

from collections.abc import Iterator
from typing import NamedTuple, Protocol, cast

from kzlabel.files import Reader
from kzlabel.formats import Located
from kzlabel.formats._splice import Edit
from kzlabel.limits import Limits
from kzlabel.markers.model import Declaration, Field

__all__ = ["LARGEST", "Change", "Place", "Quick", "Writable", "changes_of"]

LARGEST = 1 << 20
"""Bytes of one piece of metadata that is looked at."""


class Change(NamedTuple):
    """What has to be done to a file so that it carries a declaration."""

    edits: tuple[Edit, ...] = ()
    """Changes to its bytes; none when it says everything already."""

    names: tuple[str, ...] = ()
    """Fields that are written."""


class Place(Protocol):
    """Where files of one format, or of one family, keep markers."""

    def read(self, file: Reader, located: Located | None, limits: Limits) -> Iterator[Field]:
        """Yield the fields that rules may be about; those before the break where a file is broken.

        Args:
            file: The file.
            located: What the format's own walk found, where that was made.
            limits: How much work the file may cause.

        Raises:
            MalformedError: The file is broken; what was yielded before holds.
        """


class Quick(Place, Protocol):
    """A place that can tell at a glance that a file has nothing that a rule might recognise."""

    def silent(self, file: Reader, located: Located) -> bool:
        """Tell whether `read` needn't be asked; False when in doubt.

        Raises:
            MalformedError: A read failed.
        """


class Writable(Place, Protocol):
    """A place into which a declaration can be written."""

    def write(self, file: Reader, declaration: Declaration, limits: Limits) -> Change:
        """Say what has to be done to `file`.

        Raises:
            MalformedError: It is broken, or of a form into which nothing is written.
            NoPlaceError: It has no place.
        """


def changes_of(place: Place) -> Writable | None:
    """Return `place` as one that can be written into, or None if it is none."""
    return cast("Writable", place) if hasattr(place, "write") else None
