"""Translations: gettext catalogs as text, one folder a language, one file a subject.

    catalogs/ru/regimes.po    catalogs/kk/regimes.po    catalogs/ru/anything.po

A message is known by its English text, whichever file it is in; a new subject is a new file. The files are read as
they are, so that nothing has to be compiled and what is reviewed is what is used. There is no catalog of English:
its sentences are the messages.
"""

from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType

from kzlabel.languages.catalogs.po import Entry, read_po
from kzlabel.languages.choice import ENGLISH, Language

__all__ = ["Entry", "catalog", "entries", "translate"]


def translate(message: str, language: Language) -> str:
    """Return `message` in `language`; in English where a catalog lacks it, or is unsure of it."""
    return message if language is ENGLISH else catalog(language).get(message, message)


@cache
def catalog(language: Language) -> Mapping[str, str]:
    """Return the translations into `language` by their English text, unsure ones left out.

    Raises:
        ValueError: A file isn't as gettext writes it, or two files translate a message differently.
    """
    found: dict[str, str] = {}
    for entry in entries(language):
        if entry.fuzzy or not entry.translation:
            continue
        if found.setdefault(entry.message, entry.translation) != entry.translation:
            raise ValueError(f"{language.value}: two translations of {entry.message!r}")
    return MappingProxyType(found)


def entries(language: Language) -> tuple[Entry, ...]:
    """Return every entry of every catalog of `language`, the unsure and the empty ones too.

    Raises:
        ValueError: A file isn't as gettext writes it.
    """
    folder = resources.files(__name__).joinpath(language.value)
    if not folder.is_dir():
        return ()
    files = sorted((one for one in folder.iterdir() if one.name.endswith(".po")), key=lambda one: one.name)
    return tuple(entry for file in files for entry in read_po(file.read_text(encoding="utf-8"), file.name))
