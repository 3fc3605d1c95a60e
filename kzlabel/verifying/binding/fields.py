"""Reading an assertion's fields: exactly the types that both engines take for the same thing, else no answer.

The reference engine refuses to read a file at all when a field of a hard binding has a wrong type; it is left to
do so. A field that is null counts as absent, as it does there.
"""

from collections.abc import Mapping
from typing import Any

from kzlabel.verifying.abstain import Abstention

__all__ = ["array", "flag", "mapping", "octets", "text", "whole"]

_TOO_LARGE = 1 << 63
"""Numbers from here on are read differently by the reference engine's several readers."""


def mapping(value: object) -> Mapping[str, Any]:
    """Return `value`, which must be a map with text keys."""
    if type(value) is dict and all(type(key) is str for key in value):
        return value
    raise Abstention("a hard binding has something else where a map belongs")


def array(value: object) -> list[Any]:
    """Return `value`, which must be an array."""
    if type(value) is list:
        return value
    raise Abstention("a hard binding has something else where an array belongs")


def text(value: object) -> str:
    """Return `value`, which must be text."""
    if type(value) is str:
        return value
    raise Abstention("a hard binding has something else where text belongs")


def octets(value: object) -> bytes:
    """Return `value`, which must be a byte string."""
    if type(value) is bytes:
        return value
    raise Abstention("a hard binding has something else where bytes belong")


def whole(value: object) -> int:
    """Return `value`, which must be a number from 0 to 2^63 - 1."""
    if type(value) is int and 0 <= value < _TOO_LARGE:
        return value
    raise Abstention("a hard binding has something else where a number belongs")


def flag(value: object) -> bool:
    """Return `value`, which must be true or false."""
    if type(value) is bool:
        return value
    raise Abstention("a hard binding has something else where true or false belongs")
