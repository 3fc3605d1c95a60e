"""RFC 3161 time-stamps: whose they are, of what, and of when (C2PA 2.4 sections 10.3.2.5 and 15.8; RFC 5652).

    TimeStampResp ::= { status { 0 or 1 ... }, token }        `sigTst` holds this, `sigTst2` the token alone
    token:       { id-signedData, [0] { version, {digests}, content, [0] certificates, [1] crls, {signers} } }
    content:     { id-ct-TSTInfo, [0] OCTET STRING of a TSTInfo }
    signer:      { version, issuer and serial, digest, [0] signed attributes, signature algorithm, signature }
    TSTInfo:     { version, policy, { digest, imprint }, serial, time, ... }

Read is only what leads to a valid time-stamp. Whatever is wrong or unusual is left to the reference engine, which
has a code for each kind of wrong.
"""

import hashlib
import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from kzlabel.der import Element, element, elements
from kzlabel.errors import MalformedError
from kzlabel.verifying.abstain import Abstention
from kzlabel.verifying.credential import common_name, load

__all__ = ["Stamp", "check", "nonce_of", "token_of"]

_SEQUENCE, _SET, _OID, _OCTETS, _INTEGER = 0x30, 0x31, 0x06, 0x04, 0x02
_CONTEXT_0, _CONTEXT_1 = 0xA0, 0xA1
_UTC_TIME, _GENERALIZED_TIME = 0x17, 0x18
_GRANTED = (b"\0", b"\1")

_SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
_TST_INFO = bytes.fromhex("2a864886f70d0109100104")
_MESSAGE_DIGEST = bytes.fromhex("2a864886f70d010904")
_CONTENT_TYPE = bytes.fromhex("2a864886f70d010903")
_SIGNING_TIME = bytes.fromhex("2a864886f70d010905")

_DIGESTS = {
    bytes.fromhex("608648016503040201"): ("sha256", hashes.SHA256()),
    bytes.fromhex("608648016503040202"): ("sha384", hashes.SHA384()),
    bytes.fromhex("608648016503040203"): ("sha512", hashes.SHA512()),
}
_RSA = bytes.fromhex("2a864886f70d010101")
_RSA_WITH = {
    bytes.fromhex("2a864886f70d01010b"): "sha256",
    bytes.fromhex("2a864886f70d01010c"): "sha384",
    bytes.fromhex("2a864886f70d01010d"): "sha512",
}
_ECDSA_WITH = {
    bytes.fromhex("2a8648ce3d040302"): "sha256",
    bytes.fromhex("2a8648ce3d040303"): "sha384",
    bytes.fromhex("2a8648ce3d040304"): "sha512",
}


_INSTANT = re.compile(rb"([0-9]{4})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})Z")
_CACHE = 256


class Stamp(NamedTuple):
    """A time-stamp whose signature holds."""

    matches: bool
    """Whether its imprint is of what it is beside; if not, it says nothing about that."""

    at: datetime
    """The time that it attests."""

    authority: str
    """Common name of the certificate that signed it."""

    chain: tuple[bytes, ...]
    """That certificate and the ones that lead on from it, DER."""


class _Signer(NamedTuple):
    """The one SignerInfo of a token."""

    issuer: bytes
    serial: bytes
    digest: bytes
    attributes: Element
    algorithm: bytes
    signature: bytes


def check(token: bytes, stamped: bytes) -> Stamp:
    """Check that `token` is a time-stamp, by the key of the certificate that it carries, and whether of `stamped`.

    Whether its authority is to be believed is another question.

    Raises:
        Abstention: It is none, or not in a form that is understood in full.
    """
    try:
        return _check(token, stamped)
    except (MalformedError, ValueError, TypeError, IndexError, KeyError, UnsupportedAlgorithm) as error:
        raise Abstention(f"an unusual time-stamp: {error}") from None
    except InvalidSignature:
        raise Abstention("a time-stamp with a wrong signature") from None


def _check(token: bytes, stamped: bytes) -> Stamp:
    content, certificates, signer = _signed_data(_token(token))
    at, matches = _tst_info(content, stamped)
    attributes = _attributes(signer.attributes)
    digest_name, digest = _DIGESTS[signer.digest]
    if element(attributes[_CONTENT_TYPE], _OID) != _TST_INFO:
        raise MalformedError("the signed content type is another one")
    if element(attributes[_MESSAGE_DIGEST], _OCTETS) != hashlib.new(digest_name, content).digest():
        raise MalformedError("the signed digest is of something else")
    if _SIGNING_TIME in attributes:
        at = _time(elements(attributes[_SIGNING_TIME])[0])

    leaf = next((der for der in certificates if _serial_and_issuer(der) == (signer.serial, signer.issuer)), None)
    if leaf is None:
        raise MalformedError("the token lacks its signer's certificate")
    certificate = load(leaf)
    signed = bytes([_SET]) + signer.attributes.whole[1:]
    _verify(certificate, signer, digest_name, digest, signed)
    if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
        raise MalformedError("the authority's certificate was not valid then")
    return Stamp(matches, at, common_name(certificate), _ordered(leaf, tuple(certificates)))


def token_of(response: bytes) -> bytes:
    """Return the token in an authority's response (RFC 3161 section 2.4.2).

    Raises:
        Abstention: It grants none, or is no response.
    """
    try:
        return _token(response)
    except (MalformedError, ValueError, TypeError, IndexError) as error:
        raise Abstention(f"an unusual response: {error}") from None


def nonce_of(token: bytes) -> int | None:
    """Return the nonce in a token that `check` has checked; None without one."""
    content, _, _ = _signed_data(_token(token))
    _, _, _, _, _, *rest = elements(element(content, _SEQUENCE))
    return next((int.from_bytes(part.content, signed=True) for part in rest if part.tag == _INTEGER), None)


def _token(data: bytes) -> bytes:
    """Return the token in a response, or the token that `data` is itself."""
    first, *rest = elements(element(data, _SEQUENCE))
    if first.tag == _OID:
        return data
    status = elements(first.content)[0]
    if first.tag != _SEQUENCE or status.tag != _INTEGER or status.content not in _GRANTED or len(rest) != 1:
        raise MalformedError("the response grants no time-stamp")
    return rest[0].whole


def _signed_data(token: bytes) -> tuple[bytes, list[bytes], _Signer]:
    """Return the content, the certificates and the signer of a token."""
    kind, body = elements(element(token, _SEQUENCE))
    if kind.content != _SIGNED_DATA or body.tag != _CONTEXT_0:
        raise MalformedError("the token is no signed data")
    _, _, wrapped, *rest = elements(element(body.content, _SEQUENCE))
    kind, holder = elements(wrapped.content)
    if kind.content != _TST_INFO:
        raise MalformedError("the token signs something else")
    if [part.tag for part in rest] not in ([_CONTEXT_0, _SET], [_CONTEXT_0, _CONTEXT_1, _SET]):
        raise MalformedError("the token lacks certificates")
    certificates = [part.whole for part in elements(rest[0].content)]
    if any(certificate[0] != _SEQUENCE for certificate in certificates):
        raise MalformedError("the token holds certificates of another kind")
    (signer,) = elements(rest[-1].content)
    return element(holder.content, _OCTETS), certificates, _signer(signer)


def _signer(info: Element) -> _Signer:
    _, identifier, digest, attributes, algorithm, signature, *_ = elements(info.content)
    issuer, serial = elements(identifier.content)
    tags = (identifier.tag, attributes.tag, algorithm.tag, signature.tag, issuer.tag, serial.tag)
    if tags != (_SEQUENCE, _CONTEXT_0, _SEQUENCE, _OCTETS, _SEQUENCE, _INTEGER):
        raise MalformedError("the signer is described in another way")
    return _Signer(
        issuer.whole,
        serial.content,
        elements(digest.content)[0].content,
        attributes,
        elements(algorithm.content)[0].content,
        signature.content,
    )


def _attributes(attributes: Element) -> dict[bytes, bytes]:
    """Return the signed attributes, each with its one value as DER."""
    found: dict[bytes, bytes] = {}
    parts = elements(attributes.content)
    if [part.whole for part in parts] != sorted(part.whole for part in parts):
        raise MalformedError("the signed attributes are not in the order of DER")
    for part in parts:
        kind, values = elements(part.content)
        if kind.content in found:
            raise MalformedError("a signed attribute is there twice")
        if kind.content in {_MESSAGE_DIGEST, _CONTENT_TYPE, _SIGNING_TIME}:
            (value,) = elements(values.content)
            found[kind.content] = value.whole
    return found


def _tst_info(content: bytes, stamped: bytes) -> tuple[datetime, bool]:
    """Return the time of a TSTInfo, and whether its imprint is of `stamped`."""
    _, _, imprint, _, time, *_ = elements(element(content, _SEQUENCE))
    algorithm, digest = elements(imprint.content)
    name, _ = _DIGESTS[elements(algorithm.content)[0].content]
    return _time(time), digest.content == hashlib.new(name, stamped).digest()


def _time(part: Element) -> datetime:
    text = part.content
    if part.tag == _UTC_TIME and len(text) == 13:
        text = (b"19" if text[:2] >= b"50" else b"20") + text
    elif part.tag != _GENERALIZED_TIME:
        raise MalformedError("a time in an unusual form")
    found = _INSTANT.fullmatch(text)
    if found is None:
        raise MalformedError("a time in an unusual form")
    year, month, day, hour, minute, second = map(int, found.groups())
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC)


@lru_cache(_CACHE)
def _serial_and_issuer(der: bytes) -> tuple[bytes, bytes]:
    """Return what a signer is identified by, of a certificate."""
    parts = elements(element(elements(element(der, _SEQUENCE))[0].whole, _SEQUENCE))
    at = 1 if parts[0].tag == _CONTEXT_0 else 0
    return parts[at].content, parts[at + 2].whole


def _verify(
    certificate: x509.Certificate, signer: _Signer, name: str, digest: hashes.HashAlgorithm, signed: bytes
) -> None:
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey) and (signer.algorithm == _RSA or _RSA_WITH.get(signer.algorithm) == name):
        key.verify(signer.signature, signed, padding.PKCS1v15(), digest)
    elif isinstance(key, ec.EllipticCurvePublicKey) and _ECDSA_WITH.get(signer.algorithm) == name:
        key.verify(signer.signature, signed, ec.ECDSA(digest))
    else:
        raise MalformedError("it is signed in an unusual way")


@lru_cache(_CACHE)
def _ordered(leaf: bytes, certificates: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """Return the certificates from `leaf` on, each followed by the first one that its issuer's name fits."""
    ordered = [leaf]
    rest = [der for der in certificates if der != leaf]
    while True:
        issuer = load(ordered[-1]).issuer.public_bytes()
        following = next((der for der in rest if load(der).subject.public_bytes() == issuer), None)
        if following is None:
            return tuple(ordered)
        ordered.append(following)
        rest.remove(following)
