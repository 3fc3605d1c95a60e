"""What is said: the label, its vocabulary, and its way into and out of a C2PA manifest."""

from kzlabel.labels.assertions import (
    LABEL_ASSERTION,
    actions,
    ai_disclosure,
    label_assertion,
    read_label,
    training_mining,
)
from kzlabel.labels.issuing import fresh
from kzlabel.labels.library import LIBRARY_ASSERTION, Library, library_actions, read_library
from kzlabel.labels.marker import Marker
from kzlabel.labels.model import Label
from kzlabel.labels.parts import HumanContribution, Identifier, Notice, Operator, System
from kzlabel.labels.permissions import Permission, Training
from kzlabel.labels.source_types import SOURCE_TYPES, SourceType, ai_of_source_type, source_type
from kzlabel.labels.vocabulary import (
    AI,
    Autonomy,
    Level,
    NoticeKind,
    Oversight,
    Risk,
    Role,
    Simulated,
    Step,
    Use,
)

__all__ = [
    "AI",
    "LABEL_ASSERTION",
    "LIBRARY_ASSERTION",
    "SOURCE_TYPES",
    "Autonomy",
    "HumanContribution",
    "Identifier",
    "Label",
    "Level",
    "Library",
    "Marker",
    "Notice",
    "NoticeKind",
    "Operator",
    "Oversight",
    "Permission",
    "Risk",
    "Role",
    "Simulated",
    "SourceType",
    "Step",
    "System",
    "Training",
    "Use",
    "actions",
    "ai_disclosure",
    "ai_of_source_type",
    "fresh",
    "label_assertion",
    "library_actions",
    "read_label",
    "read_library",
    "source_type",
    "training_mining",
]
