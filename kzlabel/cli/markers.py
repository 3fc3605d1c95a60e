"""`kzlabel markers`: the rules for unsigned markers, and what they find in files."""

import sys
from typing import TYPE_CHECKING

import click

from kzlabel.cli.printing import complain, complain_of, one_line, print_json, print_json_line
from kzlabel.cli.speech import say
from kzlabel.cli.words import AI_PARTS, column, width

if TYPE_CHECKING:
    from kzlabel.markers import Marker

__all__ = ["command"]


@click.command(
    epilog="Exit codes: 0 listed, or every file has a marker; 1 some file has none; 2 some file can't be read."
)
@click.argument("paths", metavar="[IN]...", nargs=-1, type=click.Path())
@click.option("--json", "as_json", is_flag=True, help="Print the rules as a JSON array, or one JSON line a file.")
def command(paths: tuple[str, ...], *, as_json: bool) -> None:
    """List the rules by which unsigned markers are recognised; with files, show the markers in them.

    A marker is what a file says of itself. Anybody can write one or remove it: it declares, and proves nothing.

    \b
    kzlabel markers
    kzlabel markers picture.png song.mp3
    """
    if not paths:
        _rules(as_json=as_json)
        return
    worst = 0
    for path in paths:
        worst = max(worst, _file(path, as_json=as_json))
    sys.exit(worst)


def _rules(*, as_json: bool) -> None:
    from msgspec.structs import replace  # noqa: PLC0415 - keeps `kzlabel -h` quick

    from kzlabel.markers import load  # noqa: PLC0415

    rules = load()
    if as_json:
        print_json(replace(rule, fields=rules.places(rule)) for rule in rules.rule)
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table(say("rule"), say("implies"), say("standing"), say("source"), box=None, pad_edge=False)
    for rule in rules.rule:
        table.add_row(rule.id, rule.implies, rule.standing, rule.source)
    console = Console()
    console.print(table)
    console.print(say("{count} rules of {version}", count=len(rules.rule), version=rules.version), highlight=False)


def _file(path: str, *, as_json: bool) -> int:
    """Print the markers in one file; return what that means for the exit code."""
    from kzlabel.errors import KzlabelError  # noqa: PLC0415 - as above
    from kzlabel.formats import recognise  # noqa: PLC0415
    from kzlabel.limits import DEFAULT_LIMITS  # noqa: PLC0415
    from kzlabel.markers import level, read  # noqa: PLC0415
    from kzlabel.sources import opened  # noqa: PLC0415

    try:
        with opened(path) as file:
            found = recognise(file.reader, file.suffix, DEFAULT_LIMITS)
            markers = read(file.reader, found[0] if found else None)
            uri = file.uri
    except (KzlabelError, OSError) as error:
        if isinstance(error, KzlabelError):
            complain_of(error)
        else:
            complain(str(error))
        return 2
    if as_json:
        print_json_line({"uri": uri, "ai": level(markers), "markers": markers})
    else:
        _print(uri, markers)
    return 0 if markers else 1


def _print(uri: str, markers: "tuple[Marker, ...]") -> None:
    from kzlabel.markers import level  # noqa: PLC0415 - as above

    said = f"{say('AI')}: {say(AI_PARTS[level(markers)])}" if markers else say("no marker")
    click.echo(f"{one_line(uri)}: {said}")
    for marker in markers:
        click.echo(f"  {column(marker.ai, AI_PARTS)} {one_line(marker.field)}: {one_line(marker.value)}")
        click.echo(
            " " * (width(AI_PARTS) + 3) + say("rule {name}: {source}", name=marker.rule, source=marker.source)
        )
