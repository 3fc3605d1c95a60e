"""The language in which a command speaks to people; what programs read is never translated."""

import os
from collections.abc import Callable
from typing import Any, TypeVar

import click

from kzlabel.languages import LANGUAGES, Language, language_of

__all__ = ["chosen_language", "language_option"]

F = TypeVar("F", bound=Callable[..., Any])


def language_option(command: F) -> F:
    """Add `--lang` to `command`, which gets it as `lang`: what was given, else KZLABEL_LANG, else None."""
    return click.option(
        "--lang",
        type=click.Choice([language.value for language in LANGUAGES]),
        default=None,
        envvar="KZLABEL_LANG",
        help="Language of what people read; else that of LC_ALL or LANG.",
    )(command)


def chosen_language(lang: str | None) -> Language:
    """Return the language that was asked for, else that of the environment."""
    return language_of(os.environ, lang or "")
