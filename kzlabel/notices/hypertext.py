"""HTML: an element with the role of a note, first or last in the body, each language marked as such.

The document isn't parsed and written again: the element is put between its bytes. In an encoding that may lack
letters it is written in character references, which mean the same in all of them.
"""

import re
from html import escape, unescape
from typing import BinaryIO, Final, NamedTuple

from kzlabel.files import Reader
from kzlabel.notices.lines import Text, read
from kzlabel.notices.tags import Token, tokens
from kzlabel.notices.wanted import Wanted

__all__ = ["words", "write"]

_HEAD: Final = frozenset(
    {"html", "head", "title", "meta", "link", "base", "style", "script", "noscript", "template"}
)
"""What may stand before a body that has no tag of its own (HTML Standard 13.2.6.4.4)."""
_INVISIBLE: Final = frozenset({"script", "style", "template", "title", "noscript"})
"""Elements whose words aren't shown."""
_STYLE: Final = "border:2px solid;padding:.5em 1em;margin:0 0 1em;font-weight:bold"


def write(file: Reader, wanted: Wanted, destination: BinaryIO) -> None:
    """Write `file` with the element to `destination`.

    Raises:
        LimitError: It is too long.
        MalformedError: It isn't in the encoding that it says.
    """
    text = read(file, "latin-1")
    places = _Places.of(text.content)
    at = places.last if wanted.place == "last" else places.first
    paragraphs = "".join(
        f'<p lang="{escape(line.language)}" style="margin:0">{escape(line.text)}</p>' for line in wanted.lines()
    )
    element = f'<aside role="note" data-ai="{wanted.level}" style="{_STYLE}">{paragraphs}</aside>'
    if not _has_all_letters(text):
        element = "".join(letter if letter.isascii() else f"&#{ord(letter)};" for letter in element)
    new = text.newline
    content = text.content
    destination.write(text.written(content[:at] + new + element + new + content[at:]))


def _has_all_letters(text: Text) -> bool:
    """Tell whether the document is surely in an encoding of Unicode: by its byte order mark, or as it says."""
    if text.mark:
        return True
    said = re.search(r"charset\s*=\s*[\"']?\s*([\w-]+)", text.content[:4096], re.IGNORECASE)
    return text.encoding == "utf-8" and said is not None and said[1].lower() in ("utf-8", "utf8")


class _Places(NamedTuple):
    """Where the content of the body begins and ends."""

    first: int
    last: int

    @staticmethod
    def of(content: str) -> "_Places":
        """Return them for a document, which may lack any of the tags."""
        first, last, before, hidden = -1, -1, 0, 0
        for token in tokens(content):
            if first < 0 and token.name in ("noscript", "template") and token.kind != "raw":
                hidden = max(0, hidden + (1 if token.kind == "start" else -1))
                before = token.end
            elif hidden:
                before = token.end
            elif token.kind == "start" and token.name == "body":
                first = token.end if first < 0 else first
            elif token.kind == "end" and token.name in ("body", "html"):
                last = token.start if last < 0 or token.name == "body" else last
            elif first < 0:
                if _begins_body(token, content):
                    first = token.start
                elif token.kind != "text":
                    before = token.end
        first = before if first < 0 else first
        return _Places(first, max(first, len(content) if last < 0 else last))


def _begins_body(token: Token, content: str) -> bool:
    """Tell whether the body begins here without a tag of its own."""
    match token.kind:
        case "start":
            return token.name not in _HEAD
        case "text":
            return not content[token.start : token.end].isspace()
        case _:
            return False


def words(file: Reader) -> str:
    """Return the words that the document shows: no comments, scripts, styles or titles."""
    content = read(file, "latin-1").content
    found: list[str] = []
    hidden = 0
    for token in tokens(content):
        if token.name in _INVISIBLE and token.kind != "raw":
            hidden = max(0, hidden + (1 if token.kind == "start" else -1))
        elif token.kind == "text" and not hidden:
            found.append(unescape(content[token.start : token.end]))
    return "".join(found)
