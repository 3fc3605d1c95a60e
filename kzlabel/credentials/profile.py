"""The certificate profile: what C2PA asks of the certificate of a signer (C2PA 2.4 section 14.5.1.1)."""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, SignatureAlgorithmOID

from kzlabel.credentials import der
from kzlabel.credentials.certificates import UNREADABLE, is_authority
from kzlabel.credentials.keys import RSA_BITS
from kzlabel.errors import MalformedError

__all__ = ["CLAIM_SIGNING", "SIGNING_PURPOSES", "Rule", "check_profile"]

CLAIM_SIGNING = x509.ObjectIdentifier("1.3.6.1.4.1.62558.2.1")
"""The purpose that the C2PA trust list goes with (C2PA 2.4 section 14.4.1)."""

SIGNING_PURPOSES = (
    ExtendedKeyUsageOID.EMAIL_PROTECTION,
    x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36"),  # documentSigning, RFC 9336
    CLAIM_SIGNING,
    x509.ObjectIdentifier("1.3.6.1.4.1.311.76.59.1.9"),  # Microsoft's C2PA signing
)
"""Extended key usages that make a certificate fit to sign claims."""

_EXCLUSIVE = frozenset({ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.OCSP_SIGNING})
_CURVES = frozenset({"secp256r1", "secp384r1", "secp521r1"})
_SIGNATURES = frozenset(
    {
        SignatureAlgorithmOID.ECDSA_WITH_SHA256,
        SignatureAlgorithmOID.ECDSA_WITH_SHA384,
        SignatureAlgorithmOID.ECDSA_WITH_SHA512,
        SignatureAlgorithmOID.RSA_WITH_SHA256,
        SignatureAlgorithmOID.RSA_WITH_SHA384,
        SignatureAlgorithmOID.RSA_WITH_SHA512,
        SignatureAlgorithmOID.RSASSA_PSS,
        SignatureAlgorithmOID.ED25519,
    }
)
_UNDERSTOOD = frozenset(
    {
        ExtensionOID.AUTHORITY_INFORMATION_ACCESS,
        ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.CERTIFICATE_POLICIES,
        ExtensionOID.CRL_DISTRIBUTION_POINTS,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.INHIBIT_ANY_POLICY,
        ExtensionOID.KEY_USAGE,
        ExtensionOID.NAME_CONSTRAINTS,
        ExtensionOID.POLICY_CONSTRAINTS,
        ExtensionOID.POLICY_MAPPINGS,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
        ExtensionOID.SUBJECT_KEY_IDENTIFIER,
    }
)
"""Extensions that may be critical: those that the reference engine handles."""


class Rule(StrEnum):
    """What must hold of a certificate that signs claims; the value says it to a person."""

    WELL_FORMED = "its fields and extensions must be well formed"
    VERSION = "it must be an X.509 certificate of version 3"
    NOT_YET_VALID = "it must have begun to be valid"
    EXPIRED = "it must not have expired"
    SIGNATURE_ALGORITHM = "it must be signed with Ed25519, or with ECDSA, RSA or RSA-PSS over SHA-256, -384 or -512"
    PUBLIC_KEY = "its key must be on P-256, P-384 or P-521, or RSA of 2048 to 4096 bits, or Ed25519"
    SELF_SIGNED = "its issuer must be another than its subject"
    UNIQUE_IDS = "it must not contain an issuer or subject unique identifier"
    AUTHORITY = "it must not be a certificate authority"
    KEY_USAGE = "its key usage must include digital signature"
    CERTIFICATE_SIGNING = "its key usage must not include signing certificates"
    ISSUER_KEY = "it must contain an authority key identifier"
    PURPOSE_MISSING = "it must contain an extended key usage"
    ANY_PURPOSE = "its extended key usage must not be any purpose"
    PURPOSE = (
        "its extended key usage must include C2PA claim signing, e-mail protection, document signing"
        " or Microsoft's C2PA signing"
    )
    EXCLUSIVE_PURPOSE = "its extended key usage must not join time stamping or OCSP signing with another purpose"
    CRITICAL_EXTENSION = "its critical extensions must all be known"


def check_profile(certificate: x509.Certificate, *, at: datetime) -> tuple[Rule, ...]:
    """Return the rules that `certificate` breaks at the time `at`; empty when it may sign claims.

    These are the rules of C2PA 2.4 section 14.5.1.1 with what the reference engine adds to them. Where it is
    laxer than the text (a time-stamping certificate may sign, a certificate of its own subject may, the key
    usage may lack digital signature), the text is followed.
    """
    rules: dict[Rule, None] = {}
    for check in (_check_form, _check_signature, _check_key, _check_extensions):
        try:
            rules.update(dict.fromkeys(check(certificate)))
        except (MalformedError, *UNREADABLE):
            rules[Rule.WELL_FORMED] = None
    if at < certificate.not_valid_before_utc:
        rules[Rule.NOT_YET_VALID] = None
    if at > certificate.not_valid_after_utc:
        rules[Rule.EXPIRED] = None
    return tuple(rules)


def _check_form(certificate: x509.Certificate) -> Iterator[Rule]:
    if der.has_unique_ids(certificate):
        yield Rule.UNIQUE_IDS
    if certificate.issuer == certificate.subject:
        yield Rule.SELF_SIGNED
    if certificate.version is not x509.Version.v3:
        yield Rule.VERSION


def _check_signature(certificate: x509.Certificate) -> Iterator[Rule]:
    oid = certificate.signature_algorithm_oid
    inner, outer = der.inner_and_outer_algorithms(certificate)
    if oid not in _SIGNATURES or inner != outer:
        yield Rule.SIGNATURE_ALGORITHM
    elif oid == SignatureAlgorithmOID.RSASSA_PSS:
        message, mask = der.pss_hashes(outer) or (0, 0)
        if not message or message != mask:
            yield Rule.SIGNATURE_ALGORITHM


def _check_key(certificate: x509.Certificate) -> Iterator[Rule]:
    try:
        found = certificate.public_key()
    except UnsupportedAlgorithm:
        yield Rule.PUBLIC_KEY
        return
    match found:
        case ec.EllipticCurvePublicKey() as key if key.curve.name in _CURVES:
            return
        case rsa.RSAPublicKey() as key if key.key_size in RSA_BITS:
            return
        case ed25519.Ed25519PublicKey():
            return
    yield Rule.PUBLIC_KEY


def _check_extensions(certificate: x509.Certificate) -> Iterator[Rule]:
    extensions = certificate.extensions
    if is_authority(certificate):
        yield Rule.AUTHORITY
    if any(extension.critical and extension.oid not in _UNDERSTOOD for extension in extensions):
        yield Rule.CRITICAL_EXTENSION
    if not any(extension.oid == ExtensionOID.AUTHORITY_KEY_IDENTIFIER for extension in extensions):
        yield Rule.ISSUER_KEY
    try:
        usage = extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        yield Rule.KEY_USAGE
    else:
        if not usage.digital_signature:
            yield Rule.KEY_USAGE
        if usage.key_cert_sign:
            yield Rule.CERTIFICATE_SIGNING
    try:
        purposes = frozenset(extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    except x509.ExtensionNotFound:
        yield Rule.PURPOSE_MISSING
    else:
        yield from _check_purposes(purposes)


def _check_purposes(purposes: frozenset[x509.ObjectIdentifier]) -> Iterator[Rule]:
    if ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE in purposes:
        yield Rule.ANY_PURPOSE
    if purposes.isdisjoint(SIGNING_PURPOSES):
        yield Rule.PURPOSE
    if purposes & _EXCLUSIVE and len(purposes) > 1:
        yield Rule.EXCLUSIVE_PURPOSE
