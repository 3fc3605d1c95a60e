"""What a label would lack under a regime, told before anything is written."""

import datetime

import msgspec

from kzlabel.labels import Label
from kzlabel.regimes.evidence import MediaKind
from kzlabel.regimes.loading import regime as named
from kzlabel.regimes.requirements import Condition, Regime, Requirement

__all__ = ["Lack", "check_label"]


class Lack(msgspec.Struct, frozen=True):
    """A field of a label that a regime asks for and that isn't there."""

    field: str
    """The field, such as `notice` or `system.provider`."""

    requirement: str
    """Id of the requirement."""

    article: str
    """Where it stands in the law."""


def check_label(
    label: Label, media_kind: MediaKind | None, regime: Regime | str, *, on: datetime.date | None = None
) -> tuple[Lack, ...]:
    """Return what `label` lacks for a file of some kind; nothing means that the regime has no objection to it.

    Args:
        label: The label that is to be written.
        media_kind: The kind of content; None where it isn't known, so that whatever is asked of any kind counts.
        regime: The regime, or its name.
        on: The day for which to say it; today unless given.

    Raises:
        InputError: No regime has that name.
    """
    law = named(regime) if isinstance(regime, str) else regime
    day = datetime.datetime.now(datetime.UTC).date() if on is None else on
    return tuple(
        Lack(field, one.id, one.article)
        for one in law.requirements
        if not one.remark and one.since <= day and _concerns(one, label, media_kind)
        for field in one.predicate.lacks(label)
    )


def _concerns(requirement: Requirement, label: Label, kind: MediaKind | None) -> bool:
    if requirement.when is Condition.IMITATES and not label.simulates:
        return False
    if kind is None:
        return any(one is not MediaKind.DATASET for one in requirement.applies_to)
    return kind in requirement.applies_to
