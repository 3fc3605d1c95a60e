"""Sentences that were put together in English, found again in a catalog of patterns and said in another language.

Exceptions and findings hold finished English sentences, because programs and logs read them too. For people they
are matched against the patterns that they were made from, `{0}` standing for a value:

    msgid "{0} is not JSON: {1:said}"
    msgstr "{0}: это не JSON: {1:said}"

Values stay as they are. `{1:said}` marks a value that is a sentence itself, such as another error's message, and is
said in the language where a pattern fits the whole of it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Final, NamedTuple

from kzlabel.languages.catalogs import catalog
from kzlabel.languages.choice import ENGLISH, Language

__all__ = ["WEAK", "Patterns", "reworded"]

_PLACE: Final = re.compile(r"\{(\d+)(:said)?\}")
_DEEPEST: Final = 4
"""How many sentences may stand in each other."""

_MOST: Final = 200
"""Parts of a sentence that are looked up."""

_LONGEST: Final = 20_000
"""Characters of a sentence that is still looked up; a value in it may come from a hostile file."""

WEAK: Final = 6
"""Letters of its own below which a pattern fits only where the sentences in it are known; others may look alike."""

_COLON: Final = ": "
_COLONS: Final = 2
"""Colons after which a sentence is looked for; a name may hold one, too."""

_JOINT: Final = "; "
"""What stands between what is wrong and what to do (`KzlabelError`)."""


def reworded(text: str, language: Language, subject: str = "errors") -> str:
    """Return the finished English sentence `text` in `language`; as it is where no pattern fits."""
    if language is ENGLISH or len(text) > _LONGEST:
        return text
    return _patterns(language, subject).said(text)


@cache
def _patterns(language: Language, subject: str) -> "Patterns":
    return Patterns(catalog(language, subject))


class _Pattern(NamedTuple):
    """A sentence with places for values."""

    literals: tuple[str, ...]
    """What stands before, between and after the values."""

    places: tuple[tuple[str, bool], ...]
    """The name of each place, and whether a sentence belongs there."""

    translation: str

    @property
    def letters(self) -> int:
        """How much the pattern says by itself."""
        return sum(char.isalpha() for literal in self.literals for char in literal)

    def values(self, text: str) -> list[str] | None:
        """Return the values in `text`, each as short as can be; None where the pattern doesn't fit."""
        first, *between, last = self.literals
        if not (text.startswith(first) and text.endswith(last) and len(text) >= len(first) + len(last)):
            return None
        values, start, end = [], len(first), len(text) - len(last)
        for literal in between:
            at = text.find(literal, start, end)
            if at < 0:
                return None
            values.append(text[start:at])
            start = at + len(literal)
        return [*values, text[start:end]]


class _Said(NamedTuple):
    """A sentence in the language, and how sure that is."""

    score: int
    """Characters of the English sentence that patterns account for."""

    own: int
    """How many of them the outermost pattern does; of equals, the one that is put together from less is taken."""

    text: str


class Patterns:
    """Translations by pattern. Of the patterns that fit, the one that accounts for most of a sentence is taken."""

    def __init__(self, translations: Mapping[str, str]) -> None:
        self._exact: dict[str, str] = {}
        self._patterns: list[_Pattern] = []
        for message, translation in translations.items():
            pieces = _PLACE.split(message)
            if len(pieces) == 1:
                self._exact[message] = translation
            else:
                places = tuple((name, bool(said)) for name, said in zip(pieces[1::3], pieces[2::3], strict=True))
                self._patterns.append(_Pattern(tuple(pieces[::3]), places, translation))

    def said(self, text: str) -> str:
        """Return `text` in the language, or as it is."""
        return _Search(self._exact, self._patterns).said(text)


class _Search:
    """The search for one sentence: each part of it is looked up once, and only so many parts are."""

    def __init__(self, exact: Mapping[str, str], patterns: Sequence[_Pattern]) -> None:
        self._exact = exact
        self._patterns = patterns
        self._known: dict[str, _Said | None] = {}

    def said(self, text: str) -> str:
        """Return `text` in the language, or as it is.

        What is wrong and what to do have patterns of their own.
        """
        found = [self._sentence(text, 0)]
        for at in _joints(text):
            before, after = self._sentence(text[:at], 0), self._sentence(text[at + len(_JOINT) :], 0)
            if before is not None and after is not None:
                found.append(_Said(before.score + after.score, 0, before.text + _JOINT + after.text))
        best = _best(found)
        return text if best is None else best.text

    def _sentence(self, text: str, depth: int) -> _Said | None:
        said = self._exact.get(text) or self._exact.get(text[:1].upper() + text[1:])
        if said is not None:
            return _Said(len(text), len(text), said)
        if depth == _DEEPEST or (text not in self._known and len(self._known) == _MOST):
            return None
        if text not in self._known:
            self._known[text] = None  # while it is looked at
            fitting = ((pattern, pattern.values(text)) for pattern in self._patterns)
            filled = [self._filled(pattern, values, depth) for pattern, values in fitting if values is not None]
            self._known[text] = _best([*filled, *self._named(text, depth)])
        return self._known[text]

    def _named(self, text: str, depth: int) -> Iterator[_Said | None]:
        """Yield the text with what follows a name and a colon said."""
        at = text.find(_COLON)
        for _ in range(_COLONS):
            if at < 0:
                return
            said = self._sentence(text[at + len(_COLON) :], depth + 1)
            if said is not None:
                yield _Said(said.score, 0, text[: at + len(_COLON)] + said.text)
            at = text.find(_COLON, at + 1)

    def _filled(self, pattern: _Pattern, values: list[str], depth: int) -> _Said | None:
        known, own = {}, sum(map(len, pattern.literals))
        score = own
        for (name, said), value in zip(pattern.places, values, strict=True):
            sentence = self._sentence(value, depth + 1) if said else None
            if said and sentence is None and pattern.letters < WEAK:
                return None
            score += 0 if sentence is None else sentence.score
            known[name] = value if sentence is None else sentence.text
        return _Said(score, own, _PLACE.sub(lambda place: known.get(place[1], place[0]), pattern.translation))


def _best(found: Iterable[_Said | None]) -> _Said | None:
    return max((one for one in found if one is not None), key=lambda one: one[:2], default=None)


def _joints(text: str) -> Iterable[int]:
    """Yield where `text` may be cut, the last place first, as remedies hold the joint more rarely."""
    at = text.rfind(_JOINT)
    tried = 0
    while at > 0 and tried < _DEEPEST:
        yield at
        tried += 1
        at = text.rfind(_JOINT, 0, at)
