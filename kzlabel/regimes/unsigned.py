"""The unsigned statements in a file, for requirements that ask for no more than a mark."""

from os import PathLike

from kzlabel.errors import KzlabelError
from kzlabel.labels import Marker
from kzlabel.sources import Source
from kzlabel.verifying.verdict import Verdict

__all__ = ["markers_of"]


def markers_of(source: Source, verdict: Verdict) -> tuple[Marker, ...]:
    """Return the unsigned statements in a source of which `verdict` is known; a stream isn't read again."""
    if verdict.markers or not verdict.media_type or not isinstance(source, str | PathLike | bytes):
        return verdict.markers
    from kzlabel.markers import read_source  # noqa: PLC0415 - most requirements ask for the label alone

    try:
        return read_source(source)
    except KzlabelError:  # a directory, or gone since
        return ()
