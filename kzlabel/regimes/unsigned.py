"""The unsigned statements in a file, for requirements that ask for no more than a mark."""

from os import PathLike

from kzlabel.errors import KzlabelError
from kzlabel.labels import Marker
from kzlabel.regimes.evidence import NoticeState
from kzlabel.sources import Source, opened
from kzlabel.verifying.verdict import Verdict

__all__ = ["markers_of", "notice_of"]


def notice_of(source: Source, verdict: Verdict) -> NoticeState:
    """Return whether the words of the notice that an intact label tells of are still in the content."""
    label = verdict.label
    if label is None or label.notice is None or not verdict.intact:
        return NoticeState.NOT_CHECKABLE
    if not isinstance(source, str | PathLike | bytes):
        return NoticeState.NOT_CHECKABLE
    from kzlabel import notices  # noqa: PLC0415 - as below

    said = label.notice
    applied = notices.Applied(kind=said.kind, language=said.language, text=said.text, place=said.place)
    try:
        with opened(source) as file:
            return NoticeState(notices.check(file.reader, verdict.media_type, applied))
    except KzlabelError:
        return NoticeState.NOT_CHECKABLE


def markers_of(source: Source, verdict: Verdict) -> tuple[Marker, ...]:
    """Return the unsigned statements in a source of which `verdict` is known; a stream isn't read again."""
    if verdict.markers or not verdict.media_type or not isinstance(source, str | PathLike | bytes):
        return verdict.markers
    from kzlabel.markers import read_source  # noqa: PLC0415 - most requirements ask for the label alone

    try:
        return read_source(source)
    except KzlabelError:  # a directory, or gone since
        return ()
