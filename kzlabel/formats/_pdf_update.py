"""Writing a manifest store into a PDF by an incremental update (C2PA 2.4 A.4; ISO 32000-2 7.5.6 and 14.13).

The document stays as it is, byte for byte; after it come the new and the changed objects, a cross-reference section
of the kind that the document's last one is, and a trailer that leads back to it.
"""

from kzlabel.errors import MalformedError
from kzlabel.formats import _pdf_names as names
from kzlabel.formats import _pdf_signature as signature
from kzlabel.formats import _pdf_syntax as syntax
from kzlabel.formats._pdf_document import Document
from kzlabel.formats._pdf_objects import Changes, Placed
from kzlabel.formats._pdf_section import section
from kzlabel.formats.base import Derived, Splice
from kzlabel.spans import Span

__all__ = ["splice"]

_RELATIONSHIP = b"C2PA_Manifest"
_TITLE = b"Content Credentials"
_FILE_NAME = b"manifest.c2pa"
_MEDIA_TYPE = b"/application#2Fc2pa"
_CRYPT_FILTERS_SINCE = 4
"""The version (V) of encryption that brought crypt filters (ISO 32000-1 table 20)."""


def splice(document: Document, size: int, store_size: int, *, newline: bool, reserve_signature: int = 0) -> Splice:
    """Return the update of `document`, a file of `size` bytes, that holds a store of `store_size` bytes.

    Args:
        document: The document.
        size: Its size in bytes.
        store_size: Size of the store in bytes.
        newline: Whether the document ends with a line's end.
        reserve_signature: Bytes kept free for a digital signature that is put into the file afterwards; 0 for none.

    Raises:
        LimitError: A limit was reached.
        MalformedError: The document is broken where it has to be changed, or has no place for a store.
    """
    changes = Changes(document)
    stream = changes.reserve()
    _refer(changes, stream)
    head = b"%d %d obj\n" % stream + _stream_head(document, store_size)
    placed = [Placed(stream, (head, _as_is(store_size), _STREAM_TAIL))]
    reserved = signature.add(changes, reserve_signature) if reserve_signature else None
    placed += changes.objects()
    if reserved is not None:
        placed.append(reserved.placed)

    parts: list[Span | bytes | Derived] = [Span(0, size)]
    at = size
    if not newline:
        parts.append(b"\n")
        at += 1
    offsets: dict[tuple[int, int], int] = {}
    for one in placed:
        offsets[one.ref] = at
        parts += one.parts
        at += one.size
    excluded = [Span(offsets[stream] + len(head), store_size)]
    tail = section(document, changes, offsets, at)
    parts.append(tail)
    if reserved is not None:
        start = offsets[reserved.placed.ref]
        parts = reserved.filled(parts, start, at + len(tail))
        excluded.append(reserved.digits(start))
    return Splice(tuple(parts), tuple(excluded))


_STREAM_TAIL = b"\nendstream\nendobj\n"


def _as_is(size: int) -> Derived:
    def make(store: bytes) -> bytes:
        if len(store) != size:
            raise MalformedError(f"a manifest store of {len(store)} bytes where {size} were promised")
        return store

    return Derived(size, make)


def _stream_head(document: Document, size: int) -> bytes:
    entries = {
        b"Type": b"/EmbeddedFile",
        b"Subtype": _MEDIA_TYPE,
        b"Length": b"%d" % size,
        b"Params": syntax.write_dictionary({b"Size": b"%d" % size}),
    }
    if document.encrypted:
        if document.encryption_version < _CRYPT_FILTERS_SINCE:
            raise MalformedError(
                "the document's encryption has no crypt filters (V below 4), so it can't hold a store in the clear"
            )
        # Not as arrays: there are readers that understand the filter only in its plain form.
        entries[b"Filter"] = b"/Crypt"
        entries[b"DecodeParms"] = b"<< /Type /CryptFilterDecodeParms /Name /Identity >>"
    return syntax.write_dictionary(entries) + b"\nstream\n"


def _refer(changes: Changes, stream: tuple[int, int]) -> None:
    """Make the catalogue lead to the store: by the file specification that it has already, or by a new one."""
    catalogue = changes.dictionary(changes.document.root)
    associated = changes.child(catalogue, b"AF")
    items = syntax.array_of(associated.value) if associated.value is not None else []
    present = [item for item in items if _is_specification(changes, item)]
    if len(present) > 1:
        raise MalformedError("the document refers to more than one manifest store")
    if present:
        ref = syntax.reference_of(present[0])
        if ref is None:
            raise MalformedError("the document's manifest store is referred to in no way that C2PA knows")
        entries = changes.dictionary(ref)
        entries |= {b"Subtype": _MEDIA_TYPE, b"EF": _embedded(changes, stream)}
        changes.put(ref, syntax.write_dictionary(entries))
        return
    ref = changes.reserve()
    changes.put(ref, _specification(changes, ref, stream))
    changes.replace(catalogue, b"AF", associated, syntax.write_array([changes.reference(ref), *items]))
    names.add(changes, catalogue, _FILE_NAME, changes.reference(ref))
    changes.put(changes.document.root, syntax.write_dictionary(catalogue))


def _is_specification(changes: Changes, item: bytes) -> bool:
    value, _ = changes.resolved(item)
    if value[:2] != b"<<":
        raise MalformedError("an associated file of the PDF is no file specification")
    relationship = syntax.dictionary_of(value).get(b"AFRelationship")
    return syntax.name_of(relationship) == _RELATIONSHIP


def _specification(changes: Changes, ref: tuple[int, int], stream: tuple[int, int]) -> bytes:
    def text(value: bytes) -> bytes:
        return syntax.write_string(changes.document.encrypt(value, ref))

    return syntax.write_dictionary(
        {
            b"Type": b"/Filespec",
            b"Subtype": _MEDIA_TYPE,
            b"AFRelationship": b"/" + _RELATIONSHIP,
            b"F": text(_FILE_NAME),
            b"UF": text(_FILE_NAME),
            b"Desc": text(_TITLE),
            b"EF": _embedded(changes, stream),
        }
    )


def _embedded(changes: Changes, stream: tuple[int, int]) -> bytes:
    at = changes.reference(stream)
    return syntax.write_dictionary({b"F": at, b"UF": at})
