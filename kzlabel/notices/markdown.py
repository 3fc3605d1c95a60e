"""Markdown: a quotation of its own at the beginning, after the front matter, or at the end."""

import re
from typing import BinaryIO, Final

from kzlabel.files import Reader
from kzlabel.notices.lines import read
from kzlabel.notices.wanted import Wanted

__all__ = ["words", "write"]

_FRONT_MATTER: Final = re.compile(
    r"(?:---[ \t]*\r?\n(?:.*\r?\n)*?(?:---|\.\.\.)|\+\+\+[ \t]*\r?\n(?:.*\r?\n)*?\+\+\+)[ \t]*(?:\r?\n|\Z)"
)
"""YAML between lines of hyphens or TOML between lines of pluses, at the very beginning."""
_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]<>#|~&!])")
_FENCE: Final = re.compile(r" {0,3}(`{3,}|~{3,})([^\r\n]*)")


def write(file: Reader, wanted: Wanted, destination: BinaryIO) -> None:
    """Write `file` with the quotation to `destination`.

    Raises:
        LimitError: It is too long.
        MalformedError: It isn't in the encoding that it says.
        NoticeError: It isn't in an encoding that has Kazakh letters.
    """
    text = read(file)
    content, newline = text.content, text.newline
    # two spaces at a line's end keep the lines apart
    said = f"  {newline}".join("> " + _SPECIAL.sub(r"\\\1", part.text) for part in wanted.lines()) + newline
    if wanted.place == "last":
        end = content.rstrip("\r\n")
        tail = content[len(end) :] or newline
        close = _open_fence(content)
        closing = close + newline if close else ""
        destination.write(text.written((end + tail + closing + newline if end else "") + said))
        return
    matter = _FRONT_MATTER.match(content)
    at = matter.end() if matter else 0
    head = content[:at]
    if head and not head.endswith(("\n", "\r")):
        head += newline
    rest = content[at:]
    gap = newline if head else ""
    after = "" if not rest or rest.startswith(("\n", "\r")) else newline
    destination.write(text.written(head + gap + said + after + rest))


def _open_fence(content: str) -> str:
    """Return what closes the block of code that is open at the end; empty when none is."""
    fence = ""
    for line in content.splitlines():
        found = _FENCE.match(line)
        if found is None:
            continue
        if not fence:
            fence = found[1]
        elif found[1].startswith(fence) and not found[2].strip():
            fence = ""
    return fence


def words(file: Reader) -> str:
    """Return the text in `file`, with escapes undone."""
    return re.sub(r"\\([\\`*_{}\[\]<>#|~&!])", r"\1", read(file).content)
