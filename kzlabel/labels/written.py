"""How each kind of text in a label is described to readers of its JSON Schema.

What makes a label valid are the checks that its structs run. The schema states of them what a schema can
state, so it is necessary and not quite sufficient: a check digit, for one, is beyond it. The patterns keep to
what all implementations of regular expressions read alike.
"""

from typing import Annotated

from msgspec import Meta

from kzlabel.labels.countries import COUNTRIES
from kzlabel.labels.identifiers import LANGUAGE_LIMIT, SLUG, SLUG_LIMIT
from kzlabel.labels.text import FREE_TEXT_LIMIT, NAME_LIMIT, NUMBER_LIMIT, URI_LIMIT
from kzlabel.labels.vocabulary import MODEL_TYPES

__all__ = [
    "BusinessNumber",
    "ContentId",
    "CountryCode",
    "FreeText",
    "Instant",
    "LanguageTag",
    "Line",
    "ModelType",
    "RegisterNumber",
    "Slug",
    "Uri",
]

_HIDDEN = r"\u007f-\u009f\u2028-\u202e\u2066-\u2069\ufdd0-\ufdef\ufeff\ufffe\uffff"
_LINE = rf"^(?=.*\S)[^\u0000-\u001f{_HIDDEN}]+$"
_LINES = rf"^(?=[\s\S]*\S)[^\u0000-\u0009\u000b-\u001f{_HIDDEN}]+$"
_HEX = "[0-9a-f]"
_UUID = f"{_HEX}{{8}}-{_HEX}{{4}}-[1-8]{_HEX}{{3}}-[89ab]{_HEX}{{3}}-{_HEX}{{12}}"
_TIME = r"[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?"
_ZONE = "(Z|[+-][0-2][0-9]:[0-5][0-9])"


def _described(**schema: object) -> Meta:
    return Meta(extra_json_schema=schema)


Line = Annotated[str, _described(minLength=1, maxLength=NAME_LIMIT, pattern=_LINE)]
"""A line that can be seen."""

FreeText = Annotated[str, _described(minLength=1, maxLength=FREE_TEXT_LIMIT, pattern=_LINES)]
"""One line or several, ended by line feeds."""

Slug = Annotated[str, _described(maxLength=SLUG_LIMIT, pattern=f"^{SLUG.pattern}$")]
"""Lower-case letters, digits and hyphens."""

Uri = Annotated[str, _described(maxLength=URI_LIMIT, pattern="^[A-Za-z][A-Za-z0-9+.-]+:[!-~]+$")]
"""A URI (RFC 3986) or package URL."""

ModelType = Annotated[str, _described(enum=list(MODEL_TYPES))]
"""A value of C2PA 2.4 Table 12."""

CountryCode = Annotated[str, _described(enum=sorted(COUNTRIES))]
"""ISO 3166-1 alpha-2."""

LanguageTag = Annotated[str, _described(maxLength=LANGUAGE_LIMIT, pattern="^[A-Za-z]+(-[A-Za-z0-9]{1,8})*$")]
"""BCP 47."""

BusinessNumber = Annotated[str, _described(pattern="^[0-9]{4}[456][0-9]{7}$")]
"""A BIN of Kazakhstan."""

RegisterNumber = Annotated[str, _described(minLength=1, maxLength=NUMBER_LIMIT, pattern=_LINE)]
"""A number in a register."""

ContentId = Annotated[str, _described(pattern=f"^urn:uuid:{_UUID}$")]
"""A URN of a UUID (RFC 9562) in lower case."""

Instant = Annotated[str, _described(format="date-time", pattern=f"^{_TIME}{_ZONE}$")]
"""A time with its zone (RFC 3339)."""
