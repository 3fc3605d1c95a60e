"""Writing a report: totals, charts, and the findings as data for a table."""

import base64
import hashlib
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.resources import files
from os import PathLike
from pathlib import Path
from typing import Any, Final

import msgspec

from kzlabel.errors import OutputError
from kzlabel.languages import Language
from kzlabel.outputs import staged
from kzlabel.report.charts import Chart, bars, columns
from kzlabel.report.texts import number, texts
from kzlabel.report.totals import Totals, add_up
from kzlabel.scanning.record import Record

__all__ = ["write_report"]

_FIRST: Final = 100
"""Findings that are in the page itself, for readers without JavaScript and for paper."""
_UNSEEN: Final = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
"""Characters that aren't seen, or that change how others are shown."""
_UNITS: Final = ("B", "kB", "MB", "GB", "TB", "PB")


def write_report(
    records: Iterable[Record],
    path: str | PathLike[str],
    *,
    language: Language | str = Language.EN,
    title: str = "",
    now: datetime | None = None,
) -> None:
    """Write the report about `records` as one HTML file that needs nothing from elsewhere.

    Rows are taken one by one; what is kept of them are counts, and up to 100,000 findings.

    Args:
        records: The rows of a scan.
        path: Where to write; a file that is there is replaced.
        language: Language of the report.
        title: Its heading, unless it is to be the usual one.
        now: The time that it gives as its own; the present unless given.

    Raises:
        OutputError: It can't be written, or the package jinja2 is missing.
    """
    try:
        import jinja2  # noqa: PLC0415 - an extra
        import markupsafe  # noqa: PLC0415 - comes with it
    except ImportError:
        raise OutputError("a report needs the package jinja2", "pip install 'kzlabel[scan]'") from None
    spoken = Language(language)
    totals = add_up(records)
    home = files("kzlabel.report")
    style, script = (home.joinpath(name).read_text(encoding="utf-8") for name in ("report.css", "report.js"))
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    said = texts(spoken)
    page = environment.from_string(home.joinpath("report.html").read_text(encoding="utf-8")).render(
        language=spoken.value,
        t=said,
        title=_visible(title) if title else said["title"],
        made=f"{now or datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        files=number(totals.rows, spoken),
        size=_size(totals.size),
        charts=_charts(totals, said, spoken),
        findings=number(len(totals.findings) + totals.more, spoken),
        cut=totals.more > 0,
        first=[_row(row) for row in totals.findings[:_FIRST]],
        statuses=sorted({row.status for row in totals.findings}),
        data=markupsafe.Markup(_data(totals)),  # noqa: S704 - no tag can begin in it
        style=markupsafe.Markup(style),  # noqa: S704 - ours
        script=markupsafe.Markup(script),  # noqa: S704 - ours
        policy=f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; img-src data:",
    )
    target = Path(path)
    with staged(target, replace=True) as stage:
        stage.path.write_text(page, encoding="utf-8")


def _charts(totals: Totals, said: dict[str, str], language: Language) -> list[Chart]:
    def of(prefix: str) -> Any:
        return lambda key: said.get(f"{prefix}_{key}", key)

    def plain(key: str) -> str:
        return _visible(key)

    others = said["others"]
    made = [
        bars("status", said["by_status"], totals.statuses, of("s"), language, others),
        bars("ai", said["by_ai"], totals.ai, of("a"), language, others),
        bars("change", said["by_change"], totals.changes, of("c"), language, others),
        bars("requirement", said["by_requirement"], totals.requirements, plain, language, others),
        bars(
            "format", said["by_format"], totals.formats, lambda key: key or said["unknown_format"], language, others
        ),
        bars("signer", said["by_signer"], totals.signers, plain, language, others),
        bars("generator", said["by_generator"], totals.generators, plain, language, others),
        columns("month", said["by_month"], totals.months, lambda key: key or said["unknown_month"], language),
        bars("folder", said["by_folder"], totals.folders, plain, language, others),
    ]
    return [chart for chart in made if chart.bars]


def _row(row: Record) -> list[str]:
    """Return the cells of a finding."""
    why = row.explanation or row.marker or ", ".join(row.lacks)
    cells = (row.status, row.path, why, " ".join((*row.codes, *row.lacks)), row.signer)
    return [_visible(cell) for cell in cells]


def _data(totals: Totals) -> str:
    """Return the findings as JSON that can stand in a script element: no tag can begin in it."""
    rows = msgspec.json.encode([_row(row) for row in totals.findings]).decode()
    return rows.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _visible(text: str) -> str:
    """Return `text` with a sign for each character that would hide something."""
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text.encode("utf-8", "backslashreplace").decode())


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _size(count: int) -> str:
    value, unit = float(count), 0
    while value >= 1000 and unit + 1 < len(_UNITS):
        value, unit = value / 1000, unit + 1
    return f"{value:.0f} {_UNITS[unit]}" if not unit else f"{value:.1f} {_UNITS[unit]}"
