"""The language in which commands speak to people; what programs read is never translated.

It is chosen once: `--lang` anywhere on the command line, else KZLABEL_LANG, else the locale.
"""

import os
from collections.abc import Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from kzlabel.errors import KzlabelError
    from kzlabel.languages import Language

__all__ = [
    "CODES",
    "VARIABLE",
    "choose",
    "language",
    "marked",
    "say",
    "say_error",
    "say_finished",
    "say_help",
    "take",
]

CODES: Final = ("en", "ru", "kk")
"""The languages, as `--lang` names them."""

VARIABLE: Final = "KZLABEL_LANG"
"""Environment variable that chooses one where `--lang` isn't given."""

_ENGLISH = "en"
_chosen: ContextVar[str] = ContextVar("_chosen", default=_ENGLISH)


def choose(arguments: Sequence[str]) -> None:
    """Take the language from a command line and the environment, before anything is parsed."""
    from kzlabel.languages.choice import language_of  # noqa: PLC0415 - not for `import kzlabel.cli`

    _chosen.set(language_of(os.environ, _asked(arguments) or os.environ.get(VARIABLE, "")).value)


def take(code: str) -> None:
    """Take one of `CODES` as the language."""
    _chosen.set(code)


def _asked(arguments: Sequence[str]) -> str:
    """Return what the last `--lang` says; the parser, which comes later, says whether it may."""
    asked = ""
    for at, argument in enumerate(arguments):
        if argument == "--":
            break
        if argument.startswith("--lang="):
            asked = argument.partition("=")[2]
        elif argument == "--lang" and at + 1 < len(arguments):
            asked = arguments[at + 1]
    return asked if asked in CODES else ""


def language() -> "Language":
    """Return the language that was chosen."""
    from kzlabel.languages.choice import Language  # noqa: PLC0415 - as above

    return Language(_chosen.get())


def say(text: str, **values: object) -> str:
    """Return a sentence in the chosen language, with `values` as they are in its places `{name}`."""
    if _chosen.get() != _ENGLISH:
        from kzlabel.languages import translate  # noqa: PLC0415 - English reads no catalog

        text = translate(text, language())
    return text.format_map(values) if values else text


def marked(text: str) -> str:
    """Return `text`, and tell whoever looks for texts to translate that it is said later."""
    return text


def say_finished(text: str) -> str:
    """Return a finished English sentence, such as a finding's, in the chosen language as far as it is known."""
    if _chosen.get() == _ENGLISH:
        return text
    from kzlabel.languages import reworded  # noqa: PLC0415 - as above

    return reworded(text, language())


def say_error(error: "KzlabelError") -> str:
    """Return what is wrong and what to do about it."""
    said = say_finished(error.message)
    return f"{said}; {say_finished(error.remedy)}" if error.remedy else said


def say_help(text: str) -> str:
    """Return a sentence of `--help` or of wrong usage in the chosen language."""
    if _chosen.get() == _ENGLISH:
        return text
    from kzlabel.languages import reworded  # noqa: PLC0415 - as above

    return reworded(text, language(), "help")
