"""Certificates, chains, signatures and time-stamps, each wrong in one way: the native engine agrees or abstains."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import cbor2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from kzlabel.trust import Trust
from tests.agreement.comparison import Comparison, compare
from tests.agreement.composing import Draft, compose
from tests.unit.credentials.issuing import DAY, EMAIL, Authority, key_usage, name, pem

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
NOW = datetime.now(UTC).replace(microsecond=0)
BEGAN = NOW - 10 * DAY
ROOT = Authority("Root", at=BEGAN)
SECOND_ROOT = Authority("Root", key=ROOT.key, at=BEGAN)
STRANGER = Authority("Stranger", at=BEGAN)
EC256, OTHER = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
EC384, EC521 = ec.generate_private_key(ec.SECP384R1()), ec.generate_private_key(ec.SECP521R1())
RSA2048, RSA1024 = rsa.generate_private_key(65537, 2048), rsa.generate_private_key(65537, 1024)
ED25519 = ed25519.Ed25519PrivateKey.generate()
ALGORITHMS = {-7: (hashes.SHA256(), 32), -35: (hashes.SHA384(), 48), -36: (hashes.SHA512(), 66)}
UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\5\0")
PSS = {-37: hashes.SHA256(), -38: hashes.SHA384(), -39: hashes.SHA512()}


@pytest.fixture(scope="module")
def image(samples: dict[str, Path]) -> bytes:
    return samples["jpeg"].read_bytes()


def leaf(key: Any = None, authority: Authority = ROOT, **spoilt: Any) -> x509.Certificate:
    wanted: dict[str, Any] = {"purposes": [EMAIL], "ends": 300 * DAY} | spoilt
    return authority.issue((key or EC256).public_key(), **wanted)


def signature(key: Key, algorithm: int, signed: bytes, salt: int | None = None) -> bytes:
    """Return a signature as COSE has it."""
    if isinstance(key, ec.EllipticCurvePrivateKey):
        digest, size = ALGORITHMS.get(algorithm, ALGORITHMS[-7])
        size = (key.key_size + 7) // 8
        r, s = utils.decode_dss_signature(key.sign(signed, ec.ECDSA(digest)))
        return r.to_bytes(size) + s.to_bytes(size)
    if isinstance(key, rsa.RSAPrivateKey):
        digest = PSS.get(algorithm, hashes.SHA256())
        return key.sign(signed, padding.PSS(padding.MGF1(digest), salt or digest.digest_size), digest)
    return key.sign(signed)


def signer(
    *chain: x509.Certificate,
    key: Key = EC256,
    algorithm: int = -7,
    header: Callable[[dict[Any, Any]], dict[Any, Any]] = lambda header: header,
    unprotected: Callable[[dict[Any, Any]], dict[Any, Any]] = lambda header: header,
    edit: Callable[[bytes], bytes] = lambda signature: signature,
    salt: int | None = None,
) -> Callable[[bytes], bytes]:
    ders = [certificate.public_bytes(Encoding.DER) for certificate in chain]

    def sign(claim: bytes) -> bytes:
        protected = cbor2.dumps(header({1: algorithm, 33: ders}))
        signed = cbor2.dumps(["Signature1", protected, b"", claim])
        made = edit(signature(key, algorithm, signed, salt))
        return cbor2.dumps(cbor2.CBORTag(18, [protected, unprotected({"pad": bytes(64)}), None, made]))

    return sign


def judge(image: bytes, sign: Callable[[bytes], bytes], *anchors: x509.Certificate) -> Comparison:
    trust = Trust.from_pem(pem(*(anchors or (ROOT.certificate,))), store="test")
    result = compare(compose(Draft(signature=sign), image), trust)
    assert result is not None
    assert not result.unsafe, result
    assert result.agrees, result
    return result


def authority(
    common: str, parent: Authority = ROOT, *, extra: tuple[tuple[x509.ExtensionType, bool], ...] = (),
    ca: bool | None = True, length: int | None = None, begins: timedelta = -DAY, ends: timedelta = 300 * DAY,
    usage: x509.KeyUsage | None = None,
) -> Authority:  # fmt: skip
    """Return an intermediate authority, spoilt as asked."""
    made = Authority(common, parent=parent, at=BEGAN)
    builder = (
        x509.CertificateBuilder()
        .subject_name(made.name)
        .issuer_name(parent.name)
        .public_key(made.key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(BEGAN + begins)
        .not_valid_after(BEGAN + ends)
        .add_extension(made.key_id, critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(parent.key_id), critical=False
        )
        .add_extension(usage or key_usage("key_cert_sign"), critical=True)
    )
    if ca is not None:
        builder = builder.add_extension(
            x509.BasicConstraints(ca=ca, path_length=length if ca else None), critical=True
        )
    for extension, critical in extra:
        builder = builder.add_extension(extension, critical)
    made.certificate = builder.sign(parent.key, hashes.SHA256())
    return made


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [(EC256, -7), (EC384, -35), (EC521, -36), (RSA2048, -37), (RSA2048, -38), (RSA2048, -39), (ED25519, -8)],
    ids=["es256", "es384", "es512", "ps256", "ps384", "ps512", "ed25519"],
)
def test_every_algorithm_is_answered(image: bytes, key: Key, algorithm: int) -> None:
    assert judge(image, signer(leaf(key), key=key, algorithm=algorithm)).native == "Trusted"
    mismatch = signer(leaf(key), key=key, algorithm=algorithm, edit=lambda made: made[:-1] + bytes([made[-1] ^ 1]))
    assert judge(image, mismatch).native == "Invalid"
    assert (
        judge(image, signer(leaf(key), key=key, algorithm=algorithm), Authority(at=BEGAN).certificate).native
        == "Valid"
    )


@pytest.mark.parametrize("algorithm", [-7, -8, -35, -36, -37, -38, -39, -257, 0, 1])
@pytest.mark.parametrize("key", [EC256, EC384, RSA2048, ED25519], ids=["p256", "p384", "rsa", "ed25519"])
def test_an_algorithm_that_is_not_the_key_s(image: bytes, key: Key, algorithm: int) -> None:
    judge(image, signer(leaf(key), key=key, algorithm=algorithm))


LEAVES: dict[str, Callable[[], x509.Certificate]] = {
    "expired": lambda: leaf(begins=-5 * DAY, ends=timedelta(0)),
    "expired a second ago": lambda: leaf(ends=10 * DAY - timedelta(seconds=1)),
    "not yet valid": lambda: leaf(begins=11 * DAY),
    "authority": lambda: ROOT.issue(EC256.public_key(), authority=True),
    "no basic constraints": lambda: ROOT.issue(EC256.public_key(), authority=None),
    "no key usage": lambda: leaf(usage=None),
    "no digital signature": lambda: leaf(usage=key_usage("content_commitment")),
    "certificate signing": lambda: leaf(usage=key_usage("digital_signature", "key_cert_sign")),
    "no purpose": lambda: leaf(purposes=[]),
    "any purpose": lambda: leaf(purposes=[ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]),
    "any purpose too": lambda: leaf(purposes=[EMAIL, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]),
    "server": lambda: leaf(purposes=[ExtendedKeyUsageOID.SERVER_AUTH]),
    "server and mail": lambda: leaf(purposes=[ExtendedKeyUsageOID.SERVER_AUTH, EMAIL]),
    "time-stamping": lambda: leaf(purposes=[ExtendedKeyUsageOID.TIME_STAMPING]),
    "time-stamping and mail": lambda: leaf(purposes=[ExtendedKeyUsageOID.TIME_STAMPING, EMAIL]),
    "OCSP": lambda: leaf(purposes=[ExtendedKeyUsageOID.OCSP_SIGNING]),
    "no authority key": lambda: leaf(issuer_key=False),
    "unknown critical": lambda: leaf(extra=[(UNKNOWN, True)]),
    "unknown": lambda: leaf(extra=[(UNKNOWN, False)]),
    "no organisation": lambda: leaf(subject=x509.Name([name("x").rdns[1].__iter__().__next__()])),
    "empty subject": lambda: leaf(subject=x509.Name([])),
    "subject of its issuer": lambda: leaf(subject=ROOT.name),
    "SHA-224": lambda: leaf(digest=hashes.SHA224()),
    "SHA-384 with P-256": lambda: leaf(digest=hashes.SHA384()),
    "SHA-3": lambda: leaf(digest=hashes.SHA3_256()),
}  # fmt: skip


@pytest.mark.parametrize("wrong", LEAVES)
def test_a_signer_s_certificate_with_one_thing_about_it(image: bytes, wrong: str) -> None:
    result = judge(image, signer(LEAVES[wrong]()))
    if "expired" in wrong:
        assert result.native == "Invalid"


@pytest.mark.parametrize("key", [RSA1024, ec.generate_private_key(ec.SECP256K1())], ids=["RSA 1024", "secp256k1"])
def test_weak_and_foreign_keys(image: bytes, key: Any) -> None:
    judge(image, signer(leaf(key), key=key, algorithm=-37 if isinstance(key, rsa.RSAPrivateKey) else -7))


def test_a_self_signed_signer(image: bytes) -> None:
    selfish = Authority("Self", at=BEGAN, key=EC256)
    judge(image, signer(selfish.certificate), selfish.certificate)
    judge(image, signer(leaf(authority=selfish, subject=selfish.name)))


def through(middle: Authority, *more: Authority) -> list[x509.Certificate]:
    return [leaf(authority=middle), middle.certificate, *(one.certificate for one in more)]


CHAINS: dict[str, Callable[[], list[x509.Certificate]]] = {
    "one intermediate": lambda: through(authority("Middle")),
    "root included": lambda: [*through(authority("Middle")), ROOT.certificate],
    "another certificate of the root": lambda: [*through(authority("Middle")), SECOND_ROOT.certificate],
    "root alone included": lambda: [leaf(), ROOT.certificate],
    "intermediate missing": lambda: through(authority("Middle"))[:1],
    "wrong order": lambda: through(authority("Middle"))[::-1],
    "stranger at the end": lambda: [*through(authority("Middle")), Authority("Stranger", at=BEGAN).certificate],
    "stranger in between": lambda: with_one_more(through(authority("Middle")), STRANGER.certificate, 1),
    "leaf twice": lambda: twice(through(authority("Middle")), 0),
    "intermediate twice": lambda: twice(through(authority("Middle")), 1),
    "intermediate expired": lambda: through(authority("Middle", ends=DAY)),
    "intermediate not yet valid": lambda: through(authority("Middle", begins=50 * DAY)),
    "intermediate no authority": lambda: through(authority("Middle", ca=False)),
    "intermediate without constraints": lambda: through(authority("Middle", ca=None)),
    "intermediate may not sign": lambda: through(authority("Middle", usage=key_usage("digital_signature"))),
    "path length kept": lambda: through(authority("Middle", length=0)),
    "path length broken": lambda: below(authority("Upper", length=0)),
    "name constraint kept": lambda: through(
        authority("Middle", extra=((x509.NameConstraints([x509.DirectoryName(name("Test signer"))], None), True),))
    ),
    "name constraint broken": lambda: through(
        authority("Middle", extra=((x509.NameConstraints([x509.DNSName("example.org")], None), True),))
    ),
    "unknown critical in intermediate": lambda: through(
        authority("Middle", extra=((UNKNOWN, True),))
    ),
    "same name, other key": lambda: [leaf(authority=Authority("Root", at=BEGAN))],
    "five deep": lambda: deep(5),
    "fifteen deep": lambda: deep(14),
    "thirty deep": lambda: deep(30),
}  # fmt: skip


def with_one_more(certificates: list[x509.Certificate], one: x509.Certificate, at: int) -> list[x509.Certificate]:
    return [*certificates[:at], one, *certificates[at:]]


def twice(certificates: list[x509.Certificate], at: int) -> list[x509.Certificate]:
    return with_one_more(certificates, certificates[at], at)


def below(upper: Authority) -> list[x509.Certificate]:
    return through(authority("Lower", parent=upper), upper)


def deep(count: int) -> list[x509.Certificate]:
    line = [ROOT]
    for number in range(count):
        line.append(authority(f"Level {number}", parent=line[-1]))
    return [leaf(authority=line[-1]), *(one.certificate for one in reversed(line[1:]))]


@pytest.mark.parametrize("kind", CHAINS)
def test_a_chain_with_one_thing_about_it(image: bytes, kind: str) -> None:
    judge(image, signer(*CHAINS[kind]()))


def test_good_chains_are_answered(image: bytes) -> None:
    for kind in ("one intermediate", "root included", "root alone included", "five deep", "path length kept"):
        assert judge(image, signer(*CHAINS[kind]())).native == "Trusted", kind
    assert judge(image, signer(*CHAINS["intermediate missing"]())).native == "Valid"
    assert judge(image, signer(*CHAINS["same name, other key"]())).native == "Valid"


def test_an_intermediate_as_anchor(image: bytes) -> None:
    middle = authority("Middle")
    assert judge(image, signer(leaf(authority=middle)), middle.certificate).native == "Trusted"
    assert judge(image, signer(*through(middle)), middle.certificate).native == "Trusted"


HEADERS: dict[str, dict[str, Any]] = {
    "chain unprotected": {
        "header": lambda h: {1: h[1]},
        "unprotected": lambda u: u | {"x5chain": [leaf().public_bytes(Encoding.DER)]},
    },
    "chain by name": {"header": lambda h: {1: h[1], "x5chain": h[33]}},
    "chain as one string": {"header": lambda h: {1: h[1], 33: h[33][0]}},
    "chain in both": {"unprotected": lambda u: u | {"x5chain": [leaf().public_bytes(Encoding.DER)]}},
    "chain twice": {"header": lambda h: h | {"x5chain": h[33]}},
    "chain empty": {"header": lambda h: {1: h[1], 33: []}},
    "chain of text": {"header": lambda h: {1: h[1], 33: ["x"]}},
    "chain garbage": {"header": lambda h: {1: h[1], 33: [b"\x30\x03\x02\x01\x00"]}},
    "no chain": {"header": lambda h: {1: h[1]}},
    "no algorithm": {"header": lambda h: {33: h[33]}},
    "algorithm as text": {"header": lambda h: h | {1: "ES256"}},
    "algorithm unprotected": {"header": lambda h: {33: h[33]}, "unprotected": lambda u: u | {1: -7}},
    "critical header": {"header": lambda h: h | {2: [99], 99: 1}},
    "content type": {"header": lambda h: h | {3: "application/c2pa"}},
    "key identifier": {"unprotected": lambda u: u | {4: b"x"}},
    "DER signature": {"edit": lambda made: utils.encode_dss_signature(
        int.from_bytes(made[:32]), int.from_bytes(made[32:]))},
    "empty signature": {"edit": lambda made: b""},
    "short signature": {"edit": lambda made: made[:-1]},
    "long signature": {"edit": lambda made: made + b"\0"},
    "zero signature": {"edit": lambda made: bytes(64)},
    "time-stamp garbage": {"unprotected": lambda u: u | {"sigTst2": {"tstTokens": [{"val": b"x"}]}}},
    "time-stamp none": {"unprotected": lambda u: u | {"sigTst2": {"tstTokens": []}}},
    "time-stamp two": {"unprotected": lambda u: u | {"sigTst": {"tstTokens": [{"val": b"x"}, {"val": b"y"}]}}},
    "time-stamp shapeless": {"unprotected": lambda u: u | {"sigTst": 7}},
    "revocation garbage": {"unprotected": lambda u: u | {"rVals": {"ocspVals": [b"x"]}}},
}  # fmt: skip


@pytest.mark.parametrize("kind", HEADERS)
def test_a_signature_structure_with_one_thing_about_it(image: bytes, kind: str) -> None:
    judge(image, signer(leaf(), **HEADERS[kind]))


@pytest.mark.parametrize("salt", [1, 20, 31, 33, 64])
def test_a_salt_of_another_length(image: bytes, salt: int) -> None:
    judge(image, signer(leaf(RSA2048), key=RSA2048, algorithm=-37, salt=salt))


def test_signed_by_another_key(image: bytes) -> None:
    assert judge(image, signer(leaf(), key=OTHER)).native == "Invalid"
