"""Known ways to forge a label, each as a file."""

import struct
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.agreement.composing import (
    LABEL,
    PARENT,
    Draft,
    Identity,
    box,
    cbor_box,
    compose,
    created,
    digest,
    embed,
    good,
    issue,
    segment,
    sign,
    store,
    superbox,
)
from tests.agreement.violations.base import ACTIONS, Case, built, image
from tests.unit.credentials.issuing import DAY, EMAIL, Authority, key_usage

EXTRA = b"\xff\xfe\x00\x10a new comment!"


def forgeries() -> dict[str, Case]:
    """Return the cases by name."""
    return _bindings() | _stores() | _claims() | _signers()


def _bound(
    change: Callable[[dict[str, Any]], dict[str, Any]], edit: Callable[[bytes], bytes] | None = None
) -> Case:
    def case() -> bytes:
        data = compose(Draft(hash_fields=change), image())
        return edit(data) if edit else data

    return case


def _bindings() -> dict[str, Case]:
    def widened(fields: dict[str, Any]) -> dict[str, Any]:
        (only,) = fields["exclusions"]
        wide = only | {"length": only["length"] + 5_000}
        return fields | {"exclusions": [wide], "hash": digest(image()[:2] + image()[5_002:])}

    def everything(fields: dict[str, Any]) -> dict[str, Any]:
        (only,) = fields["exclusions"]
        size = only["length"] + len(image()) - 2
        return fields | {"exclusions": [{"start": 2, "length": size}], "hash": digest(image()[:2])}

    def second(fields: dict[str, Any]) -> dict[str, Any]:
        (only,) = fields["exclusions"]
        start = only["start"] + only["length"] + 1_000
        more = [only, {"start": start, "length": 500}]
        return fields | {"exclusions": more, "hash": digest(image()[:1_002] + image()[1_502:])}

    def elsewhere(fields: dict[str, Any]) -> dict[str, Any]:
        return fields | {"exclusions": [{"start": 9_000, "length": fields["exclusions"][0]["length"]}]}

    return {
        "an exclusion that swallows content": _bound(widened),
        "an exclusion that swallows the file": _bound(everything),
        "a second exclusion over content": _bound(second),
        "an exclusion that isn't where the manifest lies": _bound(elsewhere),
        "exclusions that overlap": _bound(lambda fields: fields | {"exclusions": fields["exclusions"] * 2}),
        "an exclusion of negative length": _bound(
            lambda fields: fields | {"exclusions": [{"start": 2, "length": -5}]}
        ),
        "an exclusion beyond the end": _bound(
            lambda fields: fields | {"exclusions": [{"start": 2, "length": 1 << 40}]}
        ),
        "no exclusions": _bound(lambda fields: {k: v for k, v in fields.items() if k != "exclusions"}),
        "a weaker algorithm": _bound(lambda fields: fields | {"alg": "sha1", "hash": digest(image(), "sha1")}),
        "no algorithm in the binding": _bound(lambda fields: {k: v for k, v in fields.items() if k != "alg"}),
        "an empty hash": _bound(lambda fields: fields | {"hash": b""}),
        "content after the end": _bound(dict, lambda data: data + b"more"),
        "a comment put in": _bound(dict, lambda data: data[:-2] + EXTRA + data[-2:]),
        "a comment put before the manifest": _bound(dict, lambda data: data[:2] + EXTRA + data[2:]),
    }


def _stores() -> dict[str, Case]:
    other = Draft(label=PARENT)

    def twice() -> bytes:
        return embed(store(other.manifest()), compose(Draft(), image()))

    def behind() -> bytes:
        data = compose(Draft(), image())
        return data[:-2] + segment(store(other.manifest())) + data[-2:]

    def other_group() -> bytes:
        data = compose(Draft(), image())
        foreign = b"JP" + struct.pack(">HI", 9, 1) + superbox(b"abcd", "x", box(b"json", b"{}"))
        return data[:2] + b"\xff\xeb" + struct.pack(">H", len(foreign) + 2) + foreign + data[2:]

    def same_group() -> bytes:
        data = compose(Draft(), image())
        (size,) = struct.unpack(">H", data[4:6])
        more = b"JP" + struct.pack(">HI", 1, 2) + data[12:20] + b"more of it"
        end = 4 + size
        return data[:end] + b"\xff\xeb" + struct.pack(">H", len(more) + 2) + more + data[end:]

    return {
        "two manifest stores": twice,
        "a second store at the end": behind,
        "a second APP11 group": other_group,
        "a further segment of the same group": same_group,
        "a later manifest that nobody signed": lambda: embed(_resigned(), image()),
    }


def _resigned() -> bytes:
    """Return the store of a good file with a further manifest whose signature is that of the first."""
    first = Draft(label=PARENT).manifest(
        ("c2pa.hash.data", cbor_box("c2pa.hash.data", {"hash": digest(image()), "pad": b""}))
    )
    borrowed = sign(b"another claim", good())
    return store(first, Draft(signature=lambda _: borrowed).manifest())


def _claims() -> dict[str, Case]:
    made = (ACTIONS, cbor_box(ACTIONS, created()))
    twin = (ACTIONS, cbor_box(ACTIONS, {"actions": [{"action": "c2pa.opened"}]}))
    return {
        "two assertions of one label": built(
            Draft(assertions=[made, twin], listing=lambda listed: [listed[0], listed[-1]])
        ),
        "an assertion listed twice": built(Draft(listing=lambda listed: [listed[0], *listed])),
        "no algorithm in the claim": built(Draft(drop=("alg",))),
        "trailing CBOR": built(Draft(claim_bytes=lambda data: data + b"\xa0")),
        "a break behind the claim": built(Draft(claim_bytes=lambda data: data + b"\xff")),
        "a break behind the signature": built(Draft(signature=lambda claim: sign(claim, good()) + b"\xff")),
        "indefinite CBOR": built(Draft(claim_bytes=lambda data: b"\xbf" + data[1:] + b"\xff")),
        "a key twice in the claim": built(Draft(claim_bytes=_doubled)),
        "a claim whose head is longer than it need be": built(
            Draft(claim_bytes=lambda data: bytes([0xB8, data[0] & 0x1F]) + data[1:])
        ),
        "a claim whose keys are in another order": built(Draft(claim_bytes=_reversed)),
        "an empty tag around the claim": built(Draft(claim_bytes=lambda data: b"\xd9\xd9\xf7" + data)),
        "nothing behind a length of all ones": built(Draft(claim_bytes=lambda _: b"\xbb" + b"\xff" * 8)),
        "deep nesting": built(Draft(assertions=[made, ("a.b", _nested(200))])),
        "a length that overflows": lambda: compose(Draft(), image()).replace(
            b"\x63pad\x48", b"\x63pad\x5b" + b"\xff" * 7
        ),
        "a label that leads elsewhere": built(
            Draft(assertions=[made, ("../c2pa.hash.data", cbor_box("../c2pa.hash.data", {}))])
        ),
        "a manifest called like a path": built(Draft(label=f"{LABEL}/c2pa.assertions")),
    }


def _doubled(claim: bytes) -> bytes:
    """Return the claim with a second algorithm behind the first; decoders differ in which of them counts."""
    return bytes([claim[0] + 1]) + claim[1:] + b"\x63alg\x64sha1"


def _reversed(claim: bytes) -> bytes:
    return cbor2.dumps(dict(reversed(cbor2.loads(claim).items())))


def _nested(depth: int) -> bytes:
    inner = box(b"cbor", b"\xa0")
    for number in range(depth):
        inner = superbox(b"cbor", f"a{number}", inner)
    return superbox(b"cbor", "a.b", inner)


def _signers() -> dict[str, Case]:
    def by(**spoilt: Any) -> Case:
        def case() -> bytes:
            who = issue(**spoilt)
            return compose(Draft(signature=lambda claim: sign(claim, who)), image())

        return case

    def self_signed() -> bytes:
        own = Authority("Test signer", at=datetime.now(UTC).replace(microsecond=0) - 10 * DAY)
        leaf = own.issue(own.key.public_key(), subject=own.name, ends=300 * DAY)  # type: ignore[arg-type]
        return compose(Draft(signature=lambda claim: _signed(claim, own, leaf.public_bytes(Encoding.DER))), image())

    def short_salt() -> bytes:
        own = Authority(at=datetime.now(UTC).replace(microsecond=0) - 10 * DAY)
        key = rsa.generate_private_key(65537, 2048)
        leaf = own.issue(key.public_key(), purposes=[EMAIL], ends=300 * DAY).public_bytes(Encoding.DER)

        def signature(claim: bytes) -> bytes:
            head = cbor2.dumps({1: -37, 33: [leaf]})
            signed = cbor2.dumps(["Signature1", head, b"", claim])
            salted = padding.PSS(padding.MGF1(hashes.SHA256()), 16)
            return cbor2.dumps(cbor2.CBORTag(18, [head, {}, None, key.sign(signed, salted, hashes.SHA256())]))

        return compose(Draft(signature=signature), image())

    return {
        "an ECDSA signature in DER": built(Draft(signature=lambda claim: sign(claim, good(), der=True))),
        "PSS with another salt": short_salt,
        "a self-signed leaf": self_signed,
        "an authority as leaf": by(authority=True),
        "expired without time-stamp": by(ends=-DAY, begins=-5 * DAY),
        "a certificate that may not sign": by(usage=key_usage("key_agreement")),
        "a certificate for time-stamps": by(purposes=[ExtendedKeyUsageOID.TIME_STAMPING]),
    }


def _signed(claim: bytes, own: Authority, leaf: bytes) -> bytes:
    assert isinstance(own.key, ec.EllipticCurvePrivateKey)
    return sign(claim, Identity(own.key, (leaf,), good().trust))
