"""`Label`: what is said about one piece of content."""

import copy
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

import msgspec

from kzlabel.errors import LabelError
from kzlabel.labels.checks import Check, Part, choice, choices, instance, optional, settle
from kzlabel.labels.decoding import build, decode, known_fields
from kzlabel.labels.identifiers import regimes
from kzlabel.labels.issuing import content_id, instant, new_content_id, now
from kzlabel.labels.parts import HumanContribution, Notice, Operator, System
from kzlabel.labels.permissions import Training
from kzlabel.labels.source_types import default_source_type, source_type_of
from kzlabel.labels.text import URI_LIMIT, text
from kzlabel.labels.vocabulary import Level, Simulated
from kzlabel.labels.written import ContentId, Instant, Slug

__all__ = ["VERSION", "Label"]

VERSION = "1"
"""The version of the label's schema."""


def _version(field: str, value: object) -> str:
    given = text(field, value, limit=16)
    if given != VERSION:
        raise LabelError(f"{field} {given!r} is not known here", f"leave it out for {VERSION}, or update kzlabel")
    return VERSION


def _source_type(field: str, value: object) -> str:
    return text(field, value, limit=URI_LIMIT, required=False)


_CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        "version": _version,
        "level": choice(Level),
        "digital_source_type": _source_type,
        "system": instance(System),
        "operator": optional(instance(Operator)),
        "content_id": content_id,
        "created": instant,
        "simulates": choices(Simulated),
        "human_contribution": optional(instance(HumanContribution)),
        "notice": optional(instance(Notice)),
        "regimes": regimes,
        "training": optional(instance(Training)),
    }
)


class Label(Part, frozen=True, kw_only=True):
    """A claim about one piece of content: an AI system made it, or helped a person make it.

    Only `level` and `system` have to be given. A label that exists is valid: it checks itself when it is
    made, puts every field into its canonical form, and does not change. Nothing enters it that wasn't given,
    except an identifier and the time. Articles are those of Kazakhstan's Law on Artificial Intelligence
    (230-VIII of 17 November 2025).
    """

    version: str = msgspec.field(default_factory=lambda: VERSION)
    """Version of the label's schema."""

    level: Level
    """Whether AI made the content or helped (article 1(4))."""

    digital_source_type: str = ""
    """URI of the digital source type, in which every C2PA validator reads the level (C2PA 2.4 section
    18.15.4.5). It follows from the level; a term that says the same in more detail may be given, as its URI
    or as the term."""

    system: System
    """The AI system (article 1(5))."""

    operator: Operator | None = None
    """Who answers for informing people (article 21(3))."""

    content_id: ContentId = msgspec.field(default_factory=new_content_id)
    """Identifier of the content, a URN of a UUID (RFC 9562) in lower case; a new one of version 7 unless
    given. Others than the signer may refer to the content by it."""

    created: Instant = msgspec.field(default_factory=now)
    """When the content was made, with its zone (RFC 3339); now in UTC unless given. It is the signer's word:
    a time-stamp is what proves a time."""

    simulates: tuple[Simulated, ...] = ()
    """What the content imitates (article 1(4)); empty when it imitates nothing."""

    human_contribution: HumanContribution | None = None
    """What a person contributed (article 23(1))."""

    notice: Notice | None = None
    """How people are warned (article 21(2))."""

    regimes: tuple[Slug, ...] = ()
    """The legal regimes that the label is meant to serve, such as kz, eu, cn (article 22(3))."""

    training: Training | None = None
    """What may be done with the content (article 23(5))."""

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            level: Level | str,
            system: System,
            version: str = VERSION,
            digital_source_type: str = "",
            operator: Operator | None = None,
            content_id: str = ...,
            created: str = ...,
            simulates: Iterable[Simulated | str] = (),
            human_contribution: HumanContribution | None = None,
            notice: Notice | None = None,
            regimes: Iterable[str] = (),
            training: Training | None = None,
        ) -> None: ...

    def __post_init__(self) -> None:
        settle(self, "", _CHECKS)
        uri = source_type_of(self.level, self.digital_source_type)
        msgspec.structs.force_setattr(self, "digital_source_type", uri)

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> "Label":
        """Make a label from builtins, as `to_dict` gives them or as a person writes them.

        Raises:
            LabelError: A field is unknown or missing, or breaks a rule.
        """
        return build(cls, data)

    @classmethod
    def from_json(cls, data: bytes | str) -> "Label":
        """Make a label from a JSON object.

        Raises:
            LabelError: It is no JSON, or not that of a label.
        """
        return build(cls, decode(data))

    def to_dict(self) -> dict[str, object]:
        """Return the label as JSON has it, in the order of its fields; absent fields are left out."""
        return msgspec.json.decode(self.to_json(), type=dict[str, object])

    def to_json(self) -> bytes:
        """Return the label as JSON; equal labels give equal bytes."""
        return msgspec.json.encode(self)

    def reissued(self, content_id: str, created: str) -> "Label":
        """Return this label for another piece of content: only identifier and time differ, and are checked.

        Raises:
            LabelError: One of them breaks a rule.
        """
        label = copy.copy(self)
        for field, value in (("content_id", content_id), ("created", created)):
            msgspec.structs.force_setattr(label, field, _CHECKS[field](field, value))
        return label

    def replace(self, **changes: object) -> "Label":
        """Return a copy with some fields changed, checked as a new label is.

        It keeps the identifier and the time. A source type that only repeats the level changes with it.

        Raises:
            LabelError: A field is unknown, or breaks a rule.
        """
        known_fields(Label, changes)
        fields = msgspec.structs.asdict(self)
        if "level" in changes and self.digital_source_type == default_source_type(self.level):
            fields["digital_source_type"] = ""
        return Label(**{**fields, **changes})
