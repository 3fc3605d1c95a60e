"""What issuers say about certificates that they took back: CRLs and OCSP answers in files (RFC 5280, RFC 6960)."""

from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from typing import Final, Self

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from kzlabel.credentials.certificates import UNREADABLE
from kzlabel.credentials.pem import blocks, read_file
from kzlabel.errors import MalformedError, TrustError
from kzlabel.sources import display_name

__all__ = ["Revocations"]

_PEM: Final = b"-----BEGIN"
_GIVE: Final = "give a CRL (PEM or DER) or an OCSP response (DER)"


class Revocations(msgspec.Struct, frozen=True):
    """Revocation lists and answers that were got beforehand, so that a verifier needs no network.

    Who signed them, and whether they are about a certificate at all, is looked at where they are used.
    """

    lists: tuple[bytes, ...] = ()
    """CertificateLists, DER."""

    answers: tuple[bytes, ...] = ()
    """OCSPResponses, DER."""

    @classmethod
    def from_files(cls, paths: Iterable[str | PathLike[str]]) -> Self:
        """Read CRLs, as PEM or DER, and OCSP responses, as DER; what a file holds is seen from its content.

        Raises:
            TrustError: A file can't be read, or holds neither.
        """
        lists: list[bytes] = []
        answers: list[bytes] = []
        for path in paths:
            name = display_name(Path(path).name)
            data = read_file(path, TrustError)
            if _PEM in data:
                lists += _lists_in(data, name)
            elif _is_list(data):
                lists.append(data)
            elif _is_answer(data):
                answers.append(data)
            else:
                raise TrustError(f"{name} holds no revocation data", _GIVE)
        return cls(tuple(dict.fromkeys(lists)), tuple(dict.fromkeys(answers)))

    def __bool__(self) -> bool:
        """True where there is anything."""
        return bool(self.lists or self.answers)


def _lists_in(data: bytes, name: str) -> list[bytes]:
    try:
        found = [
            x509.load_pem_x509_crl(body).public_bytes(Encoding.DER)
            for label, body in blocks(data)
            if label == "X509 CRL"
        ]
    except (MalformedError, *UNREADABLE):
        raise TrustError(f"{name} holds a CRL that can't be read", _GIVE) from None
    if not found:
        raise TrustError(f"{name} holds no CRL", _GIVE)
    return found


def _is_list(data: bytes) -> bool:
    try:
        x509.load_der_x509_crl(data)
    except UNREADABLE:
        return False
    return True


def _is_answer(data: bytes) -> bool:
    try:
        ocsp.load_der_ocsp_response(data)
    except UNREADABLE:
        return False
    return True
