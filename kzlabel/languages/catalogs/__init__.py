"""Translations: gettext catalogs as text, one folder a language, one file a subject.

    catalogs/ru/regimes.po    catalogs/kk/regimes.po    catalogs/ru/anything.po

A message is known by its English text, whichever file it is in; a new subject is a new file. Two subjects stand
apart and are read only when they are needed: `errors`, whose entries are patterns of sentences that exceptions and
findings hold in English, and `help`, what `--help` and wrong usage say. The files are read as they are, so that
nothing has to be compiled and what is reviewed is what is used. There is no catalog of English: its sentences are
the messages.
"""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

from kzlabel.languages.catalogs.po import Entry, read_po
from kzlabel.languages.choice import ENGLISH, Language

__all__ = ["APART", "Entry", "catalog", "entries", "translate"]

APART: Final = ("errors", "help")
"""Subjects that aren't read together with the others."""


def translate(message: str, language: Language, subject: str = "") -> str:
    """Return `message` in `language`; in English where a catalog lacks it, or is unsure of it."""
    return message if language is ENGLISH else catalog(language, subject).get(message, message)


@cache
def catalog(language: Language, subject: str = "") -> Mapping[str, str]:
    """Return the translations into `language` by their English text, unsure ones left out.

    Args:
        language: The language.
        subject: One of `APART`; all other subjects together when empty.

    Raises:
        ValueError: A file isn't as gettext writes it, or two files translate a message differently.
    """
    found: dict[str, str] = {}
    for entry in entries(language, subject):
        if entry.fuzzy or not entry.translation:
            continue
        if found.setdefault(entry.message, entry.translation) != entry.translation:
            raise ValueError(f"{language.value}: two translations of {entry.message!r}")
    return MappingProxyType(found)


def entries(language: Language, subject: str | None = None) -> tuple[Entry, ...]:
    """Return every entry of every catalog of `language`, the unsure and the empty ones too.

    Args:
        language: The language.
        subject: One of `APART`, or the empty text for all other subjects; everything when None.

    Raises:
        ValueError: A file isn't as gettext writes it.
    """
    from importlib import resources  # noqa: PLC0415 - English needs none of it

    folder = resources.files(__name__).joinpath(language.value)
    if not folder.is_dir():
        return ()
    files = sorted((one for one in folder.iterdir() if one.name.endswith(".po")), key=lambda one: one.name)
    return tuple(
        entry
        for file in files
        if subject is None or _apart(file.name) == subject
        for entry in read_po(file.read_text(encoding="utf-8"), file.name)
    )


def _apart(name: str) -> str:
    stem = name.removesuffix(".po")
    return stem if stem in APART else ""
