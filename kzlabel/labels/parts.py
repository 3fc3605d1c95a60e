"""The parts of a label: which system, who answers for it, what a person did, and how people are warned.

Each part checks itself when it is made. Text that is absent is empty and isn't written; a part that is absent
is `None`. Words of a vocabulary are given as members or as text. Articles are those of Kazakhstan's Law on
Artificial Intelligence.
"""

from typing import TYPE_CHECKING

from kzlabel.errors import LabelError
from kzlabel.labels.checks import Check, Part, choice, choices, instance, optional, settle
from kzlabel.labels.identifiers import (
    business_number,
    country,
    language,
    lei,
    model_identifier,
    model_type,
    scheme,
)
from kzlabel.labels.text import NUMBER_LIMIT, free_text, name, optional_name, text, words
from kzlabel.labels.vocabulary import (
    DEFAULT_MODEL_TYPE,
    Autonomy,
    NoticeKind,
    Oversight,
    Risk,
    Role,
    Step,
)
from kzlabel.labels.written import (
    BusinessNumber,
    CountryCode,
    FreeText,
    LanguageTag,
    Line,
    ModelType,
    RegisterNumber,
    Slug,
    Uri,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["HumanContribution", "Identifier", "Notice", "Operator", "System"]


_SYSTEM: dict[str, Check] = {
    "name": name,
    "version": optional_name,
    "provider": optional_name,
    "model": optional_name,
    "model_identifier": model_identifier,
    "model_type": model_type,
    "risk": optional(choice(Risk)),
    "autonomy": optional(choice(Autonomy)),
}


class System(Part, frozen=True, kw_only=True):
    """The AI system that made or changed the content (article 1(5))."""

    name: Line
    """What the system is called; the software agent of the C2PA action (C2PA 2.4 section 18.15.4.4)."""

    version: Line = ""
    """Its version; it goes with the name."""

    provider: Line = ""
    """Who makes or offers it."""

    model: Line = ""
    """What the model in it is called (article 1(8); `modelName` of C2PA 2.4 section 18.28)."""

    model_identifier: Uri = ""
    """URI or package URL of the model (`modelIdentifier` of C2PA 2.4 section 18.28)."""

    model_type: ModelType = DEFAULT_MODEL_TYPE
    """Kind of the model (`modelType` of C2PA 2.4 section 18.28), a value of its Table 12."""

    risk: Risk | None = None
    """Degree of risk (article 17(1))."""

    autonomy: Autonomy | None = None
    """Degree of autonomy (article 17(2))."""

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            name: str,
            version: str = "",
            provider: str = "",
            model: str = "",
            model_identifier: str = "",
            model_type: str = DEFAULT_MODEL_TYPE,
            risk: Risk | str | None = None,
            autonomy: Autonomy | str | None = None,
        ) -> None: ...

    def __post_init__(self) -> None:
        settle(self, "system.", _SYSTEM)


def _identifier_value(field: str, value: object) -> str:
    return text(field, value, limit=NUMBER_LIMIT)


_IDENTIFIER: dict[str, Check] = {"scheme": scheme, "value": _identifier_value}


class Identifier(Part, frozen=True, kw_only=True):
    """An organisation's number in a register."""

    scheme: Slug
    """Which register, in lower case: lei, euid, vat or another."""

    value: RegisterNumber
    """The number as the register writes it; that of an LEI is verified (ISO 17442)."""

    def __post_init__(self) -> None:
        path = "operator.identifier."
        settle(self, path, _IDENTIFIER)
        if self.scheme == "lei":
            settle(self, path, {"value": lei})


_OPERATOR: dict[str, Check] = {
    "role": choice(Role),
    "name": name,
    "country": country,
    "bin": business_number,
    "identifier": optional(instance(Identifier)),
}


class Operator(Part, frozen=True, kw_only=True):
    """Who answers for informing people: the owner or possessor of the system (article 21(3))."""

    role: Role
    """As what they answer (articles 21(3) and 21(5))."""

    name: Line
    """What they are called. The name of a natural person is personal data and stays in every copy."""

    country: CountryCode = ""
    """Where they are, ISO 3166-1 alpha-2."""

    bin: BusinessNumber = ""
    """Business identification number (БИН) of Kazakhstan; a person's number (ИИН) is refused."""

    identifier: Identifier | None = None
    """Number in another register."""

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            role: Role | str,
            name: str,
            country: str = "",
            bin: str = "",  # noqa: A002 - the number's own name
            identifier: Identifier | None = None,
        ) -> None: ...

    def __post_init__(self) -> None:
        settle(self, "operator.", _OPERATOR)


_CONTRIBUTION: dict[str, Check] = {
    "who": optional_name,
    "what": free_text,
    "steps": choices(Step),
    "oversight": optional(choice(Oversight)),
}


class HumanContribution(Part, frozen=True, kw_only=True):
    """What a person contributed; only a human creative contribution gives copyright (article 23(1))."""

    who: Line = ""
    """Their role, or their name where they want it there; the name of a natural person is personal data."""

    what: FreeText = ""
    """The same in words. A prompt may be a protected work (article 23(2)); it enters only if given."""

    steps: tuple[Step, ...] = ()
    """What they did."""

    oversight: Oversight | None = None
    """How far they watched over the making (`humanOversightLevel` of C2PA 2.4 section 18.28)."""

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            who: str = "",
            what: str = "",
            steps: Iterable[Step | str] = (),
            oversight: Oversight | str | None = None,
        ) -> None: ...

    def __post_init__(self) -> None:
        settle(self, "human_contribution.", _CONTRIBUTION)
        if not (self.who or self.what or self.steps or self.oversight):
            raise LabelError("human_contribution says nothing", "give one of its fields, or leave it out")


_NOTICE: dict[str, Check] = {
    "kind": choice(NoticeKind), "language": language, "text": words, "place": optional_name
}  # fmt: skip


class Notice(Part, frozen=True, kw_only=True):
    """How people are warned, beside the machine-readable mark (article 21(2))."""

    kind: NoticeKind
    """Its form."""

    language: LanguageTag
    """Language of its words, BCP 47; `mul` for words in several languages."""

    text: FreeText
    """Its words."""

    place: Line = ""
    """Where in the content it was put with the label, such as `bottom-left`, `first` or `start`."""

    if TYPE_CHECKING:

        def __init__(self, *, kind: NoticeKind | str, language: str, text: str, place: str = "") -> None: ...

    def __post_init__(self) -> None:
        settle(self, "notice.", _NOTICE)
