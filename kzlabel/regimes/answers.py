"""What predicates have in common: their answers, and what can be asked of them."""

from enum import StrEnum

import msgspec

from kzlabel.labels import Label
from kzlabel.languages import Message
from kzlabel.regimes.evidence import Evidence

__all__ = ["Answer", "Base", "Outcome", "met", "missing", "not_checkable"]


class Outcome(StrEnum):
    """What became of a requirement; none of them is an opinion on the law."""

    MET = "met"
    MISSING = "missing"
    NOT_APPLICABLE = "not applicable"
    NOT_CHECKABLE = "not checkable"


class Answer(msgspec.Struct, frozen=True):
    """What a predicate says."""

    outcome: Outcome
    """What became of the requirement."""

    evidence: Message
    """Why."""

    field: str = ""
    """The label's field that lacks; empty where it is none."""


class Base(msgspec.Struct, frozen=True, tag_field="is", forbid_unknown_fields=True):
    """A predicate with its arguments, as a TOML table gives them."""

    def judge(self, evidence: Evidence) -> Answer:
        """Say whether `evidence` shows it."""
        raise NotImplementedError

    def lacks(self, label: Label) -> tuple[str, ...]:  # noqa: ARG002 - most predicates are about more than a label
        """Return the fields for want of which a file with `label` would fail; none where the label has no part."""
        return ()


def met(evidence: Message) -> Answer:
    """Say that it is met."""
    return Answer(Outcome.MET, evidence)


def missing(evidence: Message, field: str = "") -> Answer:
    """Say that it is missing."""
    return Answer(Outcome.MISSING, evidence, field)


def not_checkable(evidence: Message) -> Answer:
    """Say that nothing here tells."""
    return Answer(Outcome.NOT_CHECKABLE, evidence)
