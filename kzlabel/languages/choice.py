"""Which language: what was asked for, else what the environment says, else English."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

__all__ = ["ENGLISH", "LANGUAGES", "Language", "language_of"]


class Language(StrEnum):
    """A language that messages for people are written in (BCP 47)."""

    EN = "en"
    RU = "ru"
    KK = "kk"
    """Kazakh, in Cyrillic letters."""


ENGLISH: Final = Language.EN
"""The language of the sources, of machine output, and of whoever asks for none."""

LANGUAGES: Final = tuple(Language)
"""Every language, English first."""

_VARIABLES: Final = ("LC_ALL", "LC_MESSAGES", "LANG")
"""Where a locale is looked for (POSIX, XBD 8.2): the first that isn't empty decides."""


def language_of(environment: Mapping[str, str], asked: str = "") -> Language:
    """Return the language to speak: `asked` for, else that of the locale, else English.

    Args:
        environment: The variables of the process, such as `os.environ`.
        asked: A language by its code, or a locale such as `kk_KZ.UTF-8`; empty for none.
    """
    locale = asked or next((environment[name] for name in _VARIABLES if environment.get(name)), "")
    code = locale.replace("-", "_").partition("_")[0].partition(".")[0].partition("@")[0].lower()
    return Language(code) if code in set(Language) else ENGLISH
