"""What a key held elsewhere answers: brought into the form of COSE, and verified before it is used."""

from collections.abc import Iterator
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from kzlabel.credentials.keys import CURVES, HASHES, RSA_BITS, Algorithm
from kzlabel.errors import CredentialError, SigningError

__all__ = ["PublicKey", "algorithm_for", "checked", "public_key_of", "size_of"]

PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey

_RSA: Final = (Algorithm.PS256, Algorithm.PS384, Algorithm.PS512)
_OTHER_KEY: Final = (
    "check that the certificate is for the key that signs, and that it signs with the algorithm named"
)


def public_key_of(certificate: x509.Certificate) -> PublicKey:
    """Return the key that `certificate` is for.

    Raises:
        CredentialError: It is of a kind that can't sign labels.
    """
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        key = None
    match key:
        case ec.EllipticCurvePublicKey() if key.curve.name in CURVES:
            return key
        case rsa.RSAPublicKey() if key.key_size in RSA_BITS:
            return key
        case ed25519.Ed25519PublicKey():
            return key
    raise CredentialError(
        "the certificate is for a key that can't sign labels",
        "use a key on P-256, P-384 or P-521, an RSA key of 2048 to 4096 bits, or an Ed25519 key",
    )


def algorithm_for(key: PublicKey, wanted: Algorithm | None) -> Algorithm:
    """Return the algorithm that signs with `key`: `wanted`, or the usual one.

    Raises:
        CredentialError: `wanted` is for keys of another kind.
    """
    match key:
        case ec.EllipticCurvePublicKey():
            possible: tuple[Algorithm, ...] = (CURVES[key.curve.name],)
        case rsa.RSAPublicKey():
            possible = _RSA
        case _:
            possible = (Algorithm.ED25519,)
    if wanted is not None and wanted not in possible:
        raise CredentialError(
            f"the certificate's key can't sign with {wanted.value}", f"name {' or '.join(possible)}, or nothing"
        )
    return wanted or possible[0]


def size_of(key: PublicKey) -> int:
    """Return the size in bytes of every signature by `key` in the form of COSE."""
    match key:
        case ec.EllipticCurvePublicKey():
            return 2 * ((key.curve.key_size + 7) // 8)
        case rsa.RSAPublicKey():
            return (key.key_size + 7) // 8
        case _:
            return 64


def checked(answer: bytes, message: bytes, key: PublicKey, algorithm: Algorithm) -> bytes:
    """Return `answer` as COSE wants it, if it is the signature of `message`; ECDSA's may come as DER.

    Raises:
        SigningError: It is not.
    """
    for signature in _readings(answer, key):
        try:
            _verify(signature, message, key, algorithm)
        except (InvalidSignature, ValueError):
            continue
        return signature
    raise SigningError(
        f"what the key returned ({len(answer)} bytes) is no {algorithm.value} signature by the certificate's key",
        _OTHER_KEY,
    )


def _readings(answer: bytes, key: PublicKey) -> Iterator[bytes]:
    size = size_of(key)
    if len(answer) == size:
        yield answer
    if isinstance(key, ec.EllipticCurvePublicKey):
        try:
            r, s = decode_dss_signature(answer)
            yield r.to_bytes(size // 2) + s.to_bytes(size // 2)
        except (ValueError, OverflowError):
            return


def _verify(signature: bytes, message: bytes, key: PublicKey, algorithm: Algorithm) -> None:
    match key:
        case ec.EllipticCurvePublicKey():
            half = len(signature) // 2
            r, s = int.from_bytes(signature[:half]), int.from_bytes(signature[half:])
            key.verify(encode_dss_signature(r, s), message, ec.ECDSA(HASHES[algorithm]))
        case rsa.RSAPublicKey():
            digest = HASHES[algorithm]
            scheme = padding.PSS(mgf=padding.MGF1(digest), salt_length=digest.digest_size)
            key.verify(signature, message, scheme, digest)
        case _:
            key.verify(signature, message)
