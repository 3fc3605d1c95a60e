"""HTML: an element with the role of a note, first or last in the body, each language marked as such.

The document isn't parsed and written again: the element is put between its bytes. In an encoding that may lack
letters it is written in character references, which mean the same in all of them.
"""

import re
from html import escape
from html.parser import HTMLParser
from typing import BinaryIO, Final

from kzlabel.files import Reader
from kzlabel.notices.lines import Text, read
from kzlabel.notices.wanted import Wanted

__all__ = ["words", "write"]

_HEAD: Final = frozenset(
    {"html", "head", "title", "meta", "link", "base", "style", "script", "noscript", "template"}
)
"""What may stand before a body that has no tag of its own (HTML Standard 13.2.6.4.4)."""
_INVISIBLE: Final = frozenset({"head", "script", "style", "template", "title", "noscript"})
_STYLE: Final = "border:2px solid;padding:.5em 1em;margin:0 0 1em;font-weight:bold"


def write(file: Reader, wanted: Wanted, destination: BinaryIO) -> None:
    """Write `file` with the element to `destination`.

    Raises:
        LimitError: It is too long.
        MalformedError: It isn't in the encoding that it says.
    """
    text = read(file, "latin-1")
    places = _Places(text.content)
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
    """Tell whether the document is surely in an encoding of Unicode: it says so, or what isn't ASCII is such."""
    if text.mark:
        return True
    said = re.search(r"charset\s*=\s*[\"']?\s*([\w-]+)", text.content[:4096], re.IGNORECASE)
    return text.encoding == "utf-8" and said is not None and said[1].lower() in ("utf-8", "utf8")


class _Places(HTMLParser):
    """Finds where the content of the body begins and ends."""

    def __init__(self, content: str) -> None:
        super().__init__(convert_charrefs=False)
        self._lines = [0, *(found.end() for found in re.finditer("\n", content))]
        self._hidden: list[str] = []
        self.first = -1
        self.last = -1
        self._end = 0
        """Where the last thing that belongs before the body ends."""
        self._in_body = False
        self.feed(content)
        self.close()
        if self.first < 0:
            self.first = self._end
        if self.last < 0:
            self.last = len(content)
        self.last = max(self.first, self.last)

    def _at(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + column

    def _begin(self) -> None:
        """The body begins here without a tag."""
        if not self._in_body:
            self._in_body = True
            self.first = self._at() if self.first < 0 else self.first

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        """See `HTMLParser`."""
        end = self._at() + len(self.get_starttag_text() or "")
        if self._hidden:
            return
        if tag == "body":
            if self.first < 0:
                self.first = end
            self._in_body = True
        elif tag in _HEAD:
            if not self._in_body:
                self._end = end
                if tag in _INVISIBLE - {"head"}:
                    self._hidden.append(tag)
        else:
            self._begin()

    def handle_endtag(self, tag: str) -> None:
        """See `HTMLParser`."""
        if tag in ("body", "html"):
            self.last = self._at() if self.last < 0 or tag == "body" else self.last
            return
        if not self._in_body and tag in _HEAD:
            if self._hidden and self._hidden[-1] == tag:
                self._hidden.pop()
            self._end = self._at() + len(tag) + 3

    def handle_data(self, data: str) -> None:
        """See `HTMLParser`."""
        if data.strip() and not self._hidden:
            self._begin()

    def handle_entityref(self, name: str) -> None:  # noqa: ARG002
        """See `HTMLParser`."""
        if not self._hidden:
            self._begin()

    def handle_charref(self, name: str) -> None:  # noqa: ARG002
        """See `HTMLParser`."""
        if not self._hidden:
            self._begin()

    def handle_decl(self, decl: str) -> None:
        """See `HTMLParser`."""
        if not self._in_body:
            self._end = self._at() + len(decl) + 3

    def handle_comment(self, data: str) -> None:
        """See `HTMLParser`."""
        if not self._in_body and not self._hidden:
            self._end = self._at() + len(data) + 7


class _Words(HTMLParser):
    """Collects what is shown."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        """See `HTMLParser`."""
        self._hidden += tag in _INVISIBLE

    def handle_endtag(self, tag: str) -> None:
        """See `HTMLParser`."""
        self._hidden -= tag in _INVISIBLE and self._hidden > 0

    def handle_data(self, data: str) -> None:
        """See `HTMLParser`."""
        if not self._hidden:
            self.found.append(data)


def words(file: Reader) -> str:
    """Return the words that the document shows: no comments, scripts or styles."""
    parser = _Words()
    parser.feed(read(file, "latin-1").content)
    parser.close()
    return "".join(parser.found)
