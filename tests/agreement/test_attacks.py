"""Attempts to make somebody look trusted who isn't, each through the whole verifier."""

from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import cbor2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from kzlabel.der import element, elements
from kzlabel.trust import Anchor, Revocations, Trust
from kzlabel.verifying import Engine, Verifier
from kzlabel.verifying.policy import NotRevoked
from kzlabel.verifying.verdict import Status, Verdict
from tests.agreement.composing import Draft, compose, created, parts
from tests.agreement.test_paths import DUPLICATE, Raw, extensions_edited, part_replaced, resigned, wrapped
from tests.agreement.test_signatures import BEGAN, EC256, NOW, ROOT, STRANGER, authority, leaf, signer
from tests.unit.credentials.issuing import DAY, EMAIL, Authority, ec_key, name, pem

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


def behind(certificate: x509.Certificate) -> Any:
    return Raw(certificate.public_bytes(Encoding.DER) + b"\0")


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
    "bytes behind the authority": lambda: signer(leaf(authority=SERVERS), behind(SERVERS.certificate)),
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
    more: dict[str, Any] | None = None,
) -> Callable[[bytes], bytes]:
    def sign(claim: bytes) -> bytes:
        protected, unprotected, _, made = cbor2.loads(signer(certificate)(claim)).value
        about = cbor2.dumps(made) if header == "sigTst2" else claim
        value = token(cbor2.dumps(["CounterSignature", protected, b"", about]), at, key, *chain)
        if header == "sigTst":
            value = wrapped(0x30, b"\x30\3\2\1\0", value)
        unprotected = {**unprotected, header: {"tstTokens": [{"val": value}]}, **(more or {})}
        return cbor2.dumps(cbor2.CBORTag(18, [protected, unprotected, None, made]))

    return sign


OWN = Authority("Mine", at=BEGAN - 20 * DAY)
CLOCK = stamper(OWN)
OLD = NOW - 8 * DAY
"""A time at which all certificates here were valid; `EXPIRED` no longer is, and others were revoked since."""
EXPIRED = leaf(authority=ISSUER, begins=-5 * DAY, ends=5 * DAY)
ENGINES = [Engine.AUTO, Engine.REFERENCE]


def claim_of(version: int, sign: Callable[[bytes], bytes], image: bytes) -> bytes:
    """Return the image with a label of a version of the claim."""
    name = "c2pa.actions.v2" if version == 2 else "c2pa.actions"
    return compose(Draft(version=version, assertions=parts([(name, created())]), signature=sign), image)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("header", ["sigTst", "sigTst2"])
@pytest.mark.parametrize("version", [1, 2])
def test_a_time_stamp_of_one_s_own_outlives_nothing(
    image: bytes, version: int, header: str, engine: Engine
) -> None:
    """Neither the end of a certificate nor its revocation; claims of version 1 are no exception."""
    key, clock = CLOCK
    expired = stamped_signer(EXPIRED, OLD, key, clock, OWN.certificate, header=header)
    verdict = Verifier(trust=ISSUER_TRUST, engine=engine).verify(claim_of(version, expired, image))
    assert verdict.status in (Status.VALID, Status.INVALID)
    assert not verdict.signed_at

    stolen = leaf(authority=ISSUER)
    revocations = listed((stolen, NOW - 3 * DAY, x509.ReasonFlags.key_compromise))
    sign = stamped_signer(stolen, OLD, key, clock, OWN.certificate, header=header)
    verdict = Verifier(trust=ISSUER_TRUST, revocations=revocations, engine=engine).verify(
        claim_of(version, sign, image)
    )
    assert verdict.status is Status.INVALID


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("version", [1, 2])
def test_a_time_stamp_of_a_trusted_authority_outlives_both(image: bytes, version: int, engine: Engine) -> None:
    key, clock = stamper(ISSUER)
    sign = stamped_signer(EXPIRED, OLD, key, clock)
    revocations = listed((EXPIRED, NOW - 3 * DAY, x509.ReasonFlags.superseded))
    verdict = Verifier(trust=ISSUER_TRUST, revocations=revocations, engine=engine).verify(
        claim_of(version, sign, image)
    )
    assert verdict.status is Status.TRUSTED
    assert datetime.fromisoformat(verdict.signed_at) == OLD


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("version", [1, 2])
def test_a_signer_of_a_trusted_authority_stamps_no_times(image: bytes, version: int, engine: Engine) -> None:
    """Whoever has a certificate that expired and another one would otherwise stamp for themselves."""
    key, clock = stamper(ISSUER, purposes=[EMAIL])
    sign = stamped_signer(EXPIRED, OLD, key, clock)
    verdict = Verifier(trust=ISSUER_TRUST, engine=engine).verify(claim_of(version, sign, image))
    assert verdict.status is not Status.TRUSTED


@pytest.mark.parametrize("version", [1, 2])
def test_an_anchor_for_time_stamps_alone_is_one_for_all_claims(image: bytes, version: int) -> None:
    key, clock = CLOCK
    trust = ISSUER_TRUST | Trust(tsa=(Anchor.of(OWN.certificate, "clocks"),))
    sign = stamped_signer(EXPIRED, OLD, key, clock, OWN.certificate)
    verdict = Verifier(trust=trust).verify(claim_of(version, sign, image))
    assert verdict.status is Status.TRUSTED
    assert verdict.signed_at


def test_the_revocation_is_at_the_second_of_the_time_stamp_or_before(image: bytes) -> None:
    key, clock = stamper(ISSUER)
    stolen = leaf(authority=ISSUER)
    data = compose(Draft(signature=stamped_signer(stolen, OLD, key, clock)), image)
    for at, status in ((OLD, Status.INVALID), (OLD + timedelta(seconds=1), Status.TRUSTED)):
        assert Verifier(trust=ISSUER_TRUST, revocations=listed((stolen, at, None))).verify(data).status is status


# Stapled answers of one's own


def answer(
    certificate: x509.Certificate,
    key: ec.EllipticCurvePrivateKey,
    by: x509.Certificate,
    *,
    this: datetime = NOW - DAY,
    following: datetime = NOW + DAY,
) -> bytes:
    """Return the answer of whoever has `key` that a certificate of `ISSUER` is good."""
    good = ocsp.OCSPCertStatus.GOOD
    builder = (
        ocsp.OCSPResponseBuilder()
        .add_response(certificate, ISSUER.certificate, hashes.SHA1(), good, this, following, None, None)
        .responder_id(ocsp.OCSPResponderEncoding.HASH, by)
        .certificates([by])
    )
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def stapling(*chain: x509.Certificate, values: tuple[bytes, ...]) -> Callable[[bytes], bytes]:
    return signer(*chain, unprotected=lambda u: u | {"rVals": {"ocspVals": list(values)}})


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("who", ["the signer", "another signer", "a stranger's responder"])
def test_nobody_but_the_issuer_says_that_a_signer_is_not_revoked(image: bytes, who: str, whole: bool) -> None:
    """The reference engine hears any certificate under an anchor, that of the signer itself among them."""
    mine, key = leaf(authority=ISSUER), ec_key()
    other = ISSUER.issue(key.public_key())
    theirs = STRANGER.issue(key.public_key(), purposes=[ExtendedKeyUsageOID.OCSP_SIGNING])
    said = {
        "the signer": answer(mine, EC256, mine),
        "another signer": answer(mine, key, other),
        "a stranger's responder": answer(mine, key, theirs),
    }[who]
    chain = [mine, ISSUER.certificate][: 1 + whole]
    data = compose(Draft(signature=stapling(*chain, values=(said,))), image)
    verdict = Verifier(trust=ISSUER_TRUST).verify(data)
    assert "signingCredential.ocsp.notRevoked" not in codes(verdict)
    assert NotRevoked().lacks(verdict, NOW)


def test_what_the_issuer_says_is_heard_from_either_engine(image: bytes) -> None:
    mine, key = leaf(authority=ISSUER), ec_key()
    responder = ISSUER.issue(key.public_key(), purposes=[ExtendedKeyUsageOID.OCSP_SIGNING])
    said = answer(mine, key, responder)
    for chain in ([mine, ISSUER.certificate], [mine]):
        data = compose(Draft(signature=stapling(*chain, values=(said,))), image)
        assert not NotRevoked().lacks(Verifier(trust=ISSUER_TRUST).verify(data), NOW)


@pytest.mark.parametrize("version", [1, 2])
def test_an_old_answer_beside_a_time_stamp_of_one_s_own_proves_nothing(image: bytes, version: int) -> None:
    """Both from before the revocation, kept for when it comes."""
    key, clock = CLOCK
    mine, responding = leaf(authority=ISSUER, begins=-5 * DAY), ec_key()
    responder = ISSUER.issue(responding.public_key(), purposes=[ExtendedKeyUsageOID.OCSP_SIGNING], begins=-9 * DAY)
    said = answer(mine, responding, responder, this=OLD - DAY, following=OLD + DAY)
    extra = {"rVals": {"ocspVals": [said]}}
    sign = stamped_signer(mine, OLD, key, clock, OWN.certificate, more=extra)
    verdict = Verifier(trust=ISSUER_TRUST).verify(claim_of(version, sign, image))
    assert NotRevoked().lacks(verdict, NOW)
