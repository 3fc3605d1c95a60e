"""Private keys: read from PEM, and used to sign in the form that COSE wants."""

from enum import StrEnum

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from kzlabel.credentials import pem
from kzlabel.credentials.passwords import PasswordNeededError
from kzlabel.errors import CredentialError, MalformedError

__all__ = [
    "CURVES",
    "HASHES",
    "RSA_BITS",
    "Algorithm",
    "PrivateKey",
    "algorithm_of",
    "load_key",
    "sign",
    "supported",
]


class Algorithm(StrEnum):
    """A signature algorithm of C2PA, named as the reference engine names it (C2PA 2.4 section 13.2.1)."""

    ES256 = "es256"
    ES384 = "es384"
    ES512 = "es512"
    PS256 = "ps256"
    PS384 = "ps384"
    PS512 = "ps512"
    ED25519 = "ed25519"


PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey

RSA_BITS = range(2048, 4097)
"""Sizes of RSA keys: C2PA sets the lower bound, and the reference engine verifies none above the upper."""

HASHES: dict[Algorithm, hashes.HashAlgorithm] = {
    Algorithm.ES256: hashes.SHA256(),
    Algorithm.ES384: hashes.SHA384(),
    Algorithm.ES512: hashes.SHA512(),
    Algorithm.PS256: hashes.SHA256(),
    Algorithm.PS384: hashes.SHA384(),
    Algorithm.PS512: hashes.SHA512(),
}
CURVES = {"secp256r1": Algorithm.ES256, "secp384r1": Algorithm.ES384, "secp521r1": Algorithm.ES512}
_LABELS = frozenset(
    {"PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY", "DSA PRIVATE KEY"}
)
_SUPPORTED = "use a key on P-256, P-384 or P-521, an RSA key of 2048 to 4096 bits, or an Ed25519 key"
_OTHER = "name the file with the private key; one of OpenSSH is converted with `ssh-keygen -p -m PKCS8 -f KEY`"
_TO_PEM = "convert it with `openssl pkey -in KEY -out key.pem`, or `openssl pkcs12 -in FILE -nodes -out both.pem`"


def load_key(data: bytes, password: bytes | None) -> PrivateKey:
    """Return the one private key in the PEM text `data`: PKCS#8 (also encrypted), SEC1 or PKCS#1.

    A password for a key that is not encrypted is not used.

    Raises:
        CredentialError: There is none, or several, or it can't be opened, or its kind can't sign labels.
    """
    try:
        blocks = pem.blocks(data)
    except MalformedError as error:
        raise CredentialError(error.message, _TO_PEM) from None
    keys = [block for block in blocks if block[0] in _LABELS]
    if not keys:
        labels = tuple(label for label, _ in blocks)
        raise CredentialError(
            f"there is no private key that can be used: {pem.found(labels)}", _OTHER if labels else _TO_PEM
        )
    if len(keys) > 1:
        raise CredentialError(f"there are {len(keys)} private keys", "leave the one that is to be used")
    label, text = keys[0]
    encrypted = label == "ENCRYPTED PRIVATE KEY" or b"4,ENCRYPTED" in text
    if encrypted and not password:
        raise PasswordNeededError(
            "the key is encrypted", "give its password in KZLABEL_KEY_PASSWORD or --key-password-file"
        )
    try:
        key = serialization.load_pem_private_key(text, password if encrypted else None)
    except (ValueError, TypeError, UnsupportedAlgorithm, Warning):
        # What the library says may quote the file, and the chain of exceptions may hold the password.
        if encrypted:
            raise CredentialError("the key can't be decrypted", "check its password") from None
        raise CredentialError("the key is damaged, or of an unknown kind", _SUPPORTED) from None
    return supported(key)


def algorithm_of(key: PrivateKey) -> Algorithm:
    """Return the algorithm that `key` signs with, one for each kind of key."""
    match key:
        case ec.EllipticCurvePrivateKey():
            return CURVES[key.curve.name]
        case rsa.RSAPrivateKey():
            return Algorithm.PS256
        case _:
            return Algorithm.ED25519


def sign(key: PrivateKey, algorithm: Algorithm, message: bytes) -> bytes:
    """Return the signature of `message` in the form of COSE.

    ECDSA gives r and s side by side, each as long as the curve's order (RFC 9053 section 2.1); RSA-PSS uses
    a salt as long as the hash (RFC 8230 section 2).
    """
    match key:
        case ec.EllipticCurvePrivateKey():
            r, s = decode_dss_signature(key.sign(message, ec.ECDSA(HASHES[algorithm])))
            size = (key.curve.key_size + 7) // 8
            return r.to_bytes(size) + s.to_bytes(size)
        case rsa.RSAPrivateKey():
            digest = HASHES[algorithm]
            scheme = padding.PSS(mgf=padding.MGF1(digest), salt_length=digest.digest_size)
            return key.sign(message, scheme, digest)
        case _:
            return key.sign(message)


def supported(key: PrivateKeyTypes) -> PrivateKey:
    """Return `key`, if labels can be signed with it.

    Raises:
        CredentialError: They can't.
    """
    match key:
        case ec.EllipticCurvePrivateKey() if key.curve.name in CURVES:
            return key
        case rsa.RSAPrivateKey() if key.key_size in RSA_BITS:
            return key
        case ed25519.Ed25519PrivateKey():
            return key
    raise CredentialError(f"labels can't be signed with {_kind(key)}", _SUPPORTED)


def _kind(key: PrivateKeyTypes) -> str:
    match key:
        case ec.EllipticCurvePrivateKey():
            return f"a key on the curve {key.curve.name}"
        case rsa.RSAPrivateKey():
            return f"an RSA key of {key.key_size} bits"
        case dsa.DSAPrivateKey():
            return "a DSA key"
        case _:
            return f"a key of the kind {type(key).__name__.removesuffix('PrivateKey')}"
