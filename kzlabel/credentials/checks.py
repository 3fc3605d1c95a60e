"""Checks of what a signer is made of, before anything is signed with it."""

from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.x509.oid import PublicKeyAlgorithmOID

from kzlabel.credentials import der
from kzlabel.credentials.certificates import display_name, is_authority, load_certificates
from kzlabel.credentials.keys import Algorithm
from kzlabel.credentials.profile import Rule, check_profile
from kzlabel.errors import CredentialError, MalformedError

__all__ = ["certificates_in", "check_chain", "checked_url", "limit_of"]

_PROFILE: Final = (
    "ask its issuer for one that C2PA accepts (C2PA 2.4 section 14.5.1); `kzlabel keys check` tells more"
)
_VALIDITY: Final = frozenset({Rule.NOT_YET_VALID, Rule.EXPIRED})
_RENEW: Final = "renew it, or check this machine's clock"


def certificates_in(pem: bytes) -> tuple[x509.Certificate, ...]:
    """Return the certificates in the PEM text `pem`, in order.

    Raises:
        CredentialError: There is none, or one can't be read.
    """
    try:
        return load_certificates(pem)
    except MalformedError as error:
        raise CredentialError(error.message, "name a PEM file with the certificate and its issuers") from None


def check_chain(chain: tuple[x509.Certificate, ...], at: datetime) -> None:
    """Check that validators accept the certificates at the time `at`, the signer's first.

    Raises:
        CredentialError: A certificate has expired, is not valid yet, or breaks the certificate profile.
    """
    leaf, *authorities = chain
    rules = check_profile(leaf, at=at)
    if not _VALIDITY.issuperset(rules):
        broken = "; ".join(rules)
        raise CredentialError(f"the certificate {display_name(leaf)} can't sign labels: {broken}", _PROFILE)
    for authority in authorities:
        if not is_authority(authority):
            name = display_name(authority)
            raise CredentialError(f"{name} issued the certificate but is no certificate authority", _PROFILE)
    for certificate in chain:
        _check_validity(certificate, at)


def limit_of(certificate: x509.Certificate) -> Algorithm | None:
    """Return the algorithm that an RSA-PSS certificate limits its key to, if it does (RFC 4055 section 3.1).

    Raises:
        CredentialError: It limits it to an algorithm that C2PA doesn't have.
    """
    try:
        if certificate.public_key_algorithm_oid != PublicKeyAlgorithmOID.RSASSA_PSS:
            return None
        limits = der.pss_hashes(der.key_algorithm(certificate))
        return Algorithm(f"ps{limits[0]}") if limits else None
    except (MalformedError, ValueError):
        raise CredentialError(
            "the certificate limits its RSA-PSS key to a hash other than SHA-2", _PROFILE
        ) from None


def checked_url(url: str | None) -> str | None:
    """Return `url`, if it is the address of a time-stamping authority, or None.

    Raises:
        CredentialError: It is something else.
    """
    if url is None:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.hostname or not url.isprintable():
        raise CredentialError(
            f"{url!r} is not the address of a time-stamping authority", "give an http:// or https:// address"
        )
    return url


def _check_validity(certificate: x509.Certificate, at: datetime) -> None:
    name = display_name(certificate)
    if at > certificate.not_valid_after_utc:
        raise CredentialError(f"the certificate {name} expired at {certificate.not_valid_after_utc}", _RENEW)
    if at < certificate.not_valid_before_utc:
        raise CredentialError(
            f"the certificate {name} is not valid before {certificate.not_valid_before_utc}", _RENEW
        )
