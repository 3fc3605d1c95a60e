"""Plain text: a line at the beginning or the end; a script's first lines stay first, and there it is a comment."""

import re
from typing import BinaryIO, Final

from kzlabel.files import Reader
from kzlabel.notices.lines import read
from kzlabel.notices.wanted import SEPARATOR, Wanted

__all__ = ["words", "write"]

_SHEBANG: Final = re.compile(r"#![^\n]*(?:\n|\Z)")
_CODING: Final = re.compile(r"#[^\n]*coding[:=][^\n]*(?:\n|\Z)")
"""A line that tells Python and editors the encoding; it counts in the first two lines alone (PEP 263)."""
_SLASHES: Final = re.compile(r"\b(?:node|deno|bun|tsx|ts-node|swift|go|rust-script)\b")


def write(file: Reader, wanted: Wanted, destination: BinaryIO) -> None:
    """Write `file` with the line to `destination`.

    Raises:
        LimitError: It is too long.
        MalformedError: It isn't in the encoding that it says.
        NoticeError: It isn't in an encoding that has Kazakh letters.
    """
    text = read(file)
    content, newline = text.content, text.newline
    line = SEPARATOR.join(part.text for part in wanted.lines())
    first = _SHEBANG.match(content)
    if first is not None:
        line = ("// " if _SLASHES.search(first[0]) else "# ") + line
    if wanted.place == "last":
        between = "" if not content or content.endswith(("\n", "\r")) else newline
        destination.write(text.written(content + between + line + newline))
        return
    at = first.end() if first is not None else 0
    if first is not None and (coding := _CODING.match(content, at)):
        at = coding.end()
    head = content[:at]
    between = newline if head and not head.endswith(("\n", "\r")) else ""
    destination.write(text.written(head + between + line + newline + content[at:]))


def words(file: Reader) -> str:
    """Return the text in `file`."""
    return read(file).content
