"""Which signer is used: the one named, then the environment's, then this machine's own."""

import os
import pwd
from datetime import timedelta
from pathlib import Path

import platformdirs
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from kzlabel.credentials import (
    config_directory,
    default_signer,
    development,
    development_directory,
    signer_from_environment,
)
from kzlabel.errors import CredentialError
from tests.unit.credentials.issuing import NOW, Authority, ec_key, key_pem, pem


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"KZLABEL_CONFIG_DIR": str(tmp_path / "config")}


@pytest.fixture
def files(tmp_path: Path, key: ec.EllipticCurvePrivateKey, authority: Authority) -> tuple[str, str]:
    (tmp_path / "key.pem").write_bytes(key_pem(key))
    (tmp_path / "certificate.pem").write_bytes(pem(authority.issue(key.public_key())))
    return str(tmp_path / "key.pem"), str(tmp_path / "certificate.pem")


def test_the_configuration_is_where_the_environment_says_or_the_platform(
    environ: dict[str, str], tmp_path: Path
) -> None:
    assert config_directory(environ) == tmp_path / "config"
    assert development_directory(environ) == tmp_path / "config" / "development"
    for empty in ({}, {"KZLABEL_CONFIG_DIR": ""}):
        assert config_directory(empty) == platformdirs.user_config_path("kzlabel")


def test_a_user_without_a_home_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(uid: int) -> pwd.struct_passwd:
        raise KeyError(uid)

    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setattr(pwd, "getpwuid", nobody)
    with pytest.raises(CredentialError) as caught:
        config_directory({})
    assert "KZLABEL_CONFIG_DIR" in caught.value.remedy


def test_the_environment_names_a_key(files: tuple[str, str], key: ec.EllipticCurvePrivateKey) -> None:
    signer = signer_from_environment({"KZLABEL_KEY": files[0], "KZLABEL_CERT": files[1]}, now=NOW)
    assert signer is not None
    assert signer.secret_key_pem() == key_pem(key)


def test_an_environment_without_a_key_names_none() -> None:
    assert signer_from_environment({}) is None
    assert signer_from_environment({"KZLABEL_KEY": "", "KZLABEL_CERT": ""}) is None


@pytest.mark.parametrize(("present", "absent"), [("KZLABEL_KEY", "KZLABEL_CERT"), ("KZLABEL_CERT", "KZLABEL_KEY")])
def test_one_variable_alone_is_refused_and_never_falls_back(
    present: str, absent: str, environ: dict[str, str], files: tuple[str, str]
) -> None:
    half = {**environ, present: files[0]}
    for attempt in (signer_from_environment, default_signer):
        with pytest.raises(CredentialError, match=f"{present} is set without {absent}"):
            attempt(half, now=NOW)
    assert not development.is_present(development_directory(environ))


def test_the_password_comes_from_the_environment(
    tmp_path: Path, files: tuple[str, str], key: ec.EllipticCurvePrivateKey, environ: dict[str, str]
) -> None:
    secret = "құпия сөз"
    encrypted = tmp_path / "encrypted.pem"
    encrypted.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(secret.encode()))
    )
    named = {**environ, "KZLABEL_KEY": str(encrypted), "KZLABEL_CERT": files[1]}
    with pytest.raises(CredentialError, match="encrypted") as caught:
        signer_from_environment(named, now=NOW)
    assert "KZLABEL_KEY_PASSWORD" in caught.value.remedy
    with_password = {**named, "KZLABEL_KEY_PASSWORD": secret}
    assert signer_from_environment(with_password, now=NOW) is not None
    only_password = {**environ, "KZLABEL_KEY_PASSWORD": secret}
    chosen = default_signer(only_password, key=encrypted, certificate=files[1], now=NOW)
    assert chosen.signer.secret_key_pem() == key_pem(key)


def test_arguments_come_before_the_environment(
    tmp_path: Path, files: tuple[str, str], environ: dict[str, str], authority: Authority
) -> None:
    other = ec_key()
    both = tmp_path / "both.pem"
    both.write_bytes(key_pem(other) + pem(authority.issue(other.public_key())))
    named = {**environ, "KZLABEL_KEY": files[0], "KZLABEL_CERT": files[1]}
    explicit = default_signer(named, key=both, certificate=both, now=NOW)
    assert explicit.signer.secret_key_pem() == key_pem(other)
    assert default_signer(named, now=NOW).signer.secret_key_pem() == Path(files[0]).read_bytes()
    assert explicit.development is None
    assert not explicit.created


def test_a_key_without_a_certificate_is_refused(files: tuple[str, str], environ: dict[str, str]) -> None:
    with pytest.raises(CredentialError, match="a key is given without a certificate"):
        default_signer(environ, key=files[0])
    with pytest.raises(CredentialError, match="a certificate is given without a key"):
        default_signer(environ, certificate=files[1])


def test_the_development_identity_is_the_last_resort_and_reported_once(environ: dict[str, str]) -> None:
    first = default_signer(environ, now=NOW, tsa_url="http://tsa.example")
    second = default_signer(environ, now=NOW)
    assert (first.created, second.created) == (True, False)
    assert first.development is not None
    assert first.development.directory == development_directory(environ)
    assert first.signer.tsa_url == "http://tsa.example"
    assert second.signer.secret_key_pem() == first.signer.secret_key_pem()


def test_a_bad_key_in_the_environment_does_not_fall_back(environ: dict[str, str], files: tuple[str, str]) -> None:
    expired = {**environ, "KZLABEL_KEY": files[0], "KZLABEL_CERT": files[1]}
    with pytest.raises(CredentialError, match="expired"):
        default_signer(expired, now=NOW + timedelta(days=400))
    assert not Path(environ["KZLABEL_CONFIG_DIR"]).exists()


def test_the_present_environment_is_used_when_none_is_given(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str]
) -> None:
    monkeypatch.setenv("KZLABEL_CONFIG_DIR", environ["KZLABEL_CONFIG_DIR"])
    for variable in ("KZLABEL_KEY", "KZLABEL_CERT"):
        monkeypatch.delenv(variable, raising=False)
    assert default_signer().created
    assert os.listdir(environ["KZLABEL_CONFIG_DIR"]) == ["development"]  # noqa: PTH208
