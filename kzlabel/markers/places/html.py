"""HTML: meta elements, attributes of the W3C community draft AI Content Disclosure, schema.org in JSON-LD.

    <meta name="ai-disclosure" content="ai-generated">         <p aidisclosure="ai-assisted">
    <meta name="iptc:DigitalSourceType" content="http://...">  {"digitalSourceType": "https://schema.org/..."}

What is written are meta elements, last in the head.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from html import escape
from html.parser import HTMLParser
from typing import Final

from kzlabel.errors import MalformedError
from kzlabel.files import Reader
from kzlabel.formats import Located
from kzlabel.formats._splice import Edit
from kzlabel.formats.html import _Head
from kzlabel.labels import AI
from kzlabel.labels.source_types import ai_of_source_type
from kzlabel.limits import DEFAULT_LIMITS, Limits
from kzlabel.markers import aigc
from kzlabel.markers.model import Declaration, Field, NoPlaceError
from kzlabel.markers.places.base import Change
from kzlabel.markers.values import decoded

__all__ = ["read", "write"]

_MOST: Final = 1 << 20
"""Bytes of a document that are looked at."""
_MOST_FIELDS: Final = 1000
_JSON: Final = re.compile(r'"(?:schema:)?digitalSourceType"\s*:\s*(?:\{\s*"@id"\s*:\s*)?"([^"\\]{1,200})"')
_ATTRIBUTES: Final = frozenset({"aidisclosure", "ai-disclosure"})
_NAMES: Final = frozenset({"name", "property", "itemprop", "http-equiv"})
_LABEL: Final = re.compile(rb"<meta\s+name=\"AIGC\"\s+content=\"([^\"<>]*)\"\s*/?>")
_LEVELS: Final = {AI.GENERATED: "ai-generated", AI.ASSISTED: "ai-assisted", AI.NONE: "none"}


def read(file: Reader, located: Located | None, limits: Limits) -> Iterator[Field]:
    """See `Place.read`."""
    del located, limits
    text = _decoded(file.read(0, min(file.size, _MOST)))
    yield from _fields(text)


def _decoded(data: bytes) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    return data.decode("utf-8", "replace")


def _fields(text: str) -> list[Field]:
    walk = _Elements()
    with suppress(AssertionError):  # what the library says of declarations that are none
        walk.feed(text)
    return walk.found


class _Elements(HTMLParser):
    """Collects what elements say; so many and no more."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[Field] = []
        self._json = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take the content of a meta element, and attributes that disclose."""
        if len(self.found) >= _MOST_FIELDS:
            return
        given = {name: value or "" for name, value in reversed(attrs)}
        self.found += [Field("HTML aidisclosure", given[name]) for name in _ATTRIBUTES & given.keys()]
        if tag in {"meta", "link"} or "itemprop" in given:
            content = given.get("content") or given.get("href") or ""
            self.found += [Field(f"HTML {given[name].strip()}", content.strip()) for name in _NAMES & given.keys()]
        self._json = tag == "script" and given.get("type", "").strip().lower() == "application/ld+json"

    def handle_data(self, data: str) -> None:
        """Look for a digital source type in JSON-LD."""
        if self._json and len(self.found) < _MOST_FIELDS:
            self.found += [Field("HTML digitalSourceType", found[1]) for found in _JSON.finditer(data)]

    def handle_endtag(self, tag: str) -> None:
        """Leave a script."""
        self._json = self._json and tag != "script"


def write(file: Reader, declaration: Declaration, limits: Limits = DEFAULT_LIMITS) -> Change:
    """See `Writable.write`."""
    if file.size > limits.text:
        raise MalformedError("the document is too large")
    data = file.read(0, file.size)
    try:
        data.decode()
    except UnicodeDecodeError:
        raise NoPlaceError("the document isn't in UTF-8", "convert it to UTF-8 first") from None
    end = _Head(data, limits).end
    if end is None:
        raise NoPlaceError("the document's head has no end tag before which something could stand", "add </head>")
    present = {field.name.lower() for field in _fields(_decoded(data))}
    wanted = {f"iptc:{name}": value for name, value in declaration.entries().items()}
    ai = ai_of_source_type(declaration.source_type)
    if ai in _LEVELS:
        wanted = {"ai-disclosure": _LEVELS[ai]} | wanted
    if declaration.created is not None:
        wanted["dcterms.created"] = declaration.created.isoformat(timespec="seconds")
    wanted = {name: value for name, value in wanted.items() if f"html {name}".lower() not in present}
    edits, names = _label(data, declaration, wanted, present)
    new = "".join(f'<meta name="{name}" content="{escape(value)}">\n' for name, value in wanted.items())
    names += tuple(f"HTML {name}" for name in wanted)
    if new:
        edits.append(Edit(end, end, (new.encode(),)))
    return Change(tuple(edits), names) if names else Change()


def _label(
    data: bytes, declaration: Declaration, wanted: dict[str, str], present: set[str]
) -> tuple[list[Edit], tuple[str, ...]]:
    """Add the AIGC label to `wanted`, or return how the one that is there is completed."""
    if declaration.aigc is None:
        return [], ()
    if "html aigc" not in present:
        wanted["AIGC"] = declaration.aigc.to_json()
        return [], ()
    places = list(_LABEL.finditer(data))
    if len(places) != 1:
        return [], ()
    walk = _fields(places[0][0].decode())
    new = aigc.merged(decoded(walk[0].value.encode()), declaration.aigc) if walk else None
    if not new:
        return [], ()
    return [Edit(*places[0].span(1), (escape(new).encode(),))], ("HTML AIGC",)
