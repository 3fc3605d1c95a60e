"""`Message`: a sentence that isn't in any language yet."""

from collections.abc import Mapping
from typing import Final

import msgspec

from kzlabel.languages.catalogs import translate
from kzlabel.languages.choice import ENGLISH, Language

__all__ = ["Message"]

_LONGEST: Final = 200
"""Characters of a value that stand in a sentence; a field of a file may be a book."""


class Message(msgspec.Struct, frozen=True):
    """A sentence in English with places for values, and the values.

    `Message("the label names {system}", {"system": "Painter"})`. The sentence is what catalogs are looked up by,
    so it has to be written out where the message is made.
    """

    text: str
    """The sentence, with `{name}` where a value belongs."""

    values: Mapping[str, str] = {}
    """The values, which are never translated."""

    def read(self, language: Language = ENGLISH) -> str:
        """Return the sentence in `language`, with the values in their places."""
        said = translate(self.text, language)
        if not self.values:
            return said
        return said.format_map({name: _shortened(value) for name, value in self.values.items()})


def _shortened(value: str) -> str:
    return value if len(value) <= _LONGEST else value[: _LONGEST - 3] + "..."
