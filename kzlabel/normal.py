"""Unicode normalisation form C in bounded time (Unicode Standard Annex 15).

Putting a run of combining marks in order takes time that grows with the square of its length: a text of nothing
else would keep a verifier busy for days. Real text has a few marks in a row; Annex 15 takes 30 for the most.
"""

import re
import sys
import unicodedata
from functools import cache
from typing import Final

from kzlabel.errors import LimitError

__all__ = ["is_normal", "normalised"]

_LONGEST_RUN: Final = 1024


def normalised(text: str) -> str:
    """Return `text` in normalisation form C.

    Raises:
        LimitError: It has more than 1024 combining marks in a row.
    """
    return text if text.isascii() else unicodedata.normalize("NFC", _bounded(text))


def is_normal(text: str) -> bool:
    """Return whether `text` is in normalisation form C.

    Raises:
        LimitError: It has more than 1024 combining marks in a row.
    """
    return text.isascii() or unicodedata.is_normalized("NFC", _bounded(text))


def _bounded(text: str) -> str:
    if len(text) > _LONGEST_RUN and _run().search(text):
        raise LimitError(f"a text with more than {_LONGEST_RUN} combining marks in a row")
    return text


@cache
def _run() -> re.Pattern[str]:
    """A run of marks that is too long, characters that decompose into such included."""
    marks = [code for code in range(0x300, sys.maxunicode + 1) if _moves(chr(code))]
    ranges: list[list[int]] = []
    for code in marks:
        if ranges and code == ranges[-1][1] + 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    inside = "".join(f"{re.escape(chr(first))}-{re.escape(chr(last))}" for first, last in ranges)
    return re.compile(f"[{inside}]{{{_LONGEST_RUN + 1}}}")


def _moves(character: str) -> bool:
    """Tell whether a character may change places with its neighbours: it is a mark, or made of marks."""
    return bool(unicodedata.combining(unicodedata.normalize("NFD", character)[0]))
