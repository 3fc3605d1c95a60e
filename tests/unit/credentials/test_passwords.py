"""Passwords: where they come from, in which order, and that a wrong place is never silently passed over."""

import sys
import types
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat, pkcs12

from kzlabel.cli import cli
from kzlabel.credentials import Signer, default_signer, signer_from_environment
from kzlabel.credentials.passwords import from_keyring, given
from kzlabel.errors import CredentialError
from tests.unit.credentials.issuing import NOW, Authority, key_pem, pem

PASSWORD = b"opens"


@pytest.fixture
def p12(tmp_path: Path, key: ec.EllipticCurvePrivateKey, authority: Authority) -> Path:
    path = tmp_path / "signer.p12"
    certificate = authority.issue(key.public_key())
    path.write_bytes(
        pkcs12.serialize_key_and_certificates(b"me", key, certificate, None, BestAvailableEncryption(PASSWORD))
    )
    return path


def key_of(signer: Signer | None) -> bytes:
    assert signer is not None
    return signer.secret_key_pem()


def test_a_file_wins_over_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "password"
    environ = {"KZLABEL_KEY_PASSWORD": "of the environment"}
    for content in (b"secret", b"secret\n", b"secret\r\nmore\n"):
        file.write_bytes(content)
        assert given(environ, "KZLABEL_KEY_PASSWORD", file) == b"secret"
    assert given(environ, "KZLABEL_KEY_PASSWORD") == b"of the environment"
    assert given({"KZLABEL_KEY_PASSWORD": ""}, "KZLABEL_KEY_PASSWORD") is None


def test_a_password_file_that_has_none_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "password"
    for content in (b"", b"\nsecret", b"\r\n", bytes(5000)):
        file.write_bytes(content)
        with pytest.raises(CredentialError, match="first line") as caught:
            given({}, "KZLABEL_KEY_PASSWORD", file)
        assert caught.value.remedy
    with pytest.raises(CredentialError, match="can't be read"):
        given({"KZLABEL_KEY_PASSWORD": "x"}, "KZLABEL_KEY_PASSWORD", tmp_path / "none")


def test_the_environment_names_a_pkcs12_file(p12: Path, key: ec.EllipticCurvePrivateKey) -> None:
    environ = {"KZLABEL_P12": str(p12), "KZLABEL_KEY_PASSWORD": PASSWORD.decode()}
    assert key_of(signer_from_environment(environ, now=NOW)) == key_pem(key)
    for name in ("KZLABEL_KEY", "KZLABEL_CERT"):
        with pytest.raises(CredentialError, match="beside"):
            signer_from_environment({**environ, name: str(p12)}, now=NOW)
    with pytest.raises(CredentialError, match="beside"):
        default_signer({}, p12=p12, key=p12)


def test_a_person_is_asked_once_and_only_for_what_is_encrypted(
    p12: Path, tmp_path: Path, key: ec.EllipticCurvePrivateKey, authority: Authority
) -> None:
    asked: list[str] = []

    def ask(name: str) -> bytes | None:
        asked.append(name)
        return PASSWORD

    encrypted = tmp_path / "key.pem"
    encrypted.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(PASSWORD)))
    certificate = tmp_path / "certificate.pem"
    certificate.write_bytes(pem(authority.issue(key.public_key())))
    assert key_of(default_signer({}, p12=p12, ask=ask, now=NOW).signer) == key_pem(key)
    chosen = default_signer({}, key=encrypted, certificate=certificate, ask=ask, now=NOW)
    assert key_of(chosen.signer) == key_pem(key)
    assert asked == [str(p12), str(encrypted)]
    encrypted.write_bytes(key_pem(key))
    default_signer({}, key=encrypted, certificate=certificate, ask=ask, now=NOW)
    default_signer({"KZLABEL_KEY_PASSWORD": PASSWORD.decode()}, p12=p12, ask=ask, now=NOW)
    assert len(asked) == 2


def test_a_wrong_answer_is_not_asked_for_again(p12: Path) -> None:
    asked: list[str] = []

    def ask(name: str) -> bytes | None:
        asked.append(name)
        return b"wrong"

    with pytest.raises(CredentialError, match=f"{p12.name}.*can't be decrypted"):
        default_signer({}, p12=p12, ask=ask, now=NOW)
    with pytest.raises(CredentialError, match="is encrypted"):
        default_signer({}, p12=p12, ask=lambda _: None, now=NOW)
    assert len(asked) == 1


def test_the_keyring_is_looked_into_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    ring = types.ModuleType("keyring")
    known = {("kzlabel", "signer.p12"): "пароль"}
    ring.get_password = lambda service, name: known.get((service, name))  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "keyring", ring)
    assert from_keyring("signer.p12") == "пароль".encode()
    assert from_keyring("other") is None

    def locked(service: str, name: str) -> str:
        raise RuntimeError("the keyring is locked")

    ring.get_password = locked  # type: ignore[attr-defined]
    assert from_keyring("signer.p12") is None
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert from_keyring("signer.p12") is None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--p12", "a", "--key", "b"), "two keys"),
        (("--sign-command", "a", "--pkcs11", "b"), "two keys"),
        (("--sign-command", "a"), "needs --cert"),
        (("--sign-command", "a 'b", "--cert", "c"), "split"),
        (("--pkcs11", "a"), "needs --token"),
        (("--pkcs11", "a", "--token", "b"), "--key-label"),
        (("--pkcs11", "a", "--token", "b", "--key-id", "xy"), "hexadecimal"),
        (("--token", "a"), "go with --pkcs11"),
        (("--algorithm", "ps384"), "goes with"),
    ],
)
def test_options_that_name_no_one_signer_are_wrong_usage(
    arguments: tuple[str, ...], words: str, tmp_path: Path
) -> None:
    said = ("--level", "ai-generated", "--system", "Painter", "-o", str(tmp_path / "out"))
    done = CliRunner().invoke(cli, ["label", __file__, *said, *arguments])
    assert done.exit_code == 2
    assert words in done.output
