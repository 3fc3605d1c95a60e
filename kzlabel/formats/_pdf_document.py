"""A PDF opened for an update: its objects as they are written, its last cross-reference section, its cipher.

pypdf finds and decrypts; nothing that it would have to repair is accepted, because an update is found only by way
of what it is appended to.
"""

import logging
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple, TypeVar, cast

from kzlabel.errors import LimitError, MalformedError
from kzlabel.files import Reader
from kzlabel.formats import _pdf_syntax as syntax
from kzlabel.formats._pdf_stream import BoundedStream
from kzlabel.formats._window import Walk
from kzlabel.limits import DEFAULT_LIMITS, Limits

if TYPE_CHECKING:
    from pypdf import PdfReader

__all__ = ["Document", "Ref", "Stored", "guarded", "opened", "opened_whole"]

T = TypeVar("T")
_PLACED: Final = re.compile(rb"[\0\t\n\f\r ]*(\d{1,10})[\0\t\n\f\r ]+(\d{1,5})[\0\t\n\f\r ]+obj\b")
_PLACED_HEADER: Final = 40
"""Bytes in which an object's header is."""

Ref = tuple[int, int]
"""Object number and generation number."""

_WINDOW = 4096
_TAIL = 2048
_OBJECT_SIZE = 1 << 24
"""Bytes that an object may have that is rewritten: a long name tree is a few megabytes."""
_NUMBER = 8_388_607
"""The highest object number that readers must support (ISO 32000-1 annex C)."""
_HEADER = re.compile(rb"[\0\t\n\f\r ]*+(\d{1,10})[\0\t\n\f\r ]++(\d{1,5})[\0\t\n\f\r ]++obj")
_ADDRESS = re.compile(r"IndirectObject\((\d+), (\d+), \d+\)")
"""How pypdf names an object: its number, its generation, and where in this process the document lies."""
_STARTXREF = re.compile(rb"startxref[\0\t\n\f\r ]++(\d{1,15})[\0\t\n\f\r ]")


class Stored(NamedTuple):
    """An object as it is written in the file."""

    value: bytes
    """The dictionary or array."""

    packed: bool
    """Whether it lies in an object stream, where strings aren't encrypted on their own."""


class Document:
    """A PDF that can be updated."""

    trailer: dict[bytes, bytes]
    """The entries of the last trailer or cross-reference stream."""

    previous: int
    """Where the last cross-reference section begins."""

    as_stream: bool
    """Whether that section is a cross-reference stream."""

    def __init__(self, file: Reader, limits: Limits, pypdf: "PdfReader | None" = None) -> None:
        """Open the document, or take over what `pypdf` has opened and perhaps decrypted.

        Raises:
            LimitError: It has too many objects.
            MalformedError: It is broken.
        """
        self._file = file
        self.pypdf = pypdf or opened(file, limits)
        count = sum(map(len, self.pypdf.xref.values())) + len(self.pypdf.xref_objStm)
        if count > limits.pdf_objects:
            raise LimitError(f"a PDF with {count} objects")
        self.previous, self.as_stream, self.trailer = _last_section(file)
        root = syntax.reference_of(self.trailer.get(b"Root"))
        seen = guarded(lambda: self.pypdf.trailer.raw_get("/Root"))
        if root is None or root != (getattr(seen, "idnum", None), getattr(seen, "generation", None)):
            raise MalformedError("the last trailer of the PDF doesn't name its catalogue")
        self.root: Ref = root
        catalogue = syntax.dictionary_of(self.stored(root).value)
        if syntax.name_of(catalogue.get(b"Type")) != b"Catalog":
            raise MalformedError("the last trailer of the PDF names a catalogue that is none")

    @property
    def encrypted(self) -> bool:
        """Whether strings and streams are encrypted."""
        return bool(self.pypdf.is_encrypted)

    @property
    def encryption_version(self) -> int:
        """The version (V) of the encryption algorithm; 0 when the document isn't encrypted."""
        cipher = self.pypdf._encryption  # noqa: SLF001 - pypdf has no public way to learn it
        return 0 if cipher is None else int(cipher.V)

    @property
    def next_number(self) -> int:
        """The lowest object number that was never used.

        Raises:
            LimitError: There is none that every reader supports.
        """
        used = [max(numbers, default=0) for numbers in self.pypdf.xref.values()]
        used += [max(numbers, default=0) for numbers in self.pypdf.xref_free_entry.values()]
        number = max(
            syntax.whole_of(self.trailer.get(b"Size")), 1 + max([*used, *self.pypdf.xref_objStm], default=0)
        )
        if number > _NUMBER:
            raise LimitError(f"a PDF with object numbers up to {number}")
        return number

    def stored(self, ref: Ref) -> Stored:
        """Return the dictionary or array that is object `ref`.

        Raises:
            LimitError: It is too large.
            MalformedError: It isn't where the cross-references say, or is broken.
        """
        if ref[1] == 0 and ref[0] in self.pypdf.xref_objStm:
            return Stored(self._packed(ref[0]), packed=True)
        return Stored(_object_at(self._file, self.place(ref), ref), packed=False)

    def place(self, ref: Ref) -> int:
        """Return where object `ref` is written.

        Raises:
            MalformedError: It is missing, or lies in an object stream.
        """
        number, generation = ref
        packed = generation == 0 and number in self.pypdf.xref_objStm
        at: int | None = self.pypdf.xref.get(generation, {}).get(number)
        if at is None or packed or self.pypdf.xref_free_entry.get(generation, {}).get(number):
            raise MalformedError(f"object {number} of the PDF is missing")
        if not 0 <= at < self._file.size:
            raise MalformedError(f"object {number} of the PDF isn't where its cross-references say")
        return at

    def resolved(self, value: bytes | None) -> tuple[bytes | None, Ref | None]:
        """Return what `value` refers to and its number; `value` itself and None when it is no reference."""
        ref = syntax.reference_of(value)
        return (value, None) if ref is None else (self.stored(ref).value, ref)

    def encrypt(self, data: bytes, ref: Ref) -> bytes:
        """Return `data` encrypted as a string in object `ref`; as it is when the document isn't encrypted."""
        from pypdf.generic import ByteStringObject  # noqa: PLC0415 - only PDFs pay for it

        cipher = self.pypdf._encryption  # noqa: SLF001 - pypdf has no public way to encrypt for an update
        if cipher is None:
            return data
        return bytes(cipher.encrypt_object(ByteStringObject(data), *ref).original_bytes)  # type: ignore[attr-defined]

    def decrypt(self, data: bytes, ref: Ref) -> bytes:
        """Return the string `data` of object `ref` decrypted; as it is when the document isn't encrypted.

        Raises:
            MalformedError: It can't be decrypted.
        """
        from pypdf.generic import ByteStringObject  # noqa: PLC0415 - only PDFs pay for it

        cipher = self.pypdf._encryption  # noqa: SLF001 - as above
        if cipher is None:
            return data
        return guarded(lambda: bytes(cipher.decrypt_object(ByteStringObject(data), *ref).original_bytes))  # type: ignore[attr-defined]

    def _packed(self, number: int) -> bytes:
        holder, _ = self.pypdf.xref_objStm[number]
        if holder in self.pypdf.xref_objStm:
            raise MalformedError("an object stream of the PDF lies in another one")
        stream = guarded(lambda: self.pypdf.get_object(holder))
        if stream is None or not hasattr(stream, "get_data"):
            raise MalformedError(f"object {holder} of the PDF is no object stream")
        data: bytes = guarded(stream.get_data)
        first, count = guarded(lambda: (stream.get("/First"), stream.get("/N")))  # type: ignore[attr-defined]
        if not isinstance(first, int) or not isinstance(count, int) or not 0 <= first <= len(data):
            raise MalformedError("an object stream of the PDF is broken")
        numbers = data[:first].split()[: 2 * count]
        places = dict(zip(numbers[::2], numbers[1::2], strict=False))
        at = first + syntax.whole_of(places.get(b"%d" % number))
        return _value(data, at)


def opened(file: Reader, limits: Limits = DEFAULT_LIMITS, *, strict: bool = False) -> "PdfReader":
    """Return `file` opened by pypdf; `strict` refuses whatever would have to be repaired.

    Raises:
        LimitError: Too much of it has to be read to find its objects.
        MalformedError: pypdf can't read it.
    """
    stream = BoundedStream(file, limits)
    try:
        return _opened(stream, strict=strict)
    finally:
        stream.check()


def opened_whole(file: Reader, limits: Limits = DEFAULT_LIMITS) -> "tuple[PdfReader, bool]":
    """Return `file` opened by pypdf, and whether nothing in it had to be repaired for that.

    Most documents are whole: opened strictly first, they are spared the looks that pypdf takes at all objects of
    others. What is read later is repaired as of any other.

    Raises:
        LimitError: Too much of it has to be read to find its objects, or it has too many.
        MalformedError: pypdf can't read it.
    """
    try:
        document = opened(file, limits, strict=True)
    except LimitError:
        raise
    except MalformedError:
        document, whole = opened(file, limits), False
    else:
        whole = True
    objects = sum(map(len, document.xref.values())) + len(document.xref_objStm)
    if objects > limits.pdf_objects:
        raise LimitError(f"a PDF with {objects} objects; at most {limits.pdf_objects} are looked at")
    if whole and not _in_place(file, document, limits):
        document, whole = opened(file, limits), False
    document.strict = False
    return document, whole


def _in_place(file: Reader, document: "PdfReader", limits: Limits) -> bool:
    """Tell whether every object is where the cross-references say."""
    walk = Walk(file, limits)
    try:
        for generation, table in document.xref.items():
            for number, at in table.items():
                found = _PLACED.match(walk.read(at, min(_PLACED_HEADER, file.size - at)))
                if found is None or (int(found[1]), int(found[2])) != (number, generation):
                    return False
    except MalformedError:
        return False
    return True


def _opened(stream: BoundedStream, *, strict: bool) -> "PdfReader":
    from pypdf import PdfReader  # noqa: PLC0415 - only PDFs pay for it

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # what it has to say comes as an exception or not at all
    return guarded(lambda: PdfReader(cast("BinaryIO", stream), strict=strict))


def guarded(read: Callable[[], T]) -> T:
    """Call `read`; whatever pypdf raises on a broken document becomes one exception."""
    try:
        return read()
    except (LimitError, MalformedError):
        raise
    except Exception as error:  # noqa: BLE001 - hostile documents make pypdf raise anything
        said = _ADDRESS.sub(r"object \1 \2", str(error))
        raise MalformedError(f"the PDF can't be read: {type(error).__name__}: {said}"[:200]) from None


def _last_section(file: Reader) -> tuple[int, bool, dict[bytes, bytes]]:
    """Return where the last cross-reference section begins, whether it is a stream, and its trailer."""
    start = max(0, file.size - _TAIL)
    found = list(_STARTXREF.finditer(file.read(start, file.size - start) + b"\n"))
    if not found:
        raise MalformedError("the PDF doesn't say where its cross-references are")
    at = int(found[-1][1])
    head = file.read(at, min(32, max(0, file.size - at)))
    if head.lstrip(b"\0\t\n\f\r ").startswith(b"xref"):
        return at, False, _trailer(file, at)
    header = _HEADER.match(head)
    if header is None:
        raise MalformedError("the cross-references of the PDF aren't where it says")
    trailer = syntax.dictionary_of(_object_at(file, at, (int(header[1]), int(header[2]))))
    if syntax.name_of(trailer.get(b"Type")) != b"XRef":
        raise MalformedError("the cross-references of the PDF aren't where it says")
    return at, True, trailer


def _trailer(file: Reader, at: int) -> dict[bytes, bytes]:
    """Return the trailer after the cross-reference table at `at`; nothing but digits stands between them."""
    length = _WINDOW
    while True:
        data = file.read(at, min(length, file.size - at))
        found = re.match(rb"[\0\t\n\f\r ]*+xref[0-9fn\0\t\n\f\r ]*+trailer", data)
        if found:
            try:
                return syntax.dictionary_at(data, found.end())[0]
            except MalformedError:
                if at + length >= file.size:
                    raise
        if at + length >= file.size or length > _OBJECT_SIZE:
            raise MalformedError("the PDF has no trailer after its last cross-reference table")
        length *= 4


def _object_at(file: Reader, at: int, ref: Ref) -> bytes:
    """Return the dictionary or array of the object at `at`, which must be `ref`."""
    length = _WINDOW
    while True:
        data = file.read(at, min(length, max(0, file.size - at)))
        header = _HEADER.match(data)
        if header is None or (int(header[1]), int(header[2])) != ref:
            raise MalformedError(f"object {ref[0]} of the PDF isn't where its cross-references say")
        try:
            return _value(data, header.end())
        except LimitError:
            raise
        except MalformedError:
            if at + length >= file.size:
                raise
            if length > _OBJECT_SIZE:
                raise LimitError(f"object {ref[0]} of the PDF is larger than {_OBJECT_SIZE} bytes") from None
        length *= 4


def _value(data: bytes, at: int) -> bytes:
    at += len(data[at : at + 64]) - len(data[at : at + 64].lstrip(b"\0\t\n\f\r "))
    if data[at : at + 1] not in (b"[", b"<"):
        raise MalformedError("an object of the PDF is neither an array nor a dictionary")
    return data[at : syntax.value_end(data, at)]
