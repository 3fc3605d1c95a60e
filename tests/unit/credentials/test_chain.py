"""The certificate chain: whatever order the certificates come in, and which have no place in it."""

import itertools
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from kzlabel.credentials import Signer
from kzlabel.errors import CredentialError
from tests.unit.credentials.issuing import DAY, NOW, Authority, ec_key, key_pem, name, pem

EcKey = ec.EllipticCurvePrivateKey


@pytest.fixture(scope="module")
def middle(authority: Authority) -> Authority:
    return Authority("Middle", parent=authority)


@pytest.fixture(scope="module")
def low(middle: Authority) -> Authority:
    return Authority("Low", parent=middle)


def test_any_order_gives_the_chain_from_the_signer_up_without_the_root(
    key: EcKey, authority: Authority, middle: Authority, low: Authority
) -> None:
    leaf = low.issue(key.public_key())
    certificates = [leaf, low.certificate, middle.certificate, authority.certificate]
    for order in itertools.permutations(certificates):
        signer = Signer.from_pem(key_pem(key), pem(*order), now=NOW)
        assert signer.certificate_chain == (leaf, low.certificate, middle.certificate)


def test_the_root_may_be_missing_and_certificates_may_be_repeated(
    key: EcKey, middle: Authority, low: Authority
) -> None:
    leaf = low.issue(key.public_key())
    signer = Signer.from_pem(
        key_pem(key), pem(leaf, low.certificate, leaf, middle.certificate, low.certificate), now=NOW
    )
    assert signer.certificate_chain == (leaf, low.certificate, middle.certificate)


def test_a_certificate_without_a_place_is_refused_and_named(key: EcKey, authority: Authority) -> None:
    leaf = authority.issue(key.public_key())
    stray = Authority("Stray").certificate
    other = authority.issue(ec_key().public_key(), subject=name("Other"))
    for extra in (stray, other):
        with pytest.raises(CredentialError, match=r"not part of the chain: (Stray|Other)"):
            Signer.from_pem(key_pem(key), pem(leaf, extra), now=NOW)


def test_a_gap_in_the_chain_is_refused(key: EcKey, middle: Authority, low: Authority) -> None:
    with pytest.raises(CredentialError, match="not part of the chain: Middle"):
        Signer.from_pem(key_pem(key), pem(low.issue(key.public_key()), middle.certificate), now=NOW)


def test_an_authority_of_the_same_name_with_another_key_is_refused(key: EcKey, authority: Authority) -> None:
    impostor = Authority()
    assert impostor.name == authority.name
    with pytest.raises(CredentialError, match="not part of the chain"):
        Signer.from_pem(key_pem(key), pem(authority.issue(key.public_key()), impostor.certificate), now=NOW)


def test_an_authority_that_is_certified_twice_has_one_place(key: EcKey, authority: Authority) -> None:
    root = Authority("Both")
    crossed = Authority("Both", parent=authority, key=root.key)
    leaf = root.issue(key.public_key())
    signer = Signer.from_pem(key_pem(key), pem(leaf, root.certificate, crossed.certificate), now=NOW)
    assert signer.certificate_chain == (leaf, crossed.certificate)


def test_two_certificates_for_the_key_are_refused(key: EcKey, authority: Authority) -> None:
    certificates = pem(authority.issue(key.public_key()), authority.issue(key.public_key()))
    with pytest.raises(CredentialError, match="2 different certificates are for the same key"):
        Signer.from_pem(key_pem(key), certificates, now=NOW)


def test_a_signers_certificate_can_issue_nothing(key: EcKey, authority: Authority) -> None:
    false = Authority("False")
    false_certificate = authority.issue(false.key.public_key(), subject=false.name)  # type: ignore[arg-type]
    chain = pem(false.issue(key.public_key()), false_certificate)
    with pytest.raises(CredentialError, match="False issued the certificate but is no certificate authority"):
        Signer.from_pem(key_pem(key), chain, now=NOW)


def test_an_expired_intermediate_is_refused(key: EcKey, authority: Authority) -> None:
    short = Authority("Short", parent=authority, lasts=timedelta(days=10))
    chain = pem(short.issue(key.public_key()), short.certificate)
    Signer.from_pem(key_pem(key), chain, now=NOW)
    with pytest.raises(CredentialError, match="Short expired"):
        Signer.from_pem(key_pem(key), chain, now=NOW + 10 * DAY)


def test_a_root_alone_is_refused() -> None:
    root = Authority()
    with pytest.raises(CredentialError, match="must not be a certificate authority"):
        Signer.from_pem(key_pem(root.key), pem(root.certificate), now=NOW)


def test_names_are_printed_without_control_characters(key: EcKey, authority: Authority) -> None:
    certificate = authority.issue(key.public_key(), subject=name("\x1b[31mred\x07"))
    signer = Signer.from_pem(key_pem(key), pem(certificate), now=NOW)
    assert repr(signer) == "Signer(es256, '\N{REPLACEMENT CHARACTER}[31mred\N{REPLACEMENT CHARACTER}')"
