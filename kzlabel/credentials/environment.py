"""Which signer to use: the one that was named, the environment's, or this machine's development identity."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from os import PathLike
from pathlib import Path

import msgspec
import platformdirs

from kzlabel.credentials.development import DevelopmentIdentity, load_or_create
from kzlabel.credentials.signer import Signer
from kzlabel.errors import CredentialError

__all__ = [
    "ChosenSigner",
    "config_directory",
    "default_signer",
    "development_directory",
    "signer_from_environment",
]

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
    environ: Mapping[str, str], *, tsa_url: str | None = None, now: datetime | None = None
) -> Signer | None:
    """Return the signer that KZLABEL_KEY, KZLABEL_CERT and KZLABEL_KEY_PASSWORD name, none where they don't.

    Raises:
        CredentialError: One of the two is set without the other, or as `Signer.from_files` says.
    """
    key, certificate = environ.get("KZLABEL_KEY"), environ.get("KZLABEL_CERT")
    if not key and not certificate:
        return None
    if not key or not certificate:
        present, absent = ("KZLABEL_KEY", "KZLABEL_CERT") if key else ("KZLABEL_CERT", "KZLABEL_KEY")
        raise CredentialError(f"{present} is set without {absent}", _BOTH)
    return Signer.from_files(key, certificate, password=_password(environ), tsa_url=tsa_url, now=now)


def default_signer(
    environ: Mapping[str, str] = os.environ,
    *,
    key: str | PathLike[str] | None = None,
    certificate: str | PathLike[str] | None = None,
    tsa_url: str | None = None,
    now: datetime | None = None,
) -> ChosenSigner:
    """Return the signer of `key` and `certificate`, else the environment's, else the development identity.

    The development identity is made when it is first needed, and takes no time stamps of its own accord.

    Raises:
        CredentialError: What was found first can't be used; nothing further down the list is tried then.
    """
    if key is not None and certificate is not None:
        named = Signer.from_files(key, certificate, password=_password(environ), tsa_url=tsa_url, now=now)
        return ChosenSigner(named)
    if key is not None or certificate is not None:
        present, absent = ("key", "certificate") if key is not None else ("certificate", "key")
        raise CredentialError(f"a {present} is given without a {absent}", _BOTH)
    if from_environment := signer_from_environment(environ, tsa_url=tsa_url, now=now):
        return ChosenSigner(from_environment)
    identity, created = load_or_create(
        development_directory(environ), tsa_url=tsa_url, now=now or datetime.now(UTC)
    )
    return ChosenSigner(identity.signer, identity, created)


def _password(environ: Mapping[str, str]) -> bytes | None:
    password = environ.get("KZLABEL_KEY_PASSWORD")
    return os.fsencode(password) if password else None
