"""SVG: the store is base64 text in an element of the document's metadata (C2PA 2.4 A.3.3).

    <svg xmlns:c2pa="http://c2pa.org/manifest"> <metadata> <c2pa:manifest> base64 </c2pa:manifest> ...

The names are taken literally, as the reference engine does, and so is the text: anything in it that isn't base64 is
damage. XMP may be anywhere. The document goes through the XML parser in pieces; nothing outside it is opened.
Declarations are allowed where they can't blow up: few, short, and without references, like the namespaces that
drawing programs declare.
"""

import re
from binascii import a2b_base64, b2a_base64
from contextlib import suppress
from xml.parsers import expat

from kzlabel.errors import LimitError, MalformedError
from kzlabel.files import Reader
from kzlabel.formats._splice_svg import splice
from kzlabel.formats._window import Walk
from kzlabel.formats.base import Carrier, Encoding, Located
from kzlabel.limits import Limits
from kzlabel.spans import Span

__all__ = ["EXTENSIONS", "MEDIA_TYPES", "NAME", "locate", "sniff", "splice"]

NAME = "svg"
MEDIA_TYPES: tuple[str, ...] = ("image/svg+xml",)
EXTENSIONS: tuple[str, ...] = (".svg",)

_PLACE = ["svg", "metadata", "c2pa:manifest"]
_ELEMENT = b"c2pa:manifest"
_STARTS = (b"<", b"\xff\xfe", b"\xfe\xff", b"\0<")
"""How XML begins in one byte for each character and in two."""
_ENCODING = re.compile(rb"(?:\xef\xbb\xbf)?<\?xml[^>]*\sencoding\s*=\s*[\"']([\w.:-]+)")
_ENCODINGS = frozenset({b"utf-8", b"utf-16", b"us-ascii", b"iso-8859-1"})
"""Those that the parser knows itself."""
_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

_PIECE = 1 << 16
_DECLARED = 512
"""Bytes in which a document has declared its encoding."""
_LONGEST_TAG, _LONGEST_LOOKED_AT, _LONGEST_WITH_ENTITIES = 1 << 24, 1 << 22, 1 << 18
"""Tags are in memory as a whole, more than once where they are looked at, and entities make them longer."""
_MOST_DECLARATIONS, _LONGEST_DECLARATION = 64, 256

_BROKEN = (expat.ExpatError, LookupError, ValueError)
"""What the parser raises about a document; the last two about an encoding that it doesn't know."""


def sniff(head: bytes) -> str | None:
    """Return the media type if `head` is XML whose root element is `svg`."""
    if not head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(_STARTS):
        return None
    root = _Root(head)
    with suppress(MalformedError, *_BROKEN):  # what came before the error may have shown the root
        root.parser.Parse(head)
    return MEDIA_TYPES[0] if root.name.rpartition(":")[2] == "svg" else None


def _parser(head: bytes) -> expat.XMLParserType:
    """Return a parser for a document that begins with `head`.

    Documents in all other encodings are read as if they were in Latin: markup and the store are ASCII in them, and
    so the parser never looks for a codec by a name that the document gives.
    """
    declared = _ENCODING.match(head)
    known = declared is None or declared[1].lower() in _ENCODINGS
    return expat.ParserCreate(None if known else "iso-8859-1")


class _Root:
    """The name of the first element."""

    def __init__(self, head: bytes) -> None:
        self.name = ""
        self.parser = _parser(head)
        self.parser.StartElementHandler = self._start

    def _start(self, name: str, _: object) -> None:
        self.name = name
        raise MalformedError("the root has been seen")


def locate(file: Reader, limits: Limits) -> Located:
    """Return the `c2pa:manifest` elements; see `Format.locate`."""
    document = _Document(file, limits)
    damage = ""
    try:
        document.parse()
    except LimitError:
        raise
    except MalformedError as error:
        damage = error.message
    except _BROKEN as error:
        damage = f"the XML is broken: {error}"
    if document.found and not document.plain:
        damage = damage or "the document has declarations, which other readers may take for content"
    for span in document.found:
        if not damage and not _is_base64(file, span):
            damage = f"the manifest element at {span.start} holds other things than base64 text"
    return Located(
        tuple(Carrier((span,), (span,), Encoding.BASE64) for span in document.found),
        damage=damage,
        xmp=(Span(0, file.size),) if document.plain else None,
    )


def _is_base64(file: Reader, span: Span) -> bool:
    """Return whether the bytes of `span` are base64 in the only form that strict decoders take."""
    padding = b""
    for piece in file.chunks([span]):
        padding += bytes(piece).translate(None, _BASE64)
        if padding not in {b"", b"=", b"=="}:
            return False
    end = file.read(span.end - 4, 4) if span.length >= 4 else b""
    return span.length % 4 == 0 and end.endswith(padding) and b2a_base64(a2b_base64(end), newline=False) == end


class _Document:
    """One walk through a document."""

    def __init__(self, file: Reader, limits: Limits) -> None:
        self.found: list[Span] = []
        self.plain = True
        """Whether there is nothing in it that other readers take for an error."""
        self._file = file
        self._walk = Walk(file, limits)
        self._limits = limits
        self._deepest = limits.depth * 32
        self._path: list[str] = []
        self._begin = -1
        self._last = -1
        """Where the name of the element stands last: what follows need not be looked at."""
        self._declarations = 0
        self._parser = _parser(self._walk.read(0, min(_DECLARED, file.size)))
        self._parser.specified_attributes = True
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.StartElementHandler = self._root
        self._parser.EntityDeclHandler = self._entity
        self._parser.AttlistDeclHandler = self._attribute

    def parse(self) -> None:
        """Parse the whole document, looking at elements only as far as that is needed."""
        tags, self._last = self._survey()
        if tags > self._limits.boxes:
            self._last = self._file.size  # count them all
        at, length = 0, _PIECE
        while at < self._file.size:
            data = self._file.read(at, min(length, self._file.size - at))
            self._parser.Parse(data)
            at += len(data)
            waiting = at - max(0, self._parser.CurrentByteIndex)
            if waiting > self._longest():
                raise MalformedError(f"the tag at {at - waiting} is too long")
            length = max(_PIECE, waiting)  # what is waiting is scanned anew: by twice as much each time
        self._parser.Parse(b"", True)

    def _survey(self) -> tuple[int, int]:
        """Return how many tags there may be, and the last offset of the element's name, or -1."""
        tags, last, at, before = 0, -1, 0, b""
        while at < self._file.size:
            data = self._file.read(at, min(_PIECE, self._file.size - at))
            tags += data.count(b"<")
            found = (before + data).rfind(_ELEMENT)
            if found >= 0:
                last = at - len(before) + found
            at += len(data)
            before = data[1 - len(_ELEMENT) :]
        return tags, last

    def _longest(self) -> int:
        if self._declarations:
            return _LONGEST_WITH_ENTITIES
        return _LONGEST_LOOKED_AT if self._parser.StartElementHandler else _LONGEST_TAG

    def _doctype(self, _name: str, _system: object, _public: object, has_declarations: bool) -> None:
        self.plain = not has_declarations

    def _root(self, name: str, attributes: object) -> None:
        self.plain = self.plain and name == _PLACE[0]
        self._parser.StartElementHandler = None
        if self._last >= 0:
            self._parser.StartElementHandler = self._start
            self._parser.EndElementHandler = self._end
            self._start(name, attributes)

    def _start(self, name: str, _: object) -> None:
        self._walk.count()
        self._path.append(name)
        if len(self._path) > self._deepest:
            raise LimitError(f"elements nested deeper than {self._deepest}")
        if self._path == _PLACE:
            self._parser.CharacterDataHandler = self._text

    def _text(self, _: str) -> None:
        """Keep where the text of the element begins."""
        self._begin = self._parser.CurrentByteIndex
        self._parser.CharacterDataHandler = None

    def _end(self, _: str) -> None:
        at = self._parser.CurrentByteIndex
        if self._path == _PLACE:
            self._parser.CharacterDataHandler = None
            if self._begin >= 0:
                self._walk.check_store((at - self._begin) // 4 * 3)
                self.found.append(Span(self._begin, at - self._begin))
                if len(self.found) > self._limits.carriers:
                    raise LimitError(f"more than {self._limits.carriers} manifest stores")
                self._begin = -1
        closes = self._path.pop() == _PLACE[-1]
        if at >= self._last - 2 * closes:
            self._parser.StartElementHandler = self._parser.EndElementHandler = None

    def _entity(self, name: str, parameter: bool, value: str | None, *_: object) -> None:
        if parameter or value is None or len(value) > _LONGEST_DECLARATION or "&" in value or "%" in value:
            raise MalformedError(f"the entity {name[:32]} could make the document swell")
        self._declare()

    def _attribute(self, *_: object) -> None:
        self._declare()

    def _declare(self) -> None:
        self._declarations += 1
        if self._declarations > _MOST_DECLARATIONS:
            raise MalformedError(f"the document has more than {_MOST_DECLARATIONS} declarations")
