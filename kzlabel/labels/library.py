"""`Library`: what is said about a data library of which nobody says that AI made it.

Kazakhstan's Law on Artificial Intelligence asks who produced it, in machine-readable form, and nothing else
(article 27(5)). A library whose content AI made or changed is described by a `Label` with an operator instead.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

import msgspec

from kzlabel.errors import LabelError
from kzlabel.labels.checks import Check, Part, instance, settle
from kzlabel.labels.decoding import build
from kzlabel.labels.issuing import content_id, instant, new_content_id, now
from kzlabel.labels.parts import Operator
from kzlabel.labels.source_types import source_type
from kzlabel.labels.text import text
from kzlabel.labels.written import ContentId, Instant

__all__ = ["LIBRARY_ASSERTION", "Library", "library_actions", "read_library"]

LIBRARY_ASSERTION = "org.kzlabel.library"
"""The label of the assertion that holds it."""

_VERSION = "1"


def _version(field: str, value: object) -> str:
    if text(field, value, limit=16) != _VERSION:
        raise LabelError(f"{field} {value!r} is not known here", f"leave it out for {_VERSION}, or update kzlabel")
    return _VERSION


_CHECKS: Mapping[str, Check] = MappingProxyType(
    {"version": _version, "producer": instance(Operator), "content_id": content_id, "created": instant}
)


class Library(Part, frozen=True, kw_only=True):
    """A statement about a data library: who produced it (articles 1(2) and 27(5))."""

    version: str = msgspec.field(default_factory=lambda: _VERSION)
    """Version of this form."""

    producer: Operator
    """Who organised collecting, processing and structuring the data."""

    content_id: ContentId = msgspec.field(default_factory=new_content_id)
    """Identifier of the library, a URN of a UUID (RFC 9562); a new one unless given."""

    created: Instant = msgspec.field(default_factory=now)
    """When the record was made, by the signer's word (RFC 3339); now unless given."""

    if TYPE_CHECKING:

        def __init__(
            self, *, producer: Operator, version: str = _VERSION, content_id: str = ..., created: str = ...
        ) -> None: ...

    def __post_init__(self) -> None:
        settle(self, "", _CHECKS)

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> "Library":
        """Make one from builtins, as `to_dict` gives them.

        Raises:
            LabelError: A field is unknown or missing, or breaks a rule.
        """
        return build(cls, data)

    def to_dict(self) -> dict[str, object]:
        """Return it as JSON has it; absent fields are left out."""
        return msgspec.json.decode(msgspec.json.encode(self), type=dict[str, object])


def library_actions(library: Library) -> dict[str, object]:
    """Return the `c2pa.actions.v2` assertion (C2PA 2.4 section 18.15).

    The source type is `composite`, which leaves open whether AI had a part in any of the elements.
    """
    composite = source_type("composite")
    assert composite is not None  # noqa: S101 - a term of the table
    created = {"action": "c2pa.created", "when": library.created, "digitalSourceType": composite.uri}
    return {"actions": [created], "allActionsIncluded": False}


def read_library(data: Mapping[str, object]) -> Library:
    """Return what an `org.kzlabel.library` assertion holds.

    Raises:
        LabelError: It is not whole, or breaks a rule.
    """
    library = Library.from_dict(data)
    for field in ("version", "content_id", "created"):
        if not data.get(field):
            raise LabelError(f"{field} is missing", "a signed record always has it")
    return library
