"""`kzlabel scan`: judge whole archives."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import click

from kzlabel.cli.demands import demands
from kzlabel.cli.printing import STYLES, one_line, print_json_line
from kzlabel.cli.scan_engines import Where, engine_option
from kzlabel.cli.scan_progress import progress
from kzlabel.cli.speech import language, say, say_finished
from kzlabel.cli.words import AI_PARTS, CHANGES, STATUSES, column, explained
from kzlabel.errors import InputError
from kzlabel.scanning import Options, Record, Scan, Settings, Source, Summary
from kzlabel.scanning.cluster import ClusterOptions, ClusterScan
from kzlabel.scanning.lists import Listed
from kzlabel.scanning.objects import is_address
from kzlabel.scanning.outputs import check_output, write_output
from kzlabel.scanning.parts import read_rows
from kzlabel.scanning.sources import source_of
from kzlabel.trust import Revocations, Trust, default_trust

__all__ = ["command"]

_REQUIRED = {
    "nothing": frozenset[str](),
    "intact": frozenset({"invalid"}),
    "declared": frozenset({"invalid", "declared"}),
    "labelled": frozenset({"invalid", "declared", "unlabelled", "remote", "unsupported"}),
    "trusted": frozenset({"invalid", "declared", "unlabelled", "remote", "unsupported", "valid"}),
}
"""What must not be there, for each value of --require."""
_SHOWN = 20


@click.command(
    epilog="Exit codes: 0 all files are as --require, --regime and --policy ask, 1 some are not, 2 some could not"
    " be read or the scan failed, 130 interrupted."
)
@click.argument("roots", metavar="ROOT...", nargs=-1, type=click.Path())
@click.option(
    "--from-file",
    "listing",
    metavar="FILE",
    type=click.Path(path_type=Path, allow_dash=True),
    help="Scan what a list names, one path a line or separated by NUL; - reads standard input.",
)
@click.option(
    "-o", "--out", metavar="FILE", type=click.Path(path_type=Path), help="Write rows: .jsonl, .csv, .parquet."
)
@click.option("--report", metavar="HTML", type=click.Path(path_type=Path), help="Write a report for people.")
@click.option("--title", default="", metavar="TEXT", help="Heading of the report.")
@click.option("--force", is_flag=True, help="Replace the output if it exists.")
@click.option(
    "--state", metavar="FILE", type=click.Path(path_type=Path), help="Remember what was found in this file."
)
@click.option(
    "--parts",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Directory that all nodes share, for the rows of --engine ray.",
)
@click.option(
    "--batch", type=click.IntRange(1, 1_000_000), default=500, show_default=True, help="Files of one part."
)
@click.option("--resume", is_flag=True, help="Go on with a scan that was cut off; needs --state or --parts.")
@click.option("--diff", is_flag=True, help="Print what changed since the last scan; needs --state.")
@click.option("--include", metavar="GLOB", multiple=True, help="Scan only files that fit; may be repeated.")
@click.option(
    "--exclude", metavar="GLOB", multiple=True, help="Leave out what fits, directories too; may be repeated."
)
@click.option("--no-hidden", is_flag=True, help="Leave out names that begin with a dot.")
@click.option("--follow", is_flag=True, help="Follow symbolic links.")
@click.option("--members", is_flag=True, help="Judge the members of ZIP and tar archives, too.")
@click.option("--workers", type=click.IntRange(1, 512), help="Processes; as many as processors by default.")
@click.option(
    "--seconds", type=click.FloatRange(0.1), default=60.0, show_default=True, help="Time limit for one file."
)
@click.option(
    "--require",
    type=click.Choice(list(_REQUIRED)),
    default="intact",
    show_default=True,
    help="What exit code 0 means: no broken label, none only declared, every file labelled, every one trusted.",
)
@click.option(
    "--regime",
    "--policy",
    "laws",
    metavar="ID|TOML",
    multiple=True,
    help="Hold each file against a law, such as kz, or a file with one; or each label against a policy.",
)
@click.option(
    "--trust",
    "anchors",
    metavar="PEM",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Certificates of authorities whose signers you accept; may be repeated.",
)
@click.option(
    "--revocation",
    "revocations",
    metavar="FILE",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A CRL or an OCSP response to hold certificates against; may be repeated.",
)
@click.option("--no-sidecar", is_flag=True, help="Don't look for manifests beside files.")
@click.option("--online", is_flag=True, help="Allow fetching remote manifests and revocation data.")
@engine_option
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def command(
    roots: tuple[str, ...],
    listing: Path | None,
    out: Path | None,
    state: Path | None,
    laws: tuple[str, ...],
    anchors: tuple[Path, ...],
    revocations: tuple[Path, ...],
    require: str,
    engine: Where,
    parts: Path | None,
    *,
    resume: bool,
    diff: bool,
    quiet: bool,
    as_json: bool,
    **how: Any,
) -> None:
    """Judge every file below ROOT with several processes, and write a row for each.

    Files that are as they were in the last scan are not read again where --state remembers it. A scan that was cut
    off, by a power failure say, goes on with --resume and reports each file exactly once.

    \b
    kzlabel scan archive/ -o rows.parquet --state archive.state
    kzlabel scan archive/ -o rows.jsonl --state archive.state --diff
    find . -name '*.jpg' -print0 | kzlabel scan --from-file - --require labelled
    kzlabel scan /shared/archive --engine ray=head:6379 --parts /shared/rows --report report.html
    """
    if not roots and listing is None:
        raise click.UsageError("name a ROOT, or a list with --from-file")
    if roots and listing is not None:
        raise click.UsageError("ROOT and --from-file exclude each other")
    if engine.cluster is not None and (parts is None or state is not None or diff):
        raise click.UsageError("--engine ray needs --parts, and goes with neither --state nor --diff")
    if engine.cluster is None and parts is not None:
        raise click.UsageError("--parts is for --engine ray")
    if state is None and parts is None and (resume or diff):
        raise click.UsageError("--resume and --diff need --state")
    regimes, policies = demands(laws)
    settings = Settings(
        trust=default_trust() | Trust.from_files(anchors),
        engine=engine.judge,
        online=how["online"],
        sidecars=not how["no_sidecar"],
        revocations=Revocations.from_files(revocations),
        regimes=regimes,
        policies=policies,
        members=how["members"],
    )
    names = tuple(os.fsencode(root) for root in roots)
    source = _source(names, listing, how)
    far = any(map(is_address, names))  # whose listing costs money
    counted = None if listing is not None or far else source
    if engine.cluster is not None and parts is not None:
        spread = ClusterOptions(
            parts=parts,
            address=engine.cluster,
            workers=how["workers"] or 0,
            seconds=how["seconds"],
            batch=how["batch"],
            resume=resume,
            replace=how["force"],
        )
        spreading = ClusterScan(source, settings, spread, names)
        _on_cluster(spreading, counted, out, require, how, quiet=quiet, as_json=as_json)
    options = Options(
        workers=how["workers"] or 0,
        seconds=how["seconds"],
        state=state,
        resume=resume,
        out=out,
        replace=how["force"],
        replay=how["report"] is not None,
    )
    scan = Scan(source, settings, options, names)
    problems: list[Record] = []
    rows = _run(scan, counted, problems, diff=diff, quiet=quiet or as_json)
    if how["report"] is None:
        for _ in rows:
            pass
    else:
        _write_report(rows, how)
    _end(scan.summary, problems, require, quiet=quiet, as_json=as_json)


def _write_report(rows: Iterator[Record], how: dict[str, Any]) -> None:
    from kzlabel.report import write_report  # noqa: PLC0415 - only here

    write_report(rows, how["report"], language=language(), title=how["title"])


def _end(summary: Summary, problems: list[Record], require: str, *, quiet: bool, as_json: bool) -> NoReturn:
    """Say what the scan has come to, as text or in the exit code."""
    if as_json:
        print_json_line(_summary(summary))
    elif not quiet:
        _print_summary(summary, problems)
    sys.exit(_exit_code(summary, require))


def _on_cluster(
    scan: ClusterScan,
    counted: Source | None,
    out: Path | None,
    require: str,
    how: dict[str, Any],
    *,
    quiet: bool,
    as_json: bool,
) -> NoReturn:
    """Run a scan on a cluster; what is made of its rows is made from the parts."""
    if out is not None:
        check_output(out, replace=how["force"])
    problems: list[Record] = []
    _heed(scan)
    with progress(scan, counted, quiet=quiet or as_json) as tell:
        for part in scan.run():
            tell()
            if len(problems) < _SHOWN:
                problems += [row for row in read_rows(part) if _is_problem(row)][: _SHOWN - len(problems)]
    if scan.summary.complete and out is not None:
        write_output(scan.rows(), out, replace=how["force"])
    if how["report"] is not None:
        _write_report(scan.rows(), how)
    _end(scan.summary, problems, require, quiet=quiet, as_json=as_json)


def _is_problem(row: Record) -> bool:
    return row.status in ("invalid", "error", "declared") or bool(row.lacks)


def _source(names: tuple[bytes, ...], listing: Path | None, how: dict[str, Any]) -> Source:
    walked = {
        "follow": how["follow"],
        "hidden": not how["no_hidden"],
        "exclude": how["exclude"],
        "include": how["include"],
    }
    if listing is None:
        return source_of(names, **walked)
    try:
        stream = sys.stdin.buffer if str(listing) == "-" else listing.open("rb")
    except OSError as error:
        raise InputError(f"{listing} can't be read: {error.strerror}", "check the path") from None
    return Listed(stream, **walked)


def _heed(scan: Scan | ClusterScan) -> None:
    """Have the scan end when the program is asked to."""

    def stop(*_: object) -> None:
        scan.stop()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)


def _run(
    scan: Scan, counted: Source | None, problems: list[Record], *, diff: bool, quiet: bool
) -> Iterator[Record]:
    """Run the scan and yield its rows; put the first that a person should see into `problems`."""
    _heed(scan)
    with progress(scan, counted, quiet=quiet) as tell:
        for row in scan.run():
            tell()
            if diff and row.change not in ("same", ""):
                change, status = column(row.change, CHANGES), column(row.status, STATUSES)
                click.echo(f"{change} {status} {one_line(row.path)}")
            if _is_problem(row):
                problems += [row] if len(problems) < _SHOWN else []
            yield row


def _summary(summary: Summary) -> dict[str, Any]:
    return {
        "files": summary.files,
        "rows": summary.rows,
        "size": summary.size,
        "known": summary.known,
        "hard_links": summary.hard_links,
        "statuses": dict(summary.statuses),
        "ai": dict(summary.ai),
        "changes": dict(summary.changes),
        "lacking": summary.lacking,
        "left_out": dict(summary.left_out),
        "complete": summary.complete,
    }


def _print_summary(summary: Summary, problems: list[Record]) -> None:
    for row in problems:
        status = click.style(column(row.status, STATUSES), **STYLES[row.status])
        why = explained(row.codes[0] if row.codes else "", row.explanation) or ", ".join(row.lacks)
        click.echo(f"{status}{one_line(row.path)}: {one_line(why)}")
    known = say(", {count} of them known", count=f"{summary.known:,}") if summary.known else ""
    state = "" if summary.complete else say(", not complete: go on with --resume")
    files, size = f"{summary.files:,}", f"{summary.size / 1e9:.1f}"
    click.echo(say("{count} files", count=files) + known + say(", {size} GB", size=size) + state)
    names = say("status"), say("AI"), say("change")
    column_width = max(6, *map(len, names)) + 1
    kinds = (summary.statuses, STATUSES), (summary.ai, AI_PARTS), (summary.changes, CHANGES)
    for name, (counts, words) in zip(names, kinds, strict=True):
        if counts:
            told = ", ".join(f"{say(words.get(key, key))} {count:,}" for key, count in counts.most_common())
            click.echo(f"  {name:<{column_width}}{told}")
    if summary.lacking:
        click.echo("  " + say("{count} lack something that is asked for", count=f"{summary.lacking:,}"))
    if summary.hard_links:
        count = f"{summary.hard_links:,}"
        click.echo("  " + say("{count} are further names of files that have several", count=count))
    for reason, left_out in summary.left_out.most_common():
        told = say("left out: {count} x {reason}", count=f"{left_out:,}", reason=say_finished(reason))
        click.echo(one_line("  " + told))


def _exit_code(summary: Summary, require: str) -> int:
    if not summary.complete:
        return 130
    if summary.statuses["error"]:
        return 2
    return int(summary.lacking > 0 or any(summary.statuses[status] for status in _REQUIRED[require]))
