"""PDF: document information and the catalogue's XMP (ISO 32000-2 14.3), written by an incremental update.

    trailer /Info -> << /Producer (..) /AIGC (..) >>        catalogue /Metadata -> stream of XMP

The document stays as it is, byte for byte. Documents that are encrypted or signed are refused: an update would need
the password, or break the signature.
"""

import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final, cast

from kzlabel.errors import MalformedError
from kzlabel.files import Reader
from kzlabel.formats import Located
from kzlabel.formats import _pdf_syntax as syntax
from kzlabel.formats._pdf_document import Document, Ref, guarded, opened, opened_whole
from kzlabel.formats._pdf_objects import Changes, Placed
from kzlabel.formats._pdf_protection import protection
from kzlabel.formats._pdf_section import section
from kzlabel.formats._splice import Edit
from kzlabel.limits import DEFAULT_LIMITS, Limits
from kzlabel.markers import aigc, xmp
from kzlabel.markers.model import Declaration, Field, NoPlaceError
from kzlabel.markers.places.base import LARGEST, Change
from kzlabel.markers.values import LONGEST

if TYPE_CHECKING:
    from pypdf import PdfReader

__all__ = ["read", "write"]

_MOST_KEYS: Final = 200


def read(file: Reader, located: Located | None, limits: Limits) -> Iterator[Field]:
    """See `Place.read`; an encrypted document is read where it needs no password."""
    document = cast("PdfReader | None", located and located.parsed) or opened_whole(file, limits)[0]
    if document.is_encrypted and not guarded(lambda: document.decrypt("")):
        return
    for name, value in guarded(lambda: _information(document)):
        yield Field(f"PDF {name}", value)
    packet = guarded(lambda: _packet(document))
    if packet:
        yield from xmp.fields(packet)


def _information(document: "PdfReader") -> list[tuple[str, str]]:
    entries = _plain(document.trailer.get("/Info"))
    if not hasattr(entries, "items"):
        return []
    found = [(str(key)[1:], _plain(value)) for key, value in list(entries.items())[:_MOST_KEYS]]
    return [(name, _string(value)) for name, value in found if isinstance(value, str | bytes)]


def _string(value: str | bytes) -> str:
    text = value if isinstance(value, str) else value.decode("latin-1")
    return text[:LONGEST].strip("\0 \t\r\n")


def _packet(document: "PdfReader") -> bytes | None:
    """Return the catalogue's XMP, inflated as far as is looked at: empty without one, None if it can't be."""
    stream = _plain(document.root_object.get("/Metadata"))
    if stream is None or not hasattr(stream, "_data"):
        return b""
    data: bytes = stream._data  # noqa: SLF001 - as it lies in the file, so that decompression is ours to bound
    match _plain(stream.get("/Filter")):
        case None | []:
            return data if len(data) <= LARGEST else None
        case "/FlateDecode" | ["/FlateDecode"] if "/DecodeParms" not in stream:
            try:
                return zlib.decompressobj().decompress(data, xmp.LARGEST + 1)
            except zlib.error:
                return None
    return None


def _plain(value: Any) -> Any:
    return value.get_object() if hasattr(value, "get_object") else value


def write(file: Reader, declaration: Declaration, limits: Limits = DEFAULT_LIMITS) -> Change:
    """See `Writable.write`."""
    protected = protection(file)
    if protected.encrypted:
        raise NoPlaceError("the document is encrypted", "decrypt it, or keep the statement in the label alone")
    if protected.signed:
        raise NoPlaceError(
            "the document carries a digital signature, which markers would break",
            "write them before it is signed, or keep the statement in the label alone",
        )
    reader = opened(file, limits)
    document = Document(file, limits, reader)
    changes = Changes(document)
    names = _inform(document, changes, declaration)
    present = guarded(lambda: _packet(reader))
    if present is None:
        raise MalformedError("the document's XMP can't be read")
    packet, more = xmp.written(present, declaration)
    placed: list[Placed] = []
    if more:
        placed.append(_stream(document, changes, packet))
        names += more
    if not names:
        return Change()
    placed += changes.objects()
    return Change((Edit(file.size, file.size, (_update(file, document, changes, placed),)),), names)


def _inform(document: Document, changes: Changes, declaration: Declaration) -> tuple[str, ...]:
    """Put what is missing into the document information; return its names."""
    ref = syntax.reference_of(document.trailer.get(b"Info"))
    if ref is None and b"Info" in document.trailer:
        raise MalformedError("the document information of the PDF is not an object of its own")
    entries = changes.dictionary(ref) if ref is not None else {}
    wanted = {name: value for name, value in declaration.entries().items() if name.encode() not in entries}
    label = declaration.aigc
    if label is not None:
        present, _ = changes.resolved(entries.get(b"AIGC", b"null"))
        if present == b"null":
            wanted["AIGC"] = label.to_json()
        else:
            merged = aigc.merged(_text_of(syntax.string_of(present) or b""), label)
            wanted |= {"AIGC": merged} if merged else {}
    if not wanted:
        return ()
    if ref is None:
        ref = changes.reserve()
        document.trailer[b"Info"] = changes.reference(ref)
    entries |= {name.encode(): syntax.write_string(_written(value)) for name, value in wanted.items()}
    changes.put(ref, syntax.write_dictionary(entries))
    return tuple(f"PDF {name}" for name in wanted)


def _text_of(data: bytes) -> str:
    if data[:2] == b"\xfe\xff":
        return data[2:].decode("utf-16-be", "replace")
    return data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")


def _written(value: str) -> bytes:
    """Return a text string: ASCII as it is, else UTF-16 with its mark (ISO 32000-2 7.9.2.2)."""
    return value.encode() if value.isascii() else b"\xfe\xff" + value.encode("utf-16-be")


def _stream(document: Document, changes: Changes, packet: bytes) -> Placed:
    """Return the packet as an object: the one that was there under its number, else a new one."""
    catalogue = changes.dictionary(document.root)
    ref = syntax.reference_of(catalogue.get(b"Metadata"))
    if ref is None:
        ref = changes.reserve()
        catalogue[b"Metadata"] = changes.reference(ref)
        changes.put(document.root, syntax.write_dictionary(catalogue))
    entries = {b"Type": b"/Metadata", b"Subtype": b"/XML", b"Length": b"%d" % len(packet)}
    head = syntax.write_dictionary(entries) + b"\nstream\n"
    return Placed.framed(ref, head, packet, b"\nendstream\nendobj\n")


def _update(file: Reader, document: Document, changes: Changes, placed: list[Placed]) -> bytes:
    parts: list[bytes] = [] if file.read(file.size - 1, 1) in (b"\n", b"\r") else [b"\n"]
    at = file.size + len(b"".join(parts))
    offsets: dict[Ref, int] = {}
    for one in placed:
        offsets[one.ref] = at
        parts += [part for part in one.parts if isinstance(part, bytes)]
        at += one.size
    return b"".join([*parts, section(document, changes, offsets, at)])
