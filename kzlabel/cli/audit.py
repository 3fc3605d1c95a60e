"""`kzlabel audit`: check the log of what was labelled."""

import sys
from pathlib import Path

import click

from kzlabel.cli.printing import one_line, print_json
from kzlabel.cli.speech import say, say_finished

__all__ = ["command"]

_FILE = click.Path(path_type=Path)


@click.group(name="audit")
def command() -> None:
    """Check the audit log that `kzlabel label --audit FILE` writes."""


@command.command()
@click.argument("file", type=_FILE)
@click.option("--last", default="", metavar="HEX", help="Hash that the last line had earlier; shows cut-off lines.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array with one object.")
def verify(file: Path, last: str, *, as_json: bool) -> None:
    """Find every line that was removed, changed, moved or put in.

    Exit codes: 0 the chain holds, 1 it doesn't, 2 the log can't be read.

    \b
    kzlabel audit verify labels.jsonl
    kzlabel audit verify labels.jsonl --last 5f2c...
    """
    from kzlabel.signing.audit import verify_log  # noqa: PLC0415 - keeps `kzlabel -h` quick

    count, flaws = verify_log(file, last=last)
    if as_json:
        print_json([{"lines": count, "flaws": flaws}])
    else:
        for flaw in flaws:
            click.echo(one_line(say("line {number}: {reason}", number=flaw.line, reason=say_finished(flaw.reason))))
        if flaws:
            click.echo(say("{count} lines, {flaws} flaws", count=count, flaws=len(flaws)))
        else:
            click.echo(say("{count} lines, the chain holds", count=count))
    sys.exit(1 if flaws else 0)


@command.command()
@click.argument("file", type=_FILE)
def last(file: Path) -> None:
    """Print the hash of the last line, to keep elsewhere.

    \b
    kzlabel audit last labels.jsonl
    """
    from kzlabel.signing.audit import AuditLog  # noqa: PLC0415 - as above

    click.echo(AuditLog(file).last)
