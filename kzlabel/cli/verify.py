"""`kzlabel verify`: judge files."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from kzlabel.cli.printing import STYLES, complain, one_line, print_json, print_json_line
from kzlabel.errors import InputError
from kzlabel.isolation import Child, ChildDiedError
from kzlabel.limits import DEFAULT_LIMITS
from kzlabel.sources import display_name, opened
from kzlabel.status import Code, Kind
from kzlabel.trust import Trust, default_trust
from kzlabel.verifying import unreadable, verify
from kzlabel.verifying.verdict import Status, Verdict

__all__ = ["command", "judged"]

_STRENGTH = {"trusted": (Status.TRUSTED,), "valid": (Status.TRUSTED, Status.VALID)}
_PATIENCE = 2
"""The engine stops itself at its time limit; its process is ended when it is late by this factor."""

_OPERATIONAL = (Code.KZLABEL_INPUT_UNREADABLE, Code.KZLABEL_ENGINE_DIED)


@click.command(epilog="Exit codes: 0 every label is as strong as required, 1 some are not, 2 a file can't be read.")
@click.argument(
    "inputs", metavar="IN...", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True)
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array, an object for each input.")
@click.option("--jsonl", "as_lines", is_flag=True, help="Print one JSON object a line, as they come.")
@click.option(
    "--trust",
    "anchors",
    metavar="PEM",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Certificates of authorities whose signers you accept; may be repeated.",
)
@click.option(
    "--require",
    type=click.Choice(list(_STRENGTH)),
    default="valid",
    show_default=True,
    help="How strong a label must be for exit code 0.",
)
@click.option("--online", is_flag=True, help="Allow fetching remote manifests and revocation data.")
@click.option("-v", "--verbose", is_flag=True, help="Print every finding, those that succeed too.")
def command(
    inputs: tuple[Path, ...],
    anchors: tuple[Path, ...],
    require: str,
    *,
    as_json: bool,
    as_lines: bool,
    online: bool,
    verbose: bool,
) -> None:
    """Say of each file whether it carries a signed label that holds, who signed it, and what it says.

    `-` reads standard input. Nothing is fetched from a network unless --online is given.

    \b
    kzlabel verify photo.jpg
    kzlabel verify *.png --trust my-ca.pem --require trusted
    kzlabel verify --jsonl archive/* | jq -r 'select(.status == "invalid") | .uri'
    cat photo.jpg | kzlabel verify --json -
    """
    if as_json and as_lines:
        raise click.UsageError("--json and --jsonl exclude each other")
    trust = default_trust() | Trust.from_files(anchors)
    codes: list[int] = []

    def counted() -> Iterator[Verdict]:
        for verdict in judged(inputs, trust, online=online):
            codes.append(_exit_code(verdict, require))
            yield verdict

    if as_json:
        print_json(counted())
    elif as_lines:
        for verdict in counted():
            print_json_line(verdict)
    else:
        _print_for_people(counted(), verbose=verbose)
    sys.exit(max(codes))


def judged(inputs: tuple[Path, ...], trust: Trust, *, online: bool) -> Iterator[Verdict]:
    """Yield a verdict for each input, in order, whatever happens to the engine's process."""
    with Child() as child:
        for path in inputs:
            try:
                if str(path) == "-":
                    with tempfile.NamedTemporaryFile(prefix="kzlabel-stdin-") as copy:
                        shutil.copyfileobj(sys.stdin.buffer, copy)
                        copy.flush()
                        yield _in_child(child, Path(copy.name), "-", trust, online=online)
                else:
                    yield _in_child(child, path, "", trust, online=online)
            except InputError as error:
                complain(str(error))
                yield unreadable(display_name(path), str(error))
            except ChildDiedError as error:
                complain(f"{display_name(path)}: {error}")
                yield unreadable(display_name(path), str(error), Code.KZLABEL_ENGINE_DIED)


def _in_child(child: Child, path: Path, uri: str, trust: Trust, *, online: bool) -> Verdict:
    with opened(path) as file:  # tells a wrong path from a bad file before a process is started
        seconds = _PATIENCE * DEFAULT_LIMITS.seconds_for(file.reader.size)
    return child.call(seconds, verify, path, trust=trust, uri=uri, online=online)


def _exit_code(verdict: Verdict, require: str) -> int:
    if any(finding.code in _OPERATIONAL for finding in verdict.findings):
        return 2
    return 0 if verdict.status in _STRENGTH[require] else 1


def _print_for_people(verdicts: Iterator[Verdict], *, verbose: bool) -> None:
    console = Console(highlight=False, soft_wrap=True)
    for verdict in verdicts:
        line = Text()
        line.append(f"{verdict.status.value:<12}", STYLES[verdict.status.value])
        line.append(f"AI {verdict.ai.value:<11}" if verdict.ai != "unknown" else " " * 14)
        line.append(one_line(verdict.uri))
        console.print(line)
        for detail, style in _details(verdict, verbose=verbose):
            console.print(Text(f"            {one_line(detail)}", style))


def _details(verdict: Verdict, *, verbose: bool) -> Iterator[tuple[str, str]]:
    if verdict.signer is not None:
        by = ", ".join(filter(None, (verdict.signer.common_name, verdict.signer.organisation)))
        at = f", time-stamped {verdict.signed_at}" if verdict.signed_at else ""
        verb = "signed by" if verdict.intact else "signature names"
        yield f"{verb} {by or 'an unnamed certificate'}{at}", ""
    if verdict.label is not None:
        system = verdict.label.system
        yield (
            f"label: {verdict.label.level.value} by {' '.join(filter(None, (system.name, system.version)))}",
            "",
        )
    for finding in verdict.findings:
        ours = finding.code.startswith("org.kzlabel.")
        if verbose or ours or finding.kind is Kind.FAILURE:
            text = f"{finding.code}: {finding.explanation}" if finding.explanation else finding.code
            yield text, "red" if finding.kind is Kind.FAILURE else "dim"
