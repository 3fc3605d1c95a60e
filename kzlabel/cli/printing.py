"""What commands share when they print: one-line complaints, JSON, colours."""

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from kzlabel.cli.speech import say_error, say_help

if TYPE_CHECKING:
    from kzlabel.errors import KzlabelError

__all__ = ["STYLES", "complain", "complain_of", "one_line", "print_json", "print_json_line", "show_wrong_usage"]

STYLES: dict[str, dict[str, Any]] = {
    "trusted": {"fg": "green", "bold": True},
    "valid": {"fg": "green"},
    "invalid": {"fg": "red", "bold": True},
    "error": {"fg": "red", "bold": True},
    "declared": {"fg": "yellow"},
    "remote": {"fg": "yellow"},
    "unlabelled": {"dim": True},
    "unsupported": {"dim": True},
}
"""Colour of each status; the word is always printed too."""

_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(0x20), 0x7F, *range(0x80, 0xA0))} | {
    ord("\n"): "\\n",
    ord("\r"): "\\r",
    ord("\t"): "\\t",
}


def one_line(text: str) -> str:
    """Return `text` without control characters: file names may hold newlines and terminal escapes."""
    return text.translate(_CONTROLS)


def complain(text: str) -> None:
    """Print one line on standard error."""
    sys.stderr.write(f"kzlabel: {one_line(text)}\n")
    sys.stderr.flush()


def complain_of(error: "KzlabelError") -> None:
    """Print on standard error what is wrong and what to do, in the language of the person."""
    complain(say_error(error))


def show_wrong_usage(error: click.ClickException) -> None:
    """Print what is wrong with a command line: the usage of the command, and the reason."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()  # its message is the help
        return
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is not None:
        hint = say_help(f"Try '{context.command_path} --help' for help.")
        click.echo(f"{context.get_usage()}\n{hint}\n", err=True)
    click.echo(f"{say_help('Error:')} {say_help(error.format_message())}", err=True)


def print_json(values: Iterable[Any]) -> None:
    """Print `values` as one JSON array, an element at a time."""
    import msgspec  # noqa: PLC0415 - `kzlabel --version` needs none of it

    sys.stdout.write("[")
    for number, value in enumerate(values):
        body = msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
        sys.stdout.write(",\n" if number else "\n")
        sys.stdout.write(body)
    sys.stdout.write("\n]\n")
    sys.stdout.flush()


def print_json_line(value: Any) -> None:
    """Print `value` as one line of JSON, at once."""
    import msgspec  # noqa: PLC0415 - as above

    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")
    sys.stdout.flush()
