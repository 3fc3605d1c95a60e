"""The rules by which markers are recognised: data in `rules.toml`, versioned, each with the document it follows."""

import re
import tomllib
from collections.abc import Callable, Iterable
from fnmatch import translate
from functools import cache, lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final, Literal

import msgspec

from kzlabel.labels import AI
from kzlabel.labels.source_types import ai_of_source_type, source_type
from kzlabel.markers.aigc import label_of
from kzlabel.markers.model import Field, Marker
from kzlabel.markers.values import LONGEST, shown

__all__ = ["Rule", "Rules", "judge", "level", "load", "overview", "suspicious", "words"]

Reading = Literal["", "source-type", "source-type-uri", "aigc", "aigc-wrapped", "disclosure"]
Implies = Literal["generated", "assisted", "unknown", "value"]
Standing = Literal["specification", "code", "observed", "reported"]

_SCHEMA: Final = re.compile(r"(?:https?://schema\.org/)?([A-Z][A-Za-z]+?)DigitalSource")
_URI: Final = re.compile(r"https?://cv\.iptc\.org/newscodes/digitalsourcetype/([A-Za-z]{4,60})")
_WRAPPED: Final = re.compile(r'\{\s*"AIGC"\s*:')
_LONGEST_NAME: Final = 128
_OLD_SCHEMA: Final = MappingProxyType({"multiFrameComputationalCapture": "computationalCapture"})
"""Terms of schema.org that IPTC names otherwise."""
_AIGC: Final = MappingProxyType({"1": AI.GENERATED, "2": AI.UNKNOWN, "3": AI.UNKNOWN})
"""Label 2 is possibly, 3 suspected: neither states that AI had a part (GB 45438-2025)."""
_DISCLOSURES: Final = MappingProxyType(
    {
        "none": AI.NONE,
        "ai-assisted": AI.ASSISTED,
        "ai-modified": AI.ASSISTED,
        "mixed": AI.ASSISTED,
        "ai-generated": AI.GENERATED,
        "ai-originated": AI.GENERATED,
        "machine-generated": AI.GENERATED,
        "autonomous": AI.GENERATED,
    }
)


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One rule, as `rules.toml` has it; what the keys mean stands at the top of that file."""

    id: str
    fields: tuple[str, ...]
    implies: Implies
    source: str
    standing: Standing
    since: str
    example: tuple[str, str]
    words: tuple[str, ...]
    reading: Reading = ""
    pattern: str = ""


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All rules, and which edition of them this is."""

    version: str
    groups: dict[str, tuple[str, ...]]
    rule: tuple[Rule, ...]

    def places(self, rule: Rule) -> tuple[str, ...]:
        """Return the names of fields that `rule` looks at, groups resolved."""
        return tuple(
            place for name in rule.fields for place in (self.groups[name[1:]] if name[:1] == "@" else (name,))
        )


@cache
def load() -> Rules:
    """Return the rules that come with the program."""
    text = files("kzlabel.markers").joinpath("rules.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Rules)


def overview() -> tuple[Rule, ...]:
    """Return every rule, in the order of the file."""
    return load().rule


_SHORT: Final = 300
_WHOLE: Final = 8000
"""Characters of a value that others take apart again."""


def judge(fields: Iterable[Field]) -> tuple[Marker, ...]:
    """Return what the rules make of `fields`: one marker for each rule and place, in the order found."""
    found: dict[tuple[str, str, str], Marker] = {}
    for name, value in fields:
        text = value[:LONGEST]
        for rule, read in _for_field(name[:_LONGEST_NAME].lower()):
            ai = read(text)
            if ai is not None:
                marker = Marker(
                    rule.id,
                    shown(name[:_LONGEST_NAME]),
                    shown(text, _WHOLE if "aigc" in rule.id else _SHORT),
                    ai,
                    rule.source,
                )
                found.setdefault((rule.id, name, marker.value), marker)
    return tuple(found.values())


def level(markers: Iterable[Marker]) -> AI:
    """Return what `markers` say together: fields made for it before traces, generated before assisted."""
    given = tuple(markers)
    stated = {rule.id for rule in overview() if rule.reading}
    for among in ([m.ai for m in given if m.rule in stated], [m.ai for m in given]):
        for ai in (AI.GENERATED, AI.ASSISTED, AI.NONE):
            if ai in among:
                return ai
    return AI.UNKNOWN


@lru_cache(maxsize=1024)
def _for_field(name: str) -> tuple[tuple[Rule, Callable[[str], AI | None]], ...]:
    return tuple((rule, read) for rule, place, read in _compiled() if place(name))


@cache
def _compiled() -> tuple[tuple[Rule, Callable[[str], object], Callable[[str], AI | None]], ...]:
    rules = load()
    table = []
    for rule in rules.rule:
        place = re.compile("|".join(translate(name.lower()) for name in rules.places(rule))).match
        table.append((rule, place, _reader(rule)))
    return tuple(table)


def _reader(rule: Rule) -> Callable[[str], AI | None]:
    if rule.reading:
        return _READINGS[rule.reading]
    pattern = re.compile(rule.pattern, re.IGNORECASE | re.DOTALL)
    implied = AI(rule.implies)

    def read(text: str) -> AI | None:
        return implied if pattern.search(text) else None

    return read


def _source_type(text: str) -> AI | None:
    named = _SCHEMA.fullmatch(text.strip())
    if named:
        term = named[1][0].lower() + named[1][1:]
        text = _OLD_SCHEMA.get(term, term)
    return ai_of_source_type(text)


def _source_type_uri(text: str) -> AI | None:
    said = {entry.ai for found in _URI.finditer(text) if (entry := source_type(found[1])) is not None}
    return next((ai for ai in (AI.GENERATED, AI.ASSISTED, AI.NONE, AI.UNKNOWN) if ai in said), None)


def _aigc(text: str) -> AI | None:
    return _AIGC.get(label_of(text))


def _wrapped(text: str) -> AI | None:
    return _aigc(text.strip()) if _WRAPPED.match(text.strip()) else None


def _disclosure(text: str) -> AI | None:
    return _DISCLOSURES.get(text.strip().lower())


_READINGS: Final[MappingProxyType[str, Callable[[str], AI | None]]] = MappingProxyType(
    {
        "source-type": _source_type,
        "source-type-uri": _source_type_uri,
        "aigc": _aigc,
        "aigc-wrapped": _wrapped,
        "disclosure": _disclosure,
    }
)


@cache
def words() -> frozenset[bytes]:
    """Return every word of every rule."""
    return frozenset(word.encode() for rule in load().rule for word in rule.words)


_LETTERS: Final = b"abcdefghijklmnopqrstuvwxyz0123456789_"
_WORDS: Final = bytes(code if code in _LETTERS else code + 32 if 65 <= code <= 90 else 32 for code in range(256))
"""Turns letters into lower case, and all that isn't part of a word into spaces."""


def suspicious(data: bytes, without: bytes = b"") -> bool:
    """Tell whether raw bytes may hold something that a rule recognises; cheap, and true too often.

    Bytes that are in `without` are left out first, as zeros may be in text of two bytes a character.
    """
    return not words().isdisjoint(data.translate(_WORDS, without).split())
