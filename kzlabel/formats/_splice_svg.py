"""A store into an SVG document: an element in its metadata, or new text for the one there (layout in `svg.py`)."""

import re
from base64 import b64encode
from typing import Final, NoReturn
from xml.parsers import expat

from kzlabel.errors import MalformedError
from kzlabel.files import Reader
from kzlabel.formats._splice import Edit, check_sound, place, recut
from kzlabel.formats._window import Walk
from kzlabel.formats.base import Derived, Located, Splice
from kzlabel.limits import Limits
from kzlabel.spans import Span

__all__ = ["splice"]

_NAMESPACE: Final = "http://c2pa.org/manifest"
_DECLARED: Final = "xmlns:c2pa"
_ELEMENT: Final = b"c2pa:manifest"
_METADATA: Final = b"metadata"
_ROOT: Final = "svg"
_TAG: Final = re.compile(rb"<[^\s<>/\"']+(?:[^<>\"']|\"[^\"]*\"|'[^']*')*>")
_LONGEST_TAG: Final = 1 << 16
_PIECE: Final = 1 << 16
_ENCODING: Final = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*<\?xml[^>]*\sencoding\s*=\s*[\"'](?!utf-8[\"']|us-ascii[\"'])", re.I
)


def splice(file: Reader, located: Located, store_size: int, limits: Limits) -> Splice:
    """See `Embedder.splice`."""
    check_sound(located)
    new = Derived(-(-store_size // 3) * 4, b64encode)
    if len(located.carriers) == 1:
        old = located.carriers[0].store[0]
        parts = recut(file.size, [Edit(old.start, old.end, (new,))])
        return Splice(parts, (place(parts, new),))
    if located.carriers or _has(file, _ELEMENT):
        raise MalformedError("the document has a manifest element that isn't one manifest store")
    if _ENCODING.match(file.read(0, min(file.size, 512))):
        raise MalformedError("the document is in an encoding in which nothing is written")
    document = _Document(file, limits)
    document.find()
    opening, closing = b"<c2pa:manifest>", b"</c2pa:manifest>"
    root = _tag(file, document.root)
    if document.metadata < 0:
        opening, closing, at = b"<metadata>" + opening, closing + b"</metadata>", root.end
    else:
        at = _tag(file, document.metadata).end
    edits = [Edit(at, at, (opening, new, closing))]
    if not document.declared:
        edits.insert(0, Edit(root.end - 1, root.end - 1, (f' {_DECLARED}="{_NAMESPACE}"'.encode(),)))
    parts = recut(file.size, edits)
    return Splice(parts, (place(parts, new),))


def _has(file: Reader, wanted: bytes) -> bool:
    before = b""
    for piece in file.chunks([Span(0, file.size)]):
        data = before + bytes(piece)
        if wanted in data:
            return True
        before = data[1 - len(wanted) :]
    return False


def _tag(file: Reader, at: int) -> Span:
    """Return where the start tag at `at` lies."""
    found = _TAG.match(file.read(at, min(_LONGEST_TAG, file.size - at)))
    if found is None or found[0].endswith(b"/>"):
        raise MalformedError(f"the element at {at} has no place for another one")
    return Span(at, found.end())


class _Document:
    """A walk to the metadata of a document."""

    def __init__(self, file: Reader, limits: Limits) -> None:
        self.root = -1
        """Offset of the root element."""
        self.metadata = -1
        """Offset of the first metadata element in the root; -1 without one."""
        self.declared = False
        """Whether the root declares the namespace."""
        self._file = file
        self._walk = Walk(file, limits)
        self._depth = 0
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.StartDoctypeDeclHandler = self._doctype

    def find(self) -> None:
        """Parse as far as is needed.

        Raises:
            MalformedError: The document is broken, or of a form in which nothing is written.
        """
        if self._file.read(0, min(2, self._file.size)) in {b"\xff\xfe", b"\xfe\xff"}:
            raise MalformedError("the document is in an encoding in which nothing is written")
        wanted = _has(self._file, _METADATA)
        at = 0
        try:
            while at < self._file.size and self.metadata < 0 and (wanted or self.root < 0):
                data = self._file.read(at, min(_PIECE, self._file.size - at))
                self._parser.Parse(data)
                at += len(data)
        except (expat.ExpatError, LookupError, ValueError) as error:
            raise MalformedError(f"the XML is broken: {error}") from None
        if self.root < 0:
            raise MalformedError("the document has no root element")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._walk.count()
        if self._depth == 0:
            if name != _ROOT or attributes.get(_DECLARED, _NAMESPACE) != _NAMESPACE:
                raise MalformedError("the document's root is not one into which a manifest is written")
            self.root = self._parser.CurrentByteIndex
            self.declared = _DECLARED in attributes
        elif self._depth == 1 and self.metadata < 0 and name == _METADATA.decode():
            self.metadata = self._parser.CurrentByteIndex
        self._depth += 1

    def _end(self, _: str) -> None:
        self._depth -= 1

    def _doctype(self, _name: str, _system: object, _public: object, has_declarations: bool) -> None:
        if has_declarations:
            _refuse_declarations()


def _refuse_declarations() -> NoReturn:
    raise MalformedError("the document has declarations, which may stand for elements")
