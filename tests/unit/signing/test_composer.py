"""Drafts: their size is known beforehand, and what they hold is what the reference engine would write."""

import hashlib
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from kzlabel.credentials import Signer
from kzlabel.errors import MalformedError, SigningError
from kzlabel.files import BytesReader
from kzlabel.formats import identify
from kzlabel.labels import Label, Permission, Training
from kzlabel.limits import DEFAULT_LIMITS
from kzlabel.manifest.cbor import decode
from kzlabel.manifest.cose import read_sign1, to_be_counter_signed
from kzlabel.manifest.store import ManifestBox, read_store
from kzlabel.signing import Labeler, composer
from kzlabel.signing.parent import Parent
from kzlabel.signing.parent import read_store as stored
from kzlabel.trust import Trust
from kzlabel.verifying import Engine, verify
from tests.building import build
from tests.unit.credentials.issuing import DAY, EMAIL, Authority, key_pem, pem

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><desc>a</desc></svg>'
BINDING = {"exclusions": [], "alg": "sha256", "hash": bytes(32), "pad": b""}


def draft(label: Label, signer: Signer, size: int = 200, **more: Any) -> composer.Draft:
    return composer.draft(label, signer, binding_label="c2pa.hash.data", binding_size=size, **more)


def store_in(data: bytes) -> bytes:
    recognised = identify(data)
    assert recognised is not None
    reader = BytesReader(data)
    return stored(reader, recognised[0].locate(reader, DEFAULT_LIMITS))


def active(data: bytes) -> ManifestBox:
    return read_store(store_in(data), DEFAULT_LIMITS).active


@pytest.mark.parametrize("size", [90, 100, 101, 102, 103, 104, 200, 352, 353, 354, 355, 5000])
def test_a_store_has_the_size_that_its_draft_announced(label: Label, signer: Signer, size: int) -> None:
    made = draft(label, signer, size)
    store = made.finish(BINDING)
    assert len(store) == made.store_size
    assertions = {one.label: one.content for one in read_store(store, DEFAULT_LIMITS).active.assertions}
    assert len(assertions["c2pa.hash.data"]) == size


@pytest.mark.parametrize("binding", [BINDING | {"hash": bytes(300)}, {"alg": "sha256"}])
def test_a_binding_of_another_size_is_refused(label: Label, signer: Signer, binding: dict[str, object]) -> None:
    with pytest.raises(SigningError, match="hard binding"):
        draft(label, signer).finish(binding)


def test_every_algorithm_signs_what_both_engines_trust(label: Label) -> None:
    authority = Authority(at=datetime.now(UTC).replace(microsecond=0) - 10 * DAY)
    trust = Trust.from_pem(pem(authority.certificate), store="test")
    keys = (
        ec.generate_private_key(ec.SECP256R1()),
        ec.generate_private_key(ec.SECP384R1()),
        ec.generate_private_key(ec.SECP521R1()),
        rsa.generate_private_key(65537, 2048),
        ed25519.Ed25519PrivateKey.generate(),
    )
    for key in keys:
        leaf = authority.issue(key.public_key(), purposes=[EMAIL], ends=300 * DAY)
        signer = Signer.from_pem(key_pem(key), pem(leaf))
        data = Labeler(signer, trust=trust).label(SVG, label)
        for engine in (Engine.NATIVE, Engine.REFERENCE):
            assert verify(data, trust=trust, engine=engine).status == "trusted", (signer, engine)


def test_the_facts_are_those_that_the_reference_engine_writes(
    labeler: Labeler, signer: Signer, trust: Trust, label: Label
) -> None:
    told = label.replace(training=Training(ai_training=Permission(use="notAllowed")))
    ours, theirs = labeler.label(SVG, told), build(SVG, told, signer, trust)
    facts = [
        {
            one.label: decode(one.content, dates=True)
            for one in active(data).assertions
            if one.label != "c2pa.hash.data"
        }
        for data in (ours, theirs)
    ]
    assert facts[0] == facts[1]
    assert list(facts[0]) == [
        "c2pa.actions.v2",
        "c2pa.ai-disclosure",
        "cawg.training-mining",
        "org.kzlabel.label",
    ]


def test_a_second_label_says_what_the_reference_engine_says_about_the_first(
    labeler: Labeler, signer: Signer, trust: Trust, label: Label
) -> None:
    first = labeler.label(SVG, label)
    ours, theirs = labeler.label(first, label), build(first, label, signer, trust, keep_parent=True)
    said = []
    for data in (ours, theirs):
        content = {one.label: decode(one.content) for one in active(data).assertions if "ingredient" in one.label}
        (ingredient,) = content.values()
        codes = ingredient["validationResults"]["activeManifest"]
        said.append(
            (
                {key: ingredient[key] for key in ("relationship", "dc:format", "activeManifest", "claimSignature")},
                {kind: sorted((one["code"], one["url"]) for one in found) for kind, found in codes.items()},
            )
        )
    assert said[0] == said[1]


def test_manifests_of_a_parent_are_kept_byte_for_byte(labeler: Labeler, label: Label) -> None:
    data, kept = SVG, b""
    for generation in range(1, 5):
        data = labeler.label(data, label)
        store = store_in(data)
        assert kept in store
        assert len(read_store(store, DEFAULT_LIMITS).manifests) == generation
        kept = store[8 + 30 :]  # all that follows the store's own header and description


def test_a_manifest_of_the_parent_s_name_is_refused(
    labeler: Labeler, signer: Signer, trust: Trust, label: Label
) -> None:
    data = labeler.label(SVG, label)
    name = UUID(active(data).label.removeprefix("urn:c2pa:"))
    parent = Parent(store_in(data), "image/svg+xml", verify(data, trust=trust))
    with pytest.raises(MalformedError, match="same name"):
        draft(label, signer, parent=parent, identifiers=lambda: name)


@pytest.mark.parametrize("spoil", [lambda s: s[:-1], lambda s: s[:200], lambda s: b"", lambda s: s + b"x"])
def test_a_parent_that_can_t_be_read_is_refused(
    spoil: object, labeler: Labeler, signer: Signer, trust: Trust, label: Label
) -> None:
    data = labeler.label(SVG, label)
    parent = Parent(spoil(store_in(data)), "image/svg+xml", verify(data, trust=trust))  # type: ignore[operator]
    with pytest.raises(MalformedError):
        draft(label, signer, parent=parent)


def test_a_title_is_in_the_claim_only_if_given(label: Label, signer: Signer) -> None:
    for title in ("", "Lake"):
        claim = read_store(draft(label, signer, title=title).finish(BINDING), DEFAULT_LIMITS).active.claim
        assert decode(claim).get("dc:title", "") == title


class Stamp:
    """An authority that stamps whatever it is given with a hash of it."""

    size = 100

    def __init__(self, length: int = 32) -> None:
        self.length = length

    def __call__(self, message: bytes) -> bytes:
        return hashlib.sha256(message).digest().ljust(self.length, b"\1")


@pytest.mark.parametrize("length", [32, 60, 100])
def test_a_stamp_is_over_the_signature_and_the_size_stays_as_announced(
    label: Label, signer: Signer, length: int
) -> None:
    made = draft(label, signer, stamp=Stamp(length))
    store = made.finish(BINDING)
    assert len(store) == made.store_size
    sign1 = read_sign1(read_store(store, DEFAULT_LIMITS).active.signature, DEFAULT_LIMITS)
    assert sign1.time_stamp is not None
    message = to_be_counter_signed(sign1.protected, sign1.signature)
    assert sign1.time_stamp.token.startswith(hashlib.sha256(message).digest())


def test_a_stamp_larger_than_announced_is_refused(label: Label, signer: Signer) -> None:
    with pytest.raises(SigningError, match="time-stamp"):
        draft(label, signer, stamp=Stamp(101)).finish(BINDING)
