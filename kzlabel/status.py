"""What verification says, one sentence at a time: findings, each a status code of known kind."""

import msgspec

from kzlabel.codes import KINDS, Code, Kind

__all__ = ["Code", "Finding", "Kind", "kind_of"]


def kind_of(code: str) -> Kind | None:
    """Return the kind that `code` owns, or None for a code that isn't in the table."""
    return KINDS[Code(code)] if code in _CODES else None


_CODES = frozenset(Code)


class Finding(msgspec.Struct, frozen=True, omit_defaults=True):
    """One observation about a file: a status code, its kind, and where it applies.

    Consumers branch on `code`; `explanation` is for people and may change at any time.
    """

    code: str
    """A C2PA status code (C2PA 2.4 section 15.2), one of the reference engine's, or `org.kzlabel.*`."""

    kind: Kind
    """Success, informational or failure; a property of the code, never chosen where it is raised."""

    uri: str = ""
    """JUMBF URI of the box the finding is about; empty when it is about the whole file."""

    explanation: str = ""
    """A sentence for a person; not translated, not stable."""

    ingredient: bool = False
    """True when the finding is about an ingredient's manifest, not about the active one."""

    @classmethod
    def of(cls, code: Code, explanation: str = "", *, uri: str = "", ingredient: bool = False) -> "Finding":
        """Make a finding whose kind is the one that `code` owns."""
        return cls(code, KINDS[code], uri, explanation, ingredient)
