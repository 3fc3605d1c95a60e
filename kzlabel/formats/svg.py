"""SVG: the store is base64 text in an element of the document's metadata (C2PA 2.4 A.3.3).

    <svg xmlns:c2pa="http://c2pa.org/manifest"> <metadata> <c2pa:manifest> base64 </c2pa:manifest> ...

The document is read as a stream of tags. Entities are never expanded and nothing outside the file is opened.
"""

from contextlib import suppress
from xml.parsers import expat

from kzlabel.errors import LimitError, MalformedError
from kzlabel.files import Reader
from kzlabel.formats._window import Walk
from kzlabel.formats.base import Carrier, Encoding, Located
from kzlabel.limits import Limits
from kzlabel.spans import Span

NAME = "svg"
MEDIA_TYPES: tuple[str, ...] = ("image/svg+xml",)
EXTENSIONS: tuple[str, ...] = (".svg",)

_PLACE = ["svg", "metadata", "c2pa:manifest"]
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


def sniff(head: bytes) -> str | None:
    """Return the media type if `head` is XML whose root element is `svg`."""
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith(_MARKS[1:]):
        text = head.decode("utf-16", "ignore").lstrip().encode()
    if not text.startswith(b"<"):
        return None
    root = _Root()
    with suppress(expat.ExpatError, MalformedError):  # what came before the error may have shown the root
        root.parser.Parse(head)
    return MEDIA_TYPES[0] if root.name.rpartition(":")[2] == "svg" else None


def locate(file: Reader, limits: Limits) -> Located:
    """Return the `c2pa:manifest` elements; see `Format.locate`."""
    walk = Walk(file, limits)
    elements = _Elements(walk, limits)
    damage = ""
    try:
        for piece in file.chunks([Span(0, file.size)]):
            elements.parser.Parse(bytes(piece))
        elements.parser.Parse(b"", True)
    except LimitError:
        raise
    except expat.ExpatError as error:
        damage = f"the XML is broken: {error}"
    for span in elements.found:
        walk.check_store(span.length)
    return Located(tuple(Carrier((span,), (span,), Encoding.BASE64) for span in elements.found), damage)


def _parser() -> expat.XMLParserType:
    parser = expat.ParserCreate()
    parser.buffer_text = False
    parser.DefaultHandler = lambda _: None  # with a handler for the rest, references stay as they are
    return parser


class _Root:
    """The name of the first element."""

    def __init__(self) -> None:
        self.name = ""
        self.parser = _parser()
        self.parser.StartElementHandler = self._start

    def _start(self, name: str, _: object) -> None:
        self.name = name
        raise MalformedError("seen")


class _Elements:
    """The manifest elements met so far."""

    def __init__(self, walk: Walk, limits: Limits) -> None:
        self.found: list[Span] = []
        self._walk = walk
        self._deepest = limits.depth * 32
        self._path: list[str] = []
        self._begin = -1
        self.parser = _parser()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text

    def _start(self, name: str, _: object) -> None:
        self._walk.count()
        self._path.append(name)
        if len(self._path) > self._deepest:
            raise LimitError(f"elements nested deeper than {self._deepest}")

    def _text(self, _: str) -> None:
        if self._begin < 0 and self._path == _PLACE:
            self._begin = self.parser.CurrentByteIndex

    def _end(self, _: str) -> None:
        if self._begin >= 0 and self._path == _PLACE:
            self.found.append(Span(self._begin, self.parser.CurrentByteIndex - self._begin))
            self._begin = -1
        self._path.pop()
