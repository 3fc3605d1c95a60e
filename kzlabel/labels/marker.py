"""An unsigned statement about how content came to be, as it was found in a file."""

import msgspec

from kzlabel.labels.vocabulary import AI

__all__ = ["Marker"]


class Marker(msgspec.Struct, frozen=True):
    """An unsigned statement in a file about how it came to be, by the rule that recognised it."""

    rule: str
    """Identifier of the rule; `kzlabel markers` lists them."""

    field: str
    """Where it was found."""

    value: str
    """What stands there, shortened and without control characters."""

    ai: AI
    """What it says about AI."""

    source: str
    """The document that the rule follows."""
