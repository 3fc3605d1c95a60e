"""Proof that a certificate was not revoked, got from its issuer while signing (RFC 6960; C2PA 2.4 section 15.9).

Stapled to a signature it spares validators the question, and answers it still when the responder is gone. They read
it only where the chain has the issuer's certificate, and take one that was out of date at the time of signing for
a revocation: so neither is stapled.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID

from kzlabel.credentials.certificates import UNREADABLE, display_name
from kzlabel.credentials.ocsp import AnswerError, Standing, read_answer
from kzlabel.errors import CredentialError

__all__ = ["Revocation", "fetch"]

_LARGEST: Final = 65_536
"""Bytes of an answer that are read."""
_ATTEMPTS: Final = 3
_PAUSE: Final = 0.5
_SKEW: Final = timedelta(minutes=5)
"""How far this machine's clock may be off."""
_SHORTER: Final = "sign without --ocsp"
_TRY: Final = f"try again, or {_SHORTER}"


class Revocation(msgspec.Struct, frozen=True):
    """An answer of an OCSP responder that says that a certificate is good."""

    response: bytes
    """The OCSPResponse, DER."""

    until: datetime
    """Until when it may be stapled."""


def fetch(chain: tuple[x509.Certificate, ...], *, timeout: float = 20.0, now: datetime | None = None) -> Revocation:
    """Ask the responder that the first certificate of `chain` names, and check what it says.

    Args:
        chain: The signer's certificate and that of its issuer.
        timeout: Seconds to wait for each answer.
        now: The present, if it is another.

    Raises:
        CredentialError: The chain lacks the issuer, no responder is named, it can't be reached, its answer doesn't
            hold, or the certificate is revoked.
    """
    if len(chain) < 2:
        raise CredentialError(
            "the certificate's issuer is not in the chain, so that validators couldn't read its OCSP answer",
            _SHORTER,
        )
    leaf, issuer = chain[:2]
    query = ocsp.OCSPRequestBuilder().add_certificate(leaf, issuer, hashes.SHA1()).build()  # noqa: S303 - RFC 6960
    answer = _ask(_responder(leaf), query.public_bytes(Encoding.DER), timeout)
    return _checked(answer, leaf, issuer, now or datetime.now(UTC))


def _responder(certificate: x509.Certificate) -> str:
    try:
        found = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
        urls = [
            one.access_location.value
            for one in found
            if one.access_method == AuthorityInformationAccessOID.OCSP
            and isinstance(one.access_location, x509.UniformResourceIdentifier)
        ]
        usable = [url for url in urls if urlsplit(url).scheme in {"http", "https"} and url.isprintable()]
    except (x509.ExtensionNotFound, *UNREADABLE):
        usable = []
    if not usable:
        raise CredentialError(f"{display_name(certificate)} names no OCSP responder", _SHORTER)
    return usable[0]


def _ask(url: str, query: bytes, timeout: float) -> bytes:
    # Slow to import, and verifying, which imports this package, never needs them.
    import urllib.error  # noqa: PLC0415
    import urllib.request  # noqa: PLC0415
    from http.client import HTTPException  # noqa: PLC0415

    headers = {"Content-Type": "application/ocsp-request", "Accept": "application/ocsp-response"}
    request = urllib.request.Request(url, query, headers)  # noqa: S310 - the scheme was checked
    why = ""
    for attempt in range(_ATTEMPTS):
        if attempt:
            time.sleep(_PAUSE * attempt)
        try:
            with urllib.request.urlopen(request, timeout=timeout) as reply:  # noqa: S310 - as above
                answer: bytes = reply.read(_LARGEST + 1)
        except urllib.error.HTTPError as error:
            why = f"answers {error.code}"
            if error.code < 500:
                break
        except (OSError, HTTPException, ValueError) as error:
            why = f"can't be reached: {error}"
        else:
            if len(answer) > _LARGEST:
                raise CredentialError(f"the OCSP responder {url} answers with more than {_LARGEST} bytes", _TRY)
            return answer
    raise CredentialError(f"the OCSP responder {url} {why}", _TRY)


def _checked(answer: bytes, leaf: x509.Certificate, issuer: x509.Certificate, now: datetime) -> Revocation:
    try:
        said = read_answer(answer, leaf, issuer, now)
    except AnswerError as error:
        raise CredentialError(str(error), _TRY) from None
    if said.standing is Standing.REVOKED:
        raise CredentialError(
            f"the certificate {display_name(leaf)} was revoked at {said.revoked}", "use another one"
        )
    if said.standing is not Standing.GOOD:
        raise CredentialError(f"its issuer's OCSP responder doesn't know {display_name(leaf)}", _TRY)
    if not said.since - _SKEW <= now < said.until - _SKEW:
        raise CredentialError("the OCSP responder's answer is out of date, or from the future", _TRY)
    return Revocation(answer, said.until - _SKEW)
