"""From a reading to a verdict."""

from typing import Any

import pytest

from kzlabel.labels import Label, System, label_assertion
from kzlabel.status import Code, Finding
from kzlabel.trust import Trust
from kzlabel.verifying.judgement import judge
from kzlabel.verifying.reading import Ingredient, Manifest, Reading
from kzlabel.verifying.verdict import Status, Verdict

LABEL = Label(level="ai-generated", system=System(name="Painter"))


def reading(
    state: str = "Valid",
    assertions: tuple[tuple[str, Any], ...] = (),
    ingredients: tuple[Ingredient, ...] = (),
    findings: tuple[Finding, ...] = (),
    time_stamp: str = "",
) -> Reading:
    active = Manifest("urn:a", "maker 1", assertions, ingredients, "es256", None, time_stamp)
    return Reading(state, "urn:a", (active,), findings, "test")


def verdict(of: Reading) -> Verdict:
    return judge(of, Trust.none(), uri="x", media_type="image/jpeg", before=())


def codes(of: Reading) -> set[str]:
    return {finding.code for finding in verdict(of).findings}


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("Trusted", Status.TRUSTED),
        ("Valid", Status.VALID),
        ("Invalid", Status.INVALID),
        ("", Status.INVALID),
        ("Fine", Status.INVALID),
    ],
)
def test_the_status_is_the_engine_s_state_and_invalid_in_doubt(state: str, status: Status) -> None:
    assert verdict(reading(state)).status is status


def test_findings_added_here_never_make_the_status_better() -> None:
    broken = Ingredient("c2pa.ingredient", "parentOf", "", "", (Code.ASSERTION_DATA_HASH_MISMATCH,))
    assert verdict(reading("Invalid", (("org.kzlabel.label", {}),), (broken,))).status is Status.INVALID


def test_a_coherent_label_is_read_without_remark() -> None:
    actions = {"actions": [{"action": "c2pa.created", "digitalSourceType": LABEL.digital_source_type}]}
    of = reading(assertions=(("c2pa.actions.v2", actions), ("org.kzlabel.label", label_assertion(LABEL))))
    assert verdict(of).label == LABEL
    assert codes(of) == set()


def test_a_label_that_the_actions_contradict_is_remarked_upon() -> None:
    actions = {"actions": [{"action": "c2pa.created", "digitalSourceType": "http://example.org/other"}]}
    of = reading(assertions=(("c2pa.actions.v2", actions), ("org.kzlabel.label", label_assertion(LABEL))))
    assert codes(of) == {Code.KZLABEL_LABEL_INCOHERENT}


@pytest.mark.parametrize(
    "content", [{}, [], "x", 1, {"level": "ai-generated"}, {**label_assertion(LABEL), "extra": 1}]
)
def test_a_malformed_label_is_no_label_and_a_finding(content: Any) -> None:
    of = reading(assertions=(("org.kzlabel.label", content),))
    assert verdict(of).label is None
    assert codes(of) == {Code.KZLABEL_LABEL_MALFORMED}


def test_a_broken_ancestor_is_told_and_an_untrusted_one_is_not() -> None:
    def ingredient(*failures: str) -> tuple[Ingredient, ...]:
        return (Ingredient("c2pa.ingredient.v3", "parentOf", "urn:b", "", failures),)

    assert codes(reading(ingredients=ingredient("signingCredential.untrusted"))) == set()
    broken = ingredient("signingCredential.untrusted", "assertion.dataHash.mismatch")
    assert codes(reading(ingredients=broken)) == {Code.KZLABEL_INGREDIENT_BROKEN}


def test_the_time_of_signing_counts_only_when_its_time_stamp_was_validated_and_trusted() -> None:
    stamp = "2026-01-18T00:00:00+00:00"
    assert verdict(reading(time_stamp=stamp)).signed_at == ""
    validated = Finding.of(Code.TIME_STAMP_VALIDATED)
    assert verdict(reading(time_stamp=stamp, findings=(validated,))).signed_at == ""
    trusted = (validated, Finding.of(Code.TIME_STAMP_TRUSTED))
    assert verdict(reading(time_stamp=stamp, findings=trusted)).signed_at == stamp
    of_an_ingredient = tuple(Finding.of(Code(finding.code), ingredient=True) for finding in trusted)
    assert verdict(reading(time_stamp=stamp, findings=of_an_ingredient)).signed_at == ""
