"""PKCS#12 files: those of today and of 1999, and a clear answer about each that can't be used."""

import random
import subprocess
import traceback

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, NoEncryption, pkcs12
from hypothesis import given
from hypothesis import strategies as st

from kzlabel.credentials import Algorithm, Signer
from kzlabel.credentials.passwords import PasswordNeededError
from kzlabel.errors import CredentialError
from tests.unit.credentials.issuing import DAY, NOW, Authority, key_pem, pem
from tests.unit.credentials.pkcs12_files import KZ_GOST, RU_GOST, with_key_of

PASSWORD = b"Qwerty12"
LEGACY = ("-legacy", "-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-RC2-40", "-macalg", "sha1")


def refused(data: bytes, password: bytes | None = PASSWORD) -> CredentialError:
    with pytest.raises(CredentialError) as caught:
        Signer.from_pkcs12(data, password, now=NOW)
    assert caught.value.remedy
    assert "\n" not in str(caught.value)
    return caught.value


@pytest.fixture(scope="module")
def legacy(tmp_path_factory: pytest.TempPathFactory, rsa_key: rsa.RSAPrivateKey, authority: Authority) -> bytes:
    """A file in the encryption that Kazakhstan's authority uses: 3DES for the key, RC2-40 for certificates."""
    place = tmp_path_factory.mktemp("legacy")
    (place / "both.pem").write_bytes(key_pem(rsa_key) + pem(authority.issue(rsa_key.public_key())))
    command = ["openssl", "pkcs12", "-export", *LEGACY, "-in", str(place / "both.pem")]
    return subprocess.run(
        [*command, "-passout", f"pass:{PASSWORD.decode()}"], capture_output=True, check=True
    ).stdout


def modern(key: ec.EllipticCurvePrivateKey, authority: Authority, password: bytes = PASSWORD) -> bytes:
    encryption = BestAvailableEncryption(password) if password else NoEncryption()
    certificate = authority.issue(key.public_key())
    return pkcs12.serialize_key_and_certificates(b"me", key, certificate, [authority.certificate], encryption)


def test_a_file_gives_key_and_chain_without_the_root(key: ec.EllipticCurvePrivateKey, authority: Authority) -> None:
    signer = Signer.from_pkcs12(modern(key, authority), PASSWORD, now=NOW, tsa_url="http://tsa.example")
    assert signer.secret_key_pem() == key_pem(key)
    assert [one.issuer for one in signer.certificate_chain] == [authority.name]
    assert signer.tsa_url == "http://tsa.example"


def test_a_file_without_password_is_read(key: ec.EllipticCurvePrivateKey, authority: Authority) -> None:
    for password in (None, b""):
        assert Signer.from_pkcs12(modern(key, authority, b""), password, now=NOW).algorithm is Algorithm.ES256


def test_the_encryption_of_1999_gives_a_signer(legacy: bytes, rsa_key: rsa.RSAPrivateKey) -> None:
    signer = Signer.from_pkcs12(legacy, PASSWORD, now=NOW)
    assert signer.algorithm is Algorithm.PS256
    assert signer.secret_key_pem() == key_pem(rsa_key)


def test_a_wrong_and_a_missing_password_are_told_apart(
    legacy: bytes, key: ec.EllipticCurvePrivateKey, authority: Authority
) -> None:
    for data in (legacy, modern(key, authority), with_key_of(KZ_GOST, PASSWORD.decode())):
        assert "can't be decrypted" in refused(data, b"wrong").message
        missing = refused(data, None)
        assert isinstance(missing, PasswordNeededError)
        assert "KZLABEL_KEY_PASSWORD" in missing.remedy
        assert "can't be opened" in refused(data, b"\xff").message


@pytest.mark.parametrize("kind", [KZ_GOST, RU_GOST])
def test_a_gost_key_is_named_as_what_stands_in_the_way(
    kind: bytes, rsa_key: rsa.RSAPrivateKey, authority: Authority
) -> None:
    for certificates in ((), (authority.issue(rsa_key.public_key()),)):
        error = refused(with_key_of(kind, PASSWORD.decode(), *certificates))
        assert "password is right" in error.message
        assert "GOST" in error.message
        assert "Ed25519" in error.remedy


def test_files_without_key_or_certificate_are_told(key: ec.EllipticCurvePrivateKey, authority: Authority) -> None:
    encryption = BestAvailableEncryption(PASSWORD)
    certificate = authority.issue(key.public_key())
    keyless = pkcs12.serialize_key_and_certificates(b"me", None, certificate, None, encryption)
    assert "no private key" in refused(keyless).message
    bare = pkcs12.serialize_key_and_certificates(b"me", key, None, None, encryption)
    assert "no certificate" in refused(bare).message


def test_what_is_no_pkcs12_file_is_told(key: ec.EllipticCurvePrivateKey, authority: Authority) -> None:
    good = modern(key, authority)
    for data in (b"", b"0", b"\x30\x00", key_pem(key), good[:-1], good[:5], b"\x30\x03\x02\x01\x02"):
        assert "no PKCS#12 file" in refused(data).message


def test_certificates_of_the_file_are_checked_as_any_others(
    key: ec.EllipticCurvePrivateKey, authority: Authority
) -> None:
    data = modern(key, authority)
    with pytest.raises(CredentialError, match="expired"):
        Signer.from_pkcs12(data, PASSWORD, now=NOW + 91 * DAY)


def test_spoilt_files_give_a_credential_error_or_the_same_signer(
    key: ec.EllipticCurvePrivateKey, authority: Authority
) -> None:
    good = modern(key, authority)
    chance = random.Random(7)
    for _ in range(60):
        data = bytearray(good)
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        try:
            signer = Signer.from_pkcs12(bytes(data), PASSWORD, now=NOW)
        except CredentialError:
            continue
        assert signer.secret_key_pem() == key_pem(key)


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_refused(data: bytes) -> None:
    for start in (b"", b"\x30\x80\x02\x01\x03", b"\x30" + bytes([min(len(data) + 3, 127)]) + b"\x02\x01\x03"):
        refused(start + data)


def test_the_password_is_in_no_traceback(legacy: bytes) -> None:
    error = refused(legacy, b"open-sesame")
    assert error.__suppress_context__
    assert "open-sesame" not in "".join(traceback.format_exception(error))
