"""`kzlabel attach`: put the manifest of a sidecar into a file."""

import sys
from pathlib import Path

import click

from kzlabel.cli.printing import complain_of, one_line, print_json
from kzlabel.cli.speech import say
from kzlabel.cli.words import STATUSES
from kzlabel.errors import SigningError
from kzlabel.signing.moving import Mover
from kzlabel.verifying.sidecar import SUFFIX

__all__ = ["command"]

_FILE = click.Path(path_type=Path)


@click.command(epilog="Exit codes: 0 done, 1 it can't be put in, 2 wrong usage or a file can't be used.")
@click.argument("file", metavar="IN", type=_FILE)
@click.option("--sidecar", metavar="FILE", type=_FILE, help="Holds the manifest; IN.c2pa unless given. It stays.")
@click.option("-o", "--output", metavar="OUT", type=_FILE, help="The file with the manifest.")
@click.option("--in-place", is_flag=True, help="Replace the file by the one with the manifest.")
@click.option("--force", is_flag=True, help="Replace a file that exists.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array with one object.")
def command(
    file: Path, sidecar: Path | None, output: Path | None, *, in_place: bool, force: bool, as_json: bool
) -> None:
    """Write a copy of a file with the manifest of a sidecar in it, if it is intact there.

    That is so for what kzlabel detach took out of it. The sidecar that kzlabel label --sidecar writes is bound to
    the file as it is, and can't be put into it: label the file anew instead.

    \b
    kzlabel attach bare.jpg --sidecar bare.jpg.c2pa -o photo.jpg
    """
    if (output is not None) is in_place:
        raise click.UsageError("say where the file goes: one of -o OUT, --in-place")
    try:
        done = Mover().attach(file, sidecar or Path(f"{file}{SUFFIX}"), output or file, replace=force or in_place)
    except SigningError as error:
        complain_of(error)
        sys.exit(1)
    if as_json:
        print_json([done])
        return
    names = {"sidecar": done.sidecar, "file": done.uri, "destination": done.destination}
    click.echo(
        one_line(say("attached {sidecar} to {file} -> {destination}: ", **names) + say(STATUSES[done.status]))
    )
