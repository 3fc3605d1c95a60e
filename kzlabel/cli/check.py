"""`kzlabel check`: hold files against what laws ask for."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from kzlabel.cli.demands import law
from kzlabel.cli.printing import one_line, print_json
from kzlabel.cli.speech import language as chosen_language
from kzlabel.cli.verify import judged, operational
from kzlabel.directories import DATASET_TYPE, is_dataset
from kzlabel.isolation import Child
from kzlabel.labels import AI
from kzlabel.languages import ENGLISH, Language, Message, translate
from kzlabel.regimes import (
    Contribution,
    Outcome,
    Report,
    Result,
    check,
    markers_of,
    notice_of,
    regimes,
)
from kzlabel.sources import display_name
from kzlabel.trust import Trust, default_trust
from kzlabel.verifying import Verifier
from kzlabel.verifying.verdict import Status, Verdict

__all__ = ["command"]

_STYLES: dict[Outcome, dict[str, Any]] = {
    Outcome.MET: {"fg": "green"},
    Outcome.MISSING: {"fg": "red", "bold": True},
    Outcome.NOT_APPLICABLE: {"dim": True},
    Outcome.NOT_CHECKABLE: {"fg": "yellow"},
}
_WORDS = {
    Outcome.MET: Message("met"),
    Outcome.MISSING: Message("missing"),
    Outcome.NOT_APPLICABLE: Message("not applicable"),
    Outcome.NOT_CHECKABLE: Message("not checkable"),
}
_STANDINGS = {
    "text": Message("read in the law's text"),
    "secondary": Message("said by a secondary source"),
    "unsettled": Message("unsettled"),
}


@click.command(
    epilog="Exit codes: 0 nothing is missing, 1 something is, 2 a file can't be read. Remarks never count."
)
@click.argument(
    "inputs", metavar="IN...", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True)
)
@click.option(
    "--regime",
    "names",
    metavar="ID",
    multiple=True,
    required=True,
    help=f"What to hold the files against: {', '.join(dict.fromkeys(one.name for one in regimes()))}, or a "
    "TOML file; repeatable.",
)
@click.option("--copyright", is_flag=True, help="Print what the label records of a person's part.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array, an object for each file and regime.")
@click.option(
    "--trust",
    "anchors",
    metavar="PEM",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Certificates of authorities whose signers you accept; may be repeated.",
)
@click.option("--no-sidecar", is_flag=True, help="Don't look for a manifest beside a file (name.ext.c2pa).")
@click.option("-v", "--verbose", is_flag=True, help="Print where each requirement was read, and the notes on it.")
def command(
    inputs: tuple[Path, ...],
    names: tuple[str, ...],
    anchors: tuple[Path, ...],
    *,
    copyright: bool,  # noqa: A002 - the option's name
    as_json: bool,
    no_sidecar: bool,
    verbose: bool,
) -> None:
    """Say of each file what laws ask for and what is there: met, missing, not applicable or not checkable.

    It gives evidence and no opinion on the law. A directory is checked as a data library.

    \b
    kzlabel check --regime kz photo.jpg
    kzlabel check --regime kz --regime eu --json *.png
    kzlabel check --regime kz --copyright --lang kk novel.pdf
    """
    laws = tuple(dict.fromkeys(map(law, names)))
    language = ENGLISH if as_json else chosen_language()
    trust = default_trust() | Trust.from_files(anchors)
    codes: list[int] = []

    def reports(child: Child) -> Iterator[Report]:
        verifier = Verifier(trust=trust, child=child, sidecars=not no_sidecar)
        for path, verdict in _verdicts(inputs, verifier):
            markers, notice = markers_of(path, verdict), notice_of(path, verdict)
            for one in laws:
                report = check(verdict, one, markers=markers, notice=notice, copyright=copyright, language=language)
                unanswered = 2 if operational(verdict) else int(verdict.status is Status.ERROR)
                codes.append(unanswered or int(bool(report.missing)))
                yield report

    with Child() as child:
        if as_json:
            print_json(reports(child))
        else:
            for report in reports(child):
                _print_for_people(report, language, verbose=verbose, copyright=copyright)
    sys.exit(max(codes))


def _verdicts(inputs: tuple[Path, ...], verifier: Verifier) -> Iterator[tuple[Path, Verdict]]:
    """Yield each input with its verdict; a directory without a record is a data library without one."""
    for path in inputs:
        if path.is_dir() and not is_dataset(path):
            name = display_name(path)
            yield path, Verdict(uri=name, status=Status.UNLABELLED, ai=AI.UNKNOWN, media_type=DATASET_TYPE)
        else:
            yield from ((path, verdict) for verdict in judged((path,), verifier))


def _print_for_people(
    report: Report,
    language: Language,
    *,
    verbose: bool,
    copyright: bool,  # noqa: A002 - as above
) -> None:
    click.echo(click.style(f"{one_line(report.uri)}: {report.regime}, {report.title}", bold=True))
    click.echo(click.style(f"  {report.note}", dim=True))
    duties = [result for result in report.results if not result.remark]
    remarks = [
        result for result in report.results if result.remark and result.outcome is not Outcome.NOT_APPLICABLE
    ]
    for result in duties:
        _print_result(result, language, verbose=verbose)
    if remarks:
        click.echo("  " + translate("Remarks, which never count as errors:", language))
    for result in remarks:
        _print_result(result, language, verbose=verbose)
    if copyright and report.contribution is not None:
        _print_contribution(report.contribution, language)


def _print_result(result: Result, language: Language, *, verbose: bool) -> None:
    style = {"dim": True} if result.remark else _STYLES[result.outcome]
    word = click.style(f"{_WORDS[result.outcome].read(language):<16}", **style)
    article = Message("article {article}", {"article": result.article}).read(language)
    if not result.article[0].isdigit():
        article = result.article
    click.echo(f"  {word}{article}: {result.asks}")
    click.echo(f"  {'':<16}{one_line(result.evidence)}")
    if result.remedy and (verbose or not result.remark):
        remedy = Message("remedy: {command}").text
        click.echo(f"  {'':<16}" + translate(remedy, language).replace("{command}", one_line(result.remedy)))
    for line, shown in ((result.note, verbose or result.remark), (_provenance(result, language), verbose)):
        if line and shown:
            click.echo(click.style(f"  {'':<16}{line}", dim=True))


def _provenance(result: Result, language: Language) -> str:
    standing = _STANDINGS[result.standing.value].read(language)
    return f"{standing}: {result.source}, {result.date.isoformat()}"


def _print_contribution(part: Contribution, language: Language) -> None:
    click.echo("  " + translate("What a person contributed, as the label records it:", language))
    if not part.recorded:
        click.echo("    " + translate("nothing is recorded in an intact label", language))
        return
    rows = (
        (Message("who"), part.who),
        (Message("what"), part.what),
        (Message("steps"), ", ".join(part.steps)),
        (Message("oversight"), part.oversight),
        (Message("signed by"), part.signer),
        (Message("time-stamp"), part.signed_at),
        (Message("content"), part.content_id),
    )
    for name, value in rows:
        if value:
            click.echo(f"    {name.read(language)}: {one_line(value)}")
