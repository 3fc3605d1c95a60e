"""What a report adds up, in one pass and bounded memory."""

from collections import Counter
from collections.abc import Iterable
from typing import Final

import msgspec

from kzlabel.scanning.record import Record

__all__ = ["Totals", "add_up"]

_MOST: Final = 100_000
"""Rows of the table of findings."""
_KEYS: Final = 200_000
"""Different folders, signers and generators that are counted apart."""
_FINDINGS: Final = frozenset({"invalid", "declared", "error", "remote"})


class Totals(msgspec.Struct):
    """Counts of rows, and the rows that somebody should look at."""

    rows: int = 0
    size: int = 0
    statuses: Counter[str] = msgspec.field(default_factory=Counter)
    ai: Counter[str] = msgspec.field(default_factory=Counter)
    formats: Counter[str] = msgspec.field(default_factory=Counter)
    signers: Counter[str] = msgspec.field(default_factory=Counter)
    generators: Counter[str] = msgspec.field(default_factory=Counter)
    months: Counter[str] = msgspec.field(default_factory=Counter)
    changes: Counter[str] = msgspec.field(default_factory=Counter)
    requirements: Counter[str] = msgspec.field(default_factory=Counter)
    folders: Counter[str] = msgspec.field(default_factory=Counter)
    """Findings by folder."""
    findings: list[Record] = msgspec.field(default_factory=list)
    more: int = 0
    """Findings that are not in the list."""


def add_up(records: Iterable[Record]) -> Totals:
    """Add up the rows of a scan."""
    totals = Totals()
    for row in records:
        if row.change == "vanished":
            totals.changes["vanished"] += 1
            continue
        totals.rows += 1
        totals.size += row.size
        totals.statuses[row.status] += 1
        totals.ai[row.ai] += 1
        totals.formats[row.media_type] += 1
        totals.months[row.modified[:7]] += 1
        totals.requirements.update(row.lacks)
        if row.change:
            totals.changes[row.change] += 1
        _count(totals.signers, row.signer)
        _count(totals.generators, row.system or row.generator)
        if row.status in _FINDINGS or row.lacks:
            _count(totals.folders, row.path.rpartition("/")[0] or "/")
            if len(totals.findings) < _MOST:
                totals.findings.append(row)
            else:
                totals.more += 1
    return totals


def _count(counter: Counter[str], key: str) -> None:
    if key and (key in counter or len(counter) < _KEYS):
        counter[key] += 1
