"""The value of an AIGC field: a JSON object in one of two shapes (TC260-PG-20259A).

    {"Label": "1", "ContentProducer": ...}      or      {"AIGC": {"Label": "1", ...}}

Writers use the wrapper where a field isn't named AIGC itself.
"""

import json
from typing import Final

import msgspec

from kzlabel.markers.model import AIGC

__all__ = ["label_of", "merged", "read_aigc"]

_LABELS: Final = frozenset({"1", "2", "3"})
_LONGEST: Final = 1 << 16


def read_aigc(text: str) -> dict[str, object] | None:
    """Return the fields that `text` holds in either shape; None when it holds none."""
    whole = _object(text)
    if whole is None:
        return None
    inner = whole.get("AIGC", whole)
    if isinstance(inner, str):
        inner = _object(inner)
    return inner if isinstance(inner, dict) and "Label" in inner else None


def label_of(text: str) -> str:
    """Return the Label (`1`, `2` or `3`) in `text`; empty when there is none."""
    fields = read_aigc(text) or {}
    label = fields.get("Label")
    label = str(label) if isinstance(label, int) and not isinstance(label, bool) else label
    return label if isinstance(label, str) and label in _LABELS else ""


def merged(present: str, declared: AIGC) -> str | None:
    """Return the text `present` with those fields of `declared` that are empty in it; its own are kept.

    None means that `present` is no label that can be added to, and "" that nothing is missing in it.
    """
    fields = read_aigc(present)
    if fields is None:
        return None
    missing = {name: value for name, value in declared.entries().items() if value and not fields.get(name)}
    if not missing:
        return ""
    fields |= missing
    whole = _object(present) or {}
    if "AIGC" in whole:
        fields = {**whole, "AIGC": fields}
    return json.dumps(fields, separators=(",", ":"), ensure_ascii=False)


def _object(text: str) -> dict[str, object] | None:
    if len(text) > _LONGEST or not text.lstrip().startswith("{"):
        return None
    try:
        value = msgspec.json.decode(text.strip("\0 \t\r\n").encode())
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
