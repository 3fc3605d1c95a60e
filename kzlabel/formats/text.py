"""Unstructured text: the store is written in variation selectors, which nobody sees (C2PA 2.4 A.8).

    text | U+FEFF | "C2PATXT" NUL | version 1 | length 4 | store | [padding] | text

Each byte after U+FEFF is one character: 0 to 15 are U+FE00 to U+FE0F, 16 to 255 are U+E0100 to U+E01EF. In UTF-8
that is three bytes or four, so that a store's size in the text depends on its bytes; see `weigh`. The length is
big-endian. Padding of zeros and of 16s may follow the store (C2PA 2.5 A.8).
"""

import re
from collections.abc import Mapping
from typing import Final

from kzlabel.codes import Code
from kzlabel.errors import LimitError, MalformedError
from kzlabel.files import BytesReader, Reader
from kzlabel.formats._marks import BOM, find_all, is_text
from kzlabel.formats._splice import Edit, check_sound, place, recut
from kzlabel.formats.base import Carrier, Derived, Encoding, Located, Splice
from kzlabel.limits import DEFAULT_LIMITS, Limits
from kzlabel.normal import is_normal
from kzlabel.spans import Span, complement

__all__ = [
    "EXTENSIONS",
    "MEDIA_TYPES",
    "NAME",
    "decode",
    "encode",
    "locate",
    "sniff",
    "splice",
    "stripped",
    "weigh",
]

NAME = "text"
MEDIA_TYPES: tuple[str, ...] = ("text/plain",)
EXTENSIONS: tuple[str, ...] = (".txt", ".text")

_SELECTORS: Final = [chr(0xFE00 + byte) if byte < 16 else chr(0xE0100 + byte - 16) for byte in range(256)]
_TO_SELECTOR: Final[Mapping[int, str]] = dict(enumerate(_SELECTORS))
_TO_BYTE: Final[Mapping[int, int]] = {ord(selector): byte for byte, selector in enumerate(_SELECTORS)}
_RUN: Final = re.compile(rb"(?:\xef\xb8[\x80-\x8f]|\xf3\xa0(?:[\x84-\x86][\x80-\xbf]|\x87[\x80-\xaf]))*")
_MAGIC: Final = b"C2PATXT\0"
_VERSION: Final = 1
_HEAD: Final = len(_MAGIC) + 5
_WIDEST: Final = 4
"""Bytes that a selector has at most."""
_PADDING: Final = re.compile(rb"\x00*\x10{0,2}")
_MARK: Final = BOM + "".join(_SELECTORS[byte] for byte in _MAGIC).encode()
_CORRUPTED: Final = Code.MANIFEST_TEXT_CORRUPTED_WRAPPER
_NEWLINE: Final = (b"\r\n", b"\n", b"\r")


def sniff(head: bytes) -> str | None:
    """Return the media type if there is a wrapper in `head`, a text; one without is known by its name alone."""
    return MEDIA_TYPES[0] if _MARK in head and is_text(head) else None


def locate(file: Reader, limits: Limits) -> Located:
    """Return every wrapper; one that begins as it should and goes wrong is a fault. See `Format.locate`."""
    carriers: list[Carrier] = []
    fault = ""
    for start in find_all(file, _MARK, limits.carriers):
        try:
            carriers.append(_wrapper(file, start, limits))
        except MalformedError as error:
            fault = fault or error.message
    if len(carriers) > 1:
        # The binding could say which one is meant (A.8.4.1); a reader who copies half of the text can't.
        said = f"there are {len(carriers)} hidden manifests in the text"
        return Located(tuple(carriers), xmp=(), fault=Code.MANIFEST_TEXT_MULTIPLE_WRAPPERS, fault_reason=said)
    return Located(tuple(carriers), xmp=(), fault=_CORRUPTED if fault else None, fault_reason=fault)


def _wrapper(file: Reader, start: int, limits: Limits) -> Carrier:
    """Return the carrier that the wrapper at `start` is.

    Raises:
        MalformedError: It breaks off, or its version is another.
        LimitError: It says that the store is larger than one may be.
    """
    begin = start + len(BOM)
    head, _ = _read(file, begin, _HEAD)
    if len(head) < _HEAD or head[len(_MAGIC)] != _VERSION:
        raise MalformedError(
            f"the hidden manifest at byte {start} breaks off, or is of a version that is not known"
        )
    size = int.from_bytes(head[len(_MAGIC) + 1 :])
    if size > limits.store_size:
        raise LimitError(f"a manifest store of {size} bytes")
    whole, end = _read(file, begin, _HEAD + size)
    if len(whole) < _HEAD + size:
        raise MalformedError(f"the hidden manifest at byte {start} says {size} bytes, and has {len(whole) - _HEAD}")
    store = begin + _width(whole[:_HEAD])
    rest, after = _read(file, end, 4096)
    padded = after if rest and _PADDING.fullmatch(rest) else end
    return Carrier((Span(store, end - store),), (Span(start, padded - start),), Encoding.SELECTORS)


def _read(file: Reader, at: int, count: int) -> tuple[bytes, int]:
    """Return up to `count` bytes written in selectors from `at` on, and the offset after them."""
    length = min(count * _WIDEST, file.size - at)
    found = _RUN.match(file.read(at, length))
    run = found[0] if found else b""
    data = decode(run)[:count]
    return data, at + _width(data)


def encode(data: bytes) -> bytes:
    """Return `data` written in variation selectors, in UTF-8."""
    return data.decode("latin-1").translate(_TO_SELECTOR).encode()


def decode(run: bytes) -> bytes:
    """Return the bytes that a run of variation selectors in UTF-8 stands for.

    Raises:
        MalformedError: There is something else in it.
    """
    try:
        return run.decode().translate(_TO_BYTE).encode("latin-1")
    except UnicodeError:
        raise MalformedError("something that is no variation selector") from None


def _width(data: bytes) -> int:
    """Return how many bytes `data` takes in the text."""
    return 4 * len(data) - sum(map(data.count, _LIGHT))


_LIGHT: Final = tuple(bytes([byte]) for byte in range(16))


def weigh(store: bytes) -> int:
    """Return how many bytes the wrapper of a store takes: see `Embedder.weigh`."""
    return len(BOM) + _width(_header(len(store)) + store)


def splice(file: Reader, located: Located, store_size: int, limits: Limits) -> Splice:
    """See `Embedder.splice`: at the end of the text, before its last line end; `store_size` is weighed.

    Raises:
        MalformedError: The text is no UTF-8, or isn't in normalisation form C, in which validators hash it.
        LimitError: It is longer than a text that is normalised may be.
    """
    check_sound(located)
    old = [span for carrier in located.carriers for span in carrier.excluded]
    _check_normal(file, old, limits)
    new = Derived(store_size, _written)
    tail = file.read(max(0, file.size - 2), min(2, file.size))
    end = file.size - next((len(mark) for mark in _NEWLINE if tail.endswith(mark)), 0)
    edits = [Edit(span.start, span.end) for span in old]
    parts = recut(file.size, [*edits, Edit(end, end, (new,))])
    return Splice(parts, (place(parts, new),))


def _check_normal(file: Reader, old: list[Span], limits: Limits) -> None:
    if file.size > limits.text:
        raise LimitError(f"a text of {file.size} bytes; at most {limits.text} are looked at")
    data = b"".join(bytes(piece) for piece in file.chunks(complement(old, file.size)))
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise MalformedError(f"the text is no UTF-8: {error.reason} at byte {error.start}") from None
    if not is_normal(text):
        raise MalformedError("the text isn't in Unicode normalisation form C; normalise it before it is labelled")


def _header(size: int) -> bytes:
    return _MAGIC + bytes([_VERSION]) + size.to_bytes(4)


def _written(store: bytes) -> bytes:
    return BOM + encode(_header(len(store)) + store)


def stripped(text: str) -> str:
    """Return `text` without the wrappers that are whole."""
    data = text.encode("utf-8", "surrogatepass")
    reader = BytesReader(data)
    spans = [span for carrier in locate(reader, DEFAULT_LIMITS).carriers for span in carrier.excluded]
    left = b"".join(data[span.start : span.end] for span in complement(spans, len(data)))
    return left.decode("utf-8", "surrogatepass")
