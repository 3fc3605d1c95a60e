"""The OCSP answer that is stapled to a signature (C2PA 2.4 sections 13.2.5 and 15.9)."""

from datetime import datetime
from functools import lru_cache

import msgspec
from cryptography.hazmat.primitives.serialization import Encoding

from kzlabel.credentials.ocsp import Answer, AnswerError, Standing, read_answer
from kzlabel.errors import KzlabelError
from kzlabel.limits import Limits
from kzlabel.manifest.cose import Sign1, read_sign1
from kzlabel.manifest.labels import signature_uri
from kzlabel.manifest.store import read_store
from kzlabel.status import Code, Finding
from kzlabel.trust import Trust
from kzlabel.verifying.abstain import Abstention
from kzlabel.verifying.chain import chain_in, path_of
from kzlabel.verifying.credential import load
from kzlabel.verifying.verdict import Verdict

__all__ = ["not_revoked", "with_stapled"]

_CACHE = 64


def not_revoked(sign1: Sign1, at: datetime | None, now: datetime) -> str:
    """Return what is said about a signer whose issuer says, in the stapled answer, that it was good.

    Args:
        sign1: The signature, which has an answer.
        at: When it was made, by a time-stamp that holds; None without one.
        now: The present.

    Raises:
        Abstention: The answer says anything else, isn't about that time, or isn't by the issuer, which the chain
            has to hold; the reference engine tells these apart.
    """
    if sign1.time_stamp is not None and at is None:
        raise Abstention("stapled revocation data beside a time-stamp that isn't believed")
    if len(sign1.chain) < 2:
        raise Abstention("stapled revocation data without the issuer's certificate")
    moment = at or now
    try:
        answer = _read(sign1.revocation, sign1.chain[0], sign1.chain[1], moment.replace(second=0, microsecond=0))
    except AnswerError as error:
        raise Abstention(f"stapled revocation data: {error}") from None
    if answer.standing is not Standing.GOOD or not answer.covers(moment):
        raise Abstention("stapled revocation data that don't say that the certificate is good")
    return f"signing cert not revoked: {load(sign1.chain[0]).serial_number}"


def with_stapled(verdict: Verdict, store: bytes | None, trust: Trust, limits: Limits, now: datetime) -> Verdict:
    """Return the verdict without the word of the reference engine that a signer isn't revoked, if it doesn't hold.

    That engine takes it from whoever has any certificate of a signer, the signer themselves among them; here it has
    to be the issuer's, or one's whom the issuer certified for that (RFC 6960 section 4.2.2.2).
    """
    good = Code.SIGNING_CREDENTIAL_OCSP_NOT_REVOKED
    kept = tuple(one for one in verdict.findings if one.code != good or one.ingredient)
    if not verdict.intact or len(kept) == len(verdict.findings):
        return verdict
    at = datetime.fromisoformat(verdict.signed_at) if verdict.signed_at else now
    try:
        why = _lack(verdict, store, trust, limits, at)
    except (AnswerError, KzlabelError, Abstention) as error:
        why = str(error)
    if not why:
        return verdict
    explanation = f"whether the signer is revoked is not known, the stapled answer proves nothing: {why}"
    finding = Finding.of(Code.KZLABEL_REVOCATION_UNKNOWN, explanation, uri=signature_uri(verdict.manifest))
    return msgspec.structs.replace(verdict, findings=(*kept, finding))


def _lack(verdict: Verdict, store: bytes | None, trust: Trust, limits: Limits, at: datetime) -> str:
    """Return why what is stapled doesn't say that the signer was good at `at`; empty if it does.

    Raises:
        AnswerError, KzlabelError, Abstention: It can't be read, or may not be believed.
    """
    path, anchor = path_of(chain_in(store, verdict.manifest, limits), trust)
    above = [one.public_bytes(Encoding.DER) for one in path[1:]] + ([anchor.der] if anchor else [])
    answer = read_sign1(read_store(store or b"", limits).active.signature, limits).revocation
    if not answer:
        return ""  # it was fetched: nothing else could have told the engine
    if not above:
        return "the certificate of the signer's issuer is not at hand"
    said = read_answer(answer, path[0], load(above[0]), at)
    return "" if said.standing is Standing.GOOD and said.covers(at) else "it says something else"


@lru_cache(_CACHE)
def _read(answer: bytes, leaf: bytes, issuer: bytes, minute: datetime) -> Answer:
    return read_answer(answer, load(leaf), load(issuer), minute)
