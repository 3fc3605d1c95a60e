"""Signers: which keys and certificates make one, what is refused and how, and that the key stays inside."""

import copy
import logging
import pickle
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from kzlabel.credentials import Algorithm, Signer
from kzlabel.credentials.certificates import load_certificates
from kzlabel.errors import CredentialError
from tests.unit.credentials.issuing import (
    DAY,
    NOW,
    Authority,
    ec_key,
    key_pem,
    name,
    pem,
)

EcKey = ec.EllipticCurvePrivateKey


def refusal(attempt: Callable[[], object]) -> CredentialError:
    """Return the error that `attempt` raises, which must be one line that says what to do."""
    with pytest.raises(CredentialError) as caught:
        attempt()
    error = caught.value
    assert error.remedy
    assert "\n" not in str(error)
    return error


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_keys_are_read_in_all_their_forms(
    form: PrivateFormat, key: EcKey, rsa_key: rsa.RSAPrivateKey, authority: Authority
) -> None:
    for private in (key, rsa_key):
        certificate = pem(authority.issue(private.public_key()))
        signer = Signer.from_pem(key_pem(private, form), certificate, now=NOW)
        assert signer.secret_key_pem() == key_pem(private)


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_an_encrypted_key_needs_its_password(form: PrivateFormat, key: EcKey, authority: Authority) -> None:
    encrypted = key.private_bytes(Encoding.PEM, form, BestAvailableEncryption(b"open"))
    certificate = pem(authority.issue(key.public_key()))
    signer = Signer.from_pem(encrypted, certificate, password=b"open", now=NOW)
    assert signer.secret_key_pem() == key_pem(key)
    assert "encrypted" in refusal(lambda: Signer.from_pem(encrypted, certificate, now=NOW)).message
    wrong = refusal(lambda: Signer.from_pem(encrypted, certificate, password=b"shut", now=NOW))
    assert "decrypted" in wrong.message
    assert "shut" not in str(wrong)


def test_a_password_for_a_plain_key_is_not_used(key: EcKey, authority: Authority) -> None:
    certificate = pem(authority.issue(key.public_key()))
    assert Signer.from_pem(key_pem(key), certificate, password=b"any", now=NOW).algorithm is Algorithm.ES256


def test_one_file_may_hold_the_key_and_the_chain(tmp_path: Path, key: EcKey, authority: Authority) -> None:
    both = tmp_path / "both.pem"
    parameters = b"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
    both.write_bytes(parameters + key_pem(key) + b"a comment\n" + pem(authority.issue(key.public_key())))
    assert Signer.from_files(both, str(both), now=NOW).algorithm is Algorithm.ES256
    with both.open("rb") as file:
        pipe = f"/dev/fd/{file.fileno()}"
        assert Signer.from_files(pipe, pipe, now=NOW).algorithm is Algorithm.ES256


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: ec_key(ec.SECP256K1()), "curve secp256k1"),
        (lambda: ec_key(ec.SECP224R1()), "curve secp224r1"),
        (lambda: rsa.generate_private_key(65537, 1024), "RSA key of 1024 bits"),
        (lambda: dsa.generate_private_key(1024), "DSA key"),
        (ed448.Ed448PrivateKey.generate, "Ed448"),
    ],
)
def test_a_key_that_labels_cant_be_signed_with_is_named(
    make: Callable[[], PrivateKeyTypes], words: str, key: EcKey, authority: Authority
) -> None:
    certificate = pem(authority.issue(key.public_key()))
    assert words in refusal(lambda: Signer.from_pem(key_pem(make()), certificate, now=NOW)).message


def test_a_key_of_another_certificate_is_refused(key: EcKey, authority: Authority) -> None:
    certificate = pem(authority.issue(ec_key().public_key()))
    error = refusal(lambda: Signer.from_pem(key_pem(key), certificate, now=NOW))
    assert "does not belong" in error.message


def test_what_is_no_key_is_said_to_be_none(key: EcKey, authority: Authority) -> None:
    certificate = pem(authority.issue(key.public_key()))
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    der = key_pem(key, encoding=Encoding.DER)
    ssh = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    for data, words in (
        (b"", "no PEM block"),
        (b"garbage\xff\x00", "no PEM block"),
        (der, "no PEM block"),
        (certificate, "it holds CERTIFICATE"),
        (public, "it holds PUBLIC KEY"),
        (ssh, "it holds OPENSSH PRIVATE KEY"),
        (key_pem(key) + key_pem(ec_key()), "there are 2 private keys"),
        (key_pem(key)[:-20], "cut short"),
        (key_pem(key).replace(b"\nM", b"\nX", 1), "damaged"),
    ):
        assert words in refusal(lambda data=data: Signer.from_pem(data, certificate, now=NOW)).message  # type: ignore[misc]


def test_what_is_no_certificate_is_said_to_be_none(key: EcKey, authority: Authority) -> None:
    certificate = pem(authority.issue(key.public_key()))
    for data, words in (
        (b"", "no PEM block"),
        (key_pem(key), "it holds PRIVATE KEY"),
        (certificate[:-20], "cut short"),
        (certificate.replace(b"\nM", b"\nX", 1), "certificate 1 of 1 is damaged"),
    ):
        assert words in refusal(lambda data=data: Signer.from_pem(key_pem(key), data, now=NOW)).message  # type: ignore[misc]


def test_an_expired_or_future_certificate_is_refused_with_its_dates(key: EcKey, authority: Authority) -> None:
    certificate = pem(authority.issue(key.public_key(), subject=name("Aigerim")))
    late = refusal(lambda: Signer.from_pem(key_pem(key), certificate, now=NOW + 91 * DAY))
    assert late.message == "the certificate Aigerim expired at 2026-08-30 12:00:00+00:00"
    early = refusal(lambda: Signer.from_pem(key_pem(key), certificate, now=NOW - 2 * DAY))
    assert early.message == "the certificate Aigerim is not valid before 2026-05-31 12:00:00+00:00"


def test_a_certificate_outside_the_profile_is_refused_rule_by_rule(key: EcKey, authority: Authority) -> None:
    certificate = pem(authority.issue(key.public_key(), purposes=(), issuer_key=False))
    message = refusal(lambda: Signer.from_pem(key_pem(key), certificate, now=NOW + 91 * DAY)).message
    assert "extended key usage" in message
    assert "authority key identifier" in message
    assert "expired" in message


def test_a_signer_can_be_checked_again_later(signer: Signer) -> None:
    signer.check_certificates(NOW)
    assert "expired" in refusal(lambda: signer.check_certificates(NOW + 91 * DAY)).message


def test_missing_and_unreadable_files_are_told(tmp_path: Path, key: EcKey, authority: Authority) -> None:
    good = tmp_path / "key.pem"
    good.write_bytes(key_pem(key) + pem(authority.issue(key.public_key())))
    for path in (tmp_path / "none.pem", tmp_path, tmp_path / "none" / "key.pem", Path("a\0b")):
        for files in ((path, good), (good, path)):
            with pytest.raises(CredentialError) as caught:
                Signer.from_files(*files, now=NOW)
            error = caught.value
            assert "can't be read" in error.message or "not a path" in error.message
    with pytest.raises(CredentialError, match="larger than"):
        Signer.from_files("/dev/zero", good, now=NOW)


def test_errors_about_files_name_them(tmp_path: Path, key: EcKey, authority: Authority) -> None:
    (tmp_path / "k.pem").write_bytes(key_pem(ec_key()))
    (tmp_path / "c.pem").write_bytes(pem(authority.issue(key.public_key())))
    error = refusal(lambda: Signer.from_files(tmp_path / "k.pem", tmp_path / "c.pem", now=NOW))
    assert f"key {tmp_path}/k.pem, certificate {tmp_path}/c.pem" in error.message


@pytest.mark.parametrize("url", ["", "tsa.example", "ftp://tsa.example", "http://", "http://[", "http://a\n.kz"])
def test_an_address_that_is_none_is_refused(url: str, key: EcKey, authority: Authority) -> None:
    certificate = pem(authority.issue(key.public_key()))
    refusal(lambda: Signer.from_pem(key_pem(key), certificate, tsa_url=url, now=NOW))


def test_the_time_stamping_address_is_kept(key: EcKey, authority: Authority) -> None:
    certificate = pem(authority.issue(key.public_key()))
    signer = Signer.from_pem(key_pem(key), certificate, tsa_url="http://tsa.pki.gov.kz:80", now=NOW)
    assert signer.tsa_url == "http://tsa.pki.gov.kz:80"
    assert Signer.from_secret_bytes(signer.to_secret_bytes()).tsa_url == signer.tsa_url


def test_secret_bytes_make_the_same_signer_in_a_child_process(signer: Signer, key: EcKey) -> None:
    program = (
        "import sys; from kzlabel.credentials import Signer\n"
        "sys.stdout.buffer.write(Signer.from_secret_bytes(sys.stdin.buffer.read()).sign(b'claim'))"
    )
    result = subprocess.run(
        [sys.executable, "-c", program],
        input=signer.to_secret_bytes(),
        capture_output=True,
        check=True,
        cwd=Path(__file__).parents[3],
    )
    r, s = int.from_bytes(result.stdout[:32]), int.from_bytes(result.stdout[32:])
    key.public_key().verify(encode_dss_signature(r, s), b"claim", ec.ECDSA(hashes.SHA256()))


def test_other_bytes_make_no_signer(signer: Signer) -> None:
    secret = signer.to_secret_bytes()
    for data in (b"", b"\x00", secret[:-1], secret[:40], secret[::-1], b"\x94" + secret[1:60]):
        with pytest.raises(CredentialError):
            Signer.from_secret_bytes(data)


def test_a_signer_shows_its_key_to_nobody(signer: Signer, key: EcKey, caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("test").warning("%s %r", signer, signer)
    for copying in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="to_secret_bytes") as caught:
            copying(signer)
    shown = f"{signer} {signer!r} {caplog.text} {''.join(traceback.format_exception(caught.value))}"
    body = key_pem(key).splitlines()[1].decode()
    number = key.private_numbers().private_value
    assert not [secret for secret in (body, str(number), f"{number:x}") if secret in shown]
    assert "__dict__" not in dir(signer)
    assert shown.startswith("Signer(es256, 'Test signer')")


def test_a_refused_key_is_not_in_the_traceback(key: EcKey, authority: Authority) -> None:
    spoilt = key_pem(key).replace(b"-----\n", b"-----\n!", 1)
    error = refusal(lambda: Signer.from_pem(spoilt, pem(authority.issue(key.public_key())), now=NOW))
    shown = "".join(traceback.format_exception(error))
    assert key_pem(key).splitlines()[1].decode() not in shown
    assert error.__suppress_context__


def test_certificates_are_given_as_pem_in_the_order_of_the_chain(key: EcKey, authority: Authority) -> None:
    middle = Authority("Middle", parent=authority)
    leaf = middle.issue(key.public_key())
    signer = Signer.from_pem(key_pem(key), pem(authority.certificate, middle.certificate, leaf), now=NOW)
    assert signer.certificate_chain == (leaf, middle.certificate)
    assert load_certificates(signer.certificates_pem) == signer.certificate_chain


def test_importing_credentials_does_not_import_the_reference_engine() -> None:
    program = "import kzlabel.credentials, kzlabel.trust, sys; sys.exit('c2pa' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parents[3])
