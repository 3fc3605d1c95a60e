"""PDF values as they are written (ISO 32000-2 7.2 and 7.3): found and copied, not interpreted.

An update copies what it doesn't change byte for byte, so a value is the bytes that it was written as: a name stays
spelled as it was, a string stays encrypted as it was.
"""

import re
from collections.abc import Callable, Mapping

from kzlabel.errors import LimitError, MalformedError

__all__ = [
    "array_of",
    "dictionary_at",
    "dictionary_of",
    "item_spans",
    "name_of",
    "reference_of",
    "string_of",
    "value_end",
    "whole_of",
    "with_strings",
    "write_array",
    "write_dictionary",
    "write_string",
]

_DEPTH = 64
_SPACE = re.compile(rb"(?:[\0\t\n\f\r ]++|%[^\r\n]*+)*+")
_NAME = re.compile(rb"/[^\0\t\n\f\r ()<>\[\]{}/%]*+")
_WORD = re.compile(rb"[^\0\t\n\f\r ()<>\[\]{}/%]++")
_HEXADECIMAL = re.compile(rb"<[0-9A-Fa-f\0\t\n\f\r ]*+>")
_BRACKET = re.compile(rb"[()\\]")
_REFERENCE = re.compile(rb"(\d{1,10})[\0\t\n\f\r ]++(\d{1,5})[\0\t\n\f\r ]++R(?![^\0\t\n\f\r ()<>\[\]{}/%])")
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_BACKSLASH = re.compile(rb"\\(?:([0-7]{1,3})|(\r\n|[\r\n])|(.))|\r\n|\r", re.DOTALL)
_LETTERS = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
_CLOSERS = {b"<<": b">>", b"[": b"]"}


def _skip(data: bytes, at: int) -> int:
    found = _SPACE.match(data, at)
    return found.end() if found else at


def _string_end(data: bytes, at: int) -> int:
    depth = 0
    while True:
        found = _BRACKET.search(data, at)
        if found is None:
            raise MalformedError("a string of the PDF doesn't end")
        at = found.end()
        match found[0]:
            case b"(":
                depth += 1
            case b")":
                depth -= 1
            case _:
                at += 1
        if depth == 0:
            return at


def _token_end(data: bytes, at: int) -> int:
    """Return where the token that begins at `at` ends; a reference `12 0 R` is one token."""
    two = data[at : at + 2]
    if two in (b"<<", b">>"):
        return at + 2
    match two[:1]:
        case b"[" | b"]":
            return at + 1
        case b"(":
            return _string_end(data, at)
        case b"<":
            found = _HEXADECIMAL.match(data, at)
        case b"/":
            found = _NAME.match(data, at)
        case _:
            found = _REFERENCE.match(data, at) or _WORD.match(data, at)
    if found is None:
        raise MalformedError("a value of the PDF is missing or broken")
    return found.end()


def value_end(data: bytes, at: int) -> int:
    """Return where the value that begins at `at` ends.

    Raises:
        LimitError: It is nested too deeply.
        MalformedError: It is broken, or `data` ends inside it.
    """
    closers: list[bytes] = []
    while True:
        end = _token_end(data, at)
        token = data[at:end]
        if token in _CLOSERS:
            closers.append(_CLOSERS[token])
            if len(closers) > _DEPTH:
                raise LimitError(f"values of the PDF are nested more than {_DEPTH} deep")
        elif token in (b">>", b"]") and (not closers or closers.pop() != token):
            raise MalformedError("brackets of the PDF don't match")
        if not closers:
            return end
        at = _skip(data, end)


def item_spans(data: bytes, at: int) -> tuple[list[tuple[int, int]], int]:
    """Return where the values in the array or dictionary at `at` begin and end, and where it itself ends."""
    opener = b"<<" if data[at : at + 2] == b"<<" else data[at : at + 1]
    closer = _CLOSERS.get(opener)
    if closer is None:
        raise MalformedError("an array or dictionary of the PDF is something else")
    spans: list[tuple[int, int]] = []
    at = _skip(data, at + len(opener))
    while not data.startswith(closer, at):
        end = value_end(data, at)
        spans.append((at, end))
        at = _skip(data, end)
    return spans, at + len(closer)


def dictionary_at(data: bytes, at: int) -> tuple[dict[bytes, bytes], int]:
    """Return the entries of the dictionary at `at`, keyed by the plain name, and where it ends.

    Raises:
        LimitError: It is nested too deeply.
        MalformedError: There is none, it is broken, or a key stands in it twice.
    """
    at = _skip(data, at)
    if data[at : at + 2] != b"<<":
        raise MalformedError("a dictionary of the PDF is something else")
    spans, end = item_spans(data, at)
    if len(spans) % 2:
        raise MalformedError("a key of the PDF has no value")
    entries: dict[bytes, bytes] = {}
    for key, value in zip(spans[::2], spans[1::2], strict=True):
        name = name_of(data[slice(*key)])
        if name is None or name in entries:
            raise MalformedError("a key of the PDF is no name, or stands in a dictionary twice")
        entries[name] = data[slice(*value)]
    return entries, end


def dictionary_of(value: bytes) -> dict[bytes, bytes]:
    """Return the entries of the dictionary that `value` is; see `dictionary_at`."""
    return dictionary_at(value, 0)[0]


def array_of(value: bytes) -> list[bytes]:
    """Return the items of the array that `value` is.

    Raises:
        LimitError: It is nested too deeply.
        MalformedError: It is no array, or a broken one.
    """
    if value[:1] != b"[":
        raise MalformedError("an array of the PDF is something else")
    return [value[start:end] for start, end in item_spans(value, 0)[0]]


def reference_of(value: bytes | None) -> tuple[int, int] | None:
    """Return the object and generation number that `value` refers to; None when it is no reference."""
    found = _REFERENCE.fullmatch(value or b"")
    return (int(found[1]), int(found[2])) if found else None


def name_of(value: bytes | None) -> bytes | None:
    """Return the name that `value` is, without the solidus and escapes; None when it is no name."""
    if not value or value[:1] != b"/":
        return None
    return _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), value[1:])


def whole_of(value: bytes | None) -> int:
    """Return the whole number that `value` is.

    Raises:
        MalformedError: It is none, a negative one, or one beyond any file's size.
    """
    if value is None or not re.fullmatch(rb"\+?\d{1,15}", value):
        raise MalformedError("a number of the PDF is missing or broken")
    return int(value)


def string_of(value: bytes) -> bytes | None:
    """Return the bytes of the literal or hexadecimal string that `value` is; None when it is no string."""
    if value[:1] == b"(":
        return _BACKSLASH.sub(_unescaped, value[1:-1])
    if value[:1] == b"<" and value[:2] != b"<<":
        digits = re.sub(rb"[^0-9A-Fa-f]", b"", value)
        return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode())
    return None


def _unescaped(found: re.Match[bytes]) -> bytes:
    octal, newline, letter = found.groups()
    if octal is not None:
        return bytes([int(octal, 8) & 0xFF])
    if newline is not None:
        return b""
    return b"\n" if letter is None else _LETTERS.get(letter, letter)


def write_string(data: bytes) -> bytes:
    """Return `data` as a hexadecimal string."""
    return b"<" + data.hex().encode() + b">"


def write_dictionary(entries: Mapping[bytes, bytes]) -> bytes:
    """Return a dictionary with `entries`; a key is written in the plainest way."""
    return b"<< " + b" ".join(b"/" + _escaped(key) + b" " + value for key, value in entries.items()) + b" >>"


def _escaped(name: bytes) -> bytes:
    return re.sub(rb"[^!-~]|[#()<>\[\]{}/%]", lambda found: b"#%02X" % found[0][0], name)


def write_array(items: list[bytes]) -> bytes:
    """Return an array with `items`."""
    return b"[ " + b" ".join(items) + b" ]"


def with_strings(value: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """Return `value` with every string in it replaced by what `change` makes of its bytes."""
    parts: list[bytes] = []
    at = done = 0
    while at < len(value):
        end = _token_end(value, at)
        content = string_of(value[at:end])
        if content is not None:
            parts += [value[done:at], write_string(change(content))]
            done = end
        at = _skip(value, end)
    return b"".join([*parts, value[done:]])
