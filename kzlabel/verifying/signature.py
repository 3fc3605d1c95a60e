"""The claim signature: does it hold, whose is it, and when was it made (C2PA 2.4 sections 15.7 and 15.8)."""

from datetime import datetime

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils

from kzlabel.errors import LimitError, MalformedError
from kzlabel.limits import Limits
from kzlabel.manifest.cose import Sign1, read_sign1, to_be_signed, to_be_stamped
from kzlabel.status import Code, Finding
from kzlabel.trust import Trust
from kzlabel.verifying import timestamp
from kzlabel.verifying.abstain import Abstention
from kzlabel.verifying.credential import anchor_of_signer, chains_to_anchor, described, load, may_sign, may_stamp
from kzlabel.verifying.reading import Certificate
from kzlabel.verifying.stapling import not_revoked

__all__ = ["Signed", "check_signature", "holds"]

_HASHES = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
_CURVES = {"es256": ("secp256r1", 32), "es384": ("secp384r1", 48), "es512": ("secp521r1", 66)}
_SMALLEST_RSA, _LARGEST_RSA = 2048, 4096


class Signed(msgspec.Struct, frozen=True):
    """What the check of one claim signature gave."""

    findings: tuple[Finding, ...]
    """Status codes about certificate, time-stamp and signature."""

    certificate: Certificate | None
    """The signer's certificate."""

    algorithm: str
    """The signature algorithm in lower case."""

    time_stamp: str
    """Time of a time-stamp that holds, RFC 3339; empty without one."""

    at: datetime | None
    """The time at which the certificates were judged, if a time-stamp says one."""

    anchor: str
    """Name of the anchor that the chain ended in; empty without one."""

    store: str
    """The trust store that vouches for the signer; empty without one."""

    @property
    def outcome(self) -> tuple[object, ...]:
        """What was found and whose the signature is, but for what differs between any two signatures."""
        said = tuple((finding.code, finding.explanation) for finding in self.findings)
        return said, self.certificate, self.algorithm, self.anchor, self.store, bool(self.time_stamp)


def check_signature(
    box: bytes, claim: bytes, *, version: int, uri: str, trust: Trust, now: datetime, limits: Limits
) -> Signed:
    """Check the signature of a claim.

    Args:
        box: The COSE_Sign1 structure in the signature box.
        claim: The claim as its box holds it.
        version: Version of the claim; version 1 predates trust lists for time-stamps.
        uri: What the findings are about.
        trust: Whom to believe, as signer and as time-stamping authority.
        now: When certificates are judged without a time-stamp.
        limits: How many certificates are looked at.

    Raises:
        Abstention: Anything is unusual; the reference engine decides.
        LimitError: There are too many certificates.
    """
    try:
        sign1 = read_sign1(box, limits)
    except LimitError:
        raise
    except MalformedError as error:
        raise Abstention(str(error)) from None
    found: list[Finding] = []
    stamp = _stamp(sign1, claim, version, uri, trust, found)
    at = None if stamp is None else stamp[0]

    leaf = sign1.chain[0]
    if not may_sign(leaf).at(at or now):
        found.append(Finding.of(Code.SIGNING_CREDENTIAL_EXPIRED, "certificate expired", uri=uri))
    if sign1.revocation:
        good = not_revoked(sign1, at, now)
        found.append(Finding.of(Code.SIGNING_CREDENTIAL_OCSP_NOT_REVOKED, good, uri=uri))
    anchor = anchor_of_signer(sign1.chain, trust, at or now)
    trusted = anchor is not None
    code = Code.SIGNING_CREDENTIAL_TRUSTED if trusted else Code.SIGNING_CREDENTIAL_UNTRUSTED
    found.append(Finding.of(code, f"signing certificate {'trusted' if trusted else 'untrusted'}", uri=uri))
    if holds(sign1, to_be_signed(sign1.protected, claim), sign1.signature):
        found.append(Finding.of(Code.CLAIM_SIGNATURE_INSIDE_VALIDITY, "claim signature valid", uri=uri))
        found.append(Finding.of(Code.CLAIM_SIGNATURE_VALIDATED, "claim signature valid", uri=uri))
    else:
        found.append(Finding.of(Code.CLAIM_SIGNATURE_MISMATCH, "claim signature is not valid", uri=uri))
    if not sign1.revocation:
        found.append(Finding.of(Code.SIGNING_CREDENTIAL_OCSP_SKIPPED, "OCSP fetching skipped", uri=uri))
    name, store = ("", "") if anchor is None else (anchor.name, anchor.store)
    certificate = described(leaf, sign1.chain[1:])
    return Signed(tuple(found), certificate, sign1.algorithm, stamp[1] if stamp else "", at, name, store)


def _stamp(
    sign1: Sign1, claim: bytes, version: int, uri: str, trust: Trust, found: list[Finding]
) -> tuple[datetime, str] | None:
    """Return the time that a time-stamp proves, and the same as text; None without a time-stamp that counts."""
    if sign1.time_stamp is None:
        return None
    stamp = timestamp.check(sign1.time_stamp.token, to_be_stamped(sign1, claim))
    if not stamp.matches:
        differs = f"timestamp message digest did not match: {stamp.authority}"
        found.append(Finding.of(Code.TIME_STAMP_MISMATCH, differs, uri=uri))
        return None
    matched = f"timestamp message digest matched: {stamp.authority}"
    found.append(Finding.of(Code.TIME_STAMP_VALIDATED, matched, uri=uri))
    if version > 1 and not (
        may_stamp(stamp.chain[0]) and chains_to_anchor(stamp.chain, trust.anchors + trust.tsa, stamp.at)
    ):
        untrusted = f"timestamp cert untrusted: {stamp.authority}"
        found.append(Finding.of(Code.TIME_STAMP_UNTRUSTED, untrusted, uri=uri))
        return None
    legacy = "legacy timestamp" if version == 1 else "timestamp"
    found.append(Finding.of(Code.TIME_STAMP_TRUSTED, f"{legacy} cert trusted: {stamp.authority}", uri=uri))
    return stamp.at, stamp.at.isoformat()


def holds(sign1: Sign1, signed: bytes, signature: bytes) -> bool:
    """Return whether `signature` is one of `signed`, by the algorithm and the key that `sign1` names.

    Raises:
        Abstention: Key, algorithm and signature don't go together in the usual way.
    """
    key = load(sign1.chain[0]).public_key()
    family, digest = sign1.algorithm[:2], _HASHES.get(sign1.algorithm[2:])
    try:
        if family == "es" and isinstance(key, ec.EllipticCurvePublicKey) and digest:
            _check_ecdsa(key, sign1.algorithm, signature, signed, digest)
        elif family == "ps" and isinstance(key, rsa.RSAPublicKey) and digest:
            _check_pss(key, signature, signed, digest)
        elif sign1.algorithm == "ed25519" and isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, signed)
        else:
            raise Abstention("the algorithm does not go with the key")
    except InvalidSignature:
        return False
    return True


def _check_ecdsa(
    key: ec.EllipticCurvePublicKey, algorithm: str, signature: bytes, signed: bytes, digest: hashes.HashAlgorithm
) -> None:
    curve, size = _CURVES[algorithm]
    if key.curve.name != curve or len(signature) != 2 * size:
        raise Abstention("an ECDSA signature of another size than its curve")
    r, s = int.from_bytes(signature[:size]), int.from_bytes(signature[size:])
    key.verify(utils.encode_dss_signature(r, s), signed, ec.ECDSA(digest))


def _check_pss(key: rsa.RSAPublicKey, signature: bytes, signed: bytes, digest: hashes.HashAlgorithm) -> None:
    if not _SMALLEST_RSA <= key.key_size <= _LARGEST_RSA:
        raise Abstention(f"an RSA key of {key.key_size} bits")
    mask = padding.MGF1(digest)
    try:
        key.verify(signature, signed, padding.PSS(mask, digest.digest_size), digest)
    except InvalidSignature:
        try:
            key.verify(signature, signed, padding.PSS(mask, padding.PSS.AUTO), digest)
        except InvalidSignature:
            raise InvalidSignature from None
        raise Abstention("an RSA-PSS signature with an unusual salt") from None
