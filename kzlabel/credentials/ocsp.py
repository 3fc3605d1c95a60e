"""What an OCSP answer says about a certificate, and whether it may be believed (RFC 6960)."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from kzlabel.credentials.certificates import UNREADABLE

__all__ = ["Answer", "AnswerError", "OtherCertificateError", "Standing", "read_answer"]

_DAY: Final = timedelta(days=1)
"""How long an answer holds that doesn't say, as the reference engine has it."""


class Standing(StrEnum):
    """What an issuer says about a certificate."""

    GOOD = "good"
    """It was not revoked."""

    REVOKED = "revoked"
    """It was."""

    UNKNOWN = "unknown"
    """The responder doesn't know it."""


class Answer(msgspec.Struct, frozen=True):
    """An answer whose signature holds and which is about the certificate that was asked about."""

    standing: Standing
    """What it says."""

    since: datetime
    """From when on that was known to be right (thisUpdate)."""

    until: datetime
    """When something newer is to be had (nextUpdate); a day after it was made where it doesn't say."""

    revoked: datetime | None = None
    """Since when the certificate is revoked."""

    reason: str = ""
    """Why, in the words of RFC 5280 section 5.3.1; empty where it isn't said."""

    def covers(self, moment: datetime) -> bool:
        """Return whether the answer is about `moment`."""
        return self.since <= moment < self.until


class AnswerError(Exception):
    """The answer can't be used; its text says why, for a person."""


class OtherCertificateError(AnswerError):
    """The answer is about another certificate."""


def read_answer(response: bytes, leaf: x509.Certificate, issuer: x509.Certificate, now: datetime) -> Answer:
    """Read an OCSPResponse about `leaf`, a certificate of `issuer`, and check who signed it.

    Args:
        response: The answer, DER.
        leaf: The certificate that is asked about.
        issuer: Whose key signed it.
        now: When the signer of an answer that says `good` has to be certified.

    Raises:
        OtherCertificateError: It is about another certificate, or about several.
        AnswerError: It can't be read, or was not signed by the issuer or by whom it certified for that (RFC 6960
            section 4.2.2.2).
    """
    try:
        return _read(response, leaf, issuer, now)
    except UNREADABLE:
        raise AnswerError("the OCSP responder's answer can't be read") from None


def _read(data: bytes, leaf: x509.Certificate, issuer: x509.Certificate, now: datetime) -> Answer:
    response = ocsp.load_der_ocsp_response(data)
    if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        words = response.response_status.name.lower().replace("_", " ")
        raise AnswerError(f"the OCSP responder refuses: {words}")
    if len(list(response.responses)) != 1 or not _is_about(response, leaf, issuer):
        raise OtherCertificateError("the OCSP responder's answer is about another certificate")
    good = response.certificate_status is ocsp.OCSPCertStatus.GOOD
    # A certificate that was revoked stays so, whatever became of the responder.
    _check_signature(response, issuer, now if good else response.produced_at_utc)
    until = response.next_update_utc or response.produced_at_utc + _DAY
    match response.certificate_status:
        case ocsp.OCSPCertStatus.GOOD:
            return Answer(Standing.GOOD, response.this_update_utc, until)
        case ocsp.OCSPCertStatus.REVOKED:
            reason = response.revocation_reason
            words = "" if reason is None else str(reason.value)
            return Answer(Standing.REVOKED, response.this_update_utc, until, response.revocation_time_utc, words)
        case _:
            return Answer(Standing.UNKNOWN, response.this_update_utc, until)


def _is_about(response: ocsp.OCSPResponse, leaf: x509.Certificate, issuer: x509.Certificate) -> bool:
    request = ocsp.OCSPRequestBuilder().add_certificate(leaf, issuer, response.hash_algorithm).build()
    return (request.serial_number, request.issuer_name_hash, request.issuer_key_hash) == (
        response.serial_number,
        response.issuer_name_hash,
        response.issuer_key_hash,
    )


def _check_signature(response: ocsp.OCSPResponse, issuer: x509.Certificate, now: datetime) -> None:
    first = response.certificates[0] if response.certificates else issuer
    if first != issuer:
        try:
            first.verify_directly_issued_by(issuer)
            purposes = first.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        except (InvalidSignature, x509.ExtensionNotFound, *UNREADABLE):
            purposes = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        if (
            ExtendedKeyUsageOID.OCSP_SIGNING not in purposes
            or not first.not_valid_before_utc <= now <= first.not_valid_after_utc
        ):
            raise AnswerError("the OCSP answer's signer was not certified for it by the issuer")
    try:
        _verify(response, first)
    except InvalidSignature:
        raise AnswerError("the signature of the OCSP answer is wrong") from None


def _verify(response: ocsp.OCSPResponse, signer: x509.Certificate) -> None:
    key, digest = signer.public_key(), response.signature_hash_algorithm
    signature, signed = response.signature, response.tbs_response_bytes
    match key:
        case ec.EllipticCurvePublicKey() if digest is not None:
            key.verify(signature, signed, ec.ECDSA(digest))
        case rsa.RSAPublicKey() if digest is not None:
            key.verify(signature, signed, padding.PKCS1v15(), digest)
        case ed25519.Ed25519PublicKey():
            key.verify(signature, signed)
        case _:
            raise InvalidSignature
