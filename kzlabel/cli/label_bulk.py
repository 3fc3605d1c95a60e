"""`kzlabel label --from-csv`: many files by a table, with several processes."""

import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from kzlabel.cli.label_options import FIELDS, NO_TRAINING
from kzlabel.cli.printing import complain, one_line, print_json_line
from kzlabel.cli.speech import language, say, say_finished
from kzlabel.credentials import Signer
from kzlabel.signing.batch import Job
from kzlabel.trust import default_trust

if TYPE_CHECKING:
    from kzlabel.bulk import Bulk, Column, Result, Summary

__all__ = ["BULK_OPTIONS", "bulk_options", "label_table", "refuse_bulk_options"]

F = TypeVar("F", bound=Callable[..., Any])
_FILE = click.Path(path_type=Path)
_SHOWN = 20
_OPTIONS = (
    click.option(
        "--from-csv",
        metavar="CSV",
        type=_FILE,
        help="Label the files of a table, by several processes: a column path, and others for what labels say.",
    ),
    click.option(
        "--rows", metavar="FILE", type=_FILE, help="Of --from-csv: what became of each; .jsonl, .csv or .parquet."
    ),
    click.option("--report", metavar="HTML", type=_FILE, help="Of --from-csv: write a report for people."),
    click.option("--state", metavar="FILE", type=_FILE, help="Of --from-csv: remember in this file what is done."),
    click.option("--resume", is_flag=True, help="Go on with what --state remembers; what failed is tried again."),
    click.option(
        "--workers", metavar="N", type=click.IntRange(1, 1024), help="Of --from-csv: processes, one per processor."
    ),
    click.option(
        "--seconds",
        metavar="S",
        type=click.FloatRange(1, 86_400),
        help="Of --from-csv: time for one file, 60 by default; large ones get more.",
    ),
)
BULK_OPTIONS = ("from_csv", "rows", "report", "state", "resume", "workers", "seconds")
"""Names of the parameters that `bulk_options` adds."""


def bulk_options(command: F) -> F:
    """Add the options for labelling by a table to `command`; see `BULK_OPTIONS`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def refuse_bulk_options(given: Mapping[str, Any]) -> None:
    """Refuse options that mean nothing without a table.

    Raises:
        UsageError: One is given.
    """
    for name in ("rows", "report", "state", "resume", "workers", "seconds"):
        if given[name]:
            raise click.UsageError(f"--{name} goes with --from-csv")


def label_table(
    bulk: Mapping[str, Any],
    template: Mapping[str, Any],
    job: Job,
    directory: Path | None,
    signer: Callable[[], Signer],
    *,
    as_json: bool,
) -> NoReturn:
    """Label the files of a table, write rows and report, print what it came to, and exit."""
    from kzlabel.bulk import Bulk, How, Orders, Places, Table  # noqa: PLC0415 - other labelling needs none of it
    from kzlabel.scanning.outputs import check_output  # noqa: PLC0415 - as above

    if bulk["resume"] and bulk["state"] is None:
        raise click.UsageError("--resume needs --state")
    if "content_id" in template:
        raise click.UsageError(
            "the label file gives a content_id, which names one content; give a column content_id"
        )
    if bulk["rows"] is not None:
        check_output(bulk["rows"], replace=job.replace or bulk["resume"])
    orders = Orders(
        Table(bulk["from_csv"], template, _columns()),
        Places(directory=directory, in_place=job.in_place, sidecar=job.sidecar),
    )
    signs = signer()  # a development identity that is made now is trusted from now on
    run = Bulk(
        orders,
        How(job=job, trust=default_trust()),
        signs,
        workers=bulk["workers"] or 0,
        seconds=bulk["seconds"] or 60.0,
        state=bulk["state"],
        resume=bulk["resume"],
    )
    problems: list[Result] = []
    with run:
        _heed(run)
        with _progress(run.summary, quiet=as_json or not sys.stderr.isatty()) as tell:
            for row in run.run():
                tell()
                if row is not None and row.status == "error" and len(problems) < _SHOWN:
                    problems.append(row)
        if run.summary.complete:
            _write(run, bulk, replace=job.replace or bulk["resume"])
    if as_json:
        print_json_line(_summary(run.summary))
    else:
        _print_summary(run.summary, problems, bulk)
    sys.exit(_exit_code(run.summary))


def _columns() -> "dict[str, Column]":
    """Return the columns that a table may have beside fields of the label: the options' names."""
    from kzlabel.bulk import Column  # noqa: PLC0415 - only here

    found = {
        field.flag.removeprefix("--"): Column(field.place, field.multiple, versioned=field.flag == "--system")
        for field in FIELDS
    }
    return found | {"no-training": Column(("training",), constant=NO_TRAINING)}


def _heed(run: "Bulk") -> None:
    """Have the run end when the program is asked to."""

    def stop(*_: object) -> None:
        run.stop()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)


def _write(run: "Bulk", bulk: Mapping[str, Any], *, replace: bool) -> None:
    from kzlabel.bulk import Result  # noqa: PLC0415 - only here
    from kzlabel.scanning.outputs import write_output  # noqa: PLC0415 - as above

    if bulk["rows"] is not None:
        write_output(run.rows(), bulk["rows"], replace=replace, kind=Result)
    if bulk["report"] is not None:
        from kzlabel.report import write_report  # noqa: PLC0415 - only here

        write_report(run.rows(), bulk["report"], language=language(), title="")


@contextmanager
def _progress(summary: "Summary", *, quiet: bool) -> Iterator[Callable[[], None]]:
    """Show how far the run is, and how long the rest may take."""
    if quiet:
        yield lambda: None
        return
    from rich.console import Console  # noqa: PLC0415 - only for a terminal
    from rich.live import Live  # noqa: PLC0415 - as above

    begun, shown = time.monotonic(), 0.0
    with Live(console=Console(stderr=True), auto_refresh=False, transient=True) as live:

        def tell() -> None:
            nonlocal shown
            now = time.monotonic()
            if now - shown < 0.2:
                return
            shown, seconds = now, max(now - begun, 0.001)
            done = summary.labelled + summary.refused + summary.errors
            fresh = done - summary.known
            text = say(
                "{done} of {rows} files, {rate}/s, {size} GB, {left} s left, {refused} refused, {errors} errors",
                done=f"{done:,}",
                rows=f"{summary.rows:,}",
                rate=f"{fresh / seconds:,.0f}",
                size=f"{summary.size / 1e9:,.1f}",
                left=f"{(summary.rows - done) * seconds / fresh:,.0f}" if fresh else "?",
                refused=f"{summary.refused:,}",
                errors=f"{summary.errors:,}",
            )
            live.update(text, refresh=True)

        yield tell


def _summary(summary: "Summary") -> dict[str, Any]:
    return {
        "rows": summary.rows,
        "labelled": summary.labelled,
        "known": summary.known,
        "refused": summary.refused,
        "errors": summary.errors,
        "size": summary.size,
        "statuses": dict(summary.statuses),
        "complete": summary.complete,
    }


def _print_summary(summary: "Summary", problems: "list[Result]", bulk: Mapping[str, Any]) -> None:
    for row in problems:
        why = "; ".join(say_finished(part) for part in (row.explanation, row.remedy) if part)
        complain(one_line(say("row {row}, {file}: {why}", row=row.row, file=row.source, why=why)))
    if summary.refused + summary.errors > len(problems):
        complain(say("and more: see --rows"))
    told = {"labelled": f"{summary.labelled:,}", "rows": f"{summary.rows:,}", "known": f"{summary.known:,}"}
    if summary.known:
        click.echo(say("{labelled} of {rows} files are labelled, {known} of them by an earlier run", **told))
    else:
        click.echo(say("{labelled} of {rows} files are labelled", **told))
    if summary.statuses:
        counts = ", ".join(f"{say(key)} {count:,}" for key, count in summary.statuses.most_common())
        click.echo("  " + say("verified: {counts}", counts=counts))
    if summary.refused or summary.errors:
        counted = {"refused": f"{summary.refused:,}", "errors": f"{summary.errors:,}"}
        click.echo("  " + say("not labelled: {refused} refused, {errors} errors", **counted))
    if not summary.complete:
        click.echo("  " + (say("not complete: go on with --resume") if bulk["state"] else say("not complete")))


def _exit_code(summary: "Summary") -> int:
    if not summary.complete:
        return 130
    if summary.errors:
        return 2
    return int(summary.refused > 0)
