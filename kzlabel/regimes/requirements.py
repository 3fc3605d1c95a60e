"""`Regime` and `Requirement`: a law's demands as data, read from TOML and checked as they are read."""

import datetime
from collections.abc import Callable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from kzlabel.regimes.evidence import Evidence, MediaKind
from kzlabel.regimes.predicates import Predicate

__all__ = ["CONDITIONS", "Condition", "Regime", "Requirement", "Standing"]

Words = Annotated[str, Meta(min_length=1, max_length=600, pattern=r"^\S(.*\S)?$")]
"""A sentence in English; a catalog has it in other languages."""

Slug = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=64)]
"""Lower-case letters, digits and hyphens."""

RegimeId = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]*/[0-9]{4}-[0-9]{2}$", max_length=64)]
"""A law and the month from which this reading of it holds."""


class Standing(StrEnum):
    """How a requirement is known."""

    TEXT = "text"
    """Read in the text of the law."""

    SECONDARY = "secondary"
    """Said by a secondary source; the law's own text was not read."""

    UNSETTLED = "unsettled"
    """No rule settles it; what is asked here is a proposal."""


class Condition(StrEnum):
    """On what it depends whether a requirement concerns a file."""

    ALWAYS = "always"
    IMITATES = "imitates"
    """The content imitates a person, or an event that did not happen."""


def _imitates(evidence: Evidence) -> bool | None:
    return None if evidence.label is None else bool(evidence.label.simulates)


CONDITIONS: Final[Mapping[Condition, Callable[[Evidence], bool | None]]] = MappingProxyType(
    {Condition.ALWAYS: lambda _: True, Condition.IMITATES: _imitates}
)
"""What tells whether a condition is fulfilled: True, False, or None where nothing tells."""


class Requirement(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One thing that a law asks for."""

    id: Slug
    """What it is called in reports; never used for something else later."""

    article: Words
    """Where it stands in the law."""

    asks: Words
    """What it asks for."""

    source: Words
    """Where that was read: an address, or the name of a document."""

    date: datetime.date
    """Date of what was read."""

    since: datetime.date
    """From when on it applies."""

    standing: Standing
    """How it is known."""

    applies_to: Annotated[tuple[MediaKind, ...], Meta(min_length=1)]
    """The kinds of content that it is about."""

    predicate: Predicate
    """What tells whether it is met."""

    when: Condition = Condition.ALWAYS
    """On what it depends."""

    remark: bool = False
    """Whether it is worth saying only: it never counts as an error."""

    remedy: str = ""
    """The command that would fix it; `{file}` stands for the file."""

    note: str = ""
    """What else one should know of it."""

    def __post_init__(self) -> None:
        if self.standing is Standing.UNSETTLED and not self.remark:
            raise ValueError(f"{self.id} is unsettled, so it has to be a remark")
        if len(set(self.applies_to)) != len(self.applies_to):
            raise ValueError(f"{self.id} names a kind of content twice")


class Regime(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A law, as it stood at some time."""

    id: RegimeId
    """The law and the month from which this reading of it holds, such as `kz-230-viii/2026-01`."""

    name: Slug
    """The short name under which labels and commands know it, such as `kz`."""

    title: Words
    """What it is called."""

    note: Words
    """How it was read, and what about it is in doubt."""

    requirements: Annotated[tuple[Requirement, ...], Meta(min_length=1)]
    """What it asks for, in the order of its articles."""

    def __post_init__(self) -> None:
        ids = [requirement.id for requirement in self.requirements]
        if len(set(ids)) != len(ids):
            raise ValueError("two requirements have the same id")
        for one in ids:
            if not one.startswith(f"{self.name}-"):
                raise ValueError(f"{one} doesn't begin with {self.name}-")
