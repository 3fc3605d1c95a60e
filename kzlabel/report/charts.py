"""Charts as data for the template: bars with their names and numbers, so that colour alone says nothing."""

from collections import Counter
from collections.abc import Callable
from typing import Final

import msgspec

from kzlabel.languages import Language
from kzlabel.report.texts import number

__all__ = ["Bar", "Chart", "bars", "columns"]

_MOST: Final = 12
_WIDTH: Final = 1000


class Bar(msgspec.Struct, frozen=True):
    """One bar."""

    name: str
    """What it counts."""

    value: str
    """How many, as text."""

    share: str
    """How many of a hundred, as text."""

    length: int
    """Of 1000."""

    kind: str = ""
    """What it is coloured by."""


class Chart(msgspec.Struct, frozen=True):
    """A chart."""

    key: str
    """Its identifier in the page."""

    title: str
    """What it shows."""

    bars: tuple[Bar, ...]
    """Its bars, in order."""


def bars(
    key: str,
    title: str,
    counts: Counter[str],
    name: Callable[[str], str],
    language: Language,
    others: str,
) -> Chart:
    """Return a chart of the greatest counts, the rest as one bar at the end."""
    top = counts.most_common(_MOST)
    rest = counts.total() - sum(count for _, count in top)
    rows = [(name(each), count, each if key == "status" else "") for each, count in top]
    rows += [(others, rest, "")] if rest else []
    return Chart(key, title, _bars(rows, language))


def columns(key: str, title: str, counts: Counter[str], name: Callable[[str], str], language: Language) -> Chart:
    """Return a chart in the order of the keys, the last of them if there are many."""
    rows = [(name(each), counts[each], "") for each in sorted(counts)][-18:]
    return Chart(key, title, _bars(rows, language))


def _bars(rows: list[tuple[str, int, str]], language: Language) -> tuple[Bar, ...]:
    most = max((count for _, count, _ in rows), default=1) or 1
    every = sum(count for _, count, _ in rows) or 1
    return tuple(
        Bar(name, number(count, language), f"{100 * count / every:.1f}", max(2, _WIDTH * count // most), kind)
        for name, count, kind in rows
    )
