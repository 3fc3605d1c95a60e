"""Certificates that break one rule of the certificate profile each, and certificates that break none."""

from collections.abc import Callable

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from kzlabel.credentials.profile import SIGNING_PURPOSES, Rule
from tests.unit.credentials.issuing import DAY, EMAIL, Authority, Field, field, key_usage, name

Case = Callable[[Authority, ec.EllipticCurvePublicKey], x509.Certificate]

TIME_STAMPING = ExtendedKeyUsageOID.TIME_STAMPING
OCSP_SIGNING = ExtendedKeyUsageOID.OCSP_SIGNING
ANY = ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE
UNKNOWN = x509.ObjectIdentifier("1.2.3.4.5")
UNKNOWN_EXTENSION = x509.UnrecognizedExtension(UNKNOWN, b"\x05\x00")
VERSION, EXTENSIONS = 0xA0, 0xA3


def without(*tags: int) -> Callable[[list[Field]], list[Field]]:
    return lambda fields: [one for one in fields if one[0] not in tags]


def with_unique_id(tag: int) -> Callable[[list[Field]], list[Field]]:
    return lambda fields: [*fields[:-1], (tag, b"\x00\x01\x02"), fields[-1]]


def with_inner_algorithm(fields: list[Field]) -> list[Field]:
    """Name ECDSA with SHA-384 where the outer field names SHA-256."""
    return [*fields[:2], (0x30, field(0x06, bytes.fromhex("2a8648ce3d040303"))), *fields[3:]]


def for_purpose(purpose: x509.ObjectIdentifier) -> Case:
    return lambda a, k: a.issue(k, purposes=(purpose,))


BROKEN: dict[str, tuple[Rule, Case]] = {
    "version 1": (Rule.VERSION, lambda a, k: a.reissue(a.issue(k), without(VERSION, EXTENSIONS))),
    "version 1 with extensions": (Rule.VERSION, lambda a, k: a.reissue(a.issue(k), without(VERSION))),
    "issuer unique id": (Rule.UNIQUE_IDS, lambda a, k: a.reissue(a.issue(k), with_unique_id(0x81))),
    "subject unique id": (Rule.UNIQUE_IDS, lambda a, k: a.reissue(a.issue(k), with_unique_id(0x82))),
    "no extensions": (Rule.PURPOSE_MISSING, lambda a, k: a.reissue(a.issue(k), without(EXTENSIONS))),
    "two algorithms": (Rule.SIGNATURE_ALGORITHM, lambda a, k: a.reissue(a.issue(k), with_inner_algorithm)),
    "expired": (Rule.EXPIRED, lambda a, k: a.issue(k, begins=-9 * DAY, ends=-DAY)),
    "not yet valid": (Rule.NOT_YET_VALID, lambda a, k: a.issue(k, begins=DAY)),
    "signed with SHA-224": (Rule.SIGNATURE_ALGORITHM, lambda a, k: a.issue(k, digest=hashes.SHA224())),
    "signed with SHA3-256": (Rule.SIGNATURE_ALGORITHM, lambda a, k: a.issue(k, digest=hashes.SHA3_256())),
    "subject is issuer": (Rule.SELF_SIGNED, lambda a, k: a.issue(k, subject=a.name)),
    "authority": (Rule.AUTHORITY, lambda a, k: a.issue(k, authority=True)),
    "signs certificates": (
        Rule.CERTIFICATE_SIGNING,
        lambda a, k: a.issue(k, usage=key_usage("digital_signature", "key_cert_sign")),
    ),
    "no key usage": (Rule.KEY_USAGE, lambda a, k: a.issue(k, usage=None)),
    "key agreement only": (Rule.KEY_USAGE, lambda a, k: a.issue(k, usage=key_usage("key_agreement"))),
    "non-repudiation only": (Rule.KEY_USAGE, lambda a, k: a.issue(k, usage=key_usage("content_commitment"))),
    "no authority key id": (Rule.ISSUER_KEY, lambda a, k: a.issue(k, issuer_key=False)),
    "no purpose": (Rule.PURPOSE_MISSING, lambda a, k: a.issue(k, purposes=())),
    "any purpose": (Rule.ANY_PURPOSE, lambda a, k: a.issue(k, purposes=(ANY,))),
    "any purpose and e-mail": (Rule.ANY_PURPOSE, lambda a, k: a.issue(k, purposes=(EMAIL, ANY))),
    "unknown purpose": (Rule.PURPOSE, lambda a, k: a.issue(k, purposes=(UNKNOWN,))),
    "server": (Rule.PURPOSE, lambda a, k: a.issue(k, purposes=(ExtendedKeyUsageOID.SERVER_AUTH,))),
    "time stamping": (Rule.PURPOSE, lambda a, k: a.issue(k, purposes=(TIME_STAMPING,))),
    "OCSP signing": (Rule.PURPOSE, lambda a, k: a.issue(k, purposes=(OCSP_SIGNING,))),
    "time stamping and e-mail": (
        Rule.EXCLUSIVE_PURPOSE,
        lambda a, k: a.issue(k, purposes=(EMAIL, TIME_STAMPING)),
    ),
    "time stamping and OCSP": (
        Rule.EXCLUSIVE_PURPOSE,
        lambda a, k: a.issue(k, purposes=(TIME_STAMPING, OCSP_SIGNING)),
    ),
    "unknown critical extension": (
        Rule.CRITICAL_EXTENSION,
        lambda a, k: a.issue(k, extra=[(UNKNOWN_EXTENSION, True)]),
    ),
    "critical issuer alternative name": (
        Rule.CRITICAL_EXTENSION,
        lambda a, k: a.issue(k, extra=[(x509.IssuerAlternativeName([x509.DNSName("a.kz")]), True)]),
    ),
}
"""Each with the rule it breaks; the key is always good, so that the reference engine can be asked too."""

GOOD: dict[str, Case] = {
    **{f"purpose {purpose.dotted_string}": for_purpose(purpose) for purpose in SIGNING_PURPOSES},
    "further purposes": lambda a, k: a.issue(k, purposes=(EMAIL, UNKNOWN, ExtendedKeyUsageOID.CLIENT_AUTH)),
    "no basic constraints": lambda a, k: a.issue(k, authority=None),
    "no organisation": lambda a, k: a.issue(k, subject=x509.Name(list(name("Signer"))[1:])),
    "no subject": lambda a, k: a.issue(k, subject=x509.Name([])),
    "Kazakh subject": lambda a, k: a.issue(k, subject=name("Қолтаңба", "Қазақ теле-радиокорпорациясы")),
    "signed with SHA-512": lambda a, k: a.issue(k, digest=hashes.SHA512()),
    "unknown extension": lambda a, k: a.issue(k, extra=[(UNKNOWN_EXTENSION, False)]),
    "critical subject alternative name": lambda a, k: a.issue(
        k, extra=[(x509.SubjectAlternativeName([x509.RFC822Name("a@a.kz")]), True)]
    ),
    "non-repudiation too": lambda a, k: a.issue(k, usage=key_usage("digital_signature", "content_commitment")),
}
"""What the profile accepts, and the reference engine as well."""
