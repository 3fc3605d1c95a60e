"""How the structs of a label check themselves: a table of fields, and for each field a function.

A check takes the name of the field and whatever was given, and returns the value in its canonical form or
raises `LabelError`. A struct runs its table when it is made, whether by its constructor or by a decoder, so
that no struct of a label exists that breaks a rule.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from enum import StrEnum

import msgspec
from msgspec.structs import force_setattr

from kzlabel.errors import LabelError
from kzlabel.labels.text import wrong_type

__all__ = ["Check", "Part", "choice", "choices", "distinct", "instance", "optional", "settle"]

Check = Callable[[str, object], object]


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a label and all its parts share: they don't change, and absent fields aren't written."""


def settle(struct: msgspec.Struct, path: str, checks: Mapping[str, Check]) -> None:
    """Put every field of a new struct into its canonical form.

    Args:
        struct: The struct, in its `__post_init__`.
        path: What stands before the name of a field in errors, for example `system.`.
        checks: A check for each field.

    Raises:
        LabelError: A field breaks a rule.
    """
    for field, check in checks.items():
        given = getattr(struct, field)
        value = check(path + field, given)
        if value is not given:
            force_setattr(struct, field, value)


def optional(check: Check) -> Check:
    """Let `None` through, and check anything else."""
    return lambda field, value: None if value is None else check(field, value)


def instance(expected: type[msgspec.Struct]) -> Check:
    """Accept a struct of one kind; it checked itself when it was made."""
    article = "an" if expected.__name__[0] in "AEIO" else "a"

    def check(field: str, value: object) -> object:
        if not isinstance(value, expected):
            raise wrong_type(field, f"{article} {expected.__name__}", value)
        return value

    return check


def choice(words: type[StrEnum]) -> Check:
    """Accept one word of a vocabulary, as its member or as text."""
    members = {word.value: word for word in words}

    def check(field: str, value: object) -> object:
        if not isinstance(value, str):
            raise wrong_type(field, "a word", value)
        member = members.get(value)
        if member is None:
            raise LabelError(f"{field} can't be {value[:100]!r}", f"use one of {', '.join(members)}")
        return member

    return check


def choices(words: type[StrEnum]) -> Check:
    """Accept several words of a vocabulary, each once, and put them in its order."""
    one = choice(words)
    order = tuple(words)

    def check(field: str, value: object) -> object:
        chosen = distinct(field, value, one, limit=len(order))
        return tuple(word for word in order if word in chosen)

    return check


def distinct(field: str, value: object, check: Check, *, limit: int) -> Collection[object]:
    """Check each of several values, and that none comes twice.

    Raises:
        LabelError: `value` is no collection, has too many values, or has one twice.
    """
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        raise wrong_type(field, "a list", value)
    found: dict[object, None] = {}
    for given in value:
        item = check(field, given)
        if item in found:
            raise LabelError(f"{field} has {item} twice", "name each once")
        found[item] = None
        if len(found) > limit:
            raise LabelError(f"{field} has more than {limit} values", "leave out what is not needed")
    return found.keys()
