"""What a requirement is judged by: everything that is known of one file, gathered beforehand."""

from enum import StrEnum
from typing import Final, Protocol

import msgspec

from kzlabel.directories import DATASET_TYPE
from kzlabel.labels import AI, Label
from kzlabel.verifying.verdict import Verdict

__all__ = ["Evidence", "Marker", "MediaKind", "NoticeState", "kind_of"]


class MediaKind(StrEnum):
    """What laws call kinds of content."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    TEXT = "text"
    """Unstructured and structured text, HTML among it."""

    DOCUMENT = "document"
    """PDF and office documents."""

    OTHER = "other"
    DATASET = "dataset"
    """A data library: a directory of files."""


_DOCUMENTS: Final = ("application/pdf", "application/epub", "application/vnd.", "application/msword")


def kind_of(media_type: str) -> MediaKind:
    """Return the kind of content that has `media_type`."""
    if media_type == DATASET_TYPE:
        return MediaKind.DATASET
    head = media_type.partition("/")[0]
    if head in ("image", "video", "audio", "text"):
        return MediaKind(head)
    return MediaKind.DOCUMENT if media_type.startswith(_DOCUMENTS) else MediaKind.OTHER


class NoticeState(StrEnum):
    """Whether the words that people are to meet are in the content."""

    PRESENT = "present"
    ABSENT = "absent"
    NOT_CHECKABLE = "not checkable"


class Marker(Protocol):
    """An unsigned declaration that was read in a file."""

    @property
    def rule(self) -> str:
        """Which rule found it."""

    @property
    def field(self) -> str:
        """Where it stands."""

    @property
    def value(self) -> str:
        """What it says."""

    @property
    def ai(self) -> AI:
        """What it says of AI."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of one file."""

    verdict: Verdict
    """What verification says."""

    kind: MediaKind
    """What kind of content it is."""

    markers: tuple[Marker, ...] = ()
    """Its unsigned declarations."""

    notice: NoticeState = NoticeState.NOT_CHECKABLE
    """Whether the notice that the label records, or any other, was found in the content."""

    @property
    def label(self) -> Label | None:
        """The label, if it is intact; what a broken one says is no evidence."""
        return self.verdict.label if self.verdict.intact else None

    @property
    def speaking(self) -> tuple[Marker, ...]:
        """The unsigned declarations that say that AI had a part."""
        return tuple(marker for marker in self.markers if marker.ai in (AI.GENERATED, AI.ASSISTED))
