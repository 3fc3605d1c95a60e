"""The fields of a label by their dotted names, such as `operator.name`."""

from collections.abc import Mapping
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from kzlabel.labels import HumanContribution, Label, Notice, Operator, System, Training

__all__ = ["FIELDS", "LabelField", "said", "written"]

_PARTS: Final[Mapping[str, type[msgspec.Struct]]] = {
    "system": System,
    "operator": Operator,
    "human_contribution": HumanContribution,
    "notice": Notice,
    "training": Training,
}

FIELDS: Final = tuple(
    name
    for field in Label.__struct_fields__
    for name in (field, *(f"{field}.{inner}" for inner in _PARTS.get(field, msgspec.Struct).__struct_fields__))
)
"""Every field, and every field of a part."""

LabelField = Annotated[str, Meta(pattern="^(" + "|".join(FIELDS).replace(".", r"\.") + ")$")]
"""One of them."""


def said(label: Label, field: str) -> object:
    """Return what `label` says in `field`; something false where it says nothing."""
    value: object = label
    for name in field.split("."):
        value = getattr(value, name, None)
    return value


def written(value: object) -> str:
    """Return what a field says as a person reads it."""
    if isinstance(value, msgspec.Struct):
        return ", ".join(written(inner) for inner in msgspec.structs.astuple(value) if inner)
    if isinstance(value, tuple):
        return ", ".join(map(written, value))
    return "" if value is None else str(value)
