"""What markers are: unsigned statements found in a file, and those that are to be written into one."""

import json
import re
from datetime import datetime
from typing import Final, NamedTuple

import msgspec

from kzlabel.errors import KzlabelError, LabelError
from kzlabel.labels import Marker
from kzlabel.labels.source_types import source_type

__all__ = ["AIGC", "Declaration", "Field", "Marker", "NoPlaceError"]

_LABELS: Final = ("1", "2", "3")
_AIGC_TEXT: Final = re.compile(r"[!#-\[\]-~]*")
"""The characters that GB 45438-2025 annex E allows: visible ASCII without quotation marks and backslashes."""
_CONTROL: Final = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
"""What XML can't hold."""
_LONGEST: Final = 10_000


class NoPlaceError(KzlabelError):
    """A file's format has no place for a marker, or this file's place can't be used."""


class Field(NamedTuple):
    """One value as a file holds it, before any rule has judged it."""

    name: str
    """The kind of place and the key in it: `XMP Iptc4xmpExt:DigitalSourceType`, `PNG parameters`."""

    value: str
    """The text, as it stands there."""


class AIGC(msgspec.Struct, frozen=True, kw_only=True):
    """The implicit label of China's rules (GB 45438-2025 annex E; TC260 practice guides of 2025-08-28)."""

    label: str
    """`1` is AI-generated, `2` possibly, `3` suspected."""

    content_producer: str = ""
    """Name or code of the service that generated the content."""

    produce_id: str = ""
    """The content's number with its producer."""

    reserved_code1: str = ""
    """Integrity data of the producer."""

    content_propagator: str = ""
    """Name or code of the service that spreads the content."""

    propagate_id: str = ""
    """The content's number with its propagator."""

    reserved_code2: str = ""
    """Integrity data of the propagator."""

    def __post_init__(self) -> None:
        if self.label not in _LABELS:
            raise LabelError(
                f"the AIGC label {self.label[:20]!r} is unknown", "use 1 (is), 2 (possibly) or 3 (suspected)"
            )
        for name, value in self.entries().items():
            if not _AIGC_TEXT.fullmatch(value) or len(value) > _LONGEST:
                raise LabelError(
                    f"the AIGC field {name} has characters that GB 45438-2025 doesn't allow",
                    "use visible ASCII characters without spaces, quotation marks and backslashes",
                )

    def entries(self) -> dict[str, str]:
        """Return the seven fields under the names that they have in a file."""
        return {
            "Label": self.label,
            "ContentProducer": self.content_producer,
            "ProduceID": self.produce_id,
            "ReservedCode1": self.reserved_code1,
            "ContentPropagator": self.content_propagator,
            "PropagateID": self.propagate_id,
            "ReservedCode2": self.reserved_code2,
        }

    def to_json(self) -> str:
        """Return the bare shape: one JSON object with the seven fields."""
        return json.dumps(self.entries(), separators=(",", ":"))


class Declaration(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be written into a file as markers."""

    source_type: str
    """IPTC digital source type, as its URI."""

    system: str = ""
    """The AI system that was used (IPTC 2025.1 AI System Used)."""

    system_version: str = ""
    """Its version."""

    prompt: str = ""
    """The prompt, where it is to be published."""

    prompt_writer: str = ""
    """Who wrote the prompt, where that is to be published."""

    created: datetime | None = None
    """When the content was created; written only where the file says nothing of it."""

    aigc: AIGC | None = None
    """The label of the cn regime, where it is asked for."""

    def __post_init__(self) -> None:
        found = source_type(self.source_type)
        if found is None or found.uri != self.source_type:
            raise LabelError(
                f"{self.source_type[:100]!r} is no digital source type",
                "use the URI of a term of the IPTC or C2PA vocabulary",
            )
        for name, value in self.entries().items():
            if _CONTROL.search(value) or len(value) > _LONGEST:
                raise LabelError(
                    f"{name} has control characters, or more than {_LONGEST} characters", "shorten it to plain text"
                )

    def entries(self) -> dict[str, str]:
        """Return what is declared under the names of IPTC Photo Metadata 2025.1, without what is empty."""
        given = {
            "DigitalSourceType": self.source_type,
            "AISystemUsed": self.system,
            "AISystemVersionUsed": self.system_version,
            "AIPromptInformation": self.prompt,
            "AIPromptWriterName": self.prompt_writer,
        }
        return {name: value for name, value in given.items() if value.strip()}
