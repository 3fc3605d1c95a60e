"""What notice is asked for, and what was put into a file."""

import unicodedata
from typing import Final

import msgspec

from kzlabel.labels.vocabulary import Level, NoticeKind
from kzlabel.notices.errors import NoticeError
from kzlabel.notices.wording import BOTH, acronym, wording

__all__ = ["CORNERS", "FORMS", "PAGES", "Applied", "Line", "Wanted"]

FORMS: Final = ("text", "icon", "speech", "tone")
"""Words; the acronym in a frame (pictures); words spoken; a signal (the last two: sounds)."""

CORNERS: Final = (
    "top-left", "top", "top-right", "left", "center", "right", "bottom-left", "bottom", "bottom-right"
)  # fmt: skip
"""Places in a picture."""

PAGES: Final = ("first", "last", "every")
"""Places in a document: on which page; of a text, whether the first line or the last."""

_LONGEST: Final = 500
"""Characters of a caller's own text: a notice is read at a glance."""
_SMALLEST: Final = 0.02
_LARGEST: Final = 0.2
SEPARATOR: Final = " / "
"""What stands between the languages where a notice is written in one line."""


class Line(msgspec.Struct, frozen=True):
    """The words of a notice in one language."""

    language: str
    """BCP 47."""

    text: str
    """In normal form C, one line."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """The notice that is asked for; what is left out is chosen by the kind of file."""

    languages: tuple[str, ...] = BOTH
    """Languages, in the order in which they are read."""

    text: str = ""
    """The caller's own words, in the first of the languages; by default the words for `level`."""

    level: str = Level.GENERATED.value
    """`ai-generated` or `ai-assisted`."""

    form: str = ""
    """One of `FORMS`; by default words, which a recording speaks."""

    place: str = ""
    """One of `CORNERS` in a picture (bottom-left by default), of `PAGES` elsewhere (first by default); a sound has
    its notice at the start."""

    scale: float = 0.05
    """Height of the letters as a part of the picture's shorter side, 0.02 to 0.2; smaller where words don't fit.

    By secondary sources GB 45438-2025 asks for 0.05. Letters on a page have a third of that: it is read near by.
    """

    alpha: float = 0.8
    """How opaque the ground of the letters is in a picture, 0 to 1; more where contrast asks for it."""

    recording: str = ""
    """Path of the caller's own recording of the notice, WAV or FLAC."""

    def __post_init__(self) -> None:
        """Check every field.

        Raises:
            NoticeError: One of them can't be.
        """
        wording(str(self.level), "en")
        if not self.languages or len(set(self.languages)) != len(self.languages):
            raise NoticeError("a notice needs at least one language, and each once", "give kk, ru or en")
        for language in () if self.text else self.languages:
            wording(str(self.level), language)
        if self.form and self.form not in FORMS:
            raise NoticeError(f"a notice can't have the form {self.form!r}", f"use one of {', '.join(FORMS)}")
        if self.place and self.place not in (*CORNERS, *PAGES, "start"):
            raise NoticeError(f"a notice can't be at {self.place!r}", f"use one of {', '.join((*CORNERS, *PAGES))}")
        if not _SMALLEST <= self.scale <= _LARGEST:
            raise NoticeError(f"a scale of {self.scale} can't be", f"use {_SMALLEST} to {_LARGEST}")
        if not 0 <= self.alpha <= 1:
            raise NoticeError(f"an alpha of {self.alpha} can't be", "use 0 to 1")
        _check_text(self.text)

    def lines(self) -> tuple[Line, ...]:
        """Return the words, a line for each language."""
        if self.text:
            return (Line(self.languages[0], unicodedata.normalize("NFC", self.text).strip()),)
        return tuple(Line(language, wording(str(self.level), language)) for language in self.languages)

    def acronyms(self) -> tuple[Line, ...]:
        """Return the acronym in each language; of the caller's own text, that text."""
        if self.text:
            return self.lines()
        return tuple(Line(language, acronym(language)) for language in self.languages)


def _check_text(text: str) -> None:
    if not text:
        return
    if len(text) > _LONGEST:
        raise NoticeError(f"the text of the notice has {len(text)} characters", f"shorten it to {_LONGEST}")
    if not text.strip() or not text.isprintable():
        raise NoticeError(
            "the text of the notice is blank, or has line breaks or other control characters", "give one line"
        )


class Applied(msgspec.Struct, frozen=True, kw_only=True):
    """The notice that was put into a file: what `kzlabel.labels.Notice` says of it, and where it is."""

    kind: NoticeKind
    """Its form."""

    language: str
    """Its language, BCP 47; `mul` for several."""

    text: str
    """Its words, languages apart by ` / `; of a tone, what it stands for."""

    place: str
    """Where it is: a corner, `first`, `last`, `every`, or `start`."""

    languages: tuple[str, ...] = ()
    """Each of its languages."""

    @staticmethod
    def of(kind: NoticeKind, lines: tuple[Line, ...], place: str) -> "Applied":
        """Return what to say of a notice with these words."""
        languages = tuple(line.language for line in lines)
        return Applied(
            kind=kind,
            language=languages[0] if len(languages) == 1 else "mul",
            text=SEPARATOR.join(line.text for line in lines),
            place=place,
            languages=languages,
        )
