"""Certification paths in the manner of NIST's PKITS, each wrong in one way: the native engine agrees or abstains.

Whoever has more ideas adds a row. What a row is called tells what is unusual; whether that is allowed is for the
reference engine to say, and for the last test, which lists what may be trusted.
"""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from kzlabel.der import element, elements
from kzlabel.trust import Anchor, Trust
from kzlabel.verifying import Verifier
from kzlabel.verifying.verdict import Status
from tests.agreement.composing import Draft, compose
from tests.agreement.test_signatures import BEGAN, EC256, ROOT, STRANGER, authority, judge, leaf, signer, through
from tests.unit.credentials.issuing import DAY, EMAIL, Authority, key_usage, name, pem

Line = list[x509.Certificate]
WEAK = rsa.generate_private_key(65537, 1024)
STRONG = rsa.generate_private_key(65537, 3072)
SHA1_RSA = bytes.fromhex("300d06092a864886f70d0101050500")
SHA1_EC = bytes.fromhex("300906072a8648ce3d0401")
SHA256_EC = bytes.fromhex("300a06082a8648ce3d040302")


@pytest.fixture(scope="module")
def image(samples: dict[str, Path]) -> bytes:
    return samples["jpeg"].read_bytes()


def wrapped(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    if len(body) < 0x80:
        return bytes([tag, len(body)]) + body
    size = (len(body).bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + len(body).to_bytes(size) + body


def resigned(
    certificate: x509.Certificate,
    issuer: Authority,
    *,
    edit: Callable[[bytes], bytes] = lambda tbs: tbs,
    digest: hashes.HashAlgorithm | None = None,
    inner: bytes = b"",
    outer: bytes = b"",
) -> bytes:
    """Return a certificate with its signed part edited and signed again, which no builder would do."""
    tbs, algorithm, _ = elements(element(certificate.public_bytes(Encoding.DER), 0x30))
    signed = tbs.whole
    if inner:
        signed = wrapped(0x30, *(inner if n == 2 else part.whole for n, part in enumerate(elements(tbs.content))))
    signed = edit(signed)
    digest = digest or hashes.SHA256()
    key = issuer.key
    if isinstance(key, ec.EllipticCurvePrivateKey):
        made = key.sign(signed, ec.ECDSA(digest))
    else:
        assert isinstance(key, rsa.RSAPrivateKey)
        made = key.sign(signed, PKCS1v15(), digest)
    return wrapped(0x30, signed, outer or inner or algorithm.whole, wrapped(0x03, b"\0", made))


def part_replaced(number: int, new: bytes) -> Callable[[bytes], bytes]:
    """Replace the field `number` of a TBSCertificate of version 3 (0 is the version); b"" leaves it out."""

    def edit(tbs: bytes) -> bytes:
        parts = [part.whole for part in elements(element(tbs, 0x30))]
        return wrapped(0x30, *parts[:number], new, *parts[number + 1 :])

    return edit


def extensions_edited(change: Callable[[list[bytes]], list[bytes]]) -> Callable[[bytes], bytes]:
    def edit(tbs: bytes) -> bytes:
        *parts, last = elements(element(tbs, 0x30))
        inside = [part.whole for part in elements(element(last.content, 0x30))]
        return wrapped(0x30, *(part.whole for part in parts), wrapped(0xA3, wrapped(0x30, *change(inside))))

    return edit


def of_leaf(**how: Any) -> Callable[[], Any]:
    """A chain of one certificate, edited after it was issued."""
    return lambda: [Raw(resigned(leaf(), ROOT, **how))]


def of_middle(**how: Any) -> Callable[[], Any]:
    """A chain of two, of which the upper one was edited after it was issued."""

    def make() -> Any:
        middle = authority("Middle")
        return [leaf(authority=middle), Raw(resigned(middle.certificate, ROOT, **how))]

    return make


class Raw:
    """A certificate that the library would not load."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def public_bytes(self, _: Encoding) -> bytes:
        return self.data


def crossed(*, trusted_first: bool) -> Line:
    """One authority with two certificates, by the root and by a stranger."""
    ours = authority("Middle")
    theirs = (
        x509.CertificateBuilder()
        .subject_name(ours.name)
        .issuer_name(STRANGER.name)
        .public_key(ours.key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(BEGAN - DAY)
        .not_valid_after(BEGAN + 300 * DAY)
        .add_extension(ours.key_id, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(key_usage("key_cert_sign"), critical=True)
        .sign(STRANGER.key, hashes.SHA256())
    )
    both = [ours.certificate, theirs] if trusted_first else [theirs, ours.certificate]
    return [leaf(authority=ours), *both]


def looped() -> Line:
    """Two authorities that certify each other, and no anchor."""
    one, two = Authority("One", at=BEGAN), Authority("Two", at=BEGAN)
    line = []
    for subject, issuer in ((one, two), (two, one)):
        line.append(authority(subject.certificate.subject.rfc4514_string()[3:6], parent=issuer).certificate)
    return [leaf(authority=one), *line, *line]


def deep(count: int) -> Line:
    line = [ROOT]
    for number in range(count):
        line.append(authority(f"Level {number}", parent=line[-1]))
    return [leaf(authority=line[-1]), *(one.certificate for one in reversed(line[1:]))]


def keyed(key: Any) -> Line:
    """An intermediate with a key of another kind."""
    middle = authority("Middle")
    made = Authority("Middle", parent=ROOT, key=key, at=BEGAN)
    made.name = middle.name
    return [leaf(authority=made), made.certificate]


def limited(*purposes: x509.ObjectIdentifier) -> Line:
    return through(authority("Middle", extra=((x509.ExtendedKeyUsage(purposes), False),)))


def conditioned(extension: x509.ExtensionType, critical: bool = True) -> Line:
    return through(authority("Middle", extra=((extension, critical),)))


def paths(length: int | None, below: int) -> Line:
    """An authority that allows so many under it, and so many under it."""
    line = [authority("Upper", length=length)]
    for number in range(below):
        line.append(authority(f"Lower {number}", parent=line[-1]))
    return [leaf(authority=line[-1]), *(one.certificate for one in reversed(line))]


def below_a_leaf() -> Line:
    """Somebody's good certificate, used as an authority for another one."""
    middle = authority("Middle", ca=False, usage=key_usage("digital_signature"))
    return [leaf(authority=middle), middle.certificate]


POLICY = x509.ObjectIdentifier("1.2.3.4.5")
DUPLICATE = extensions_edited(lambda inside: [*inside, inside[-1]])
PATHS: dict[str, Callable[[], Any]] = {
    # signatures
    "leaf signed with SHA-1": of_leaf(digest=hashes.SHA1(), inner=SHA1_EC),
    "intermediate signed with SHA-1": of_middle(digest=hashes.SHA1(), inner=SHA1_EC),
    "leaf whose algorithms differ": of_leaf(inner=SHA256_EC, outer=SHA1_EC),
    "leaf that names RSA under an EC key": of_leaf(inner=SHA1_RSA),
    "leaf with a spoilt signature": lambda: [Raw(leaf().public_bytes(Encoding.DER)[:-1] + b"\0")],
    "intermediate with a spoilt signature": lambda: [
        (line := through(authority("Middle")))[0], Raw(line[1].public_bytes(Encoding.DER)[:-1] + b"\0")
    ],
    # the form of certificates
    "leaf with an extension twice": of_leaf(edit=DUPLICATE),
    "intermediate with an extension twice": of_middle(edit=DUPLICATE),
    "leaf of version 1": of_leaf(edit=part_replaced(0, b"")),
    "leaf of version 2": of_leaf(edit=part_replaced(0, bytes.fromhex("a003020101"))),
    "leaf of version 4": of_leaf(edit=part_replaced(0, bytes.fromhex("a003020103"))),
    "leaf with serial number 0": of_leaf(edit=part_replaced(1, bytes.fromhex("020100"))),
    "leaf with a negative serial number": of_leaf(edit=part_replaced(1, bytes.fromhex("0201ff"))),
    "leaf with a long serial number": of_leaf(edit=part_replaced(1, b"\x02\x15" + b"\x11" * 21)),
    "leaf with an empty issuer": of_leaf(edit=part_replaced(3, b"\x30\x00")),
    "leaf without validity": of_leaf(edit=part_replaced(4, b"\x30\x00")),
    "leaf whose end comes before its beginning": of_leaf(
        edit=part_replaced(4, b"\x30\x1e\x17\x0d301231235959Z\x17\x0d200101000000Z")
    ),
    "leaf without end": of_leaf(
        edit=part_replaced(4, b"\x30\x20\x17\x0d200101000000Z\x18\x0f99991231235959Z")
    ),
    "leaf with a leap second": of_leaf(
        edit=part_replaced(4, b"\x30\x1e\x17\x0d161231235960Z\x17\x0d491231235959Z")
    ),
    "leaf with a time zone": of_leaf(
        edit=part_replaced(4, b"\x30\x26\x17\x11200101000000+0500\x17\x11491231235959+0500")
    ),
    "leaf with fractions of seconds": of_leaf(
        edit=part_replaced(4, b"\x30\x22\x18\x1120200101000000.5Z\x17\x0d491231235959Z")
    ),
    "leaf before 1950": of_leaf(edit=part_replaced(4, b"\x30\x1e\x17\x0d500101000000Z\x17\x0d491231235959Z")),
    "leaf with bytes behind it": lambda: [Raw(leaf().public_bytes(Encoding.DER) + b"\0")],
    "intermediate with bytes behind it": lambda: [
        (line := through(authority("Middle")))[0], Raw(line[1].public_bytes(Encoding.DER) + b"\0")
    ],
    "leaf with no extensions": of_leaf(edit=extensions_edited(lambda _: [])),
    "leaf that is cut": lambda: [Raw(leaf().public_bytes(Encoding.DER)[:-7])],
    # keys
    "intermediate with RSA 1024": lambda: keyed(WEAK),
    "intermediate with RSA 3072": lambda: keyed(STRONG),
    "intermediate with P-384": lambda: keyed(ec.generate_private_key(ec.SECP384R1())),
    "intermediate with secp256k1": lambda: keyed(ec.generate_private_key(ec.SECP256K1())),
    "intermediate with Brainpool": lambda: keyed(ec.generate_private_key(ec.BrainpoolP256R1())),
    "intermediate with Ed25519": lambda: keyed(ed25519.Ed25519PrivateKey.generate()),
    "leaf with the key of its issuer": lambda: [leaf(EC256, authority=Authority("Root", key=EC256, at=BEGAN))],
    # the shape of the chain
    "crossed, ours first": lambda: crossed(trusted_first=True),
    "crossed, theirs first": lambda: crossed(trusted_first=False),
    "a loop": looped,
    "fifty deep": lambda: deep(50),
    "sixteen with the leaf": lambda: deep(15),
    "root twice": lambda: [*through(authority("Middle")), ROOT.certificate, ROOT.certificate],
    "root first": lambda: [ROOT.certificate, *through(authority("Middle"))],
    "a stranger's whole chain behind": lambda: [
        *through(authority("Middle")), authority("Other", parent=STRANGER).certificate, STRANGER.certificate
    ],
    "leaf of a stranger before a good chain": lambda: [
        leaf(authority=STRANGER), *through(authority("Middle"))
    ],
    "leaf below a leaf": below_a_leaf,
    # conditions of authorities
    "path length 0, one below": lambda: paths(0, 1),
    "path length 1, one below": lambda: paths(1, 1),
    "path length 1, two below": lambda: paths(1, 2),
    "path length 0, none below": lambda: paths(0, 0),
    "name constraint that excludes": lambda: conditioned(
        x509.NameConstraints(None, [x509.DirectoryName(name("Test signer"))])
    ),
    "name constraint that isn't critical": lambda: conditioned(
        x509.NameConstraints(None, [x509.DirectoryName(name("Test signer"))]), critical=False
    ),
    "policy constraint": lambda: conditioned(x509.PolicyConstraints(0, None)),
    "no policy allowed": lambda: conditioned(x509.InhibitAnyPolicy(0)),
    "critical policies": lambda: conditioned(
        x509.CertificatePolicies([x509.PolicyInformation(POLICY, None)])
    ),
    "authority for servers": lambda: limited(ExtendedKeyUsageOID.SERVER_AUTH),
    "authority for mail": lambda: limited(EMAIL),
    "authority for anything": lambda: limited(ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE),
    "authority that signs lists alone": lambda: through(authority("Middle", usage=key_usage("crl_sign"))),
    # time
    "leaf from before its authority": lambda: [
        leaf(authority=(young := authority("Young", begins=9 * DAY)), begins=-5 * DAY), young.certificate
    ],
    "leaf that outlives its authority": lambda: [
        leaf(authority=(old := authority("Old", ends=20 * DAY)), ends=400 * DAY), old.certificate
    ],
    "leaf that ends now": lambda: [leaf(ends=10 * DAY + timedelta(hours=1))],
    "authority that ended": lambda: through(authority("Middle", ends=5 * DAY)),
}  # fmt: skip


TRUSTED = {
    "intermediate with RSA 3072",
    "intermediate with P-384",
    "intermediate with Ed25519",
    "root twice",
    "path length 1, one below",
    "path length 0, none below",
    "authority for mail",
    "authority for anything",
    "leaf without end",
    "leaf before 1950",
    "leaf with a long serial number",
    "no policy allowed",
    "critical policies",
    "leaf that outlives its authority",
    "leaf from before its authority",
    "leaf that ends now",
    "fifty deep",
    "sixteen with the leaf",
    "crossed, ours first",
}
"""What may be trusted by the native engine; some of it is left to the reference engine all the same."""


FAULTY = {
    "path length 0, one below",
    "path length 1, two below",
    "name constraint that excludes",
    "name constraint that isn't critical",
    "policy constraint",
    "authority for servers",
    "authority that signs lists alone",
    "leaf below a leaf",
}
"""The reference engine trusts some of these signers, although an authority on the way may not make any."""


@pytest.mark.parametrize("kind", sorted(FAULTY))
def test_a_signer_of_an_authority_that_may_not_make_any_is_not_trusted(image: bytes, kind: str) -> None:
    data = compose(Draft(signature=signer(*PATHS[kind]())), image)
    trust = Trust.from_pem(pem(ROOT.certificate), store="test")
    verdict = Verifier(trust=trust).verify(data)
    assert verdict.status is Status.VALID
    assert verdict.signer is not None
    assert not verdict.signer.trusted_by
    assert "signingCredential.untrusted" in {str(finding.code) for finding in verdict.findings}


def test_a_signer_that_is_named_itself_needs_no_authority(image: bytes) -> None:
    line = PATHS["path length 0, one below"]()
    data = compose(Draft(signature=signer(*line)), image)
    trust = Trust(signers=(Anchor.of(line[0], "mine"),))
    assert Verifier(trust=trust).verify(data).status is Status.TRUSTED


def test_there_are_enough_of_them() -> None:
    assert len(PATHS) >= 60


@pytest.mark.parametrize("kind", PATHS)
def test_a_path_is_judged_alike_or_left_alone(image: bytes, kind: str) -> None:
    result = judge(image, signer(*PATHS[kind]()))
    assert not result.unsafe, result
    if kind not in TRUSTED:
        assert result.native != "Trusted", result
