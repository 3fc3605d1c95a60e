"""No known forgery gets past the native engine that doesn't get past the reference engine."""

import pytest

from tests.agreement.comparison import compare
from tests.agreement.composing import good
from tests.agreement.forgeries import forgeries

CASES = forgeries()

ACCEPTED = {
    "a second exclusion over content",  # allowed, and told: assertion.dataHash.additionalExclusionsPresent
    "a claim whose keys are in another order",
    "an assertion listed twice",
    "exclusions that overlap",
    "indefinite CBOR",
    "no algorithm in the binding",
}
"""What the reference engine, and so the native one, has nothing against: the content is what was signed."""


@pytest.mark.parametrize("name", CASES)
def test_the_native_engine_agrees_or_abstains(name: str) -> None:
    result = compare(CASES[name](), good().trust)
    assert result is not None
    assert not result.unsafe, result
    assert result.agrees, result


@pytest.mark.parametrize("name", sorted(CASES.keys() - ACCEPTED))
def test_the_native_engine_trusts_no_forgery(name: str) -> None:
    result = compare(CASES[name](), good().trust)
    assert result is not None
    assert result.native != "Trusted", result
