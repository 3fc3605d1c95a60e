"""`kzlabel detach`: take the manifest out of a file."""

import sys
from pathlib import Path

import click

from kzlabel.cli.printing import complain, complain_of, one_line, print_json
from kzlabel.cli.speech import say
from kzlabel.cli.words import STATUSES
from kzlabel.errors import SigningError
from kzlabel.signing.moving import Detached, Mover

__all__ = ["command"]

_FILE = click.Path(path_type=Path)
_FITS = ("trusted", "valid")


@click.command(epilog="Exit codes: 0 done, 1 it can't be taken out, 2 wrong usage or a file can't be used.")
@click.argument("file", metavar="IN", type=_FILE)
@click.option("-o", "--output", metavar="OUT", type=_FILE, help="The file without its manifest.")
@click.option("--in-place", is_flag=True, help="Replace the file by the one without its manifest.")
@click.option("--keep", is_flag=True, help="Copy the manifest out and leave the file as it is.")
@click.option("--sidecar", metavar="FILE", type=_FILE, help="Where the manifest goes; OUT.c2pa unless given.")
@click.option("--anyway", is_flag=True, help="Write both even if they would never fit each other again.")
@click.option("--force", is_flag=True, help="Replace files that exist.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array with one object.")
def command(
    file: Path,
    output: Path | None,
    *,
    in_place: bool,
    keep: bool,
    sidecar: Path | None,
    anyway: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Write a copy of a file without its manifest, and the manifest into a sidecar.

    In most formats a manifest is bound to the file with the manifest in it: then the sidecar doesn't verify beside
    the copy, which is said, and kzlabel attach puts it back. Where that would fail, nothing is written.

    \b
    kzlabel detach photo.jpg -o bare.jpg            # and bare.jpg.c2pa
    kzlabel attach bare.jpg --sidecar bare.jpg.c2pa -o photo.jpg
    kzlabel detach photo.jpg --keep                 # only photo.jpg.c2pa
    """
    if sum((output is not None, in_place, keep)) != 1:
        raise click.UsageError("say where the file goes: one of -o OUT, --in-place, --keep")
    if keep and anyway:
        raise click.UsageError("--anyway says nothing with --keep")
    mover = Mover()
    try:
        if keep:
            done = mover.copy_out(file, sidecar, replace=force)
        elif in_place:
            done = _in_place(mover, file, sidecar, force=force, anyway=anyway)
        else:
            assert output is not None  # noqa: S101 - one of the three was given
            done = mover.detach(file, output, sidecar, replace=force, anyway=anyway)
    except SigningError as error:
        complain_of(error)
        sys.exit(1)
    if as_json:
        print_json([done])
        return
    _tell(done)


def _in_place(mover: Mover, file: Path, sidecar: Path | None, *, force: bool, anyway: bool) -> Detached:
    return mover.detach(file, file, sidecar, replace=True, replace_sidecar=force, anyway=anyway)


def _tell(done: Detached) -> None:
    if not done.destination:
        names = {"file": done.uri, "sidecar": done.sidecar}
        click.echo(one_line(say("copied the manifest of {file} -> {sidecar}", **names)))
        return
    names = {"file": done.uri, "destination": done.destination, "sidecar": done.sidecar}
    click.echo(one_line(say("detached {file} -> {destination}, {sidecar}", **names)))
    beside = say(STATUSES[done.beside])
    if done.beside in _FITS:
        click.echo(say("the sidecar verifies beside the file: {status}", status=beside))
        return
    click.echo(say("the sidecar does not verify beside the file without the manifest: {status}", status=beside))
    if done.restores:
        back = one_line(f"kzlabel attach {done.destination} --sidecar {done.sidecar} -o OUT")
        if done.restores == "identical":
            click.echo(say("{command} makes the same file, byte for byte", command=back))
        else:
            click.echo(say("{command} makes an intact file", command=back))
    else:
        complain(say("the manifest can't be put back, either: keep the file that it came from"))
