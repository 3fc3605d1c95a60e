"""Putting a notice into a file of any kind, and looking whether it is still there."""

import shutil
import tempfile
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Literal, NamedTuple, Protocol, cast

from kzlabel.errors import MalformedError
from kzlabel.files import Reader
from kzlabel.labels.vocabulary import NoticeKind
from kzlabel.notices.errors import NoticeError
from kzlabel.notices.pictures import guarded
from kzlabel.notices.stores import without_store
from kzlabel.notices.wanted import CORNERS, PAGES, SEPARATOR, Applied, Wanted

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["MEDIA_TYPES", "Presence", "apply", "check"]

Presence = Literal["present", "absent", "not checkable"]

_MOST: Final = 2 * 1024 * 1024 * 1024
"""Bytes of a file that a notice is put into: pictures and texts are held in memory."""


_SPOOL: Final = 64 * 1024 * 1024
"""Bytes that wait in memory; more wait in a temporary file until all is well."""


class _Way(NamedTuple):
    """How files of a kind take a notice."""

    module: str
    kind: NoticeKind
    forms: tuple[str, ...]
    """The forms that it may have; the first one unless the caller says otherwise."""

    places: tuple[str, ...]
    place: str
    """Where it comes unless the caller says otherwise."""


_PICTURE = NoticeKind.IMAGE_BADGE, ("text", "icon"), CORNERS, "bottom-left"
_SOUND = NoticeKind.AUDIO_NOTICE, ("speech", "tone"), ("start",), "start"
_LINE = NoticeKind.TEXT_LINE, ("text",), ("first", "last"), "first"
_WAYS: Final = MappingProxyType(
    {
        "image/jpeg": _Way("jpeg", *_PICTURE),
        "image/png": _Way("png", *_PICTURE),
        "image/webp": _Way("webp", *_PICTURE),
        "image/gif": _Way("gif", *_PICTURE),
        "image/tiff": _Way("tiff", *_PICTURE),
        "application/pdf": _Way("pdf", NoticeKind.PDF_NOTE, ("text",), PAGES, "first"),
        "audio/wav": _Way("wav", *_SOUND),
        "audio/flac": _Way("flac", *_SOUND),
        "audio/mpeg": _Way("mp3", *_SOUND),
        "audio/mp4": _Way("m4a", *_SOUND),
        "audio/ogg": _Way("ogg", *_SOUND),
        "text/plain": _Way("plain", *_LINE),
        "text/markdown": _Way("markdown", *_LINE),
        "text/html": _Way("hypertext", *_LINE),
    }
)

MEDIA_TYPES: Final = tuple(_WAYS)
"""Files that can have a notice."""

_CHECKABLE: Final = ("application/pdf", "text/plain", "text/markdown", "text/html")


class _Writer(Protocol):
    def __call__(self, file: Reader, wanted: Wanted, destination: BinaryIO) -> None: ...


def apply(file: Reader, media_type: str, notice: Wanted, destination: BinaryIO) -> Applied:
    """Write `file` with a notice in it to `destination`, and return what the label says of it.

    Pixels, samples and pages stay as they are but where the notice is; see `docs/notices.md` for what each format
    keeps. A manifest store in the file is left out, because it speaks of the file without the notice: whoever signs
    names the original as the parent. A file that can't have the notice leaves `destination` as it was.

    Args:
        file: The file, without the notice.
        media_type: What it is, one of `MEDIA_TYPES`.
        notice: The notice.
        destination: Where the copy is written, from its present position.

    Raises:
        NoticeError: The file is of a kind that can't have a notice, is broken or too small or large, is protected
            against changes, or a program or library that is needed isn't there.
    """
    way = _WAYS.get(media_type)
    if way is None:
        raise NoticeError(f"files of type {media_type} can't have a notice", "put the notice beside it")
    form = notice.form or way.forms[0]
    place = notice.place or way.place
    if form not in way.forms:
        raise NoticeError(f"a notice in {media_type} can't have the form {form}", f"use {' or '.join(way.forms)}")
    if place not in way.places:
        raise NoticeError(f"a notice in {media_type} can't be at {place}", f"use one of {', '.join(way.places)}")
    if file.size > _MOST:
        raise NoticeError(f"a file of {file.size} bytes is too large for a notice", f"up to {_MOST} can have one")
    wanted = Wanted(
        languages=notice.languages,
        text=notice.text,
        level=notice.level,
        form=form,
        place=place,
        scale=notice.scale,
        alpha=notice.alpha,
        recording=notice.recording,
    )
    with tempfile.SpooledTemporaryFile(_SPOOL) as written:
        with guarded("the file"):
            write: _Writer = _load(way.module, "write")
            try:
                write(without_store(file, media_type), wanted, cast("BinaryIO", written))
            except MalformedError as error:
                raise NoticeError(error.message, "check that the file is whole") from None
        written.seek(0)
        shutil.copyfileobj(written, destination)
    return Applied.of(way.kind, wanted.acronyms() if form == "icon" else wanted.lines(), place)


def check(file: Reader, media_type: str, notice: Applied) -> Presence:
    """Tell whether the words of `notice` can still be read in `file`.

    Pixels and samples aren't looked at. Words that are there may still be hidden by what lies over them or by a
    style.
    """
    if media_type not in _CHECKABLE or not notice.text.strip():
        return "not checkable"
    try:
        with guarded("the file"):
            read: Callable[[Reader], str | None] = _load(_WAYS[media_type].module, "words")
            found = read(file)
    except (NoticeError, MalformedError):
        return "not checkable"
    if found is None:
        return "not checkable"
    squeezed = "".join(found.split())
    wanted = ("".join(words.split()) for words in notice.text.split(SEPARATOR))
    return "present" if all(words in squeezed for words in wanted) else "absent"


def _load(module: str, name: str) -> Any:
    """Return a function of one of the modules, which are imported when they are needed."""
    return getattr(import_module(f"kzlabel.notices.{module}"), name)
