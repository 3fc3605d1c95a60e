"""`kzlabel label`: put signed labels into files."""

import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click
import msgspec

from kzlabel.cli.label_bulk import BULK_OPTIONS, bulk_options, label_table, refuse_bulk_options
from kzlabel.cli.label_options import combined, label_options, read_password
from kzlabel.cli.notice_options import NOTICE_OPTIONS, notice_options, wanted_notice
from kzlabel.cli.printing import complain, one_line, print_json
from kzlabel.cli.signer_options import SIGNER_OPTIONS, chosen_signer, signer_options
from kzlabel.cli.speech import say, say_finished
from kzlabel.credentials.holder import check_personal
from kzlabel.errors import OutputError
from kzlabel.labels import Label
from kzlabel.regimes.lacking import refuse_lacking
from kzlabel.signing.batch import Failure, Job, label_each, plan, plan_sidecars
from kzlabel.signing.dataset import record_each, statement
from kzlabel.signing.labeler import Labelled
from kzlabel.signing.noticing import with_stand_in

__all__ = ["command"]

_FILE = click.Path(path_type=Path)
_FILE_OR_DASH = click.Path(path_type=Path, allow_dash=True)
_DASH = Path("-")
_FEW = 5


@click.command(
    epilog="Exit codes: 0 all are labelled, 1 some can't be, 2 wrong usage, or a file can't be read or written;"
    " 130 a table was interrupted."
)
@click.argument("inputs", metavar="[IN]...", nargs=-1, type=_FILE_OR_DASH)
@click.option("-o", "--output", metavar="OUT", type=_FILE_OR_DASH, help="The labelled file; - for standard output.")
@click.option("--out-dir", metavar="DIR", type=_FILE, help="Directory for the labelled files, made if missing.")
@click.option("--in-place", is_flag=True, help="Replace each file by its labelled copy.")
@click.option("--force", is_flag=True, help="Replace files that exist.")
@click.option("--keep-times", is_flag=True, help="Give the labelled file the times of the source.")
@click.option(
    "--despite-broken", is_flag=True, help="Label even a file whose own label is broken; verdicts show it."
)
@signer_options
@click.option(
    "--password-file",
    metavar="FILE",
    type=_FILE,
    help="Its first line opens PDFs that are encrypted; they stay so.",
)
@click.option(
    "--reserve-signature",
    metavar="BYTES",
    type=click.IntRange(1, 1 << 20),
    default=None,
    help="Keep room in PDFs for a digital signature that is made afterwards, such as 16384.",
)
@click.option("--tsa", metavar="URL", envvar="KZLABEL_TSA", help="Time-stamping authority (RFC 3161).")
@click.option("--tsa-optional", is_flag=True, help="Label without a time-stamp where the authority gives none.")
@click.option(
    "--markers", is_flag=True, help="Declare it in unsigned fields, too: IPTC in XMP, tags; AIGC with --regime cn."
)
@click.option("--sidecar", is_flag=True, help="Write labels into files beside the inputs: name.ext.c2pa.")
@click.option(
    "--dataset",
    is_flag=True,
    help="The inputs are directories, each a data library: write a record of its files into it.",
)
@click.option(
    "--audit", metavar="FILE", type=_FILE, help="Append a chained line for each label; see kzlabel audit."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array, an object for each input.")
@bulk_options
@notice_options
@label_options
def command(
    inputs: tuple[Path, ...],
    output: Path | None,
    out_dir: Path | None,
    *,
    in_place: bool,
    force: bool,
    keep_times: bool,
    despite_broken: bool,
    password_file: Path | None,
    reserve_signature: int | None,
    tsa: str | None,
    tsa_optional: bool,
    markers: bool,
    sidecar: bool,
    dataset: bool,
    audit: Path | None,
    as_json: bool,
    **said: Any,
) -> None:
    """Write copies of files that carry a signed label: AI generated this, or assisted.

    Pixels, samples and pages stay as they are. A file that carries a label already keeps it, as the parent of the
    new one. Without a key, a development identity is made on first use; only this machine trusts it.

    \b
    kzlabel label photo.jpg -o labelled.jpg --level ai-generated --system Painter/2.1
    kzlabel label *.png --out-dir labelled --label label.json
    kzlabel label --dataset corpus/ --operator 'Example LLP' --operator-role owner
    kzlabel label song.mp3 --in-place --level ai-assisted --system Composer --simulates person-voice
    generate | kzlabel label - -o - --level ai-generated --system Painter > labelled.png
    kzlabel label --from-csv table.csv --out-dir labelled --state run.state --rows rows.parquet
    """
    bulk = {name: said.pop(name) for name in BULK_OPTIONS}
    if bool(inputs) == (bulk["from_csv"] is not None):
        raise click.UsageError("name files to label, or a table of them with --from-csv")
    who = {name: said.pop(name) for name in SIGNER_OPTIONS}
    wanted = wanted_notice({name: said.pop(name) for name in NOTICE_OPTIONS})
    template = combined(said)
    changes: dict[str, Any] = {
        "keep_times": keep_times,
        "despite_broken": despite_broken,
        "password": read_password(password_file) if password_file else "",
        "reserve_signature": reserve_signature or 0,
        "tsa_optional": tsa_optional,
        "accept_personal_data": who["accept_personal_data"],
        "audit": str(audit.absolute()) if audit else "",
        "markers": markers,
        "notice": wanted,
    }
    if bulk["from_csv"] is not None:
        if output is not None or dataset or (in_place and (out_dir or sidecar)):
            raise click.UsageError("--from-csv goes with --out-dir, --in-place or --sidecar")
        common = Job(source=_DASH, destination=_DASH, in_place=in_place, sidecar=sidecar, replace=force, **changes)
        label_table(bulk, template, common, out_dir, lambda: chosen_signer(who, tsa), as_json=as_json)
    refuse_bulk_options(bulk)
    said_of_all = statement(template) if dataset else Label.from_dict(template)
    if isinstance(said_of_all, Label):  # a wrong label is refused before anything is written
        refuse_lacking(with_stand_in(said_of_all, wanted), inputs)
    if len(inputs) > 1 and "content_id" in template:
        raise click.UsageError("the label file gives a content_id, which names one content, but there are several")
    if dataset:
        if any((output, out_dir, in_place, sidecar, audit, keep_times, despite_broken, password_file)):
            raise click.UsageError("--dataset takes no options about files: it writes a record into its directory")
        signer = chosen_signer(who, tsa)
        check_personal(signer.certificate_chain[0], accepted=who["accept_personal_data"])
        _report(
            list(record_each(inputs, template, signer, replace=force, tsa_optional=tsa_optional)),
            as_json=as_json,
            to_stdout=False,
        )
        return
    if sidecar:
        planned = plan_sidecars(inputs, output, out_dir, in_place=in_place, replace=force)
    else:
        planned = plan(inputs, output, out_dir, in_place=in_place, replace=force)
    jobs = [msgspec.structs.replace(job, **changes) for job in planned]
    signer = chosen_signer(who, tsa)
    if out_dir is not None:
        _make_directory(out_dir)
    with ExitStack() as stack:
        pipes = _Pipes(stack)
        results = list(
            _with_progress(label_each([pipes.replaced(job) for job in jobs], template, signer), len(jobs))
        )
        pipes.send(results)
    _report(results, as_json=as_json, to_stdout=output == _DASH)
    for result in results:
        if tsa and isinstance(result, Labelled) and not result.stamped:
            complain(say("{file} was labelled without a time-stamp: the authority gave none", file=result.uri))


class _Pipes:
    """Standard input and output, stood in for by temporary files while labelling needs real ones."""

    def __init__(self, stack: ExitStack) -> None:
        self._directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="kzlabel-"))
        self._out: Path | None = None

    def replaced(self, job: Job) -> Job:
        """Return `job` with files in the place of `-`."""
        if job.source == _DASH:
            if job.in_place:
                raise click.UsageError("standard input can't be labelled in place; add -o OUT")
            source = Path(self._directory, "in")
            with source.open("wb") as copy:
                shutil.copyfileobj(sys.stdin.buffer, copy)
            job = msgspec.structs.replace(job, source=source, uri="-")
        if job.destination == _DASH:
            self._out = Path(self._directory, "out")
            job = msgspec.structs.replace(job, destination=self._out)
        return job

    def send(self, results: Sequence[Labelled | Failure]) -> None:
        """Copy to standard output what belongs there."""
        if self._out is not None and all(isinstance(result, Labelled) for result in results):
            with self._out.open("rb") as labelled:
                shutil.copyfileobj(labelled, sys.stdout.buffer)
            sys.stdout.buffer.flush()


def _make_directory(directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"the directory {directory} can't be made: {error.strerror}") from None


def _with_progress(results: Iterator[Labelled | Failure], count: int) -> Iterator[Labelled | Failure]:
    """Pass `results` on, under a progress bar when there are more than a few and a person is watching."""
    if count <= _FEW or not sys.stderr.isatty():
        yield from results
        return
    from rich.console import Console  # noqa: PLC0415 - only here
    from rich.progress import track  # noqa: PLC0415

    yield from track(results, say("labelling"), count, console=Console(stderr=True), transient=True)


def _report(results: Sequence[Labelled | Failure], *, as_json: bool, to_stdout: bool) -> None:
    for result in results:
        if isinstance(result, Failure):
            complain("; ".join(say_finished(part) for part in (result.error, result.remedy) if part))
        elif not as_json and not to_stdout:
            kept = say(" (its former label, {label}, is kept as the parent)", label=result.parent)
            done = say("labelled {file} -> {destination}", file=result.uri, destination=result.destination)
            sys.stdout.write(one_line(done + (kept if result.parent else "")) + "\n")
    if as_json and not to_stdout:
        print_json(results)
    failures = [result for result in results if isinstance(result, Failure)]
    if failures:
        sys.exit(2 if any(failure.operational for failure in failures) else 1)
