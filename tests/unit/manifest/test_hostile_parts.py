"""Claims, signatures, ingredients and stores that lie: each is read, or refused in one of two ways."""

import contextlib
from collections.abc import Callable
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kzlabel.errors import LimitError, MalformedError
from kzlabel.limits import DEFAULT_LIMITS, Limits
from kzlabel.manifest.claim import read_claim
from kzlabel.manifest.cose import read_sign1
from kzlabel.manifest.ingredient import read_ingredient
from kzlabel.manifest.store import read_store
from tests.agreement.composing import LABEL, Draft, cbor_box, created, store

Fields = dict[Any, Any]

URI = {"url": "self#jumbf=c2pa.assertions/a.b", "hash": bytes(32)}
CLAIM: Fields = {
    "instanceID": "xmp:iid:1",
    "claim_generator_info": {"name": "test"},
    "signature": f"self#jumbf=/c2pa/{LABEL}/c2pa.signature",
    "created_assertions": [URI],
    "alg": "sha256",
}
PARENT: Fields = {"relationship": "parentOf", "dc:title": "parent", "dc:format": "image/jpeg"}
SEALED = [cbor2.dumps({1: -7, 33: b"leaf"}), {"pad": bytes(8)}, None, bytes(64)]


def sealed(*parts: Any) -> bytes:
    return cbor2.dumps(cbor2.CBORTag(18, list(parts)))


WHOLE: dict[str, tuple[bytes, Callable[[bytes], Any]]] = {
    "claim": (cbor2.dumps(CLAIM), lambda data: read_claim(data, 2)),
    "signature": (sealed(*SEALED), lambda data: read_sign1(data, DEFAULT_LIMITS)),
    "ingredient": (cbor2.dumps(PARENT), lambda data: read_ingredient(data, 3)),
    "store": (
        store(Draft(signature=lambda _: sealed(*SEALED)).manifest()),
        lambda data: read_store(data, DEFAULT_LIMITS),
    ),
}


@pytest.mark.parametrize("kind", WHOLE)
def test_a_part_is_read_whole_and_refused_with_any_end_missing(kind: str) -> None:
    data, read = WHOLE[kind]
    assert read(data) is not None
    for length in range(len(data)):
        with pytest.raises(MalformedError):
            read(data[:length])


@pytest.mark.parametrize("kind", WHOLE)
@pytest.mark.parametrize("more", [b"\xa0", b"\xff", b"more"])
def test_nothing_may_follow_a_part(kind: str, more: bytes) -> None:
    data, read = WHOLE[kind]
    with pytest.raises(MalformedError):
        read(data + more)


@pytest.mark.parametrize("kind", WHOLE)
@given(change=st.data())
def test_a_damaged_part_is_read_or_malformed(kind: str, change: st.DataObject) -> None:
    data, read = WHOLE[kind]
    changed = bytearray(data)
    for at in change.draw(st.lists(st.integers(0, len(data) - 1), min_size=1, max_size=4)):
        changed[at] = change.draw(st.integers(0, 255))
    with contextlib.suppress(MalformedError):
        read(bytes(changed))


@pytest.mark.parametrize(
    "changes",
    [
        {"alg": None},
        {"alg": "sha1"},
        {"alg": "md5"},
        {"alg": 5},
        {"alg": b"sha256"},
        {"created_assertions": "none"},
        {"created_assertions": {"0": URI}},
        {"created_assertions": [URI | {"alg": "sha1"}]},
        {"created_assertions": [URI | {"hash": "00"}]},
        {"created_assertions": [URI | {"more": 1}]},
        {"created_assertions": [{"url": URI["url"]}]},
        {"claim_generator_info": [{"name": "test"}]},
        {"claim_generator_info": {}},
        {"signature": 1},
        {"instanceID": None},
        {"unknown": True},
    ],
    ids=str,
)
def test_a_claim_with_one_thing_wrong_is_malformed(changes: Fields) -> None:
    with pytest.raises(MalformedError):
        read_claim(cbor2.dumps(CLAIM | changes), 2)


@pytest.mark.parametrize("name", CLAIM)
def test_a_claim_without_a_field_that_it_owes_is_malformed(name: str) -> None:
    with pytest.raises(MalformedError):
        read_claim(cbor2.dumps({key: value for key, value in CLAIM.items() if key != name}), 2)


def test_a_claim_is_only_read_as_the_version_that_it_is() -> None:
    for version in (1, 3):
        with contextlib.suppress(MalformedError):
            assert read_claim(cbor2.dumps(CLAIM), version).version == 2
    with pytest.raises(MalformedError):
        read_claim(cbor2.dumps(CLAIM), 1)


@pytest.mark.parametrize(
    "header",
    [
        {33: b"leaf"},
        {1: -7},
        {1: -65535, 33: b"leaf"},
        {1: "ES256", 33: b"leaf"},
        {1: True, 33: b"leaf"},
        {1: -7, 33: "leaf"},
        {1: -7, 33: []},
        {1: -7, 33: [b"leaf", 5]},
        {1: -7, 33: b"leaf", "x5chain": b"leaf"},
        {1: -7, 33: b"leaf", 2: [99]},
        [1, -7],
        -7,
    ],
    ids=str,
)
def test_a_protected_header_with_one_thing_wrong_is_malformed(header: object) -> None:
    with pytest.raises(MalformedError):
        read_sign1(sealed(cbor2.dumps(header), *SEALED[1:]), DEFAULT_LIMITS)


@pytest.mark.parametrize(
    "data",
    [
        cbor2.dumps(SEALED),
        cbor2.dumps(cbor2.CBORTag(17, SEALED)),
        cbor2.dumps(cbor2.CBORTag(18, cbor2.CBORTag(18, SEALED))),
        sealed(*SEALED[:3]),
        sealed(*SEALED, b""),
        sealed(SEALED[0], {}, b"its own payload", bytes(64)),
        sealed(SEALED[0], {}, None, "text"),
        sealed(SEALED[0], {"x5chain": b"another"}, None, bytes(64)),
        sealed(SEALED[0], {"unknown": 1}, None, bytes(64)),
        sealed(SEALED[0], {"sigTst": {"tstTokens": []}}, None, bytes(64)),
        sealed(SEALED[0], {"sigTst": {"tstTokens": [{"val": b""}]}, "sigTst2": {}}, None, bytes(64)),
        sealed(b"\xa2\x01\x26\x01\x26", {}, None, bytes(64)),
        sealed(b"\xbf\x01\x26\x18\x21\x41x\xff", {}, None, bytes(64)),
        b"\xd8\x12" + cbor2.dumps(SEALED),
    ],
    ids=range(14),
)
def test_a_signature_in_another_form_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedError):
        read_sign1(data, DEFAULT_LIMITS)


@pytest.mark.parametrize("chain", [[b"x"] * 3, [b"x", b"long" * 10]], ids=["many", "long"])
def test_certificates_have_limits(chain: list[bytes]) -> None:
    data = sealed(cbor2.dumps({1: -7, 33: chain}), *SEALED[1:])
    assert read_sign1(data, DEFAULT_LIMITS).chain == tuple(chain)
    with pytest.raises(LimitError):
        read_sign1(data, Limits(certificates=2, certificate_size=30))


@pytest.mark.parametrize(
    "changes",
    [
        {"relationship": "childOf"},
        {"relationship": None},
        {"activeManifest": "self#jumbf=/c2pa/x"},
        {"activeManifest": {"url": "self#jumbf=/c2pa/x", "hash": "00"}},
        {"validationResults": []},
        {"validationResults": {"activeManifest": {"success": [], "failure": []}}},
        {"validationResults": {"ingredientDeltas": {}}},
        {"dc:title": 7},
    ],
    ids=str,
)
def test_an_ingredient_with_one_thing_wrong_is_malformed(changes: Fields) -> None:
    with pytest.raises(MalformedError):
        read_ingredient(cbor2.dumps(PARENT | changes), 3)


@pytest.mark.parametrize("version", [-1, 0, 4])
def test_an_ingredient_of_another_version_is_malformed(version: int) -> None:
    with pytest.raises(MalformedError):
        read_ingredient(cbor2.dumps(PARENT), version)


@pytest.mark.parametrize(
    "label", ["a/b", "../c2pa.hash.data", "c2pa.assertions/x", "/", "self#jumbf=x", "a b", ".."]
)
def test_a_label_that_reads_like_a_path_names_no_other_box(label: str) -> None:
    """It is refused, or found under its own name alone."""
    made = [("c2pa.actions.v2", cbor_box("c2pa.actions.v2", created())), (label, cbor_box(label, {}))]
    data = store(Draft(assertions=made, signature=lambda _: sealed(*SEALED)).manifest())
    with contextlib.suppress(MalformedError):
        (manifest,) = read_store(data, DEFAULT_LIMITS).manifests
        assert [assertion.label for assertion in manifest.assertions] == ["c2pa.actions.v2", label]


def test_two_manifests_of_one_label_are_malformed() -> None:
    one = Draft(signature=lambda _: sealed(*SEALED)).manifest()
    with pytest.raises(MalformedError):
        read_store(store(one, one), DEFAULT_LIMITS)
