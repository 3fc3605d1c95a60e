"""What a scan says of one file: one row of its output."""

import msgspec

from kzlabel.status import Code, Kind
from kzlabel.verifying.verdict import Status, Verdict

__all__ = ["Record", "decode", "encode", "of_verdict"]


class Record(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One row."""

    path: str
    """The file, as its root was given; for a member of an archive followed by `!/` and its name there."""

    escaped: bool = False
    """True where the name is no UTF-8: in `path` each byte that isn't text is written `\\xNN` then, and a backslash
    twice."""

    size: int = 0
    """Bytes."""

    modified: str = ""
    """Time of the last change, RFC 3339, UTC."""

    media_type: str = ""
    """Media type by content; empty when it was not recognised."""

    status: str
    """A `Status`: trusted, valid, invalid, declared, unlabelled, remote, unsupported or error."""

    ai: str = "unknown"
    """What the label or the unsigned marker says of AI: generated, assisted, none or unknown."""

    codes: tuple[str, ...] = ()
    """Failure codes, each once, in the order of the checks."""

    marker: str = ""
    """The unsigned field that speaks of AI, where that is what `ai` rests on."""

    signer: str = ""
    """Common name of the signer, or its organisation."""

    issuer: str = ""
    """Who issued the signer's certificate."""

    generator: str = ""
    """Program that made the manifest."""

    system: str = ""
    """Name and version of the AI system that the label names."""

    signed_at: str = ""
    """Time of signing by a validated time-stamp."""

    content_id: str = ""
    """The label's identifier of the content."""

    lacks: tuple[str, ...] = ()
    """Requirements of the chosen regimes that are missing, by their ids."""

    explanation: str = ""
    """What the first failure says."""

    change: str = ""
    """Against the last scan: new, changed, same or vanished; empty without a state."""

    seconds: float = 0.0
    """Time that it took."""


encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(Record).decode


def of_verdict(verdict: Verdict, path: str, *, escaped: bool, size: int, modified: str, seconds: float) -> Record:
    """Return the row for a verdict."""
    failures = [finding for finding in verdict.findings if finding.kind is Kind.FAILURE]
    grave = [one for one in failures if one.code != Code.SIGNING_CREDENTIAL_UNTRUSTED]
    telling = grave or failures or [one for one in verdict.findings if verdict.status in _TELLING]
    signer, label = verdict.signer, verdict.label
    return Record(
        path=path,
        escaped=escaped,
        size=size,
        modified=modified,
        media_type=verdict.media_type,
        status=verdict.status.value,
        ai=verdict.ai.value,
        codes=tuple(dict.fromkeys(str(finding.code) for finding in failures)),
        signer="" if signer is None else signer.common_name or signer.organisation,
        issuer="" if signer is None else signer.issuer,
        generator=verdict.generator,
        system="" if label is None else " ".join(filter(None, (label.system.name, label.system.version))),
        signed_at=verdict.signed_at,
        content_id="" if label is None else label.content_id,
        explanation=telling[0].explanation if telling else "",
        marker=_marker(verdict),
        seconds=round(seconds, 6),
    )


def _marker(verdict: Verdict) -> str:
    """Return the unsigned field that the AI level rests on, and what stands there."""
    telling = next((one for one in verdict.markers if one.ai is verdict.ai), None)
    return "" if telling is None else f"{telling.field}: {telling.value[:_SHORT]}"


_SHORT = 120
_TELLING = frozenset({Status.ERROR, Status.UNSUPPORTED, Status.REMOTE})
