"""Whether a signer's certificate, or one above it, was revoked, by lists and answers at hand (C2PA 2.4, 15.9).

It is looked at after everything else, and takes from a verdict only: a label whose signer was revoked when it was
signed is invalid, and one under an authority that was revoked is not trusted.
"""

from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

import msgspec
from cryptography import x509

from kzlabel.credentials.certificates import display_name
from kzlabel.credentials.ocsp import Answer, AnswerError, OtherCertificateError, Standing, read_answer
from kzlabel.errors import KzlabelError
from kzlabel.limits import Limits
from kzlabel.manifest.labels import signature_uri
from kzlabel.status import Code, Finding
from kzlabel.trust import Revocations, Trust
from kzlabel.verifying.abstain import Abstention
from kzlabel.verifying.chain import chain_in, path_of
from kzlabel.verifying.credential import load
from kzlabel.verifying.paths import doubted
from kzlabel.verifying.verdict import Status, Verdict

__all__ = ["with_revocation"]

_BACK = "removeFromCRL"


class _Said(NamedTuple):
    """What is known of a certificate."""

    standing: Standing
    """Whether it was revoked at the time that matters; unknown where nothing that holds says so."""

    explanation: str
    """That, for a person."""


def with_revocation(
    verdict: Verdict, store: bytes | None, revocations: Revocations, trust: Trust, limits: Limits, now: datetime
) -> Verdict:
    """Return the verdict on an intact label with what `revocations` say about its signer's chain.

    Args:
        verdict: What was found without them.
        store: The manifest store that was judged; None if it isn't at hand.
        revocations: Lists and answers.
        trust: Whom to believe; the issuer of the last certificate sent is looked for there.
        limits: How large a chain may be.
        now: When it is judged without a time-stamp.
    """
    if not verdict.intact or not revocations:
        return verdict
    uri = signature_uri(verdict.manifest)
    try:
        path, anchor = path_of(chain_in(store, verdict.manifest, limits), trust)
        links = list(pairwise(path if anchor is None else (*path, load(anchor.der))))
    except (KzlabelError, Abstention) as error:
        unread = f"the chain can't be read: {error}"
        return doubted(
            _added(verdict, _unknown(unread, uri)), f"whether the signer is revoked can't be seen: {unread}"
        )
    at = datetime.fromisoformat(verdict.signed_at) if verdict.signed_at else now
    if not links:
        return _added(verdict, _unknown("the certificate of the signer's issuer is not at hand", uri))
    for depth, (certificate, issuer) in enumerate(links):
        said = _said(certificate, issuer, revocations, at, now)
        verdict = _judged(verdict, said, uri, signer=depth == 0)
    return verdict


def _judged(verdict: Verdict, said: _Said, uri: str, *, signer: bool) -> Verdict:
    match said.standing:
        case Standing.UNKNOWN:
            return _added(verdict, _unknown(said.explanation, uri))
        case Standing.GOOD:
            if not signer:
                return verdict
            return _added(verdict, Finding.of(Code.SIGNING_CREDENTIAL_OCSP_NOT_REVOKED, said.explanation, uri=uri))
        case Standing.REVOKED if signer:
            finding = Finding.of(Code.SIGNING_CREDENTIAL_OCSP_REVOKED, said.explanation, uri=uri)
            return msgspec.structs.replace(_added(verdict, finding), status=Status.INVALID)
        case Standing.REVOKED:
            finding = Finding.of(Code.SIGNING_CREDENTIAL_UNTRUSTED, said.explanation, uri=uri)
            named = verdict.signer and msgspec.structs.replace(verdict.signer, anchor="", trusted_by="")
            status = Status.VALID if verdict.status is Status.TRUSTED else verdict.status
            return msgspec.structs.replace(_added(verdict, finding), status=status, signer=named)


def _unknown(why: str, uri: str) -> Finding:
    return Finding.of(Code.KZLABEL_REVOCATION_UNKNOWN, why, uri=uri)


def _added(verdict: Verdict, finding: Finding) -> Verdict:
    return msgspec.structs.replace(verdict, findings=(*verdict.findings, finding))


def _said(
    certificate: x509.Certificate, issuer: x509.Certificate, revocations: Revocations, at: datetime, now: datetime
) -> _Said:
    """Return what lists and answers say together: one that says revoked outweighs all others."""
    name, best, lacks = display_name(certificate), None, []
    for source, answer in _answers(certificate, issuer, revocations, now):
        if isinstance(answer, AnswerError):
            lacks.append(str(answer))
        elif answer.standing is Standing.REVOKED and answer.reason != _BACK:
            since = answer.revoked or answer.since
            why = f", because of {answer.reason}" if answer.reason else ""
            if since <= at:
                return _Said(Standing.REVOKED, f"{name} was revoked at {since.isoformat()}{why}, says {source}")
            best = _Said(Standing.GOOD, f"{name} was revoked at {since.isoformat()}, after it signed")
        elif answer.standing is Standing.UNKNOWN:
            lacks.append(f"{source} doesn't know it")
        elif answer.since > now:
            lacks.append(f"{source} is from the future")
        elif at >= answer.until:
            lacks.append(f"{source} ran out at {answer.until.isoformat()}")
        else:
            best = best or _Said(Standing.GOOD, f"{name} is not revoked, says {source}")
    if best is not None:
        return best
    why = "; ".join(lacks) or "nothing that was given is about it"
    return _Said(Standing.UNKNOWN, f"whether {name} is revoked is not known: {why}")


def _answers(
    certificate: x509.Certificate, issuer: x509.Certificate, revocations: Revocations, now: datetime
) -> Iterator[tuple[str, Answer | AnswerError]]:
    from kzlabel.verifying.crl import read_list  # noqa: PLC0415 - rarely needed

    for data in revocations.lists:
        try:
            found = read_list(data, certificate, issuer)
        except AnswerError as error:
            yield "a revocation list", error
        else:
            if found is not None:
                yield f"the list of {found.since.isoformat()}", found
    for data in revocations.answers:
        try:
            answer = read_answer(data, certificate, issuer, now)
        except OtherCertificateError:
            continue
        except AnswerError as error:
            yield "an OCSP answer", error
        else:
            yield f"the OCSP answer of {answer.since.isoformat()}", answer
