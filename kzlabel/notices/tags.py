"""The tags, comments and words of an HTML document, in one pass (HTML Standard 13.2.5).

Time is linear in the length whatever is in it: what isn't closed reaches to the end, as in browsers.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

__all__ = ["Token", "tokens"]

_COMMENT: Final = re.compile(r"<!--(?:-?>|.*?(?:--!?>|\Z))", re.DOTALL)
_OTHER: Final = re.compile(r"<[!?/][^>]*+(?:>|\Z)")
_QUOTED: Final = r"=[\t\n\f\r ]*+(?:\"[^\"]*+(?:\"|\Z)|'[^']*+(?:'|\Z))?"
_TAG: Final = re.compile(rf"<(/?)([A-Za-z][^\t\n\f\r />]*+)(?:[^>\"'=]++|{_QUOTED}|[\"'])*+(?:>|\Z)")
_RAW: Final = frozenset({"script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes"})
"""Elements whose content has no tags in it."""


class Token(NamedTuple):
    """A piece of a document."""

    kind: str
    """`start`, `end`, `other` (a comment or a declaration), `text`, or `raw`: the content of a script."""

    name: str
    """Name of the element in lower case; of raw content, of the element that it is in."""

    start: int
    end: int


def tokens(content: str) -> Iterator[Token]:
    """Yield the pieces of a document, one after another."""
    at = 0
    while at < len(content):
        mark = content.find("<", at)
        if mark < 0:
            yield Token("text", "", at, len(content))
            return
        if mark > at:
            yield Token("text", "", at, mark)
        token = _tag(content, mark)
        yield token
        at = token.end
        if token.kind == "start" and token.name in _RAW:
            closing = re.compile(rf"</{token.name}(?=[\t\n\f\r />])", re.IGNORECASE).search(content, at)
            end = closing.start() if closing else len(content)
            yield Token("raw", token.name, at, end)
            at = end


def _tag(content: str, at: int) -> Token:
    """Return the piece that begins with `<`."""
    if content.startswith("<!--", at):
        found = _COMMENT.match(content, at)
    else:
        found = _TAG.match(content, at)
        if found is not None:
            return Token("end" if found[1] else "start", found[2].lower(), at, found.end())
        found = _OTHER.match(content, at)
    if found is None:
        return Token("text", "", at, at + 1)
    return Token("other", "", at, found.end())
