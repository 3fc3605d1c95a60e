"""The words of a notice, in Kazakh, Russian and English.

Consumer information in Kazakhstan is given in Kazakh and in Russian (Law on Protection of Consumer Rights, articles
24 to 26), so that both together are what is shown unless the caller says otherwise. The law on artificial
intelligence prescribes no words (article 21(2)); these are ours, with the law's own terms.
"""

from types import MappingProxyType
from typing import Final

from kzlabel.notices.errors import NoticeError

__all__ = ["BOTH", "LANGUAGES", "LEVELS", "acronym", "wording"]

BOTH: Final = ("kk", "ru")
"""The languages of a notice that nothing else is said about."""

_WORDS: Final = MappingProxyType(
    {
        "ai-generated": {
            "kk": "Жасанды интеллект көмегімен жасалған",
            "ru": "Создано с использованием искусственного интеллекта",
            "en": "Created with artificial intelligence",
        },
        "ai-assisted": {
            "kk": "Жасанды интеллект көмегімен өзгертілген",
            "ru": "Изменено с использованием искусственного интеллекта",
            "en": "Altered with artificial intelligence",
        },
    }
)
_ACRONYMS: Final = MappingProxyType({"kk": "ЖИ", "ru": "ИИ", "en": "AI"})

LEVELS: Final = tuple(_WORDS)
"""What can be said about AI's part; the words of `kzlabel.labels.Level`."""

LANGUAGES: Final = tuple(_ACRONYMS)
"""Languages that there are words in."""


def wording(level: str, language: str) -> str:
    """Return the words for `level` in `language`.

    Raises:
        NoticeError: There are none.
    """
    words = _WORDS.get(level)
    if words is None:
        raise NoticeError(f"a notice can't say {level!r}", f"use one of {', '.join(LEVELS)}")
    if language not in words:
        raise NoticeError(
            f"there are no words for a notice in {language!r}",
            f"use one of {', '.join(LANGUAGES)}, or give the text yourself",
        )
    return words[language]


def acronym(language: str) -> str:
    """Return the acronym for artificial intelligence in `language`; the English one where none is known."""
    return _ACRONYMS.get(language, _ACRONYMS["en"])
