"""Ingredient assertions: what went into the content, and what was known of it (C2PA 2.4 section 18.16)."""

from typing import Any, Final, Literal, TypeVar

import msgspec

from kzlabel.errors import MalformedError
from kzlabel.limits import DEFAULT_LIMITS
from kzlabel.manifest.cbor import convert, decode, encode
from kzlabel.manifest.claim import ALGORITHMS, HashedUri

__all__ = ["Ingredient", "Recorded", "Results", "read_ingredient", "write_parent"]

_T = TypeVar("_T")

Relationship = Literal["parentOf", "componentOf", "inputTo"]


class Recorded(msgspec.Struct, frozen=True):
    """A status code that was recorded about an ingredient when it was taken in."""

    code: str
    """The code."""

    url: str | None = None
    """What it is about."""

    explanation: str | None = None
    success: bool | None = None


class Ingredient(msgspec.Struct, frozen=True):
    """An ingredient assertion of any version."""

    content: dict[str, Any]
    """All of it as plain data."""

    version: int
    """1, 2 or 3."""

    relationship: Relationship
    """What it is to the content."""

    title: str
    """Its title; empty without one."""

    manifest: HashedUri | None
    """Its own manifest; None when it has none."""

    signature: HashedUri | None
    """The claim signature of its manifest, version 3."""

    recorded: tuple[Recorded, ...] | None
    """What was recorded about it; None when nothing could be."""

    failures: tuple[str, ...]
    """Codes in the record that are given as failures; older records don't tell which are."""


class _Codes(msgspec.Struct):
    success: tuple[Recorded, ...]
    informational: tuple[Recorded, ...]
    failure: tuple[Recorded, ...]

    def all(self) -> tuple[Recorded, ...]:
        return self.success + self.informational + self.failure


class _Delta(msgspec.Struct):
    uri: str = msgspec.field(name="ingredientAssertionURI")
    deltas: _Codes = msgspec.field(name="validationDeltas")


class _Results(msgspec.Struct, rename="camel"):
    active_manifest: _Codes | None = None
    ingredient_deltas: tuple[_Delta, ...] | None = None


class _Older(msgspec.Struct, kw_only=True):
    relationship: Relationship
    title: str = msgspec.field(name="dc:title")
    format: str = msgspec.field(name="dc:format")
    manifest: HashedUri | msgspec.UnsetType = msgspec.field(name="c2pa_manifest", default=msgspec.UNSET)
    status: tuple[Recorded, ...] | msgspec.UnsetType = msgspec.field(name="validationStatus", default=msgspec.UNSET)


class _Version1(_Older, kw_only=True):
    instance: str = msgspec.field(name="instanceID")


class _Version3(msgspec.Struct):
    relationship: Relationship
    title: str | msgspec.UnsetType = msgspec.field(name="dc:title", default=msgspec.UNSET)
    manifest: HashedUri | msgspec.UnsetType = msgspec.field(name="activeManifest", default=msgspec.UNSET)
    signature: HashedUri | msgspec.UnsetType = msgspec.field(name="claimSignature", default=msgspec.UNSET)
    results: _Results | msgspec.UnsetType = msgspec.field(name="validationResults", default=msgspec.UNSET)


_OLDER: Final[dict[int, type[_Older]]] = {1: _Version1, 2: _Older}


def read_ingredient(data: bytes, version: int, depth: int = DEFAULT_LIMITS.cbor_depth) -> Ingredient:
    """Read the content of an ingredient assertion.

    Raises:
        MalformedError: It is broken, or holds something that isn't understood here.
        LimitError: It is nested deeper than `depth`.
    """
    content = decode(data, depth=depth)
    try:
        if version in _OLDER:
            return _older(content, version)
        if version == 3:
            return _version_3(content)
    except msgspec.ValidationError as error:
        raise MalformedError(f"the ingredient is unusual: {error}") from None
    raise MalformedError(f"an ingredient of version {version}")


class Results(msgspec.Struct, frozen=True):
    """What validation of an ingredient's active manifest said (C2PA 2.4 section 15.2.4)."""

    success: tuple[Recorded, ...] = ()
    informational: tuple[Recorded, ...] = ()
    failure: tuple[Recorded, ...] = ()


def write_parent(media_type: str, manifest: HashedUri, signature: HashedUri, results: Results) -> bytes:
    """Return a `parentOf` ingredient assertion of version 3, CBOR.

    Args:
        media_type: The parent's media type.
        manifest: Its active manifest.
        signature: The claim signature of that.
        results: What validation said of it.
    """
    codes = {
        kind: [
            {key: value for key, value in msgspec.structs.asdict(one).items() if value is not None}
            for one in getattr(results, kind)
        ]
        for kind in ("success", "informational", "failure")
    }
    return encode(
        {
            "relationship": "parentOf",
            "dc:format": media_type,
            "activeManifest": _uri(manifest),
            "claimSignature": _uri(signature),
            "validationResults": {"activeManifest": codes},
        }
    )


def _uri(uri: HashedUri) -> dict[str, object]:
    return {"url": uri.url, "alg": uri.alg or ALGORITHMS[0], "hash": uri.hash}


def _older(content: Any, version: int) -> Ingredient:
    read = convert(content, _OLDER[version])
    return Ingredient(
        content=content,
        version=version,
        relationship=read.relationship,
        title=read.title,
        manifest=_given(read.manifest),
        signature=None,
        recorded=_given(read.status),
        failures=(),
    )


def _version_3(content: Any) -> Ingredient:
    read = convert(content, _Version3)
    results = _given(read.results)
    return Ingredient(
        content=content,
        version=3,
        relationship=read.relationship,
        title=_given(read.title) or "",
        manifest=_given(read.manifest),
        signature=_given(read.signature),
        recorded=None if results is None else tuple(one for group in _groups(results) for one in group.all()),
        failures=() if results is None else tuple(o.code for group in _groups(results) for o in group.failure),
    )


def _groups(results: _Results) -> list[_Codes]:
    codes = [] if results.active_manifest is None else [results.active_manifest]
    return codes + [delta.deltas for delta in results.ingredient_deltas or ()]


def _given(value: _T | msgspec.UnsetType) -> _T | None:
    return None if value is msgspec.UNSET else value
