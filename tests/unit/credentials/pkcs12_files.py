"""PKCS#12 files that no common program writes: with keys of an unknown kind, as authorities for GOST issue them."""

import hashlib
import hmac

from cryptography import x509
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.serialization import Encoding

from tests.unit.credentials.issuing import field

KZ_GOST = bytes.fromhex("2a830e030a0101020202")
"""1.2.398.3.10.1.1.2.2.2, Kazakhstan's GOST 34.10-2015 keys of 512 bits."""
RU_GOST = bytes.fromhex("2a85030701010102")
"""1.2.643.7.1.1.1.2, keys of GOST R 34.10-2012 with 512 bits."""

_DATA = bytes.fromhex("2a864886f70d010701")
_SHROUDED, _CERTIFICATE = bytes.fromhex("2a864886f70d010c0a0102"), bytes.fromhex("2a864886f70d010c0a0103")
_X509 = bytes.fromhex("2a864886f70d01091601")
_3DES = bytes.fromhex("2a864886f70d010c0103")
_SHA1 = bytes.fromhex("2b0e03021a")
_ROUNDS = 2048
_SALT = b"saltsalt"


def with_key_of(kind: bytes, password: str, *certificates: x509.Certificate) -> bytes:
    """Return a file with a key of the algorithm `kind` (a DER identifier's content) and some certificates."""
    key = _seq(field(2, b"\0"), _seq(field(6, kind)), field(4, field(4, bytes(range(64)))))
    bags = [_bag(_SHROUDED, _seq(_pbe(), field(4, _encrypted(key, password))))]
    for certificate in certificates:
        value = field(0xA0, field(4, certificate.public_bytes(Encoding.DER)))
        bags.append(_bag(_CERTIFICATE, _seq(field(6, _X509), value)))
    safe = _seq(_content(_seq(*bags)))
    mac = hmac.new(_derived(password, 3, 20), safe, "sha1").digest()
    mac_data = _seq(_seq(_seq(field(6, _SHA1), field(5, b"")), field(4, mac)), field(4, _SALT), _number(_ROUNDS))
    return _seq(field(2, b"\3"), _content(safe), mac_data)


def _encrypted(data: bytes, password: str) -> bytes:
    cipher = Cipher(TripleDES(_derived(password, 1, 24)), modes.CBC(_derived(password, 2, 8))).encryptor()
    fill = 8 - len(data) % 8
    return cipher.update(data + bytes([fill]) * fill) + cipher.finalize()


def _derived(password: str, purpose: int, size: int) -> bytes:
    """Derive key material with SHA-1 (RFC 7292 appendix B.2)."""
    said = (password + "\0").encode("utf-16-be")
    block = _filled(_SALT) + _filled(said)
    result = b""
    while len(result) < size:
        digest = bytes([purpose]) * 64 + block
        for _ in range(_ROUNDS):
            digest = hashlib.sha1(digest).digest()
        result += digest
        step = int.from_bytes((digest * 4)[:64]) + 1
        parts = [block[at : at + 64] for at in range(0, len(block), 64)]
        block = b"".join(((int.from_bytes(part) + step) % (1 << 512)).to_bytes(64) for part in parts)
    return result[:size]


def _filled(data: bytes) -> bytes:
    size = (len(data) + 63) // 64 * 64
    return (data * (size // len(data) + 1))[:size]


def _bag(kind: bytes, value: bytes) -> bytes:
    return _seq(field(6, kind), field(0xA0, value))


def _content(data: bytes) -> bytes:
    return _seq(field(6, _DATA), field(0xA0, field(4, data)))


def _pbe() -> bytes:
    return _seq(field(6, _3DES), _seq(field(4, _SALT), _number(_ROUNDS)))


def _number(value: int) -> bytes:
    return field(2, value.to_bytes(2))


def _seq(*parts: bytes) -> bytes:
    return field(0x30, b"".join(parts))
