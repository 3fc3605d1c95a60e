"""Certificates as signing and trust both need them: read from PEM, put in order, named for a person."""

from collections.abc import Iterable

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.x509.oid import NameOID

from kzlabel.credentials import pem
from kzlabel.errors import CredentialError, MalformedError

__all__ = ["UNREADABLE", "display_name", "is_authority", "load_certificates", "order_chain"]

UNREADABLE = (
    ValueError,
    TypeError,
    LookupError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    Warning,
)
"""What `cryptography` raises while it reads a certificate that is not as it should be.

It reads lazily, so any property may raise. A warning becomes an exception where the program asked for that.
"""

_LABELS = frozenset({"CERTIFICATE", "X509 CERTIFICATE"})


def load_certificates(data: bytes) -> tuple[x509.Certificate, ...]:
    """Return the certificates in the PEM text `data`, in order, each once; other blocks are passed over.

    Raises:
        MalformedError: There is none, or one of them can't be read.
    """
    blocks = pem.blocks(data)
    texts = [text for label, text in blocks if label in _LABELS]
    if not texts:
        raise MalformedError(f"there is no certificate: {pem.found(tuple(label for label, _ in blocks))}")
    certificates = []
    for number, text in enumerate(texts, 1):
        try:
            certificates.append(x509.load_pem_x509_certificate(text))
        except UNREADABLE:
            raise MalformedError(f"certificate {number} of {len(texts)} is damaged") from None
    return tuple(dict.fromkeys(certificates))


def order_chain(key: PublicKeyTypes, certificates: Iterable[x509.Certificate]) -> tuple[x509.Certificate, ...]:
    """Return the certificate of `key`, then that of its issuer, and so on up to a root, which is left out.

    C2PA 2.4 section 14.5: the chain starts at the signer and should not include the trust anchor.

    Raises:
        CredentialError: No certificate is for `key`, several are, or one has no place in the chain.
    """
    rest = list(certificates)
    leaves = [certificate for certificate in rest if _certifies(certificate, key)]
    if not leaves:
        raise CredentialError(
            "the key does not belong to the certificate", "name the key that the certificate was issued for"
        )
    if len(leaves) > 1:
        raise CredentialError(
            f"{len(leaves)} different certificates are for the same key", "leave the one that is to be used"
        )
    chain = leaves
    rest.remove(chain[0])
    while issuers := [issuer for issuer in rest if _issued(issuer, chain[-1]) and not _issued(issuer, issuer)]:
        chain.append(issuers[0])
        rest.remove(issuers[0])
    strays = [other for other in rest if not any(_issued(other, member) for member in chain)]
    if strays:
        raise CredentialError(
            f"certificates that are not part of the chain: {', '.join(map(display_name, strays))}",
            "leave only the certificates between the signer's and its root",
        )
    return tuple(chain)


def is_authority(certificate: x509.Certificate) -> bool:
    """Return whether `certificate` may issue others (basic constraints, RFC 5280 section 4.2.1.9)."""
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, *UNREADABLE):
        return False


def display_name(certificate: x509.Certificate) -> str:
    """Return the common name of the subject, or all of it, as text that is safe to print."""
    try:
        common = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        name = str(common[0].value) if common else certificate.subject.rfc4514_string()
    except UNREADABLE:
        name = ""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name) or "(no name)"


def _certifies(certificate: x509.Certificate, key: PublicKeyTypes) -> bool:
    try:
        return certificate.public_key() == key
    except UNREADABLE:
        return False


def _issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, *UNREADABLE):
        return False
    return True
