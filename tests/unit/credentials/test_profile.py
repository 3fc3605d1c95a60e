"""The certificate profile: each rule by itself, and in agreement with the reference engine."""

from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from kzlabel.credentials import Algorithm
from kzlabel.credentials.profile import Rule, check_profile
from kzlabel.trust import Trust
from tests.unit.credentials import engine
from tests.unit.credentials.certificate_cases import BROKEN, GOOD
from tests.unit.credentials.issuing import DAY, NOW, Authority, ec_key, key_pem, pem

LAXER_ENGINE = {"non-repudiation only", "subject is issuer", "time stamping", "OCSP signing"}
"""Certificates that the reference engine trusts although C2PA 2.4 section 14.5.1.1 forbids them."""

PSS_256 = padding.PSS(padding.MGF1(hashes.SHA256()), 32)


@pytest.fixture(scope="module")
def present() -> Authority:
    """Return an authority whose certificates are valid now, since the engine looks at the clock."""
    return Authority(at=datetime.now(UTC).replace(microsecond=0))


@pytest.mark.parametrize("case", GOOD)
def test_a_good_certificate_breaks_no_rule(
    case: str, authority: Authority, key: ec.EllipticCurvePrivateKey
) -> None:
    assert check_profile(GOOD[case](authority, key.public_key()), at=NOW) == ()


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_rule_is_named(case: str, authority: Authority, key: ec.EllipticCurvePrivateKey) -> None:
    rule, make = BROKEN[case]
    assert rule in check_profile(make(authority, key.public_key()), at=NOW)


def test_every_broken_rule_is_named_at_once(authority: Authority, key: ec.EllipticCurvePrivateKey) -> None:
    certificate = authority.issue(key.public_key(), purposes=(), usage=None, issuer_key=False)
    rules = check_profile(certificate, at=NOW + 400 * DAY)
    assert set(rules) == {Rule.PURPOSE_MISSING, Rule.KEY_USAGE, Rule.ISSUER_KEY, Rule.EXPIRED}


def test_validity_includes_its_first_and_last_moment(authority: Authority, key: ec.EllipticCurvePrivateKey) -> None:
    certificate = authority.issue(key.public_key())
    assert check_profile(certificate, at=certificate.not_valid_before_utc) == ()
    assert check_profile(certificate, at=certificate.not_valid_after_utc) == ()


@pytest.mark.parametrize(("bits", "fits"), [(2047, False), (2048, True), (4096, True), (4097, False)])
def test_rsa_keys_are_neither_too_short_nor_too_long(bits: int, fits: bool, authority: Authority) -> None:
    key = rsa.RSAPublicNumbers(65537, (1 << (bits - 1)) + 1).public_key()
    assert check_profile(authority.issue(key), at=NOW) == (() if fits else (Rule.PUBLIC_KEY,))


def test_only_the_curves_of_the_profile_are_accepted(authority: Authority) -> None:
    good: list[ec.EllipticCurve] = [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()]
    bad: list[ec.EllipticCurve] = [ec.SECP256K1(), ec.SECP224R1(), ec.BrainpoolP256R1()]
    for curve in (*good, *bad):
        rules = check_profile(authority.issue(ec_key(curve).public_key()), at=NOW)
        assert rules == (() if curve in good else (Rule.PUBLIC_KEY,))


def test_authorities_may_sign_with_rsa_pss_and_ed25519(
    rsa_key: rsa.RSAPrivateKey, key: ec.EllipticCurvePrivateKey
) -> None:
    certificates = [
        Authority(key=rsa_key).issue(key.public_key()),
        Authority(key=rsa_key).issue(key.public_key(), rsa_padding=PSS_256),
        Authority(key=ed25519.Ed25519PrivateKey.generate()).issue(key.public_key()),
    ]
    assert [check_profile(certificate, at=NOW) for certificate in certificates] == [(), (), ()]


def test_the_hashes_of_rsa_pss_must_be_the_same_and_strong(
    rsa_key: rsa.RSAPrivateKey, key: ec.EllipticCurvePrivateKey
) -> None:
    authority = Authority(key=rsa_key)
    mixed = padding.PSS(padding.MGF1(hashes.SHA384()), 32)
    for certificate in (
        authority.issue(key.public_key(), rsa_padding=mixed),
        authority.issue(
            key.public_key(),
            digest=hashes.SHA224(),
            rsa_padding=padding.PSS(padding.MGF1(hashes.SHA224()), 28),
        ),
    ):
        assert check_profile(certificate, at=NOW) == (Rule.SIGNATURE_ALGORITHM,)


@pytest.mark.parametrize("case", GOOD)
def test_the_engine_trusts_what_the_profile_accepts(
    case: str, present: Authority, key: ec.EllipticCurvePrivateKey
) -> None:
    certificate = GOOD[case](present, key.public_key())
    trust = Trust.from_pem(pem(present.certificate), store="test")
    assert engine.state(Algorithm.ES256, pem(certificate), key_pem(key), trust) == "Trusted"


@pytest.mark.parametrize("case", BROKEN)
def test_the_engine_is_laxer_than_the_profile_only_where_we_know_it(
    case: str, present: Authority, key: ec.EllipticCurvePrivateKey
) -> None:
    _, make = BROKEN[case]
    trust = Trust.from_pem(pem(present.certificate), store="test")
    state = engine.state(Algorithm.ES256, pem(make(present, key.public_key())), key_pem(key), trust)
    assert (state == "Trusted") is (case in LAXER_ENGINE)
    assert state in {"Trusted", "Invalid", engine.REFUSED}
