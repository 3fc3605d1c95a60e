"""From a verdict and a regime to a report: per requirement an outcome, its evidence and its remedy."""

import datetime
import shlex
from collections.abc import Sequence

import msgspec

from kzlabel.labels import AI, Label
from kzlabel.languages import ENGLISH, Language, Message, translate
from kzlabel.regimes.answers import Answer, Outcome
from kzlabel.regimes.evidence import Evidence, Marker, MediaKind, NoticeState, kind_of
from kzlabel.regimes.loading import regime as named
from kzlabel.regimes.requirements import CONDITIONS, Regime, Requirement, Standing
from kzlabel.verifying.verdict import Status, Verdict

__all__ = ["Contribution", "Report", "Result", "check"]


class Result(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What became of one requirement."""

    requirement: str
    """Its id."""

    article: str
    """Where it stands in the law."""

    asks: str
    """What it asks for."""

    outcome: Outcome
    """`met`, `missing`, `not applicable` or `not checkable`."""

    evidence: str
    """Why."""

    remedy: str = ""
    """The command that would fix it."""

    note: str = ""
    """What else one should know of it."""

    remark: bool = False
    """True where it is worth saying and never an error: it is unsettled, or no duty."""

    standing: Standing
    """How the requirement is known."""

    source: str
    """Where it was read."""

    date: datetime.date
    """Date of what was read."""

    @property
    def fails(self) -> bool:
        """Whether it is missing and counts."""
        return self.outcome is Outcome.MISSING and not self.remark


class Contribution(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What the label records of a person's part, as evidence for whoever has to judge it."""

    recorded: bool
    """Whether an intact label records any."""

    who: str = ""
    """Their role or name."""

    what: str = ""
    """The same in words."""

    steps: tuple[str, ...] = ()
    """What they did."""

    oversight: str = ""
    """How far they watched over the making."""

    signer: str = ""
    """Who signed that."""

    signed_at: str = ""
    """When, by a trusted time-stamp; empty without one."""

    content_id: str = ""
    """Identifier of the content."""


class Report(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What one regime asks of one file, and what the file answers. It is no opinion on the law."""

    uri: str
    """The file, as the caller named it."""

    regime: str
    """Id of the regime."""

    title: str
    """What the law is called."""

    note: str
    """How the law was read, and what about it is in doubt."""

    status: Status
    """Status of the file's label."""

    kind: MediaKind
    """The kind of content."""

    results: tuple[Result, ...]
    """One for each requirement, in the order of the law."""

    contribution: Contribution | None = None
    """A person's part, where it was asked for."""

    @property
    def missing(self) -> tuple[Result, ...]:
        """What is missing and counts."""
        return tuple(result for result in self.results if result.fails)


def check(
    verdict: Verdict,
    regime: Regime | str,
    *,
    markers: Sequence[Marker] = (),
    notice: NoticeState = NoticeState.NOT_CHECKABLE,
    kind: MediaKind | None = None,
    copyright: bool = False,  # noqa: A002 - the right's own name
    language: Language = ENGLISH,
    on: datetime.date | None = None,
) -> Report:
    """Hold a verdict against a regime.

    Args:
        verdict: What verification says of the file.
        regime: The regime, or its name.
        markers: Unsigned declarations that were read in the file.
        notice: Whether the words for people were found in the content.
        kind: The kind of content; by its media type unless given.
        copyright: Whether to tell what the label records of a person's part.
        language: Language of the sentences; programs should leave it at English.
        on: The day for which to say it; today unless given.

    Raises:
        InputError: No regime has that name.
    """
    law = named(regime) if isinstance(regime, str) else regime
    evidence = Evidence(
        verdict=verdict,
        kind=kind_of(verdict.media_type) if kind is None else kind,
        markers=tuple(markers),
        notice=notice,
    )
    day = datetime.datetime.now(datetime.UTC).date() if on is None else on
    return Report(
        uri=verdict.uri,
        regime=law.id,
        title=translate(law.title, language),
        note=translate(law.note, language),
        status=verdict.status,
        kind=evidence.kind,
        results=tuple(_result(one, evidence, day, language) for one in law.requirements),
        contribution=_contribution(evidence) if copyright else None,
    )


def _result(requirement: Requirement, evidence: Evidence, day: datetime.date, language: Language) -> Result:
    answer = _answer(requirement, evidence, day)
    remedy = requirement.remedy if answer.outcome is Outcome.MISSING else ""
    return Result(
        requirement=requirement.id,
        article=requirement.article,
        asks=translate(requirement.asks, language),
        outcome=answer.outcome,
        evidence=answer.evidence.read(language),
        remedy=remedy.replace("{file}", shlex.quote(evidence.verdict.uri)),
        note=translate(requirement.note, language) if requirement.note else "",
        remark=requirement.remark,
        standing=requirement.standing,
        source=requirement.source,
        date=requirement.date,
    )


def _answer(requirement: Requirement, evidence: Evidence, day: datetime.date) -> Answer:
    """Judge the evidence, unless the requirement doesn't concern the file."""
    if evidence.kind not in requirement.applies_to:
        return _aside(Message("it is not about content of this kind: {kind}", {"kind": evidence.kind.value}))
    if day < requirement.since:
        return _aside(Message("it applies from {day} on", {"day": requirement.since.isoformat()}))
    if evidence.kind is not MediaKind.DATASET and evidence.verdict.intact and evidence.verdict.ai is AI.NONE:
        return _aside(Message("the signed manifest says that the content was made without AI"))
    if CONDITIONS[requirement.when](evidence) is False:
        return _aside(Message("the label names nothing that the content imitates"))
    return requirement.predicate.judge(evidence)


def _aside(why: Message) -> Answer:
    return Answer(Outcome.NOT_APPLICABLE, why)


def _contribution(evidence: Evidence) -> Contribution:
    label: Label | None = evidence.label
    part = None if label is None else label.human_contribution
    if label is None or part is None:
        return Contribution(recorded=False)
    signer = evidence.verdict.signer
    return Contribution(
        recorded=True,
        who=part.who,
        what=part.what,
        steps=tuple(step.value for step in part.steps),
        oversight=part.oversight.value if part.oversight else "",
        signer=(signer.common_name or signer.organisation) if signer else "",
        signed_at=evidence.verdict.signed_at,
        content_id=label.content_id,
    )
