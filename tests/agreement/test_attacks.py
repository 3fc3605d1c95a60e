"""Attempts to make somebody look trusted who isn't, each through the whole verifier."""

from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import cbor2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from kzlabel.der import element, elements
from kzlabel.trust import Revocations, Trust
from kzlabel.verifying import Engine, Verifier
from kzlabel.verifying.verdict import Status, Verdict
from tests.agreement.composing import Draft, compose
from tests.agreement.test_paths import DUPLICATE, Raw, extensions_edited, part_replaced, resigned, wrapped
from tests.agreement.test_signatures import BEGAN, NOW, ROOT, STRANGER, authority, leaf, signer
from tests.unit.credentials.issuing import DAY, Authority, ec_key, name, pem

SERVERS = authority("Servers", extra=((x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),))
TRUST = Trust.from_pem(pem(ROOT.certificate), store="test")
STAMPING = ExtendedKeyUsageOID.TIME_STAMPING


@pytest.fixture(scope="module")
def image(samples: dict[str, Path]) -> bytes:
    return samples["jpeg"].read_bytes()


def codes(verdict: Verdict) -> set[str]:
    return {str(finding.code) for finding in verdict.findings}


def with_odd_name(inside: list[bytes]) -> list[bytes]:
    """Add a name that is an address of three bytes."""
    names = wrapped(0x04, wrapped(0x30, b"\x87\x03abc"))
    return [*inside, wrapped(0x30, bytes.fromhex("0603551d11"), names)]


def of_servers(**how: Any) -> Any:
    return Raw(resigned(leaf(authority=SERVERS), SERVERS, **how))


HIDING: dict[str, Callable[[], Callable[[bytes], bytes]]] = {
    "nothing": lambda: signer(leaf(authority=SERVERS), SERVERS.certificate),
    "an unknown header": lambda: signer(
        leaf(authority=SERVERS), SERVERS.certificate, unprotected=lambda u: u | {"more": 1}
    ),
    "a header with a number": lambda: signer(
        leaf(authority=SERVERS), SERVERS.certificate, unprotected=lambda u: u | {4: b"x"}
    ),
    "a content type": lambda: signer(
        leaf(authority=SERVERS), SERVERS.certificate, header=lambda h: h | {3: "application/c2pa"}
    ),
    "the chain twice": lambda: signer(
        leaf(authority=SERVERS), SERVERS.certificate, header=lambda h: h | {"x5chain": h[33]}
    ),
    "an empty time-stamp": lambda: signer(
        leaf(authority=SERVERS), SERVERS.certificate, unprotected=lambda u: u | {"sigTst": {"tstTokens": []}}
    ),
    "another hash": lambda: signer(
        leaf(authority=SERVERS, digest=hashes.SHA384()), SERVERS.certificate
    ),
    "an extension twice": lambda: signer(of_servers(edit=DUPLICATE), SERVERS.certificate),
    "a negative serial number": lambda: signer(
        of_servers(edit=part_replaced(1, bytes.fromhex("0201ff"))), SERVERS.certificate
    ),
    "a name that can't be read": lambda: signer(
        of_servers(edit=extensions_edited(with_odd_name)), SERVERS.certificate
    ),
    "bytes behind the authority": lambda: signer(
        leaf(authority=SERVERS), Raw(SERVERS.certificate.public_bytes(Encoding.DER) + b"\0")  # type: ignore[arg-type]
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", HIDING)
def test_no_odd_form_hides_an_authority_that_may_not_make_signers(image: bytes, kind: str) -> None:
    """The reference engine trusts all of them; what it has looked at must be seen here, or nobody is trusted."""
    verdict = Verifier(trust=TRUST).verify(compose(Draft(signature=HIDING[kind]()), image))
    assert verdict.status is Status.VALID
    assert verdict.signer is not None
    assert not verdict.signer.trusted_by
    assert "signingCredential.untrusted" in codes(verdict)


def test_an_odd_form_alone_takes_no_trust_away(image: bytes) -> None:
    middle = authority("Middle")
    for sign in (
        signer(leaf(authority=middle), middle.certificate, unprotected=lambda u: u | {"more": 1}),
        signer(leaf(authority=middle, digest=hashes.SHA384()), middle.certificate),
    ):
        verdict = Verifier(trust=TRUST).verify(compose(Draft(signature=sign), image))
        assert verdict.abstained
        assert verdict.status is Status.TRUSTED
        assert verdict.signer is not None
        assert (verdict.signer.anchor, verdict.signer.trusted_by) == ("Root", "test")


def test_a_signer_is_not_said_to_be_of_another_store_than_its_anchor_s(image: bytes) -> None:
    """An authority that bears the name of one in another store, behind a form that the reference engine reads."""
    namesake = authority("Stranger")
    sign = signer(leaf(authority=namesake), namesake.certificate, unprotected=lambda u: u | {"more": 1})
    trust = TRUST | Trust.from_pem(pem(STRANGER.certificate), store="close friends")
    verdict = Verifier(trust=trust).verify(compose(Draft(signature=sign), image))
    assert verdict.status is Status.TRUSTED
    assert verdict.signer is not None
    assert verdict.signer.trusted_by == "test"


# Revocation


ISSUER = Authority("Issuer", at=BEGAN, usage=("key_cert_sign", "crl_sign"))
ISSUER_TRUST = Trust.from_pem(pem(ISSUER.certificate), store="test")


def listed(
    *entries: tuple[x509.Certificate, datetime, x509.ReasonFlags | None], by: Authority = ISSUER
) -> Revocations:
    builder = (
        x509.CertificateRevocationListBuilder().issuer_name(by.name).last_update(NOW - DAY).next_update(NOW + DAY)
    )
    for one, at, reason in entries:
        entry = x509.RevokedCertificateBuilder().serial_number(one.serial_number).revocation_date(at)
        if reason is not None:
            entry = entry.add_extension(x509.CRLReason(reason), critical=False)
        builder = builder.add_revoked_certificate(entry.build())
    assert isinstance(by.key, ec.EllipticCurvePrivateKey)
    return Revocations((builder.sign(by.key, hashes.SHA256()).public_bytes(Encoding.DER),))


@pytest.mark.parametrize("engine", [Engine.AUTO, Engine.REFERENCE])
@pytest.mark.parametrize(
    "how",
    [
        {},
        {"unprotected": lambda u: u | {"more": 1}},
        {"unprotected": lambda u: u | {4: b"x"}},
        {"header": lambda h: h | {"x5chain": h[33]}},
        {"unprotected": lambda u: u | {"sigTst": {"tstTokens": []}}},
    ],
)
def test_no_odd_form_hides_that_a_signer_was_revoked(image: bytes, how: dict[str, Any], engine: Engine) -> None:
    revoked = leaf(authority=ISSUER)
    data = compose(Draft(signature=signer(revoked, **how)), image)
    revocations = listed((revoked, NOW - 2 * DAY, x509.ReasonFlags.key_compromise))
    verdict = Verifier(trust=ISSUER_TRUST, revocations=revocations, engine=engine).verify(data)
    assert verdict.status in (Status.INVALID, Status.VALID)
    assert not verdict.signer or not verdict.signer.trusted_by or verdict.status is Status.INVALID


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(
    "other",
    [(NOW - 2 * DAY, x509.ReasonFlags.remove_from_crl), (NOW + DAY, x509.ReasonFlags.key_compromise)],
)
def test_a_list_that_names_a_signer_twice_revokes_it(
    image: bytes, other: tuple[datetime, x509.ReasonFlags], order: int
) -> None:
    revoked = leaf(authority=ISSUER)
    entries = [(revoked, NOW - 2 * DAY, x509.ReasonFlags.key_compromise), (revoked, *other)][::order]
    data = compose(Draft(signature=signer(revoked)), image)
    verdict = Verifier(trust=ISSUER_TRUST, revocations=listed(*entries)).verify(data)
    assert verdict.status is Status.INVALID


# Time-stamps of one's own


def token(stamped: bytes, at: datetime, key: ec.EllipticCurvePrivateKey, *chain: x509.Certificate) -> bytes:
    """Return a time-stamp over `stamped` by whoever has `key`, and of whatever time."""

    def oid(digits: str) -> bytes:
        return wrapped(0x06, bytes.fromhex(digits))

    def attribute(kind: str, value: bytes) -> bytes:
        return wrapped(0x30, oid(kind), wrapped(0x31, value))

    digest = wrapped(0x30, oid("608648016503040201"))
    moment = wrapped(0x18, f"{at:%Y%m%d%H%M%SZ}".encode())
    imprint = wrapped(0x30, digest, wrapped(0x04, sha256(stamped).digest()))
    info = wrapped(0x30, b"\2\1\1", oid("2a0304"), imprint, b"\2\1\7", moment)
    attributes = sorted(
        [
            attribute("2a864886f70d010903", oid("2a864886f70d0109100104")),
            attribute("2a864886f70d010904", wrapped(0x04, sha256(info).digest())),
        ]
    )
    made = key.sign(wrapped(0x31, *attributes), ec.ECDSA(hashes.SHA256()))
    ders = [one.public_bytes(Encoding.DER) for one in chain]
    fields = [part.whole for part in elements(element(chain[0].tbs_certificate_bytes, 0x30))]
    who = wrapped(0x30, fields[3], fields[1])
    signer_info = wrapped(
        0x30, b"\2\1\1", who, digest, wrapped(0xA0, *attributes), wrapped(0x30, oid("2a8648ce3d040302")),
        wrapped(0x04, made),
    )  # fmt: skip
    content = wrapped(0x30, oid("2a864886f70d0109100104"), wrapped(0xA0, wrapped(0x04, info)))
    signed = wrapped(
        0x30, b"\2\1\3", wrapped(0x31, digest), content, wrapped(0xA0, *ders), wrapped(0x31, signer_info)
    )
    return wrapped(0x30, oid("2a864886f70d010702"), wrapped(0xA0, signed))


def stamper(by: Authority, **spoilt: Any) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = ec_key()
    wanted: dict[str, Any] = {"purposes": [STAMPING], "begins": -30 * DAY, "ends": 300 * DAY} | spoilt
    return key, by.issue(key.public_key(), subject=name("Clock"), **wanted)


def stamped_signer(
    certificate: x509.Certificate,
    at: datetime,
    key: ec.EllipticCurvePrivateKey,
    *chain: x509.Certificate,
    header: str = "sigTst2",
    change: Callable[[bytes], bytes] = lambda token: token,
) -> Callable[[bytes], bytes]:
    def sign(claim: bytes) -> bytes:
        protected, unprotected, _, made = cbor2.loads(signer(certificate)(claim)).value
        about = cbor2.dumps(made) if header == "sigTst2" else claim
        value = token(cbor2.dumps(["CounterSignature", protected, b"", about]), at, key, *chain)
        if header == "sigTst":
            value = wrapped(0x30, b"\x30\3\2\1\0", value)
        unprotected = {**unprotected, header: {"tstTokens": [{"val": change(value)}]}}
        return cbor2.dumps(cbor2.CBORTag(18, [protected, unprotected, None, made]))

    return sign
