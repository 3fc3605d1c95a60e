"""Predicates about unsigned declarations that are JSON, as the AIGC field of China's GB 45438-2025 is.

{"Label": "1", "ContentProducer": "...", "ProduceID": "...", ...}    or the same within    {"AIGC": {...}}
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from kzlabel.labels import Label
from kzlabel.languages import Message
from kzlabel.regimes.answers import Answer, Base, met, missing, not_checkable
from kzlabel.regimes.evidence import Evidence, Marker
from kzlabel.regimes.fields import LabelField, said

__all__ = ["MarkerCharacters", "MarkerKey"]

_LONGEST: Final = 65_536
_ALLOWED: Final = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]*")
"""GB 45438-2025 annex E: characters of one byte, but for the quotation mark and the backslash."""


def _declared(evidence: Evidence, marker: str) -> Iterator[Mapping[str, object]]:
    """Yield the JSON objects in the markers called `marker`, without their wrapper."""
    for one in evidence.markers:
        if not _is(one, marker) or len(one.value) > _LONGEST:
            continue
        try:
            value = msgspec.json.decode(one.value)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            continue
        if isinstance(value, dict):
            inner = value.get(marker)
            yield inner if isinstance(inner, dict) else value


def _unread(evidence: Evidence, marker: str) -> Answer:
    """Say why there is nothing to go by; a field that was cut short for people to read may be in order."""
    names = {"marker": marker}
    if any(_is(one, marker) and one.value.endswith("...") for one in evidence.markers):
        return not_checkable(Message("the field {marker} is too long to be read here", names))
    return missing(Message("there is no field {marker} that can be read", names))


def _is(one: Marker, marker: str) -> bool:
    return marker.lower() in f"{one.rule} {one.field}".lower()


class MarkerKey(Base, frozen=True, tag="marker-key"):
    """An unsigned declaration has text under a key."""

    marker: str
    """What the declaration is called, such as `AIGC`."""

    key: str
    """The key."""

    values: tuple[str, ...] = ()
    """What may stand there; none named means anything."""

    label: LabelField | None = None
    """The label's field that fills it, when kzlabel writes the declaration."""

    def judge(self, evidence: Evidence) -> Answer:
        """See `Base.judge`."""
        names = {"marker": self.marker, "key": self.key, "values": ", ".join(self.values)}
        found = list(_declared(evidence, self.marker))
        if not found:
            return _unread(evidence, self.marker)
        texts = [value for one in found if isinstance(value := one.get(self.key), str) and value]
        if not texts:
            return missing(Message("{marker} has no {key}", names))
        wrong = next((text for text in texts if self.values and text not in self.values), None)
        if wrong is not None:
            return missing(Message("{marker} has {key} {value}, none of {values}", names | {"value": wrong}))
        return met(Message("{marker} has {key} {value}", names | {"value": texts[0]}))

    def lacks(self, label: Label) -> tuple[str, ...]:
        """See `Base.lacks`."""
        return () if self.label is None or said(label, self.label) else (self.label,)


class MarkerCharacters(Base, frozen=True, tag="marker-characters"):
    """The values of an unsigned declaration are made of the characters of GB 45438-2025 annex E."""

    marker: str
    """What the declaration is called."""

    def judge(self, evidence: Evidence) -> Answer:
        """See `Base.judge`."""
        names = {"marker": self.marker}
        found = list(_declared(evidence, self.marker))
        if not found:
            return _unread(evidence, self.marker)
        for one in found:
            for key, value in one.items():
                if not isinstance(value, str) or not _ALLOWED.fullmatch(value):
                    return missing(
                        Message("{marker} has another kind of characters in {key}", names | {"key": key})
                    )
        return met(Message("{marker} has only the characters of annex E", names))
