"""A notice for people that goes into a file before its label does, and what the label says of it."""

import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import msgspec

from kzlabel.errors import SigningError
from kzlabel.files import BytesReader, FileReader
from kzlabel.labels import Label, Notice, NoticeKind
from kzlabel.notices import Applied, NoticeError, Wanted, apply
from kzlabel.sources import Opened

__all__ = ["noticed", "of_label", "with_stand_in"]

_SMALL: Final = 16 * 1024 * 1024


@contextmanager
def noticed(file: Opened, media_type: str, label: Label, wanted: Wanted) -> Iterator[tuple[Opened, Label]]:
    """Offer a copy of `file` with a notice in it, and `label` with what is to be said of that.

    The copy has no manifest: whoever keeps the file's own as the parent takes it from the file.

    Raises:
        SigningError: The file can't have the notice.
    """
    asked = msgspec.structs.replace(wanted, level=label.level.value)
    try:
        if file.reader.size <= _SMALL:
            copy = io.BytesIO()
            applied = apply(file.reader, media_type, asked, copy)
            yield msgspec.structs.replace(file, reader=BytesReader(copy.getvalue())), of_label(label, applied)
            return
        with tempfile.TemporaryFile(prefix="kzlabel-") as large:
            applied = apply(file.reader, media_type, asked, large)
            large.flush()
            reader = FileReader(large.fileno(), large.seek(0, io.SEEK_END))
            yield msgspec.structs.replace(file, reader=reader), of_label(label, applied)
    except NoticeError as error:
        raise SigningError(f"{file.uri} can't have the notice: {error.message}", error.remedy) from None


def of_label(label: Label, applied: Applied) -> Label:
    """Return `label` with what it says of a notice that was put into the file."""
    said = Notice(kind=applied.kind, language=applied.language, text=applied.text, place=applied.place)
    return label.replace(notice=said)


def with_stand_in(label: Label, wanted: Wanted | None) -> Label:
    """Return `label` as if the notice was in it already, to see what it will say.

    Of which kind the notice will be follows from the file.
    """
    if wanted is None:
        return label
    return of_label(label, Applied.of(NoticeKind.IMAGE_BADGE, wanted.lines(), ""))
