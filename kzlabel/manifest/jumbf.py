"""JUMBF, the boxes that a manifest store is made of (ISO 19566-5, C2PA 2.4 section 11.1).

    box       LBox(4) TBox(4) [XLBox(8) if LBox = 1] payload
    superbox  TBox `jumb`: one description box, then content boxes and superboxes
    jumd      type(16) toggles(1) label NUL [id(4)] [SHA-256(32)] [private box]
    salt      the private box of a description box: `c2sh` with 16 bytes or more

The hash of a superbox covers its payload: everything after its header. Boxes are given as offsets into the
store, so that nothing is copied that nobody looks at.
"""

from struct import Struct
from typing import NamedTuple

from kzlabel.errors import LimitError, MalformedError
from kzlabel.limits import Limits

__all__ = ["ContentBox", "Superbox", "read_superbox", "type_of", "write_box", "write_superbox"]

_HEADER = Struct(">I4s").unpack_from
_LONG = Struct(">Q").unpack_from
_HEADERS = Struct(">I4sI4s16sB").unpack_from
"""Head of a superbox, head of its description box, type and toggles."""

_HEADERS_SIZE = 33
_LABELLED, _ID, _HASH, _PRIVATE = 0x03, 0x04, 0x08, 0x10
_SALT_MINIMUM = 16
_PACK = Struct(">I4s").pack
_LONGEST = (1 << 32) - 1
_LONG_FOLLOWS = b"\x00\x00\x00\x01"
_TAIL = b"\x00\x11\x00\x10\x80\x00\x00\xaa\x00\x38\x9b\x71"

_CONTENT = frozenset({b"cbor", b"json", b"bfdb", b"bidb", b"uuid", b"brob"})


def type_of(code: bytes) -> bytes:
    """Return the 16-byte type of a superbox from the four characters that C2PA gives it."""
    return code + _TAIL


class ContentBox(NamedTuple):
    """A box that holds data."""

    kind: bytes
    """Four characters, for example `cbor`."""

    start: int
    """Offset of its payload in the store."""

    end: int
    """Offset of the first byte after it."""


class Superbox(NamedTuple):
    """A box that holds boxes."""

    type: bytes
    """What it is, 16 bytes."""

    label: str
    """Its name within the superbox that holds it."""

    salt: bytes | None
    """Random bytes that keep its hash from being guessed; None without."""

    boxes: tuple["ContentBox | Superbox", ...]
    """What it holds, in order."""

    start: int
    """Offset of its payload in the store."""

    end: int
    """Offset of the first byte after it."""

    oddity: str
    """What is allowed but seldom about it or a box in it, as a clause; empty when everything is plain.

    Padding boxes, identifiers, long lengths, boxes of unknown type: validators differ over how these enter a
    hash, so whoever needs the hash of an odd box asks another validator."""


def read_superbox(data: bytes, limits: Limits) -> Superbox:
    """Read the superbox with which `data` begins, and all that is in it.

    What follows it is left alone.

    Raises:
        MalformedError: It is no superbox, or a box in it is broken.
        LimitError: There are too many boxes, or they are nested too deeply.
    """
    return _Walk(data, limits).superbox(0, len(data), 0)


def write_box(kind: bytes, payload: bytes) -> bytes:
    """Return a box of type `kind`, for example `cbor`.

    Raises:
        LimitError: `payload` is too long for a length of 32 bits, the only one that every reader takes.
    """
    size = 8 + len(payload)
    if size > _LONGEST:
        raise LimitError(f"a box of {size} bytes")
    return _PACK(size, kind) + payload


def write_superbox(box_type: bytes, label: str, *boxes: bytes) -> bytes:
    """Return a superbox that holds `boxes`; `box_type` has 16 bytes, and `label` is not empty."""
    description = write_box(b"jumd", box_type + bytes([_LABELLED]) + label.encode() + b"\0")
    return write_box(b"jumb", b"".join((description, *boxes)))


class _Walk:
    """One walk through a store, with its budget."""

    def __init__(self, data: bytes, limits: Limits) -> None:
        self._data = data
        self._left = limits.boxes
        self._depth = limits.depth

    def superbox(self, at: int, limit: int, depth: int) -> Superbox:
        """Read the superbox at `at`, which may not reach beyond `limit`."""
        if at + _HEADERS_SIZE > limit:
            raise MalformedError("a superbox is cut off")
        data = self._data
        size, kind, described, inner_kind, box_type, toggles = _HEADERS(data, at)
        start, end = at + 8, at + size
        first = start + described
        if kind != b"jumb" or inner_kind != b"jumd" or first > end or end > limit or described <= 25:
            raise MalformedError("a superbox with a description was expected, and there is none")
        if depth >= self._depth:
            raise LimitError(f"boxes are nested more than {self._depth} levels deep")
        self._left -= 2
        close = data.find(0, at + _HEADERS_SIZE, first)
        if toggles & _LABELLED != _LABELLED or close <= at + _HEADERS_SIZE:
            raise MalformedError("a description box has no label")
        try:
            label = data[at + _HEADERS_SIZE : close].decode()
        except UnicodeDecodeError:
            raise MalformedError("the label of a box is not text") from None
        salt, oddity = None, ""
        if toggles != _LABELLED or close + 1 != first:
            salt, oddity = self._extras(close + 1, first, toggles)
        boxes, odd = self._inner(first, end, depth)
        return Superbox(box_type, label, salt, boxes, start, end, oddity or odd)

    def _inner(self, at: int, end: int, depth: int) -> tuple[tuple[ContentBox | Superbox, ...], str]:
        """Return the boxes from `at` to `end`, and what is odd about them."""
        boxes: list[ContentBox | Superbox] = []
        oddity = ""
        data = self._data
        while at < end:
            if data[at + 4 : at + 8] == b"jumb" and data[at : at + 4] != _LONG_FOLLOWS:
                inner = self.superbox(at, end, depth + 1)
                boxes.append(inner)
                at = inner.end
                oddity = oddity or inner.oddity
            else:
                kind, content, at, odd = self._header(at, end)
                boxes.append(ContentBox(kind, content, at))
                oddity = oddity or (odd if kind in _CONTENT else f"a box of type {kind!r}")
        return tuple(boxes), oddity

    def _header(self, at: int, limit: int) -> tuple[bytes, int, int, str]:
        """Return kind, start and end of the payload of the box at `at`, and what is odd about it."""
        self._left -= 1
        if self._left < 0:
            raise LimitError("the manifest store has too many boxes")
        if at + 8 > limit:
            raise MalformedError("a box header is cut off")
        size, kind = _HEADER(self._data, at)
        start, oddity = at + 8, ""
        if size == 1:
            if at + 16 > limit:
                raise MalformedError("a box header is cut off")
            (size,) = _LONG(self._data, at + 8)
            start, oddity = at + 16, "a box with a long length"
        end = at + size
        if end < start or end > limit:
            raise MalformedError(f"a box of type {kind!r} reaches outside the box that holds it")
        return kind, start, end, oddity

    def _extras(self, at: int, end: int, toggles: int) -> tuple[bytes | None, str]:
        """Return the salt after the label, and what is odd about the description box."""
        oddity = "" if toggles == _LABELLED | _PRIVATE else "a description box with an identifier or a hash"
        at += 4 * bool(toggles & _ID) + 32 * bool(toggles & _HASH)
        salt = None
        if toggles & _PRIVATE:
            kind, start, at, _ = self._header(at, end)
            if kind != b"c2sh":
                raise MalformedError(f"the private box of a description box is {kind!r}")
            salt = self._data[start:at]
            if len(salt) < _SALT_MINIMUM:
                oddity = "a salt that is too short"
        if at != end:
            raise MalformedError("a description box has a wrong length")
        return salt, oddity
