"""PDF: the store is an embedded file that the catalogue lists as associated (C2PA 2.4 A.4; ISO 32000-2 14.13).

    catalogue /AF [ref] -> << /Type /FileSpec /AFRelationship /C2PA_Manifest /EF << /F ref >> >> -> stream

pypdf reads the cross-references; the store is the content of the stream as it lies in the file.
"""

import logging
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar, cast

from kzlabel.errors import LimitError, MalformedError
from kzlabel.files import Reader
from kzlabel.formats._window import Walk
from kzlabel.formats.base import Carrier, Located
from kzlabel.limits import DEFAULT_LIMITS, Limits
from kzlabel.spans import Span

if TYPE_CHECKING:
    from pypdf import PdfReader

T = TypeVar("T")

NAME = "pdf"
MEDIA_TYPES: tuple[str, ...] = ("application/pdf",)
EXTENSIONS: tuple[str, ...] = (".pdf",)

_HEAD = 1024
_RELATIONSHIP = "/C2PA_Manifest"
_DICTIONARY = 4096
"""Bytes in which an embedded file's dictionary ends and its stream begins."""
_OBJECT = re.compile(r"IndirectObject\((\d+), (\d+), \d+\)")
"""How pypdf names an object: its number, its generation, and where in this process the document lies."""


def sniff(head: bytes) -> str | None:
    """Return the media type if `head` has a PDF header; up to 1024 bytes may stand before it."""
    return MEDIA_TYPES[0] if b"%PDF-" in head[:_HEAD] else None


def locate(file: Reader, limits: Limits) -> Located:
    """Return the associated files that hold a store; see `Format.locate`."""
    walk = Walk(file, limits)
    stream = _Bounded(file, limits)
    try:
        document = _opened(stream)
        _check_objects(document, limits)
        if document.is_encrypted and not _guarded(lambda: document.decrypt("")):
            return Located(
                (), damage="the document is encrypted, and what it holds can't be seen without its password"
            )
        spans = list(_stores(document, walk))
    except LimitError:
        raise
    except MalformedError as error:
        stream.check()
        return Located((), damage=error.message)
    stream.check()
    walk.check_carriers(len(spans))
    for span in spans:
        walk.check_store(span.length)
    return Located(tuple(Carrier((span,), (span,)) for span in spans))


def _check_objects(document: "PdfReader", limits: Limits) -> None:
    objects = sum(map(len, document.xref.values())) + len(document.xref_objStm)
    if objects > limits.pdf_objects:
        raise LimitError(f"a PDF with {objects} objects; at most {limits.pdf_objects} are looked at")


def is_encrypted(file: Reader) -> bool:
    """Return whether the document is encrypted, be it with an empty password.

    Raises:
        MalformedError: The document can't be read.
    """
    return bool(_opened(_Bounded(file, DEFAULT_LIMITS)).is_encrypted)


def has_signatures(file: Reader) -> bool:
    """Return whether the document is signed or certified (ISO 32000-2 12.8).

    Raises:
        MalformedError: The document can't be read.
    """
    return _guarded(lambda: _signed(_opened(_Bounded(file, DEFAULT_LIMITS))))


def _signed(document: "PdfReader") -> bool:
    root = document.root_object
    permissions = _plain(root.get("/Perms")) or {}
    if "/DocMDP" in permissions or "/UR3" in permissions:
        return True
    form = _plain(root.get("/AcroForm")) or {}
    return any("/V" in field for field in _fields(form) if _plain(field.get("/FT")) == "/Sig")


def _fields(form: Any) -> list[Any]:
    """Return every field of the form, those inside others too, each once."""
    found: list[Any] = []
    seen: set[int] = set()
    waiting = list(_plain(form.get("/Fields")) or ())
    while waiting:
        reference = waiting.pop()
        number = getattr(reference, "idnum", 0)
        if number in seen:
            continue
        seen.update({number} - {0})
        field = _plain(reference)
        if hasattr(field, "get"):
            found.append(field)
            waiting += _plain(field.get("/Kids")) or ()
    return found


def _stores(document: "PdfReader", walk: Walk) -> Iterator[Span]:
    for reference in _guarded(lambda: list(_plain(document.root_object.get("/AF")) or ())):
        walk.count()
        span = _guarded(partial(_store, document, walk, reference))
        if span is not None:
            yield span


def _store(document: "PdfReader", walk: Walk, reference: Any) -> Span | None:
    specification = _plain(reference)
    if not hasattr(specification, "get") or _plain(specification.get("/AFRelationship")) != _RELATIONSHIP:
        return None
    stream = specification["/EF"].get_object().raw_get("/F")
    at = document.xref[stream.generation][stream.idnum]
    head = walk.read(at, min(_DICTIONARY, walk.size - at))
    begin = head.index(b"stream") + len(b"stream")
    begin += 2 if head[begin : begin + 2] == b"\r\n" else 1
    content = stream.get_object()
    if "/Filter" in content:
        raise MalformedError(f"the manifest store at {at} is encoded, and its hash would be of other bytes")
    data = content.get_data()
    if walk.read(at + begin, len(data)) != data:
        raise MalformedError(f"the manifest store at {at} is not where its stream begins")
    return Span(at + begin, len(data))


def _opened(stream: "_Bounded") -> "PdfReader":
    from pypdf import PdfReader  # noqa: PLC0415 - only PDFs pay for it

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # what it has to say comes as an exception or not at all
    return _guarded(lambda: PdfReader(cast("BinaryIO", stream)))


class _Bounded:
    """A stream of which only so much may be read: pypdf reads all of a broken document, to mend it."""

    def __init__(self, file: Reader, limits: Limits) -> None:
        self._stream = file.stream()
        self._size = file.size
        self._left = self._most = limits.pdf_read
        self.seek = self._stream.seek
        self.tell = self._stream.tell

    def read(self, length: int = -1) -> bytes:
        """Return up to `length` bytes; all that follow when it is negative.

        Raises:
            LimitError: More was asked for than may be read.
        """
        follow = max(0, self._size - self._stream.tell())
        self._left -= follow if length < 0 else min(length, follow)
        self.check()
        return self._stream.read(length)

    def check(self) -> None:
        """Check that nothing was refused, since pypdf may have gone on without it.

        Raises:
            LimitError: Something was.
        """
        if self._left < 0:
            raise LimitError(f"a PDF of which more than {self._most} bytes must be read to find its objects")


def _plain(value: Any) -> Any:
    return value.get_object() if hasattr(value, "get_object") else value


def _guarded(read: Callable[[], T]) -> T:
    """Call `read`; whatever pypdf raises on a broken document becomes one exception."""
    try:
        return read()
    except MalformedError:
        raise
    except Exception as error:  # noqa: BLE001 - hostile documents make pypdf raise anything
        said = _OBJECT.sub(r"object \1 \2", str(error))
        raise MalformedError(f"the PDF can't be read: {type(error).__name__}: {said}"[:200]) from None
