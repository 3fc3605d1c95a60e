"""Rules broken under a good signature: the native engine says what the reference engine says, or nothing."""

import pytest

from tests.agreement.comparison import compare
from tests.agreement.composing import good
from tests.agreement.violations import cases

CASES = cases()


@pytest.mark.parametrize("name", CASES)
def test_the_native_engine_agrees_or_abstains(name: str) -> None:
    result = compare(CASES[name](), good().trust)
    assert result is not None
    assert not result.unsafe, result
    assert result.agrees, result


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("claim: plain", "Trusted"),
        ("claim 1: plain", "Trusted"),
        ("claim CBOR: indefinite map", "Trusted"),
        ("listing: wrong hash", "Invalid"),
        ("listing: one more", "Invalid"),
        ("actions: edited first", "Invalid"),
        ("ingredient: v3", "Trusted"),
        ("ingredient: v3 wrong hash", "Invalid"),
        ("ingredient: v3 of a recorded broken signature", "Trusted"),
        ("record: in another ingredient", "Trusted"),
        ("record: of another code", "Invalid"),
        ("record: of the binding, in an update of changed content", "Invalid"),
        ("update: plain", "Trusted"),
        ("update: with edit", "Invalid"),
        ("redaction: removed", "Trusted"),
        ("redaction: not removed", "Invalid"),
        ("soft binding: two", "Trusted"),
        ("two bindings", "Invalid"),
        ("signature: of something else", "Invalid"),
        ("signature: by a stranger", "Valid"),
        ("signature: expired", "Invalid"),
    ],
)
def test_the_native_engine_answers_itself(name: str, state: str) -> None:
    result = compare(CASES[name](), good().trust)
    assert result is not None
    assert (result.native, result.reference) == (state, state)


@pytest.mark.parametrize(
    "name",
    [
        "claim CBOR: duplicate key",
        "claim CBOR: trailing byte",
        "claim CBOR: text with a long length",
        "claim: alg sha1",
        "claim: generator with bytes",
        "cawg.metadata: undeclared prefix",
        "claim: without alg",
        "listing: first left out",
        "listing: of another manifest",
        "assertion label: cawg.identity",
        "assertion label: c2pa.cloud-data",
        "assertion label: c2pa.unknown",
        "assertion CBOR: big number",
        "structure: padding",
        "structure: toggles 7",
        "manifest: type c2cm",
        "manifest: two claims",
        "ingredient: manifest itself",
        "no binding",
    ],
)
def test_the_native_engine_abstains(name: str) -> None:
    result = compare(CASES[name](), good().trust)
    assert result is not None
    assert result.native == "abstains", result
