"""What a certificate revocation list says about a certificate (RFC 5280 sections 5 and 6.3)."""

from functools import lru_cache
from typing import Final

from cryptography import x509

from kzlabel.credentials.certificates import UNREADABLE
from kzlabel.credentials.ocsp import Answer, AnswerError, Standing

__all__ = ["read_list"]

_BACK: Final = "removeFromCRL"
"""The reason that says that a certificate isn't revoked any more (RFC 5280 section 5.3.1)."""

_CACHE: Final = 32
_KNOWN: Final = (x509.CRLNumber, x509.AuthorityKeyIdentifier, x509.FreshestCRL, x509.IssuingDistributionPoint)


def read_list(data: bytes, leaf: x509.Certificate, issuer: x509.Certificate) -> Answer | None:
    """Return what a CertificateList says about `leaf`, a certificate of `issuer`; None where it is another's list.

    Args:
        data: The list, DER.
        leaf: The certificate that is asked about.
        issuer: Whose key signed it; only its own lists count, and not those that it lets others issue.

    Raises:
        AnswerError: It is the issuer's, but can't be used for this certificate.
    """
    try:
        found = _load(data)
        if found.issuer != issuer.subject:
            return None
        if not _holds(data, issuer):
            raise AnswerError("a revocation list in the issuer's name isn't signed by a key that may do so")
        return _read(found, leaf)
    except UNREADABLE:
        raise AnswerError("a revocation list can't be read") from None


@lru_cache(_CACHE)
def _load(data: bytes) -> x509.CertificateRevocationList:
    return x509.load_der_x509_crl(data)


@lru_cache(_CACHE)
def _holds(data: bytes, issuer: x509.Certificate) -> bool:
    try:
        allowed = issuer.extensions.get_extension_for_class(x509.KeyUsage).value.crl_sign
    except x509.ExtensionNotFound:
        allowed = True
    return allowed and _load(data).is_signature_valid(issuer.public_key())  # type: ignore[arg-type]


def _read(found: x509.CertificateRevocationList, leaf: x509.Certificate) -> Answer:
    for extension in found.extensions:
        if extension.critical and not isinstance(extension.value, _KNOWN):
            raise AnswerError("a revocation list is of an unusual kind")
        if isinstance(extension.value, x509.IssuingDistributionPoint):
            _check_scope(extension.value, leaf)
    if found.next_update_utc is None:
        raise AnswerError("a revocation list doesn't say how long it holds")
    entry = found.get_revoked_certificate_by_serial_number(leaf.serial_number)
    if entry is not None:
        # The serial number may be there again, and the look-up gives the first: the worst counts.
        entries = [_entry(one, found) for one in found if one.serial_number == leaf.serial_number]
        return min(entries, key=lambda one: (one.reason == _BACK, one.revoked or one.since))
    if leaf.not_valid_after_utc < found.last_update_utc:
        raise AnswerError("a revocation list is newer than the certificate's end, and may no longer have it")
    return Answer(Standing.GOOD, found.last_update_utc, found.next_update_utc)


def _entry(entry: x509.RevokedCertificate, found: x509.CertificateRevocationList) -> Answer:
    reason = ""
    for extension in entry.extensions:
        if isinstance(extension.value, x509.CRLReason):
            reason = str(extension.value.reason.value)
        elif extension.critical:
            raise AnswerError("a revocation list has an entry of an unusual kind")
    until = found.next_update_utc or found.last_update_utc
    return Answer(Standing.REVOKED, found.last_update_utc, until, entry.revocation_date_utc, reason)


def _check_scope(scope: x509.IssuingDistributionPoint, leaf: x509.Certificate) -> None:
    """Refuse a list that leaves out certificates like `leaf` (RFC 5280 section 6.3.3)."""
    if scope.indirect_crl or scope.only_some_reasons or scope.only_contains_attribute_certs or scope.relative_name:
        raise AnswerError("a revocation list is of an unusual kind")
    authority = _is_authority(leaf)
    if (authority and scope.only_contains_user_certs) or (not authority and scope.only_contains_ca_certs):
        raise AnswerError("a revocation list is about certificates of another kind")
    if scope.full_name is not None and not set(scope.full_name) & _points(leaf):
        raise AnswerError("a revocation list is about another part of the issuer's certificates")


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _points(certificate: x509.Certificate) -> set[x509.GeneralName]:
    """Return where the certificate says that lists about it are."""
    try:
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except x509.ExtensionNotFound:
        return set()
    return {name for point in points for name in point.full_name or ()}
