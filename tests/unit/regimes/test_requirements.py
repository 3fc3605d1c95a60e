"""Each requirement: evidence that meets it, and evidence from which just that is missing."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kzlabel
from kzlabel.labels import AI, HumanContribution, Label, Notice, Operator, System, Training
from kzlabel.languages import LANGUAGES
from kzlabel.regimes import (
    MediaKind,
    NoticeState,
    Outcome,
    Report,
    Requirement,
    check,
    kind_of,
    regime,
    regimes,
)
from kzlabel.regimes.predicates import BeyondTheFile
from kzlabel.regimes.schema import check_schema
from kzlabel.signing import Labeler
from kzlabel.status import Code, Finding
from kzlabel.trust import Trust
from kzlabel.verifying import verify
from kzlabel.verifying.verdict import Status, Verdict
from tests.unit.languages.test_languages import FORBIDDEN

DAY = date(2026, 11, 23)
AIGC = {
    "Label": "1", "ContentProducer": "Example", "ProduceID": "01", "ReservedCode1": "x", "ContentPropagator": "y",
    "PropagateID": "02", "ReservedCode2": "",
}  # fmt: skip
WORDS = "Жасанды интеллект көмегімен жасалған / Создано с использованием искусственного интеллекта"


class Mark(NamedTuple):
    rule: str
    field: str
    value: str
    ai: AI = AI.GENERATED


class Case(NamedTuple):
    """All that `check` is asked with."""

    verdict: Verdict
    markers: tuple[Mark, ...]
    notice: NoticeState
    kind: MediaKind | None = None


def full_label() -> Label:
    return Label(
        level="ai-generated",
        system=System(name="Painter", version="2.1", provider="Example"),
        operator=Operator(role="owner", name="Example LLP", country="KZ"),
        simulates=["event"],
        human_contribution=HumanContribution(who="artist", steps=["prompting", "editing"]),
        notice=Notice(kind="image-badge", language="mul", text=WORDS),
        training=Training(ai_training="notAllowed"),
        regimes=["kz"],
    )


@pytest.fixture(scope="module")
def full(samples: dict[str, Path], labeler: Labeler, trust: Trust) -> Case:
    """Return a really labelled file that leaves nothing to be desired, but for what only others can add."""
    verdict = verify(labeler.label(samples["jpeg"].read_bytes(), full_label()), trust=trust, uri="photo.jpg")
    assert verdict.status is Status.TRUSTED
    verdict = msgspec.structs.replace(
        verdict,
        producer=full_label().operator,
        signed_at="2026-11-23T00:00:00Z",
        assertions=(*verdict.assertions, "c2pa.soft-binding"),
    )
    return Case(verdict, (Mark("tc260", "XMP TC260:AIGC", json.dumps(AIGC)),), NoticeState.PRESENT)


def asked(case: Case, name: str) -> Report:
    return check(case.verdict, name, markers=case.markers, notice=case.notice, kind=case.kind, on=DAY)


def says(**changes: Any) -> Callable[[Case], Case]:
    """Change the label."""

    def change(case: Case) -> Case:
        assert case.verdict.label is not None
        label = case.verdict.label.replace(**changes)
        return case._replace(verdict=msgspec.structs.replace(case.verdict, label=label))

    return change


def verdict_with(**changes: Any) -> Callable[[Case], Case]:
    return lambda case: case._replace(verdict=msgspec.structs.replace(case.verdict, **changes))


def unlabelled(case: Case) -> Case:
    verdict = Verdict(uri="photo.jpg", status=Status.UNLABELLED, ai=AI.UNKNOWN, media_type="image/jpeg")
    return case._replace(verdict=verdict, markers=())


def aigc(**changes: Any) -> Callable[[Case], Case]:
    fields = {key: value for key, value in (AIGC | changes).items() if value is not None}
    return lambda case: case._replace(markers=(Mark("tc260", "XMP TC260:AIGC", json.dumps(fields)),))


def without_notice(case: Case) -> Case:
    return says(notice=None)(case)._replace(notice=NoticeState.NOT_CHECKABLE)


def unlabelled_and_untold(case: Case) -> Case:
    return unlabelled(case)._replace(notice=NoticeState.NOT_CHECKABLE)


def unmoved_without_notice(case: Case) -> Case:
    return without_notice(says(simulates=())(case))


def as_dataset(case: Case) -> Case:
    return verdict_with(producer=None)(case)._replace(kind=MediaKind.DATASET)


def of_kind(kind: MediaKind, change: Callable[[Case], Case]) -> Callable[[Case], Case]:
    return lambda case: change(case)._replace(kind=kind)


SYSTEM = {"name": "Painter", "version": "2.1", "provider": "Example"}
PAGE = Notice(kind="page", language="mul", text=WORDS)
NO_LABEL_EU = {
    "eu-50-2-marked",
    "eu-50-2-interoperable",
    "eu-code-metadata",
    "eu-code-time-stamp",
    "eu-code-layers",
}
NO_LABEL_CALIFORNIA = {
    "us-ca-provider", "us-ca-system", "us-ca-version", "us-ca-time", "us-ca-identifier", "us-ca-level",
    "us-ca-standard",
}  # fmt: skip
INCOHERENT = (Finding.of(Code.KZLABEL_LABEL_INCOHERENT, "x"),)

MISSES: dict[str, tuple[Callable[[Case], Case], set[str]]] = {
    "kz-21-1-informed": (unmoved_without_notice, {"kz-21-1-informed", "kz-languages"}),
    "kz-21-2-mark": (unlabelled, {"kz-21-2-mark", "kz-22-3-fields", "kz-languages", "kz-23-1-contribution",
                                  "kz-23-5-training"}),
    "kz-21-2-warning": (without_notice, {"kz-21-1-informed", "kz-21-2-warning", "kz-languages"}),
    "kz-22-2-unambiguous": (verdict_with(findings=INCOHERENT), {"kz-22-2-unambiguous"}),
    "kz-22-3-fields": (says(operator=None), {"kz-22-3-fields"}),
    "kz-languages": (says(notice=Notice(kind="page", language="en", text="Made with AI")), {"kz-languages"}),
    "kz-23-1-contribution": (says(human_contribution=None), {"kz-23-1-contribution"}),
    "kz-23-5-training": (says(training=None), {"kz-23-5-training"}),
    "kz-27-5-producer": (as_dataset, {"kz-27-5-producer"}),
    "eu-50-2-marked": (unlabelled, NO_LABEL_EU | {"eu-code-icon"}),
    "eu-50-2-interoperable": (unlabelled, NO_LABEL_EU | {"eu-code-icon"}),
    "eu-50-4-deep-fake": (without_notice, {"eu-50-4-deep-fake", "eu-code-icon"}),
    "eu-50-4-text": (of_kind(MediaKind.TEXT, without_notice), {"eu-50-4-text"}),
    "eu-code-metadata": (unlabelled, NO_LABEL_EU | {"eu-code-icon"}),
    "eu-code-time-stamp": (verdict_with(signed_at=""), {"eu-code-time-stamp"}),
    "eu-code-layers": (unlabelled, NO_LABEL_EU | {"eu-code-icon"}),
    "eu-code-icon": (says(notice=PAGE), {"eu-code-icon"}),
    "cn-5-label": (aigc(Label="4"), {"cn-5-label"}),
    "cn-5-producer": (aigc(ContentProducer=None), {"cn-5-producer"}),
    "cn-5-number": (aigc(ProduceID=""), {"cn-5-number"}),
    "cn-5-characters": (aigc(ReservedCode2="é"), {"cn-5-characters"}),
    "cn-5-integrity": (aigc(ReservedCode1=""), {"cn-5-integrity"}),
    "cn-5-propagator": (aigc(ContentPropagator=""), {"cn-5-propagator"}),
    "cn-4-explicit": (without_notice, {"cn-4-explicit"}),
    "us-ca-provider": (says(system=System(name="P", version="1")), {"us-ca-provider"}),
    "us-ca-version": (says(system=System(name="P", provider="E")), {"us-ca-version"}),
    "us-ca-system": (unlabelled, NO_LABEL_CALIFORNIA),
    "us-ca-time": (unlabelled, NO_LABEL_CALIFORNIA),
    "us-ca-identifier": (unlabelled, NO_LABEL_CALIFORNIA),
    "us-ca-level": (unlabelled, NO_LABEL_CALIFORNIA),
    "us-ca-standard": (unlabelled, NO_LABEL_CALIFORNIA),
    "in-3-3-metadata": (unlabelled, {"in-3-3-metadata", "in-3-3-identifier", "in-3-3-service", "in-3-3-label"}),
    "in-3-3-identifier": (unlabelled, {"in-3-3-metadata", "in-3-3-identifier", "in-3-3-service", "in-3-3-label"}),
    "in-3-3-service": (says(system=System(name="P", version="1")), {"in-3-3-service"}),
    "in-3-3-label": (says(notice=PAGE), {"in-3-3-label"}),
    "kr-31-2-labelled": (unlabelled_and_untold, {"kr-31-2-labelled", "kr-31-2-once", "kr-31-3-recognisable"}),
    "kr-31-2-once": (unmoved_without_notice, {"kr-31-2-once"}),
    "kr-31-3-recognisable": (says(notice=PAGE), {"kr-31-3-recognisable"}),
}  # fmt: skip
"""For each requirement how to lose it, and everything that is missing then."""

ALL = [(law.name, one) for law in regimes() for one in law.requirements]
IN_FILES = [(name, one) for name, one in ALL if not isinstance(one.predicate, BeyondTheFile)]


def named(value: object) -> str:
    return value.id if isinstance(value, Requirement) else str(value)


def test_every_requirement_that_a_file_can_miss_has_a_case() -> None:
    assert {one.id for _, one in IN_FILES} == set(MISSES)


@pytest.mark.parametrize(("name", "requirement"), ALL, ids=named)
def test_the_full_evidence_meets_it(name: str, requirement: Requirement, full: Case) -> None:
    if MediaKind.IMAGE not in requirement.applies_to:
        full = full._replace(kind=requirement.applies_to[0])
    (result,) = [one for one in asked(full, name).results if one.requirement == requirement.id]
    beyond = isinstance(requirement.predicate, BeyondTheFile)
    assert result.outcome is (Outcome.NOT_CHECKABLE if beyond else Outcome.MET), result.evidence
    assert result.remedy == ""


@pytest.mark.parametrize(("name", "requirement"), IN_FILES, ids=named)
def test_without_it_just_that_is_missing(name: str, requirement: Requirement, full: Case) -> None:
    change, expected = MISSES[requirement.id]
    report = asked(change(full), name)
    missing = {one.requirement for one in report.results if one.outcome is Outcome.MISSING}
    assert missing == expected
    assert requirement.id in missing
    counted = {one.requirement for one in report.missing}
    assert counted == {one.requirement for one in report.results if one.requirement in missing and not one.remark}


@pytest.mark.parametrize(("name", "requirement"), ALL, ids=named)
def test_remarks_never_count(name: str, requirement: Requirement, full: Case) -> None:
    if requirement.remark:
        change, _ = MISSES[requirement.id]
        assert requirement.id not in {one.requirement for one in asked(change(full), name).missing}


@pytest.mark.parametrize("status", [Status.INVALID, Status.UNLABELLED, Status.UNSUPPORTED, Status.DECLARED])
@pytest.mark.parametrize("name", [law.name for law in regimes()])
def test_what_a_label_says_that_does_not_hold_meets_nothing(name: str, status: Status, full: Case) -> None:
    case = verdict_with(status=status)(full)._replace(markers=(), notice=NoticeState.NOT_CHECKABLE)
    assert all(one.outcome is not Outcome.MET for one in asked(case, name).results)


@pytest.mark.parametrize("status", [Status.REMOTE, Status.ERROR])
@pytest.mark.parametrize("name", ["kz", "us-ca", "in"])
def test_what_could_not_be_judged_is_not_called_missing(name: str, status: Status, full: Case) -> None:
    verdict = Verdict(uri="x.jpg", status=status, ai=AI.UNKNOWN, media_type="image/jpeg")
    assert not asked(Case(verdict, (), NoticeState.NOT_CHECKABLE), name).missing


def test_the_two_prongs_are_reported_apart(full: Case) -> None:
    def prongs(case: Case) -> list[Outcome]:
        return [one.outcome for one in asked(case, "kz").results if one.article == "21(2)" and not one.remark]

    assert prongs(full) == [Outcome.MET, Outcome.MET]
    assert prongs(without_notice(full)) == [Outcome.MET, Outcome.MISSING]
    assert prongs(unlabelled(full)) == [Outcome.MISSING, Outcome.MET]
    assert prongs(full._replace(notice=NoticeState.NOT_CHECKABLE)) == [Outcome.MET, Outcome.NOT_CHECKABLE]
    assert prongs(full._replace(notice=NoticeState.ABSENT)) == [Outcome.MET, Outcome.MISSING]


def test_what_imitates_nothing_is_under_article_21_1_only(full: Case) -> None:
    outcomes = {one.requirement: one.outcome for one in asked(says(simulates=())(full), "kz").results}
    assert outcomes["kz-21-1-informed"] is Outcome.MET
    assert outcomes["kz-21-2-mark"] is outcomes["kz-21-2-warning"] is Outcome.NOT_APPLICABLE


def test_nothing_is_asked_of_content_that_a_manifest_says_was_made_without_ai(full: Case) -> None:
    case = verdict_with(ai=AI.NONE, label=None)(full)
    for law in regimes():
        assert {one.outcome for one in asked(case, law.name).results} == {Outcome.NOT_APPLICABLE}


def test_a_law_asks_for_nothing_before_its_day(full: Case) -> None:
    report = check(full.verdict, "kz", on=date(2026, 1, 17))
    assert {one.outcome for one in report.results} == {Outcome.NOT_APPLICABLE}


def test_a_manifest_of_another_tool_is_a_mark(full: Case) -> None:
    case = verdict_with(label=None, producer=None)(full)
    outcomes = {one.requirement: one.outcome for one in asked(case, "kz").results}
    assert outcomes["kz-21-2-mark"] is Outcome.MET
    assert outcomes["kz-22-2-unambiguous"] is Outcome.NOT_CHECKABLE


def test_unsigned_fields_are_a_mark_that_anybody_can_change(full: Case) -> None:
    case = unlabelled(full)._replace(markers=(Mark("iptc", "XMP DigitalSourceType", "x"),))
    (mark,) = [one for one in asked(case, "kz").results if one.requirement == "kz-21-2-mark"]
    assert mark.outcome is Outcome.MET
    assert "anybody can change: XMP DigitalSourceType" in mark.evidence
    (form,) = [one for one in asked(case, "kz").results if one.requirement == "kz-22-2-unambiguous"]
    assert form.outcome is Outcome.NOT_CHECKABLE


@pytest.mark.parametrize("ai", [AI.NONE, AI.UNKNOWN])
def test_unsigned_fields_that_do_not_say_ai_are_no_mark(ai: AI, full: Case) -> None:
    case = unlabelled(full)._replace(markers=(Mark("iptc", "XMP DigitalSourceType", "x", ai),))
    assert {"kz-21-2-mark"} <= {one.requirement for one in asked(case, "kz").missing}


def test_california_asks_nothing_of_text(full: Case) -> None:
    report = asked(full._replace(kind=MediaKind.TEXT), "us-ca")
    assert {one.outcome for one in report.results} == {Outcome.NOT_APPLICABLE}


@pytest.mark.parametrize(
    "value",
    [
        "",
        "{",
        "[]",
        "null",
        "1",
        '{"AIGC": []}',
        "[" * 100_000,
        '"' + "x" * 70_000 + '"',
        '{"Label": 1}',
        '{"Label": {}}',
    ],
)
def test_a_hostile_field_is_a_missing_one(value: str, full: Case) -> None:
    case = full._replace(markers=(Mark("tc260-AIGC", "", value),))
    outcomes = {one.requirement: one.outcome for one in asked(case, "cn").results}
    assert outcomes["cn-5-label"] is outcomes["cn-5-producer"] is Outcome.MISSING


@given(
    st.text(max_size=200)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["AIGC", "Label", "ContentProducer", "x"]), inner, max_size=4)
        ),
    ).map(json.dumps)
)
def test_whatever_a_field_holds_there_is_an_outcome(value: str) -> None:
    verdict = Verdict(uri="x.jpg", status=Status.DECLARED, ai=AI.GENERATED, media_type="image/jpeg")
    case = Case(verdict, (Mark("tc260-aigc", "x", value),), NoticeState.NOT_CHECKABLE)
    for result in asked(case, "cn").results:
        assert result.outcome in set(Outcome)
        assert len(result.evidence) < 1000


def test_a_field_that_was_cut_short_is_not_called_missing(full: Case) -> None:
    case = full._replace(markers=(Mark("tc260-aigc", "XMP TC260:AIGC", json.dumps(AIGC)[:40] + "..."),))
    aigc_results = [one for one in asked(case, "cn").results if one.requirement.startswith("cn-5")]
    assert {one.outcome for one in aigc_results} == {Outcome.NOT_CHECKABLE}


def test_the_wrapped_form_of_the_chinese_field_is_read(full: Case) -> None:
    case = full._replace(markers=(Mark("png", "tEXt aigc", json.dumps({"AIGC": AIGC})),))
    assert not asked(case, "cn").missing


def test_the_human_contribution_is_told_as_evidence_when_asked_for(full: Case) -> None:
    assert asked(full, "kz").contribution is None
    part = check(full.verdict, "kz", copyright=True).contribution
    assert part is not None
    assert (part.recorded, part.who, part.steps) == (True, "artist", ("prompting", "editing"))
    assert part.signer
    assert part.signed_at
    broken = check(verdict_with(status=Status.INVALID)(full).verdict, "kz", copyright=True).contribution
    assert broken is not None
    assert broken == type(broken)(recorded=False)


def test_reports_fit_the_schema_and_give_no_opinion_in_any_language(full: Case) -> None:
    validator = jsonschema.Draft202012Validator(check_schema())
    cases = [full, *(change(full) for change, _ in MISSES.values())]
    for case in cases:
        for law in regimes():
            for language in LANGUAGES:
                report = check(case.verdict, law, markers=case.markers, notice=case.notice, kind=case.kind,
                               copyright=True, language=language)  # fmt: skip
                text = msgspec.json.encode(report)
                validator.validate(msgspec.json.decode(text))
                assert not FORBIDDEN.search(text.decode())


def test_the_file_in_a_remedy_is_quoted_for_the_shell(full: Case) -> None:
    case = verdict_with(uri="a b;rm -rf $x.jpg")(unlabelled(full))
    remedies = [one.remedy for one in asked(case, "us-ca").results if one.remedy]
    assert remedies
    assert all("'a b;rm -rf $x.jpg'" in one for one in remedies)


def test_the_public_function_checks_a_source(samples: dict[str, Path], labeler: Labeler) -> None:
    data = labeler.label(samples["png"].read_bytes(), full_label())
    assert [one.requirement for one in kzlabel.check(data, regime="kz").missing] == []
    assert kzlabel.check(samples["png"], regime="kz").missing
    assert kzlabel.verify(data, regime="kz") == kzlabel.check(data, regime="kz")
    assert kzlabel.verify(data).status is kzlabel.verify(data, regime="kz").status
    with pytest.raises(kzlabel.InputError):
        kzlabel.verify(data, regime="")


@pytest.mark.parametrize(
    ("media_type", "kind"),
    [
        ("image/jpeg", MediaKind.IMAGE), ("video/mp4", MediaKind.VIDEO), ("audio/mpeg", MediaKind.AUDIO),
        ("text/html", MediaKind.TEXT), ("application/pdf", MediaKind.DOCUMENT), ("", MediaKind.OTHER),
        ("inode/directory", MediaKind.DATASET), ("application/zip", MediaKind.OTHER), ("font/otf", MediaKind.OTHER),
        ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", MediaKind.DOCUMENT),
    ],
)  # fmt: skip
def test_media_types_have_a_kind(media_type: str, kind: MediaKind) -> None:
    assert kind_of(media_type) is kind


def test_kazakh_and_russian_are_told_apart_by_their_letters(full: Case) -> None:
    (result,) = [one for one in asked(full, "kz").results if one.requirement == "kz-languages"]
    assert "kk, ru" in result.evidence
    one_language = says(notice=Notice(kind="page", language="mul", text="Создано с ИИ / Made with AI"))(full)
    (result,) = [one for one in asked(one_language, "kz").results if one.requirement == "kz-languages"]
    assert result.outcome is Outcome.NOT_CHECKABLE
    assert regime("kz").requirements[5].id == "kz-languages"
