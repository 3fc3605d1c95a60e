"""`kzlabel verify`: judge files."""

import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import msgspec

from kzlabel.cli.printing import STYLES, complain, complain_of, one_line, print_json, print_json_line
from kzlabel.cli.speech import say, say_error
from kzlabel.cli.words import AI_LEVELS, STATUSES, column, explained, width
from kzlabel.credentials.pem import read_file
from kzlabel.errors import InputError, TrustError
from kzlabel.isolation import Child, ChildDiedError
from kzlabel.sources import display_name, look_ahead
from kzlabel.status import Code, Finding, Kind
from kzlabel.trust import Revocations, Trust, default_trust
from kzlabel.verifying import Engine, Verifier, unreadable
from kzlabel.verifying.policy import (
    AllOf,
    MaximumAge,
    MinimumAlgorithm,
    NotRevoked,
    Policy,
    SignedBy,
    SignerBin,
    TimeStamped,
    read_policy,
)
from kzlabel.verifying.verdict import Status, Verdict

__all__ = ["command", "judged", "operational"]

_STRENGTH = {"trusted": (Status.TRUSTED,), "valid": (Status.TRUSTED, Status.VALID)}
_UNSATISFIED = Code.KZLABEL_POLICY_UNSATISFIED
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
@click.option(
    "--policy", metavar="TOML", type=click.Path(path_type=Path), help="What a label must be; docs/trust.md."
)
@click.option(
    "--signer", metavar="NAME", help="Who must have signed: CN=..., O=..., or either; * and ? stand for any."
)
@click.option("--signer-bin", metavar="BIN", help="Kazakhstan BIN that the signer's certificate must bear.")
@click.option("--min-algorithm", metavar="NAME", help="Weakest signature algorithm to accept, such as es256.")
@click.option("--time-stamped", is_flag=True, help="Ask for a trusted time-stamp.")
@click.option(
    "--revocation",
    "revocations",
    metavar="FILE",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A CRL or an OCSP response to hold certificates against; may be repeated.",
)
@click.option("--not-revoked", is_flag=True, help="Ask for proof that the signer's certificate is not revoked.")
@click.option("--max-age", metavar="DAYS", type=float, help="Ask for a trusted time-stamp that is no older.")
@click.option("--no-sidecar", is_flag=True, help="Don't look for a manifest beside a file (name.ext.c2pa).")
@click.option("--online", is_flag=True, help="Allow fetching remote manifests and revocation data.")
@click.option(
    "--engine",
    type=click.Choice([engine.value for engine in Engine]),
    default=Engine.AUTO.value,
    show_default=True,
    help="Who decides: the native engine, the reference engine, or (auto) the latter where the former abstains.",
)
@click.option("-v", "--verbose", is_flag=True, help="Print every finding, those that succeed too.")
def command(
    inputs: tuple[Path, ...],
    anchors: tuple[Path, ...],
    revocations: tuple[Path, ...],
    require: str,
    engine: str,
    *,
    as_json: bool,
    as_lines: bool,
    no_sidecar: bool,
    online: bool,
    verbose: bool,
    **wanted: Any,
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
    revoked = Revocations.from_files(revocations)
    policy = _policy(wanted)
    codes: list[int] = []

    def counted(child: Child) -> Iterator[Verdict]:
        verifier = Verifier(
            trust=trust,
            engine=Engine(engine),
            online=online,
            child=child,
            revocations=revoked,
            sidecars=not no_sidecar,
        )
        for verdict in judged(inputs, verifier):
            codes.append(_exit_code(verdict, require))
            if policy is not None:
                verdict = _held_against(verdict, policy)  # noqa: PLW2901 - the same, with what it lacks
                codes[-1] = max(codes[-1], int(_UNSATISFIED in {finding.code for finding in verdict.findings}))
            yield verdict

    with Child() as child:
        if as_json:
            print_json(counted(child))
        elif as_lines:
            for verdict in counted(child):
                print_json_line(verdict)
        else:
            for verdict in counted(child):
                _print_for_people(verdict, verbose=verbose)
    sys.exit(max(codes))


def _policy(wanted: Mapping[str, Any]) -> Policy | None:
    """Return what all options together ask for; None where they ask for nothing."""
    conditions: list[Policy] = []
    if wanted["policy"] is not None:
        conditions.append(read_policy(read_file(wanted["policy"], TrustError).decode("utf-8", "replace")))
    makers: tuple[tuple[str, Callable[[Any], Policy]], ...] = (
        ("signer", SignedBy), ("signer_bin", SignerBin), ("min_algorithm", MinimumAlgorithm),
        ("max_age", MaximumAge),
    )  # fmt: skip
    conditions += [make(wanted[name]) for name, make in makers if wanted[name] is not None]
    conditions += [TimeStamped()] * wanted["time_stamped"] + [NotRevoked()] * wanted["not_revoked"]
    return AllOf(*conditions) if conditions else None


def _held_against(verdict: Verdict, policy: Policy) -> Verdict:
    """Return the verdict with a finding for each thing that the policy misses in it."""
    lacking = policy.lacks(verdict, datetime.now(UTC))
    findings = tuple(Finding.of(Code.KZLABEL_POLICY_UNSATISFIED, clause) for clause in lacking)
    return msgspec.structs.replace(verdict, findings=verdict.findings + findings)


def judged(inputs: tuple[Path, ...], verifier: Verifier) -> Iterator[Verdict]:
    """Yield a verdict for each input, in order, whatever happens to the engine's process."""
    for path in look_ahead(inputs):
        name = display_name(path)
        try:
            if name == "-":
                yield _judge_standard_input(verifier)
            else:
                yield verifier.verify(path)
        except InputError as error:
            complain_of(error)
            yield unreadable(name, str(error))
        except ChildDiedError as error:
            complain(f"{name}: {say_error(error)}")
            yield unreadable(name, str(error), Code.KZLABEL_ENGINE_DIED)


def _judge_standard_input(verifier: Verifier) -> Verdict:
    import shutil  # noqa: PLC0415 - only here
    import tempfile  # noqa: PLC0415 - as above

    with tempfile.NamedTemporaryFile(prefix="kzlabel-stdin-") as copy:
        shutil.copyfileobj(sys.stdin.buffer, copy)
        copy.flush()
        return verifier.verify(copy.name, "-")


def operational(verdict: Verdict) -> bool:
    """Tell whether a file couldn't be judged because it couldn't be read, or a process ended."""
    return any(finding.code in _OPERATIONAL for finding in verdict.findings)


def _exit_code(verdict: Verdict, require: str) -> int:
    if operational(verdict):
        return 2
    return 0 if verdict.status in _STRENGTH[require] else 1


def _print_for_people(verdict: Verdict, *, verbose: bool) -> None:
    status = click.style(column(verdict.status.value, STATUSES), **STYLES[verdict.status.value])
    ai = column(verdict.ai.value, AI_LEVELS) if verdict.ai != "unknown" else " " * width(AI_LEVELS)
    click.echo(f"{status}{ai} {one_line(verdict.uri)}")
    margin = " " * width(STATUSES)
    for text, style in _details(verdict, verbose=verbose):
        click.echo(click.style(margin + one_line(text), **style))


def _details(verdict: Verdict, *, verbose: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    if verdict.signer is not None:
        by = ", ".join(filter(None, (verdict.signer.common_name, verdict.signer.organisation)))
        by = by or say("an unnamed certificate")
        at = say(", time-stamped {time}", time=verdict.signed_at) if verdict.signed_at else ""
        yield (
            (say("signed by {name}", name=by) if verdict.intact else say("signature names {name}", name=by)) + at,
            {},
        )
        if verbose and verdict.signer.chain:
            yield say("issued by {chain}", chain=say(", by ").join(verdict.signer.chain)), {}
        if verbose and verdict.signer.anchor:
            because = {"anchor": verdict.signer.anchor, "list": verdict.signer.trusted_by}
            yield say("trusted because of {anchor} ({list})", **because), {}
    if verdict.label is not None:
        system = verdict.label.system
        named = " ".join(filter(None, (system.name, system.version)))
        yield say("label: {level} by {system}", level=verdict.label.level.value, system=named), {}
    if verdict.producer is not None:
        named = ", ".join(filter(None, (verdict.producer.name, verdict.producer.bin, verdict.producer.country)))
        yield say("producer: {name}", name=named), {}
    for marker in verdict.markers:
        yield say("{field} says: {value}", field=marker.field, value=marker.value[:120]), {}
    for finding in verdict.findings:
        ours = finding.code.startswith("org.kzlabel.")
        if verbose or ours or finding.kind is Kind.FAILURE:
            said = explained(finding.code, finding.explanation)
            yield (
                f"{finding.code}: {said}" if said else finding.code,
                {"fg": "red"} if finding.kind is Kind.FAILURE else {"dim": True},
            )
