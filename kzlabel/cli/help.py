"""`--help` in the language of the person, and `--lang` for every command."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

import click

from kzlabel.cli.speech import CODES, VARIABLE, say_help, take

__all__ = ["paragraphs", "spoken"]

_VERBATIM: Final = "\b"
"""What begins a paragraph that click leaves as it is; ours are examples."""

_EXTRA: Final = re.compile(r"  \[(.*)\]$", re.DOTALL)


class _Formatter(click.HelpFormatter):
    """Help in the chosen language: headings, paragraphs and lines of options; examples stay as they are."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, args, prefix or say_help("Usage:") + " ")

    def write_heading(self, heading: str) -> None:
        super().write_heading(say_help(heading))

    def write_text(self, text: str) -> None:
        super().write_text("\n\n".join(map(_said, text.split("\n\n"))))

    def write_dl(self, rows: Iterable[tuple[str, str]], *more: Any, **how: Any) -> None:
        super().write_dl([(term, _option_help(text)) for term, text in rows], *more, **how)


def paragraphs(text: str) -> Iterator[str]:
    """Yield the paragraphs that are translated, each in one line: all but examples."""
    for part in text.split("\n\n"):
        if part.strip() and not part.lstrip(" ").startswith(_VERBATIM):
            yield " ".join(part.split())


def _said(part: str) -> str:
    return "\n".join(map(say_help, paragraphs(part))) or part


def _option_help(text: str) -> str:
    """Say the help of an option, and in brackets what click says of it, such as its default."""
    extra = _EXTRA.search(text)
    if extra is None:
        return say_help(text)
    said = "; ".join(say_help(part) for part in extra[1].split("; "))
    return f"{say_help(text[: extra.start()])}  [{said}]"


class _Context(click.Context):
    formatter_class = _Formatter


def spoken(command: click.Command) -> click.Command:
    """Give `command`, and the commands in it, `--lang` and help in the chosen language."""
    if command.context_class is _Context:
        return command
    command.context_class = _Context
    command.params.append(
        click.Option(
            ["--lang"],
            type=click.Choice(CODES),
            envvar=VARIABLE,
            expose_value=False,
            is_eager=True,
            callback=_heed,
            help="Language of what people read; else that of LC_ALL or LANG.",
        )
    )
    for inner in getattr(command, "commands", {}).values():
        if inner.help and not inner.short_help:
            inner.short_help = next(paragraphs(inner.help)).split(". ")[0].removesuffix(".") + "."
        spoken(inner)
    return command


def _heed(context: click.Context, parameter: click.Parameter, value: str | None) -> None:
    """Take `--lang` where a command is called without `main`, too."""
    source = context.get_parameter_source(parameter.name or "")
    if value is not None and source is click.core.ParameterSource.COMMANDLINE:
        take(value)
