"""PKCS#12, the file that holds a key with its certificates under one password (RFC 7292).

Authorities still hand out files in the encryption of 1999: a SHA-1 MAC, the key under 3DES, the certificates under
RC2 with 40 bits. They are read where the machine's OpenSSL still knows these.
"""

import hashlib
import hmac
import re
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import pkcs12

from kzlabel.credentials.keys import PrivateKey, supported
from kzlabel.credentials.passwords import PasswordNeededError
from kzlabel.der import Element, element, elements
from kzlabel.errors import CredentialError, MalformedError

__all__ = ["load"]

_SEQUENCE, _CONTEXT_0, _OCTETS = 0x30, 0xA0, 0x04
_MACS: Final = {
    bytes.fromhex("2b0e03021a"): "sha1",
    bytes.fromhex("608648016503040201"): "sha256",
    bytes.fromhex("608648016503040202"): "sha384",
    bytes.fromhex("608648016503040203"): "sha512",
}
_FOR_MAC: Final = 3
"""What the derived bytes are for (RFC 7292 appendix B.3)."""
_MOST_ROUNDS: Final = 10_000_000
_RC2: Final = (bytes.fromhex("2a864886f70d010c0105"), bytes.fromhex("2a864886f70d010c0106"))
"""PKCS#12's encryptions with RC2, of 128 and 40 bits (RFC 7292 appendix C)."""
_GOST: Final = re.compile(rb"\x06[\x05-\x0c]\x2a\x83\x0e\x03\x0a\x01|\x06[\x05-\x0b]\x2a\x85\x03[\x02\x07]")
"""Beginnings of the identifiers 1.2.398.3.10.1 (Kazakhstan's algorithms) and 1.2.643.2 and .7 (Russia's)."""
_CONVERT: Final = (
    "convert it with `openssl pkcs12 -legacy -in FILE -nodes -out both.pem`, keep that file private, and pass it"
    " as --key and --cert"
)
_CHECK: Final = "check the password (KZLABEL_KEY_PASSWORD or --key-password-file)"
_ES256: Final = "use a key that C2PA knows, best an organisation's own on P-256 or Ed25519 (kzlabel keys request)"


def load(data: bytes, password: bytes | None) -> tuple[PrivateKey, tuple[x509.Certificate, ...]]:
    """Return the key of a PKCS#12 file, and its certificates in no particular order.

    Raises:
        CredentialError: `data` is no such file, `password` doesn't open it, it holds a GOST key, or no key, or one
            that can't sign labels, or it is encrypted in a way that this machine doesn't know.
    """
    _check_form(data)
    try:
        loaded = pkcs12.load_pkcs12(data, password)
    except (ValueError, TypeError, UnsupportedAlgorithm, LookupError, Warning):
        # The chain of exceptions may hold the password.
        raise _refusal(password, data) from None
    certificates = tuple(
        dict.fromkeys(one.certificate for one in (loaded.cert, *loaded.additional_certs) if one is not None)
    )
    if loaded.key is None:
        raise CredentialError(
            "the PKCS#12 file holds no private key", "export the key together with its certificate"
        )
    if not certificates:
        raise CredentialError(
            "the PKCS#12 file holds no certificate", "export the certificate together with its key"
        )
    return supported(loaded.key), certificates


def _check_form(data: bytes) -> None:
    """Tell what is no PKCS#12 file at all: `PFX ::= { version 3, authSafe, macData OPTIONAL }`."""
    try:
        parts = elements(elements(data)[0].content) if data[:1] == bytes([_SEQUENCE]) else []
    except (MalformedError, IndexError):
        # BER with indefinite lengths is allowed, and read by the library.
        parts = [Element(2, b"\3", b"")] if data[:2] == b"\x30\x80" else []
    if not parts or parts[0].tag != 2 or parts[0].content != b"\3":
        raise CredentialError(
            "this is no PKCS#12 file", "name a .p12 or .pfx file; PEM files go to --key and --cert"
        )


def _refusal(password: bytes | None, data: bytes) -> CredentialError:
    """Return why a file that has the form of PKCS#12 can't be opened; the library says the same of each reason."""
    fits = _fits(data, password or b"")
    if fits is None:
        return CredentialError(
            "the PKCS#12 file can't be opened: its password is wrong, or it is damaged or in an unusual form",
            _CHECK,
        )
    if not fits and not password:
        return PasswordNeededError(
            "the PKCS#12 file is encrypted", "give its password in KZLABEL_KEY_PASSWORD or --key-password-file"
        )
    if not fits:
        return CredentialError("the PKCS#12 file can't be decrypted, or is damaged", _CHECK)
    if _GOST.search(data):
        return CredentialError("the PKCS#12 file holds a GOST key, and C2PA has no GOST signatures", _ES256)
    if any(oid in data for oid in _RC2):
        return CredentialError(
            "the password is right, but the PKCS#12 file holds a key that C2PA doesn't know, such as GOST,"
            " or is encrypted in an old way (RC2) that this machine doesn't open",
            f"{_ES256}; or {_CONVERT}",
        )
    return CredentialError(
        "the password is right, but the PKCS#12 file holds a key that C2PA doesn't know, such as GOST", _ES256
    )


def _fits(data: bytes, password: bytes) -> bool | None:
    """Return whether the MAC of the file was made with `password`; None where that can't be told.

    MacData ::= { { { algorithm }, digest }, salt, iterations DEFAULT 1 } (RFC 7292 section 4).
    """
    try:
        _, safe, mac = elements(element(data, _SEQUENCE))
        wrapped, salt, *rounds = elements(mac.content)
        algorithm, digest = elements(wrapped.content)
        name = _MACS[elements(algorithm.content)[0].content]
        content = element(element(elements(safe.content)[1].whole, _CONTEXT_0), _OCTETS)
        count = int.from_bytes(rounds[0].content) if rounds else 1
        said = password.decode().encode("utf-16-be") + b"\0\0"
    except (MalformedError, ValueError, IndexError, KeyError):
        return None
    if not salt.content or not 1 <= count <= _MOST_ROUNDS:
        return None
    return hmac.compare_digest(
        hmac.digest(_mac_key(name, salt.content, said, count), content, name), digest.content
    )


def _mac_key(name: str, salt: bytes, password: bytes, rounds: int) -> bytes:
    """Derive the key of the MAC (RFC 7292 appendix B.2), which is as long as the hash: one block is enough."""
    block = 128 if name in {"sha384", "sha512"} else 64
    filled = b"".join((part * block)[: -(-len(part) // block) * block] for part in (salt, password))
    key = bytes([_FOR_MAC]) * block + filled
    for _ in range(rounds):
        key = hashlib.new(name, key).digest()
    return key
