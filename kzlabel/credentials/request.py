"""A certificate signing request that fits C2PA's profile, with a new key (RFC 2986; C2PA 2.4 section 14.5.1)."""

import contextlib
import os
from collections.abc import Callable
from os import PathLike
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from kzlabel.credentials.keys import Algorithm, PrivateKey
from kzlabel.credentials.profile import CLAIM_SIGNING
from kzlabel.errors import CredentialError
from kzlabel.sources import display_name

__all__ = ["MAKERS", "make_request", "write_private"]

MAKERS: Final[dict[Algorithm, Callable[[], PrivateKey]]] = {
    Algorithm.ES256: lambda: ec.generate_private_key(ec.SECP256R1()),
    Algorithm.ES384: lambda: ec.generate_private_key(ec.SECP384R1()),
    Algorithm.ES512: lambda: ec.generate_private_key(ec.SECP521R1()),
    Algorithm.PS256: lambda: rsa.generate_private_key(65537, 3072),
    Algorithm.ED25519: ed25519.Ed25519PrivateKey.generate,
}
"""How a new key is made for each algorithm."""

_USAGE: Final = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=False,
    crl_sign=False,
    encipher_only=False,
    decipher_only=False,
)


def make_request(
    algorithm: Algorithm,
    *,
    organization: str,
    common_name: str = "",
    country: str = "",
    password: bytes | None = None,
) -> tuple[bytes, bytes]:
    """Make a key and a request for its certificate.

    Args:
        algorithm: What the key signs with.
        organization: Who the certificate is for; every label shows it.
        common_name: What it is called; `organization`, if left out.
        country: Two letters (ISO 3166-1); may be left out.
        password: Encrypts the key.

    Returns:
        The private key as PKCS#8 PEM, and the request as PEM.

    Raises:
        CredentialError: A name is empty, too long or no text that a certificate can hold.
    """
    key = MAKERS[algorithm]()
    parts = [
        (NameOID.COUNTRY_NAME, country.upper()),
        (NameOID.ORGANIZATION_NAME, organization),
        (NameOID.COMMON_NAME, common_name or organization),
    ]
    try:
        name = x509.Name([x509.NameAttribute(oid, value) for oid, value in parts if value or oid != parts[0][0]])
        request = (
            x509.CertificateSigningRequestBuilder()
            .subject_name(name)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_USAGE, critical=True)
            # Validators in their default settings know the first purpose; the second is C2PA's own.
            .add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION, CLAIM_SIGNING]), critical=False
            )
            .sign(key, None if algorithm is Algorithm.ED25519 else hashes.SHA256())
        )
    except (ValueError, UnsupportedAlgorithm, UnicodeError, Warning) as error:
        raise CredentialError(
            f"a certificate can't hold these names: {error}",
            "give names of 1 to 64 characters, a country of two letters",
        ) from None
    protection: KeySerializationEncryption = BestAvailableEncryption(password) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection), request.public_bytes(Encoding.PEM)


def write_private(path: str | PathLike[str], data: bytes) -> None:
    """Write `data` to a new file at `path`, which only this user can read from the first moment on.

    Raises:
        CredentialError: There is a file already, or it can't be written.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise CredentialError(f"{display_name(path)} exists", "name a new file: keys are never replaced") from None
    except (OSError, ValueError) as error:
        raise CredentialError(f"{display_name(path)} can't be written: {error}", "check the path") from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        with contextlib.suppress(OSError):
            Path(path).unlink()
        raise CredentialError(
            f"{display_name(path)} can't be written: {error.strerror}", "check the disk"
        ) from None
