"""The few fields of a certificate that `cryptography` doesn't show, read from its DER (X.690, RFC 5280)."""

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from kzlabel.der import element, elements

__all__ = ["has_unique_ids", "inner_and_outer_algorithms", "key_algorithm", "pss_hashes"]

_VERSION = 0xA0
_UNIQUE_IDS = frozenset({0x81, 0xA1, 0x82, 0xA2})
_SUBJECT_PUBLIC_KEY_INFO = 5
_HASH, _MASK = 0xA0, 0xA1
_SHA2 = {bytes.fromhex(f"6086480165030402{last}"): bits for last, bits in (("01", 256), ("02", 384), ("03", 512))}


def has_unique_ids(certificate: x509.Certificate) -> bool:
    """Return whether `issuerUniqueID` or `subjectUniqueID` is present (RFC 5280 section 4.1.2.8)."""
    return any(tag in _UNIQUE_IDS for tag, _ in _fields(certificate))


def inner_and_outer_algorithms(certificate: x509.Certificate) -> tuple[bytes, bytes]:
    """Return the signature algorithm as the issuer signed it, and as it stands beside the signature."""
    outer = _elements(_only(certificate.public_bytes(Encoding.DER)))
    return _fields(certificate)[1][1], outer[1][1]


def key_algorithm(certificate: x509.Certificate) -> bytes:
    """Return the content of the `AlgorithmIdentifier` of the certified public key."""
    return _elements(_fields(certificate)[_SUBJECT_PUBLIC_KEY_INFO][1])[0][1]


def pss_hashes(algorithm: bytes) -> tuple[int, int] | None:
    """Return the sizes in bits of the two hashes of an RSASSA-PSS `AlgorithmIdentifier`, 0 if not SHA-2.

    They are the hash of the message and that of the mask (RFC 8017 appendix A.2.3). The answer is none when
    either is left out: C2PA wants both written down (C2PA 2.4 section 14.5.1.1).

    Raises:
        MalformedError: The parameters don't follow their syntax.
    """
    try:
        fields = dict(_elements(_elements(algorithm)[1][1]))
        hash_oid = _elements(_only(fields[_HASH]))[0][1]
        mask_oid = _elements(_elements(_only(fields[_MASK]))[1][1])[0][1]
    except (IndexError, KeyError):
        return None
    return _SHA2.get(hash_oid, 0), _SHA2.get(mask_oid, 0)


def _fields(certificate: x509.Certificate) -> list[tuple[int, bytes]]:
    """Return the fields of the `TBSCertificate` without its version, so that each is at its place."""
    fields = _elements(_only(certificate.tbs_certificate_bytes))
    return [field for field in fields if field[0] != _VERSION]


def _only(data: bytes) -> bytes:
    """Return the content of the one SEQUENCE that `data` is."""
    return element(data, 0x30)


def _elements(data: bytes) -> list[tuple[int, bytes]]:
    """Return tag and content of each element of `data`, which must be elements to its last byte."""
    return [(found.tag, found.content) for found in elements(data)]
