"""Which signer to use: the one that was named, the environment's, or this machine's development identity."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from os import PathLike
from pathlib import Path
from typing import NamedTuple

import msgspec
import platformdirs

from kzlabel.credentials.development import DevelopmentIdentity, load_or_create
from kzlabel.credentials.passwords import Ask, PasswordNeededError, given
from kzlabel.credentials.pem import read_file
from kzlabel.credentials.signer import Signer
from kzlabel.errors import CredentialError
from kzlabel.sources import display_name

__all__ = [
    "PASSWORD",
    "ChosenSigner",
    "config_directory",
    "default_signer",
    "development_directory",
    "signer_from_environment",
]

_ONE = "name one of them"
PASSWORD = "KZLABEL_KEY_PASSWORD"  # noqa: S105 - the name of a variable
"""Variable of the environment with the password of a key."""

_BOTH = "set both, to two PEM files or twice to one that holds the key and its certificates"


class ChosenSigner(msgspec.Struct, frozen=True):
    """The signer that `default_signer` came upon."""

    signer: Signer
    """The signer."""

    development: DevelopmentIdentity | None = None
    """The development identity that it belongs to; none when the caller or the environment named a key."""

    created: bool = False
    """True when that identity was made just now, which is worth telling a person once."""


def config_directory(environ: Mapping[str, str]) -> Path:
    """Return the directory for kzlabel's own files: KZLABEL_CONFIG_DIR, or the one the platform sets aside.

    Raises:
        CredentialError: The platform has none for this user.
    """
    if named := environ.get("KZLABEL_CONFIG_DIR"):
        return Path(named)
    try:
        path = platformdirs.user_config_path("kzlabel")
    except RuntimeError:
        path = Path("~")
    if not path.is_absolute():  # older releases of platformdirs leave the tilde and don't raise
        raise CredentialError(
            "there is no directory for this user's settings", "set KZLABEL_CONFIG_DIR to a directory"
        )
    return path


def development_directory(environ: Mapping[str, str]) -> Path:
    """Return the directory of the development identity, whether or not there is one.

    Raises:
        CredentialError: As `config_directory` says.
    """
    return config_directory(environ) / "development"


def signer_from_environment(
    environ: Mapping[str, str],
    *,
    password: bytes | None = None,
    ask: Ask | None = None,
    tsa_url: str | None = None,
    now: datetime | None = None,
) -> Signer | None:
    """Return the signer that KZLABEL_KEY and KZLABEL_CERT, or KZLABEL_P12, name; none where they don't.

    The password is `password`, else KZLABEL_KEY_PASSWORD; for what the others mean see `default_signer`.

    Raises:
        CredentialError: One of the two is set without the other, or with the third; or as `default_signer` says.
    """
    key, certificate, p12 = (environ.get(name) for name in ("KZLABEL_KEY", "KZLABEL_CERT", "KZLABEL_P12"))
    if not key and not certificate and not p12:
        return None
    if p12 and (key or certificate):
        raise CredentialError("KZLABEL_P12 is set beside KZLABEL_KEY or KZLABEL_CERT", _ONE)
    if not p12 and not (key and certificate):
        present, absent = ("KZLABEL_KEY", "KZLABEL_CERT") if key else ("KZLABEL_CERT", "KZLABEL_KEY")
        raise CredentialError(f"{present} is set without {absent}", _BOTH)
    files = _Files(key or "", certificate or "", p12 or "")
    return _opened(files, password or given(environ, PASSWORD), ask, tsa_url, now)


def default_signer(
    environ: Mapping[str, str] = os.environ,
    *,
    key: str | PathLike[str] | None = None,
    certificate: str | PathLike[str] | None = None,
    p12: str | PathLike[str] | None = None,
    password: bytes | None = None,
    ask: Ask | None = None,
    tsa_url: str | None = None,
    now: datetime | None = None,
) -> ChosenSigner:
    """Return the signer of the files that are named, else the environment's, else the development identity.

    The development identity is made when it is first needed, and takes no time stamps of its own accord.

    Args:
        environ: The environment.
        key: PEM file with the private key.
        certificate: PEM file with its certificates; may be the same file.
        p12: PKCS#12 file, in the place of both.
        password: Opens the key; KZLABEL_KEY_PASSWORD, if left out.
        ask: Called for the password of a key that turns out to be encrypted and has no other.
        tsa_url: As in `Signer.from_pem`.
        now: As in `Signer.from_pem`.

    Raises:
        CredentialError: What was found first can't be used; nothing further down the list is tried then.
    """
    password = password or given(environ, PASSWORD)
    if p12 is not None and (key is not None or certificate is not None):
        raise CredentialError("a PKCS#12 file is given beside a key or a certificate", _ONE)
    if p12 is not None or (key is not None and certificate is not None):
        return ChosenSigner(_opened(_Files(key or "", certificate or "", p12 or ""), password, ask, tsa_url, now))
    if key is not None or certificate is not None:
        present, absent = ("key", "certificate") if key is not None else ("certificate", "key")
        raise CredentialError(f"a {present} is given without a {absent}", _BOTH)
    if found := signer_from_environment(environ, password=password, ask=ask, tsa_url=tsa_url, now=now):
        return ChosenSigner(found)
    identity, created = load_or_create(
        development_directory(environ), tsa_url=tsa_url, now=now or datetime.now(UTC)
    )
    return ChosenSigner(identity.signer, identity, created)


class _Files(NamedTuple):
    """The files that a signer is made of: the first two, or the third."""

    key: str | PathLike[str]
    certificate: str | PathLike[str]
    p12: str | PathLike[str]


def _opened(
    files: _Files, password: bytes | None, ask: Ask | None, tsa_url: str | None, now: datetime | None
) -> Signer:
    """Return the signer of `files`; ask for a password once, if it takes one and none was given."""

    def attempt(password: bytes | None) -> Signer:
        if files.p12:
            return _from_pkcs12(files.p12, password, tsa_url, now)
        return Signer.from_files(files.key, files.certificate, password=password, tsa_url=tsa_url, now=now)

    try:
        return attempt(password)
    except PasswordNeededError:
        if ask is None or not (answer := ask(os.fsdecode(files.p12 or files.key))):
            raise
    return attempt(answer)


def _from_pkcs12(
    path: str | PathLike[str], password: bytes | None, tsa_url: str | None, now: datetime | None
) -> Signer:
    data = read_file(path, CredentialError)
    try:
        return Signer.from_pkcs12(data, password, tsa_url=tsa_url, now=now)
    except CredentialError as error:
        raise type(error)(f"{display_name(path)}: {error.message}", error.remedy) from None
