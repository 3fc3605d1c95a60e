"""CBOR as claims and assertions use it, and nothing beyond (C2PA 2.4 section 6.3, RFC 8949).

Accepted is what writers in the wild make: the deterministic form, except that maps may be of indefinite length,
keys in any order, and numbers of single precision. Text keys only, each once; no tags but the one for a date
and time. Everything else is rejected, since two decoders could read it in two ways.
"""

from collections.abc import Mapping
from typing import Any, Final, NoReturn, TypeVar

import cbor2
import msgspec

from kzlabel.errors import LimitError, MalformedError
from kzlabel.limits import DEFAULT_LIMITS

__all__ = ["DateText", "convert", "decode", "encode", "is_json"]

_T = TypeVar("_T")

_TOO_DEEP: Final = "maximum container nesting depth"
_BREAK: Final = 0xFF
_INDEFINITE_MAP: Final = 0xBF
_SINGLE: Final = 0xFA
_DOUBLE: Final = b"\xfb"
_SCALARS: Final = frozenset({str, int, float, bool, type(None)})


class DateText(str):
    """Text that carried the tag of a date and time (RFC 8949 section 3.4.1)."""

    __slots__ = ()


def decode(data: bytes, *, dates: bool = False, depth: int = DEFAULT_LIMITS.cbor_depth) -> Any:
    """Return the one item that `data` is; a tagged date is a `DateText`, and accepted only with `dates`.

    Raises:
        LimitError: Its arrays and maps are nested deeper than `depth`.
        MalformedError: It is no CBOR, or not in a form that every decoder reads in the same way.
    """
    try:
        value = cbor2.loads(
            data,
            semantic_decoders=_DATES if dates else _NO_TAGS,
            tag_hook=_refuse,
            max_depth=depth,
            allow_duplicate_keys=False,
            strict_hashable_types=True,
        )
        plain = cbor2.dumps(value, encoders=_ENCODERS) if dates else cbor2.dumps(value)
    except (cbor2.CBORError, ValueError, TypeError, OverflowError, RecursionError) as error:
        if str(error).startswith(_TOO_DEEP):
            raise LimitError(f"CBOR nested deeper than {depth} levels") from None
        raise MalformedError(f"CBOR that can't be read: {error}") from None
    if (b"\x1b" in data or b"\x3b" in data) and not _fits(value):
        raise MalformedError("CBOR with a number that needs more than 64 bits and a sign")
    if plain != data and not _same_but_for_maps_and_numbers(data, plain):
        raise MalformedError("CBOR in an unusual form")
    return value


def encode(value: object) -> bytes:
    """Return `value` in the deterministic form that writers owe (RFC 8949 section 4.2.1); `DateText` is tagged."""
    data: bytes = cbor2.dumps(value, canonical=True, encoders=_ENCODERS)
    return data


def convert(value: object, into: type[_T]) -> _T:
    """Return decoded CBOR as a struct of type `into`; text never stands for bytes.

    Raises:
        msgspec.ValidationError: It has another form.
    """
    return msgspec.convert(value, into, builtin_types=(bytes,))


def is_json(value: Any) -> bool:
    """Tell whether decoded CBOR has nothing in it that JSON doesn't have."""
    kind = type(value)
    if kind is dict:
        return all(type(key) is str and is_json(inner) for key, inner in value.items())
    if kind is list:
        return all(map(is_json, value))
    return kind in _SCALARS


def _fits(value: Any) -> bool:
    """Tell whether all numbers in `value` fit into 64 bits with a sign; the reference engine reads no others."""
    kind = type(value)
    if kind is int:
        return bool(-(1 << 63) <= value < 1 << 63)
    if kind is dict:
        return all(map(_fits, value.values()))
    return kind is not list or all(map(_fits, value))


def _same_but_for_maps_and_numbers(data: bytes, plain: bytes) -> bool:
    """Tell whether `data` is `plain` with some maps of indefinite length and some numbers of single precision.

    `plain` is the deterministic encoding of what `data` holds. Both are compared from the front; as long as they
    are equal, they are at the same place of the same item. The first difference must be the head of a map
    (0xBF for a counted one), the end of one that was begun (0xFF, which can begin no item), or a floating-point
    number of four bytes for one of eight; after it both are again at the same place.
    """
    at = other = begun = 0
    while True:
        same = _common_prefix(data, at, plain, other)
        at, other = at + same, other + same
        if at == len(data):
            return other == len(plain)
        head = data[at]
        if head == _BREAK and begun:
            at += 1
            begun -= 1
        elif head == _SINGLE and plain[other : other + 1] == _DOUBLE:
            at, other = at + 5, other + 9
        elif head == _INDEFINITE_MAP and other < len(plain) and 0xA0 <= plain[other] <= 0xBB:
            at += 1
            begun += 1
            other += 1 if plain[other] < 0xB8 else 1 + (1 << (plain[other] - 0xB8))
        else:
            return False


def _common_prefix(left: bytes, at: int, right: bytes, other: int) -> int:
    """Return how many bytes are equal in `left` from `at` and `right` from `other`."""
    count = 0
    width = 256
    while True:
        a, b = left[at + count : at + count + width], right[other + count : other + count + width]
        if a == b:
            if len(a) < width:
                return count + len(a)
            count += width
            width *= 4
            continue
        size = min(len(a), len(b))
        differing = int.from_bytes(a[:size]) ^ int.from_bytes(b[:size])
        return count + size - (differing.bit_length() + 7) // 8


def _refuse(*_: object) -> NoReturn:
    raise MalformedError("a CBOR tag that C2PA doesn't use here")


def _date(value: object, _immutable: object) -> DateText:
    if type(value) is not str:
        raise MalformedError("a CBOR date that is no text")
    return DateText(value)


def _encode_date(encoder: cbor2.CBOREncoder, value: DateText) -> None:
    encoder.encode(cbor2.CBORTag(0, str(value)))


# Every tag that cbor2 would decode by itself; what isn't listed comes to the tag hook.
_BUILT_IN: Final = (
    0, 1, 2, 3, 4, 5, 25, 28, 29, 30, 35, 36, 37, 52, 54, 100, 256, 258, 260, 261, 1004, 43000, 55799
)  # fmt: skip
_NO_TAGS: Final[Mapping[int, Any]] = dict.fromkeys(_BUILT_IN, _refuse)
_DATES: Final[Mapping[int, Any]] = {**_NO_TAGS, 0: _date}
_ENCODERS: Final[Mapping[type, Any]] = {DateText: _encode_date}
