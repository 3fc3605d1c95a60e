"""PDF: the store is an embedded file that the catalogue lists as associated (C2PA 2.4 A.4; ISO 32000-2 14.13).

    catalogue /AF [ref] -> << /Type /FileSpec /AFRelationship /C2PA_Manifest /EF << /F ref >> >> -> stream

pypdf reads the cross-references; the store is the content of the stream as it lies in the file.
"""

import zlib
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from kzlabel.errors import LimitError, MalformedError
from kzlabel.files import Reader
from kzlabel.formats._pdf_clear import clear_stores
from kzlabel.formats._pdf_document import Document, guarded, opened, opened_whole
from kzlabel.formats._pdf_protection import Protection, protection
from kzlabel.formats._pdf_update import splice as update
from kzlabel.formats._window import Walk
from kzlabel.formats.base import Carrier, Located, Splice
from kzlabel.limits import Limits
from kzlabel.spans import Span

if TYPE_CHECKING:
    from pypdf import PdfReader

__all__ = ["EXTENSIONS", "MEDIA_TYPES", "NAME", "Protection", "locate", "protection", "sniff", "splice"]

_LARGEST_XMP = 8 * 1024 * 1024

NAME = "pdf"
MEDIA_TYPES: tuple[str, ...] = ("application/pdf",)
EXTENSIONS: tuple[str, ...] = (".pdf",)

_HEAD = 1024
_RELATIONSHIP = "/C2PA_Manifest"
_DICTIONARY = 4096
"""Bytes in which an embedded file's dictionary ends and its stream begins."""


def sniff(head: bytes) -> str | None:
    """Return the media type if `head` has a PDF header; up to 1024 bytes may stand before it."""
    return MEDIA_TYPES[0] if b"%PDF-" in head[:_HEAD] else None


def locate(file: Reader, limits: Limits) -> Located:
    """Return the associated files that hold a store; see `Format.locate`."""
    walk = Walk(file, limits)
    try:
        document, whole = opened_whole(file, limits)
        spans = _in_the_clear(file, document, walk, limits) if document.is_encrypted else None
        if spans is None:
            if document.is_encrypted and not guarded(lambda: document.decrypt("")):
                return Located(
                    (), damage="the document is encrypted, and what it holds can't be seen without its password"
                )
            spans = list(_stores(document, walk))
    except LimitError:
        raise
    except MalformedError as error:
        return Located((), damage=error.message)
    walk.check_carriers(len(spans))
    for span in spans:
        walk.check_store(span.length)
    whole = whole and not spans and not document.is_encrypted and _is_updatable(file, document, limits)
    if whole and _is_silent(document):
        return Located(xmp=(), parsed=document)
    return Located(tuple(Carrier((span,), (span,)) for span in spans), parsed=document)


def _is_updatable(file: Reader, document: "PdfReader", limits: Limits) -> bool:
    """Tell whether the document ends as it should."""
    try:
        Document(file, limits, document)
    except MalformedError:
        return False
    return True


def _is_silent(document: "PdfReader") -> bool:
    """Tell whether the document's XMP names no manifest that is kept elsewhere; False where that can't be seen."""
    try:
        stream = _plain(document.root_object.get("/Metadata"))
        if stream is None:
            return True
        data: bytes = stream._data  # noqa: SLF001 - as it lies in the file, so that decompression is ours to bound
        match _plain(stream.get("/Filter")):
            case None:
                pass
            case "/FlateDecode" | ["/FlateDecode"] if "/DecodeParms" not in stream:
                inflate = zlib.decompressobj()
                data = inflate.decompress(data, _LARGEST_XMP)
                if not inflate.eof:
                    return False
            case _:
                return False
    except Exception:  # noqa: BLE001 - hostile documents make pypdf raise anything
        return False
    return len(data) <= _LARGEST_XMP and b"provenance" not in data


def splice(
    file: Reader,
    located: Located,
    store_size: int,
    limits: Limits,
    *,
    password: str = "",
    reserve_signature: int = 0,
) -> Splice:
    """Say how `file` takes a store by an incremental update, which leaves every byte of it where it is.

    A store that is there already stays in the file as a part of its past; the document refers to the new one.

    Args:
        file: The document.
        located: What `locate` found in it.
        store_size: Size of the store in bytes.
        limits: How much work the document may cause.
        password: Opens the document when it is encrypted.
        reserve_signature: Bytes kept free for a digital signature that is put into the file afterwards; the hash
            leaves them out (C2PA 2.4 A.4.2.2).

    Raises:
        LimitError: A limit was reached.
        MalformedError: The document is broken, `password` doesn't open it, or it has no place for a store.
    """
    if len(located.carriers) > 1:
        raise MalformedError("the document refers to more than one manifest store")
    reader = opened(file, limits)
    if reader.is_encrypted and not guarded(lambda: reader.decrypt(password)):
        raise MalformedError("the document is encrypted, and the password doesn't open it")
    document = Document(file, limits, reader)
    newline = file.read(file.size - 1, 1) in (b"\n", b"\r")
    return update(document, file.size, store_size, newline=newline, reserve_signature=reserve_signature)


def _in_the_clear(file: Reader, document: "PdfReader", walk: Walk, limits: Limits) -> list[Span] | None:
    """Return the stores that an encrypted document holds in the clear; None when it holds none that way."""
    try:
        return list(clear_stores(file, Document(file, limits, document), walk)) or None
    except LimitError:
        raise
    except MalformedError:
        return None


def _stores(document: "PdfReader", walk: Walk) -> Iterator[Span]:
    for reference in guarded(lambda: list(_plain(document.root_object.get("/AF")) or ())):
        walk.count()
        span = guarded(partial(_store, document, walk, reference))
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


def _plain(value: Any) -> Any:
    return value.get_object() if hasattr(value, "get_object") else value
