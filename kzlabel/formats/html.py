"""HTML: the store is base64 in a `script` of a type that no browser runs, in the document's head (C2PA 2.4 A.7).

    <head> ... <script type="application/c2pa">base64</script> ... </head>

A `link` with `rel="c2pa-manifest"` names a store that is kept elsewhere. A document has one of the two, once. The
script has this one attribute and holds base64 and white space alone: the hash leaves all of it out, so that nothing
else may be in it.
"""

import base64
import re
from html.parser import HTMLParser
from typing import Final

from kzlabel.codes import Code
from kzlabel.errors import LimitError, MalformedError
from kzlabel.files import Reader
from kzlabel.formats._marks import BOM, is_text
from kzlabel.formats._splice import Edit, check_sound, place, recut
from kzlabel.formats.base import Carrier, Derived, Encoding, Located, Splice
from kzlabel.limits import Limits
from kzlabel.spans import Span

__all__ = ["EXTENSIONS", "MEDIA_TYPES", "NAME", "locate", "sniff", "splice"]

NAME = "html"
MEDIA_TYPES: tuple[str, ...] = ("text/html",)
EXTENSIONS: tuple[str, ...] = (".html", ".htm", ".xhtml")

_START: Final = re.compile(rb"\s*(?:<!--.*?-->\s*)*(?:<!doctype\s+html|<html[\s>])", re.IGNORECASE | re.DOTALL)
_TYPE: Final = "application/c2pa"
_RELATION: Final = "c2pa-manifest"
_OPEN: Final = b'<script type="application/c2pa">'
_CLOSE: Final = b"</script>"
_BASE64: Final = re.compile(rb"\s*([A-Za-z0-9+/]+={0,2})\s*")
_END_TAG: Final = re.compile(rb"</script\s*>", re.IGNORECASE)


def sniff(head: bytes) -> str | None:
    """Return the media type if `head` begins as an HTML document does."""
    return MEDIA_TYPES[0] if is_text(head) and _START.match(head.removeprefix(BOM)) else None


def locate(file: Reader, limits: Limits) -> Located:
    """Return the scripts that hold a store; several associations are a fault. See `Format.locate`."""
    if file.size > limits.text:
        raise LimitError(f"a text of {file.size} bytes; at most {limits.text} are looked at")
    data = file.read(0, file.size)
    carriers: list[Carrier] = []
    try:
        head = _Head(data, limits)
    except LimitError:
        raise
    except MalformedError as error:
        return Located(damage=error.message)
    if head.oddity:
        return Located(xmp=(), fault=Code.ASSERTION_DATA_HASH_MISMATCH, fault_reason=head.oddity)
    try:
        carriers = [_carrier(data, span) for span in head.scripts]
    except MalformedError as error:
        return Located(xmp=(), fault=Code.ASSERTION_DATA_HASH_MISMATCH, fault_reason=error.message)
    if len(head.scripts) + len(head.links) > 1:
        said = "the document has several manifests, or a manifest and a link to one"
        return Located(tuple(carriers), xmp=(), fault=Code.MANIFEST_HTML_MULTIPLE_MANIFESTS, fault_reason=said)
    for carrier in carriers:
        if carrier.store[0].length > limits.store_size * 4 // 3 + 4:
            raise LimitError(f"a manifest store of {carrier.store[0].length} bytes of base64")
    return Located(tuple(carriers), xmp=(), remote=head.links[0] if head.links else "")


def _carrier(data: bytes, script: Span) -> Carrier:
    """Return the carrier that a script is; nothing but the store may be in what the hash leaves out."""
    begin = data.index(b">", script.start) + 1
    end = _END_TAG.search(data, begin, script.end)
    found = _BASE64.fullmatch(data, begin, end.start()) if end else None
    if found is None:
        raise MalformedError(f"the script at byte {script.start} holds something else than a manifest")
    start, stop = found.span(1)
    return Carrier((Span(start, stop - start),), (script,), Encoding.BASE64)


class _HeadIsOver(Exception):  # noqa: N818 - it is no error
    """Raised where the head ends: what follows can hold no manifest."""


class _Head(HTMLParser):
    """Walks through a document's head, over bytes that stand for characters one by one."""

    def __init__(self, data: bytes, limits: Limits) -> None:
        super().__init__(convert_charrefs=False)
        self.scripts: list[Span] = []
        self.links: list[str] = []
        self.oddity = ""
        self.end: int | None = None
        """Offset of the head's end tag."""
        self._text = data.decode("latin-1")
        self._data = data
        self._lines = [0]
        self._lines += [found.end() for found in re.finditer("\\n", self._text)]
        self._left = limits.boxes_for(len(data))
        self._open = -1
        try:
            self.feed(self._text)
        except _HeadIsOver:
            pass
        except AssertionError as error:  # what the library says of declarations that are none
            raise MalformedError(f"the document's head can't be read: {error}") from None

    def _at(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + column

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take note of a script or link; the body's start ends the head."""
        self._left -= 1
        if self._left < 0:
            raise LimitError("the document's head has too many elements")
        given = [(name, (value or "").strip().lower()) for name, value in attrs]
        if tag == "body":
            raise _HeadIsOver
        if tag == "script" and ("type", _TYPE) in given:
            if given != [("type", _TYPE)]:
                self.oddity = f"the script with a manifest at byte {self._at()} has further attributes"
                raise _HeadIsOver
            self._open = self._at()
        elif tag == "link" and any(name == "rel" and _RELATION in value.split() for name, value in given):
            self.links.append(next((value or "" for name, value in attrs if name == "href"), ""))

    def handle_endtag(self, tag: str) -> None:
        """Take note of the end of a script, and of the head."""
        at = self._at()
        if tag == "script" and self._open >= 0:
            end = _END_TAG.match(self._data, at)
            if end is not None:
                self.scripts.append(Span(self._open, end.end() - self._open))
            self._open = -1
        elif tag == "head":
            self.end = at
            raise _HeadIsOver


def splice(file: Reader, located: Located, store_size: int, limits: Limits) -> Splice:
    """See `Embedder.splice`: the script comes last in the head.

    Raises:
        MalformedError: The document has no end tag of a head, or its head names a manifest elsewhere.
        LimitError: It is longer than a text may be.
    """
    check_sound(located)
    if located.remote:
        raise MalformedError("the document names a manifest that is kept elsewhere")
    data = file.read(0, file.size)
    end = _Head(data, limits).end
    if end is None:
        raise MalformedError("the document's head has no end tag before which a manifest could stand")
    new = Derived(len(_OPEN) + len(_CLOSE) + 4 * -(-store_size // 3), _written)
    old = [Edit(span.start, span.end) for carrier in located.carriers for span in carrier.excluded]
    parts = recut(file.size, [*old, Edit(end, end, (new,))])
    return Splice(parts, (place(parts, new),))


def _written(store: bytes) -> bytes:
    return _OPEN + base64.b64encode(store) + _CLOSE
