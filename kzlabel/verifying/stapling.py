"""The OCSP answer that is stapled to a signature (C2PA 2.4 sections 13.2.5 and 15.9)."""

from datetime import datetime
from functools import lru_cache

from kzlabel.credentials.ocsp import Answer, AnswerError, Standing, read_answer
from kzlabel.manifest.cose import Sign1
from kzlabel.verifying.abstain import Abstention
from kzlabel.verifying.credential import load

__all__ = ["not_revoked"]

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


@lru_cache(_CACHE)
def _read(answer: bytes, leaf: bytes, issuer: bytes, minute: datetime) -> Answer:
    return read_answer(answer, load(leaf), load(issuer), minute)
