"""From builtins to structs: keys are checked here, and values by the structs that they go into."""

import difflib
from collections.abc import Collection, Mapping
from functools import cache
from typing import TypeVar, get_args

import msgspec
from msgspec.structs import FieldInfo

from kzlabel.errors import LabelError
from kzlabel.labels.text import wrong_type

__all__ = ["build", "decode", "known_fields"]

_S = TypeVar("_S", bound=msgspec.Struct)


def decode(data: bytes | str) -> Mapping[str, object]:
    """Read a JSON object.

    Raises:
        LabelError: `data` is no JSON, or no object.
    """
    if not isinstance(data, bytes | bytearray | str):
        raise wrong_type("the JSON of a label", "bytes or text", data)
    try:
        value = msgspec.json.decode(data)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise LabelError(f"the label is no JSON: {error}", "repair it") from None
    return _mapping("", value)


def build(cls: type[_S], data: object, path: str = "") -> _S:
    """Make a struct, and the structs inside it, from mappings.

    Args:
        cls: The struct.
        data: Its fields, under their written names.
        path: Where it stands in the label; empty for the label itself.

    Raises:
        LabelError: A field is unknown or missing, or breaks a rule.
    """
    given = _mapping(path, data)
    known_fields(cls, given, path)
    arguments = {}
    for written, (field, part) in _fields(cls).items():
        if written in given:
            value = given[written]
            nested = part is not None and isinstance(value, Mapping)
            arguments[field.name] = build(part, value, _join(path, written)) if part and nested else value
        elif field.required:
            raise LabelError(f"{_join(path, written)} is missing", "it has to be given")
    return cls(**arguments)


def known_fields(cls: type[msgspec.Struct], given: Collection[str], path: str = "") -> None:
    """Check that every name is that of a field.

    Raises:
        LabelError: One isn't; the message names the nearest field.
    """
    fields = _fields(cls)
    for key in given:
        if key not in fields:
            near = difflib.get_close_matches(str(key)[:100], fields, n=1)
            raise LabelError(
                f"{path or 'a label'} has no field {str(key)[:100]!r}",
                f"did you mean {near[0]}?" if near else f"its fields are {', '.join(fields)}",
            )


@cache
def _fields(cls: type[msgspec.Struct]) -> dict[str, tuple[FieldInfo, type[msgspec.Struct] | None]]:
    """Return the fields under their written names, each with the struct that it may hold."""
    return {field.encode_name: (field, _part(field)) for field in msgspec.structs.fields(cls)}


def _part(field: FieldInfo) -> type[msgspec.Struct] | None:
    for kind in (field.type, *get_args(field.type)):
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            return kind
    return None


def _mapping(path: str, value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise wrong_type(path or "a label", "an object with fields", value)
    return value


def _join(path: str, field: str) -> str:
    return f"{path}.{field}" if path else field
