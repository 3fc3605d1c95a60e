"""What assertions hold: generic data, actions, ingredients, metadata (C2PA 2.4 section 18).

Kinds that the reference engine only carries along are read as plain data. Kinds that it reads in depth are read
as strictly as it reads them, or more so; kinds that it checks in ways which are not known here are refused.
"""

import math
import re
from functools import lru_cache
from typing import Any, Final, cast

import msgspec

from kzlabel.errors import MalformedError
from kzlabel.limits import DEFAULT_LIMITS
from kzlabel.manifest.actions import Actions, read_actions
from kzlabel.manifest.cbor import decode, is_json
from kzlabel.manifest.ingredient import Ingredient, read_ingredient
from kzlabel.manifest.labels import kind_of, spelling
from kzlabel.manifest.store import Assertion

__all__ = ["BINDINGS", "Content", "Metadata", "Opaque", "read_assertion"]

BINDINGS: Final = ("c2pa.hash.data", "c2pa.hash.bmff", "c2pa.hash.boxes", "c2pa.hash.collection.data")
"""Kinds of hard bindings (C2PA 2.4 section 9.2)."""

_FILES: Final = ("c2pa.thumbnail.claim", "c2pa.thumbnail.ingredient", "c2pa.icon", "c2pa.embedded-data")
_CARRIED: Final = frozenset(
    {"c2pa.ai-disclosure", "c2pa.asset-ref", "c2pa.asset-type", "c2pa.training-mining", "cawg.training-mining"}
)
_METADATA: Final = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_-]*(?:\.[a-zA-Z0-9][a-zA-Z0-9_-]*)*\.metadata")
_OURS: Final = ("c2pa.", "cawg.")
_JSON_DEPTH: Final = 64
_SMALL: Final = 1024
"""Bytes up to which the content of an assertion is remembered."""
_REMEMBERED: Final = 128


class Opaque(msgspec.Struct, frozen=True):
    """An embedded file: a thumbnail, an icon, data of an ingredient."""


class Metadata(msgspec.Struct, frozen=True):
    """A metadata assertion: JSON-LD (C2PA 2.4 section 18.17)."""

    content: dict[str, Any]
    """All of it, with its context."""

    @property
    def allowed(self) -> bool:
        """Whether every property with a prefix has it declared in the context."""
        context = self.content["@context"]
        prefixes = (key.partition(":")[0] for key in self.content if ":" in key)
        return bool(context) and all(prefix in context for prefix in prefixes)


Data = dict[str, Any] | list[Any] | str | bytes | int | float | None
Content = Data | Opaque | Metadata | Actions | Ingredient
"""What `read_assertion` returns: plain data, or a struct for the kinds with rules of their own."""


def read_assertion(assertion: Assertion, depth: int = DEFAULT_LIMITS.cbor_depth) -> Content:
    """Read the content of an assertion.

    Raises:
        LimitError: It is nested deeper than `depth`.
        MalformedError: It is broken, or of a kind that isn't understood here in full.
    """
    if assertion.kind == "file":
        return _read_file(assertion.label)
    if len(assertion.content) <= _SMALL:
        return _read_small(assertion.label, assertion.kind, assertion.content, depth)
    return _read(assertion.label, assertion.kind, assertion.content, depth)


@lru_cache(maxsize=_REMEMBERED)
def _read_small(label: str, kind: str, content: bytes, depth: int) -> Content:
    # Many files of one tool have the same actions, and the same small assertions. Nobody changes what is read.
    return _read(label, kind, content, depth)


def _read(label: str, kind: str, content: bytes, depth: int) -> Content:
    name, version = kind_of(label)
    if name == "c2pa.actions":
        return read_actions(_cbor_of(label, kind, content), version, depth)
    if name == "c2pa.ingredient":
        return read_ingredient(_cbor_of(label, kind, content), version, depth)
    if name in BINDINGS:
        return _read_data(decode(_cbor_of(label, kind, content), depth=depth))
    if name == "c2pa.soft-binding":
        return _read_soft_binding(_cbor_of(label, kind, content), depth)
    base = spelling(label).base
    if base.endswith(".metadata"):
        return _read_metadata(base, kind, content, depth)
    if base.startswith(_OURS) and name not in _CARRIED:
        raise MalformedError(f"assertions of kind {base} are not understood here")
    return _read_plain(kind, content, depth)


def _read_file(label: str) -> Opaque:
    # The reference engine reads these, and only these, as files; others it carries along.
    base = spelling(label).base
    if base.startswith(_OURS) and not base.startswith(_FILES):
        raise MalformedError(f"a file under the label {label}")
    if base.endswith(".metadata"):
        raise MalformedError("metadata that is a file")
    return Opaque()


def _read_soft_binding(content: bytes, depth: int) -> Data:
    """Read what finds the manifest of a file that lost it, a watermark say (C2PA 2.4 section 18.10).

    It proves nothing about the file, so it is only asked to have the form that everybody writes.
    """
    found = _read_data(decode(content, depth=depth))
    match found:
        case {"alg": str(), "blocks": [_, *_] as blocks, **rest}:
            pad = rest.pop("pad", b"")
            if not rest and isinstance(pad, bytes) and all(map(_is_block, blocks)):
                return found
    raise MalformedError("a soft binding in an unusual form")


def _is_block(block: object) -> bool:
    match block:
        case {"scope": {**scope}, "value": str() | bytes(), **rest}:
            return not scope and not rest
    return False


def _read_plain(kind: str, content: bytes, depth: int) -> Data:
    return _read_data(decode(content, depth=depth) if kind == "cbor" else _read_json(content))


def _cbor_of(label: str, kind: str, content: bytes) -> bytes:
    if kind != "cbor":
        raise MalformedError(f"the assertion {label} should be CBOR")
    return content


def _read_json(data: bytes) -> Any:
    """Read strict JSON.

    Raises:
        MalformedError: It is none, or numbers in it are beyond what a double or 64 bits hold.
    """
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedError(f"JSON that can't be read: {error}") from None


def _read_metadata(base: str, kind: str, data: bytes, depth: int) -> Metadata:
    if base in ("c2pa.metadata", "c2pa.assertion.metadata") or not _METADATA.fullmatch(base):
        raise MalformedError(f"assertions of kind {base} are not understood here")
    content = _read_plain(kind, data, depth)
    if not isinstance(content, dict) or not is_json(content):
        raise MalformedError("metadata that is no map, or not JSON")
    context = content.get("@context")
    if not isinstance(context, dict) or not all(isinstance(uri, str) for uri in context.values()):
        raise MalformedError("metadata without a context that maps prefixes to addresses")
    return Metadata(content)


def _read_data(value: Any, depth: int = 0) -> Data:
    """Return `value` when it can be written as JSON without loss of meaning: no odd keys, numbers, simple values.

    Raises:
        MalformedError: It can't.
    """
    kind = type(value)
    if kind is dict:
        for key, inner in value.items():
            if type(key) is not str:
                raise MalformedError("a map has keys that are no text")
            _read_data(inner, depth + 1)
    elif kind is list:
        for inner in value:
            _read_data(inner, depth + 1)
    elif kind is int:
        if not -(1 << 63) <= value < 1 << 64:
            raise MalformedError("a number doesn't fit into 64 bits")
    elif kind is float:
        if not math.isfinite(value):
            raise MalformedError("a number is not finite")
    elif kind not in _SCALARS:
        raise MalformedError(f"a value of type {kind.__name__}")
    if depth > _JSON_DEPTH:
        raise MalformedError("data is nested too deeply")
    return cast("Data", value)


_SCALARS: Final = frozenset({str, bytes, bool, type(None)})
