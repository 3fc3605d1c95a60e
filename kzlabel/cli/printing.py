"""What commands share when they print: one-line complaints, JSON, colours."""

import sys
from collections.abc import Iterable
from typing import Any

__all__ = ["STYLES", "complain", "one_line", "print_json", "print_json_line"]

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
