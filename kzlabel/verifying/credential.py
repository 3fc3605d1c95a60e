"""Certificates: may this one sign claims, and does it chain to an anchor (C2PA 2.4 sections 14.4 and 14.5).

The chain is judged as the reference engine does it: each certificate must be signed by the next, and one of them,
looked at from the end, by an anchor of its issuer's name. All of them must be valid at the time of the time-stamp,
or now without one; the dates of an anchor don't matter. Where the engine is laxer than the standard, as about
path lengths, this module abstains instead of agreeing.
"""

import re
import warnings
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, SignatureAlgorithmOID

from kzlabel.credentials import Rule, check_profile
from kzlabel.credentials.certificates import display_name
from kzlabel.trust import Anchor, Trust
from kzlabel.verifying.abstain import Abstention
from kzlabel.verifying.authorities import fault_of
from kzlabel.verifying.reading import Certificate

__all__ = [
    "Usable",
    "anchor_of_signer",
    "chains_to_anchor",
    "common_name",
    "described",
    "load",
    "may_sign",
    "may_stamp",
    "signed_by",
]

_CACHE = 512
_SMALLEST_RSA, _LARGEST_RSA = 2048, 4096
_CURVES = {"secp256r1": "sha256", "secp384r1": "sha384", "secp521r1": "sha512"}
_TIMES = frozenset({Rule.EXPIRED, Rule.NOT_YET_VALID})
_PKCS1 = frozenset(
    {
        SignatureAlgorithmOID.RSA_WITH_SHA256,
        SignatureAlgorithmOID.RSA_WITH_SHA384,
        SignatureAlgorithmOID.RSA_WITH_SHA512,
    }
)
_ECDSA = frozenset(
    {
        SignatureAlgorithmOID.ECDSA_WITH_SHA256,
        SignatureAlgorithmOID.ECDSA_WITH_SHA384,
        SignatureAlgorithmOID.ECDSA_WITH_SHA512,
    }
)
_KINDS: tuple[tuple[str, type], ...] = (
    ("1.2.840.113549.1.1.", rsa.RSAPublicKey),
    ("1.2.840.10045.4.", ec.EllipticCurvePublicKey),
    ("1.3.101.112", ed25519.Ed25519PublicKey),
)
"""Which kind of key goes with a signature algorithm, by how its identifier begins."""
_UNREADABLE = (Warning, ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion, x509.DuplicateExtension)


class Usable(NamedTuple):
    """A certificate that fits the profile, and while it does."""

    begin: datetime
    end: datetime

    def at(self, time: datetime) -> bool:
        """Return whether it is valid at `time`, to the second."""
        return self.begin <= time.replace(microsecond=0) <= self.end


@lru_cache(_CACHE)
def load(der: bytes) -> x509.Certificate:
    """Parse a certificate.

    Raises:
        Abstention: It can't be parsed.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # the library warns of what it will refuse in future
            certificate = x509.load_der_x509_certificate(der)
            certificate.public_key()
            _ = certificate.extensions, certificate.serial_number
    except _UNREADABLE as error:
        raise Abstention(f"a certificate that can't be read: {error}") from None
    return certificate


@lru_cache(_CACHE)
def may_sign(der: bytes) -> Usable:
    """Return while a certificate may sign claims.

    Raises:
        Abstention: It never may; the reference engine has the words for why.
    """
    certificate = load(der)
    broken = set(check_profile(certificate, at=certificate.not_valid_before_utc + timedelta(seconds=1))) - _TIMES
    if broken:
        raise Abstention(f"the signer's certificate breaks the profile: {'; '.join(sorted(broken))}")
    if not certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME):
        raise Abstention("the signer's certificate names no organisation")
    return Usable(certificate.not_valid_before_utc, certificate.not_valid_after_utc)


@lru_cache(_CACHE)
def may_stamp(der: bytes) -> bool:
    """Return whether a certificate is for time-stamping and nothing else, and fits the profile otherwise.

    Raises:
        Abstention: It is for time-stamping, but breaks the profile.
    """
    certificate = load(der)
    try:
        purposes = list(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    except x509.ExtensionNotFound:
        purposes = []
    broken = set(check_profile(certificate, at=certificate.not_valid_before_utc + timedelta(seconds=1))) - _TIMES
    if purposes != [ExtendedKeyUsageOID.TIME_STAMPING] or broken - {Rule.PURPOSE}:
        raise Abstention("the time-stamping authority's certificate is unusual")
    return True


def anchor_of_signer(chain: tuple[bytes, ...], trust: Trust, at: datetime) -> Anchor | None:
    """Return who vouches for a signer, whose certificate comes first in `chain`; None if nobody does.

    A signer that is believed itself needs no chain; that it fits the profile and is valid has been checked before.

    Raises:
        Abstention: As `chains_to_anchor`.
    """
    if trust.signers:
        known = next((one for one in trust.signers if one.der == chain[0]), None)
        if known is not None:
            return known
    anchor = chains_to_anchor(chain, trust.anchors, at)
    if anchor is not None:
        _check_issuers(chain, trust.anchors)
    return anchor


def chains_to_anchor(chain: tuple[bytes, ...], anchors: tuple[Anchor, ...], at: datetime) -> Anchor | None:
    """Return the anchor that `chain`, the signer's certificate first, leads to, all of it valid at `at`.

    Raises:
        Abstention: A certificate can't be read, or is of a kind that engines may see differently.
    """
    found = _link(chain, anchors) if anchors else None
    if found is None:
        return None
    link, anchor = found
    moment = at.replace(microsecond=0)
    valid = [one.not_valid_before_utc <= moment <= one.not_valid_after_utc for one in map(load, chain)]
    if all(valid[link:]) and not all(valid):
        raise Abstention("a certificate below a valid issuer that is not valid itself")
    return anchor if all(valid) else None


@lru_cache(_CACHE)
def _link(chain: tuple[bytes, ...], anchors: tuple[Anchor, ...]) -> tuple[int, Anchor] | None:
    """Return which certificate of the chain, seen from its end, an anchor signed, and that anchor; None without."""
    certificates = [load(der) for der in chain]
    if len(chain) > 1 and chain[0] == chain[1]:
        raise Abstention("a certificate that follows itself")
    if not all(signed_by(one, issuer) for one, issuer in pairwise(certificates)):
        return None
    for number in range(len(certificates) - 1, -1, -1):
        certificate = certificates[number]
        issuer = certificate.issuer.public_bytes()
        for anchor in anchors:
            authority = load(anchor.der)
            if authority.subject.public_bytes() == issuer and signed_by(certificate, authority):
                _check_authorities(certificates[1:], authority)
                return number, anchor
    return None


@lru_cache(_CACHE)
def _check_issuers(chain: tuple[bytes, ...], anchors: tuple[Anchor, ...]) -> None:
    """Abstain where an authority on the way to the anchor wasn't allowed to make signers."""
    found = _link(chain, anchors)
    fault = found and fault_of(tuple(map(load, chain[: found[0] + 1])), found[1])
    if fault:
        raise Abstention(fault)


def _check_authorities(others: list[x509.Certificate], anchor: x509.Certificate) -> None:
    """Abstain where a certificate above the signer's is no authority, or sets conditions that nobody looks at here.

    All that were sent count, also those beyond the one that an anchor signed: the reference engine looks at them.
    """
    for below, authority in enumerate(others if anchor in others else [*others, anchor]):
        try:
            constraints = authority.extensions.get_extension_for_class(x509.BasicConstraints).value
        except x509.ExtensionNotFound:
            raise Abstention("an issuer that is no authority") from None
        if not constraints.ca or (constraints.path_length is not None and constraints.path_length < below):
            raise Abstention("an issuer that may not issue")
        if not _may_issue(authority):
            raise Abstention("an issuer whose key usage is another")
        if any(isinstance(e.value, x509.NameConstraints | x509.UnrecognizedExtension) and e.critical
               for e in authority.extensions):  # fmt: skip
            raise Abstention("an issuer with conditions")


def _may_issue(authority: x509.Certificate) -> bool:
    try:
        return authority.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    except x509.ExtensionNotFound:
        return False


def signed_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Return whether the issuer's key signed the certificate.

    Raises:
        Abstention: The key or the algorithm is of a kind that engines may see differently.
    """
    key = issuer.public_key()
    oid = certificate.signature_algorithm_oid
    signature, signed = certificate.signature, certificate.tbs_certificate_bytes
    try:
        digest = certificate.signature_hash_algorithm
        if isinstance(key, rsa.RSAPublicKey) and _SMALLEST_RSA <= key.key_size <= _LARGEST_RSA:
            if oid in _PKCS1 and digest is not None:
                key.verify(signature, signed, padding.PKCS1v15(), digest)
                return True
            parameters = certificate.signature_algorithm_parameters
            if oid == SignatureAlgorithmOID.RSASSA_PSS and isinstance(parameters, padding.PSS) and digest:
                key.verify(signature, signed, parameters, digest)
                return True
        elif isinstance(key, ec.EllipticCurvePublicKey) and oid in _ECDSA and digest is not None:
            key.verify(signature, signed, ec.ECDSA(digest))
            if _pairs(key, digest):
                return True
            raise Abstention("a certificate signed over another hash than goes with the key")
        elif isinstance(key, ed25519.Ed25519PublicKey) and oid == SignatureAlgorithmOID.ED25519:
            key.verify(signature, signed)
            return True
    except InvalidSignature:
        return False
    except _UNREADABLE as error:
        raise Abstention(f"a certificate that can't be read: {error}") from None
    kind = next((kind for prefix, kind in _KINDS if oid.dotted_string.startswith(prefix)), None)
    if kind is None or isinstance(key, kind):
        raise Abstention("a certificate signed in an unusual way")
    return False  # a key of another kind than the algorithm


def _pairs(key: ec.EllipticCurvePublicKey, digest: hashes.HashAlgorithm) -> bool:
    return _CURVES.get(key.curve.name) == digest.name


def common_name(certificate: x509.Certificate) -> str:
    """Return the common names of the subject, one after the other."""
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return "".join(str(name.value) for name in names)


_BIN = re.compile(r"BIN([0-9]{12})")


def _bin(subject: x509.Name) -> str:
    """Return the business identification number among the organisational units, if there is exactly one."""
    units = subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)
    numbers = {found[1] for unit in units if (found := _BIN.fullmatch(str(unit.value)))}
    return numbers.pop() if len(numbers) == 1 else ""


@lru_cache(_CACHE)
def described(der: bytes, above: tuple[bytes, ...] = ()) -> Certificate:
    """Return what a verdict tells of a certificate, and of those `above` it that came along."""
    certificate = load(der)

    def name(of: x509.Name, oid: x509.ObjectIdentifier) -> str:
        found = of.get_attributes_for_oid(oid)
        return str(found[-1].value) if found else ""

    return Certificate(
        common_name=name(certificate.subject, NameOID.COMMON_NAME),
        organisation=name(certificate.subject, NameOID.ORGANIZATION_NAME),
        bin=_bin(certificate.subject),
        issuer_common_name=name(certificate.issuer, NameOID.COMMON_NAME),
        issuer_organisation=name(certificate.issuer, NameOID.ORGANIZATION_NAME),
        serial_number=f"{certificate.serial_number:x}",
        not_before=certificate.not_valid_before_utc.isoformat(),
        not_after=certificate.not_valid_after_utc.isoformat(),
        chain=tuple(display_name(load(one)) for one in above),
    )
