"""The claim: what a manifest asserts and what its signature covers (C2PA 2.4 section 10.2).

Version 1 (`c2pa.claim`) lists its assertions in one list; version 2 (`c2pa.claim.v2`) tells those that the
generator created from those that it gathered. A claim that has other fields, or fields of another type, is not
read: the reference engine refuses most of them, and forgives some.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from kzlabel.errors import MalformedError
from kzlabel.limits import DEFAULT_LIMITS
from kzlabel.manifest.cbor import convert, decode, encode, is_json
from kzlabel.manifest.labels import signature_uri

__all__ = ["ALGORITHMS", "Claim", "Generator", "HashedUri", "check_generator", "read_claim", "write_claim"]

ALGORITHMS: Final = ("sha256", "sha384", "sha512")
"""Hash algorithms that are allowed (C2PA 2.4 section 13.1)."""

_SYSTEM_ALIASES: Final = ("operating_system", "schema.org.SoftwareApplication.operatingSystem")


class HashedUri(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A reference to a box, with the hash of the box (C2PA 2.4 section 8.4.2)."""

    url: str
    """JUMBF URI, relative or absolute."""

    hash: bytes
    """Hash of the payload of the box."""

    alg: str | None = None
    """Hash algorithm; None when it is that of the claim or assertion around."""


class Generator(msgspec.Struct, frozen=True):
    """The program that made a claim or did an action (C2PA 2.4 section 10.2.3)."""

    name: str
    """Its name."""

    version: str | None = None
    """Its version."""

    icon: HashedUri | None = None
    """A picture of it, kept in the same manifest."""

    operating_system: str | None = None
    """What it ran on."""


class Claim(msgspec.Struct, frozen=True):
    """A claim of either version."""

    version: int
    """1 or 2."""

    algorithm: str
    """Hash algorithm that holds where nothing else is said."""

    signature: str
    """URI of the claim's signature."""

    created: tuple[HashedUri, ...]
    """Assertions that the generator made; all of them in version 1."""

    gathered: tuple[HashedUri, ...]
    """Assertions that it took from elsewhere; none in version 1."""

    redacted: tuple[str, ...]
    """URIs of assertions of ingredients that were removed."""

    generator: Generator | None
    """The program, where the claim describes it."""

    generator_name: str
    """`claim_generator` of version 1; empty in version 2."""

    @property
    def assertions(self) -> tuple[HashedUri, ...]:
        """All assertions, the created ones first."""
        return self.created + self.gathered if self.gathered else self.created


class _Version1(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    claim_generator: str
    signature: str
    assertions: tuple[HashedUri, ...]
    dc_format: str = msgspec.field(name="dc:format")
    instance: str = msgspec.field(name="instanceID")
    alg: str
    claim_generator_info: tuple[Generator, ...] | None = None
    claim_generator_hints: dict[str, Any] | None = None
    title: str | None = msgspec.field(name="dc:title", default=None)
    redacted_assertions: tuple[str, ...] | None = None
    alg_soft: str | None = None
    metadata: list[Any] | None = None


class _Version2(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    instance: str = msgspec.field(name="instanceID")
    claim_generator_info: Generator
    signature: str
    created_assertions: tuple[HashedUri, ...]
    alg: str
    gathered_assertions: tuple[HashedUri, ...] | None = None
    title: str | None = msgspec.field(name="dc:title", default=None)
    redacted_assertions: tuple[str, ...] | None = None
    alg_soft: str | None = None


def read_claim(data: bytes, version: int, depth: int = DEFAULT_LIMITS.cbor_depth) -> Claim:
    """Read a claim; `version` is the one that the label of its box promises.

    Raises:
        MalformedError: It is no claim of this version, or holds something that isn't understood here.
        LimitError: It is nested deeper than `depth`.
    """
    content = decode(data, depth=depth)
    try:
        claim = _version_1(content) if version == 1 else _version_2(content)
    except msgspec.ValidationError as error:
        raise MalformedError(f"the claim is unusual: {error}") from None
    if claim.algorithm not in ALGORITHMS or not all(
        uri.alg is None or uri.alg in ALGORITHMS for uri in claim.assertions
    ):
        raise MalformedError("the claim names an unknown hash algorithm")
    return claim


def write_claim(
    manifest: str, *, instance: str, generator: Mapping[str, str], created: Sequence[HashedUri], title: str = ""
) -> bytes:
    """Return a claim of version 2, CBOR.

    Args:
        manifest: Label of the manifest.
        instance: Identifier of this version of the asset (C2PA 2.4 section 10.2.3).
        generator: What `claim_generator_info` says: name, version and so on.
        created: The assertions, in order; their hashes are of SHA-256.
        title: Name of the asset; empty for none.
    """
    claim = {
        "instanceID": instance,
        "claim_generator_info": dict(generator),
        "signature": signature_uri(manifest),
        "created_assertions": [{"url": uri.url, "hash": uri.hash} for uri in created],
        "alg": ALGORITHMS[0],
    }
    return encode({**claim, "dc:title": title} if title else claim)


def _version_1(content: Any) -> Claim:
    read = convert(content, _Version1)
    generators = read.claim_generator_info or ()
    for described in content.get("claim_generator_info") or ():
        check_generator(described)
    if any(generator.icon is not None for generator in generators[1:]):
        raise MalformedError("the claim has several generators with icons")
    return Claim(
        version=1,
        algorithm=read.alg,
        signature=read.signature,
        created=read.assertions,
        gathered=(),
        redacted=read.redacted_assertions or (),
        generator=generators[0] if generators else None,
        generator_name=read.claim_generator,
    )


def _version_2(content: Any) -> Claim:
    read = convert(content, _Version2)
    check_generator(content["claim_generator_info"])
    return Claim(
        version=2,
        algorithm=read.alg,
        signature=read.signature,
        created=read.created_assertions,
        gathered=read.gathered_assertions or (),
        redacted=read.redacted_assertions or (),
        generator=read.claim_generator_info,
        generator_name="",
    )


def check_generator(content: dict[str, Any]) -> None:
    """Refuse a description of a program that some decoder doesn't take.

    Raises:
        MalformedError: It names its operating system twice, or has something in it that JSON doesn't have.
    """
    if all(alias in content for alias in _SYSTEM_ALIASES):
        raise MalformedError("a generator names its operating system twice")
    if not isinstance(content.get(_SYSTEM_ALIASES[1], ""), str):
        raise MalformedError("a generator's operating system is no text")
    if not all(is_json(value) for key, value in content.items() if key != "icon"):
        raise MalformedError("a generator is described by something that JSON doesn't have")
