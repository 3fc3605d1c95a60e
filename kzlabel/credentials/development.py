"""The development identity: a key and a certificate that a machine makes for itself, for its first labels.

Nobody else trusts it, and its certificate says so. It is a leaf under an authority of its own, since
validators reject self-signed leaves. The authority's key signs that one certificate and is dropped without
being written: whoever steals the directory can sign as this identity, and can't make others that pass for it.
"""

import errno
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from kzlabel.credentials.certificates import UNREADABLE, load_certificates
from kzlabel.credentials.pem import read_file
from kzlabel.credentials.profile import CLAIM_SIGNING
from kzlabel.credentials.signer import Signer
from kzlabel.errors import CredentialError, MalformedError

__all__ = ["AUTHORITY_FILE", "DevelopmentIdentity", "create", "is_present", "load", "load_or_create"]

KEY_FILE = "key.pem"
CERTIFICATES_FILE = "certificates.pem"
AUTHORITY_FILE = "ca.pem"
"""Name of the file with the authority's certificate, the anchor for those who want to trust the identity."""

ORGANIZATION = "Not for publication: development identity made on this machine"
LIFETIME = timedelta(days=2 * 365)
"""How long both certificates are valid: the authority issues no second leaf, so it need not outlive it."""

_CLOCK_SKEW = timedelta(hours=1)
_REMAKE = "make a new one with `kzlabel keys init --force`"
_ELSEWHERE = "set KZLABEL_CONFIG_DIR to a directory that can be written, or pass --key and --cert"


class DevelopmentIdentity(msgspec.Struct, frozen=True):
    """A development identity as it stands in its directory."""

    directory: Path
    """Where its files are."""

    signer: Signer
    """Its key and certificate."""

    authority_pem: bytes
    """Certificate of the authority that issued it, as PEM."""


def is_present(directory: Path) -> bool:
    """Return whether there is an identity in `directory`, be it a broken one.

    Raises:
        CredentialError: `directory` can't be looked into.
    """
    try:
        return any(directory.iterdir())
    except FileNotFoundError:
        return False
    except OSError as error:
        raise CredentialError(f"{directory} can't be read: {error.strerror}", _ELSEWHERE) from None


def load(directory: Path, *, now: datetime, tsa_url: str | None = None) -> DevelopmentIdentity:
    """Return the identity in `directory`, which must be whole, private and valid at `now`.

    Raises:
        CredentialError: There is none; or it is damaged, has expired, or other users can read its key.
    """
    if not is_present(directory):
        raise CredentialError(
            f"there is no development identity in {directory}", "make one with `kzlabel keys init`"
        )
    _check_private(directory / KEY_FILE)
    try:
        authority_pem = read_file(directory / AUTHORITY_FILE, CredentialError)
        signer = Signer.from_files(directory / KEY_FILE, directory / CERTIFICATES_FILE, tsa_url=tsa_url, now=now)
        (authority,) = load_certificates(authority_pem)
        signer.certificate_chain[-1].verify_directly_issued_by(authority)
    except (CredentialError, MalformedError) as error:
        raise CredentialError(f"the development identity can't be used: {error.message}", _REMAKE) from None
    except (InvalidSignature, *UNREADABLE):
        raise CredentialError(f"the files in {directory} don't belong together", _REMAKE) from None
    return DevelopmentIdentity(directory, signer, authority_pem)


def create(directory: Path, *, now: datetime, force: bool = False) -> DevelopmentIdentity:
    """Make an identity in `directory`; with `force`, in place of what is there.

    Raises:
        CredentialError: There is one already, or `directory` can't be written.
    """
    if not force and is_present(directory):
        raise CredentialError(f"{directory} already holds a development identity", _REMAKE)
    if not _publish(_make(now), directory, force=force):
        raise CredentialError(f"another process made a development identity in {directory}", "use that one")
    return load(directory, now=now)


def load_or_create(
    directory: Path, *, now: datetime, tsa_url: str | None = None
) -> tuple[DevelopmentIdentity, bool]:
    """Return the identity in `directory` and whether it had to be made first.

    Of processes that start at once, one makes it and the others use what it made.

    Raises:
        CredentialError: As `load` and `create` say.
    """
    created = not is_present(directory) and _publish(_make(now), directory, force=False)
    return load(directory, now=now, tsa_url=tsa_url), created


def _make(now: datetime) -> dict[str, bytes]:
    """Return the files of a new identity."""
    mark = secrets.token_hex(4)
    begin = now.replace(microsecond=0) - _CLOCK_SKEW
    end = now.replace(microsecond=0) + LIFETIME
    authority_key = ec.generate_private_key(ec.SECP256R1())
    key = ec.generate_private_key(ec.SECP256R1())
    authority_name = _name(f"kzlabel development authority {mark}")
    authority_key_id = x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key())

    def certificate(subject: x509.Name, public_key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(authority_name)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(end)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(authority_key_id),
                critical=False,
            )
        )

    authority = (
        certificate(authority_name, authority_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage("key_cert_sign"), critical=True)
        .sign(authority_key, hashes.SHA256())
    )
    leaf = (
        certificate(_name(f"kzlabel development identity {mark}"), key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage("digital_signature"), critical=True)
        # Validators in their default settings know the first purpose only; the second is C2PA's own.
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION, CLAIM_SIGNING]), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    return {
        KEY_FILE: key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
        CERTIFICATES_FILE: leaf.public_bytes(pem),
        AUTHORITY_FILE: authority.public_bytes(pem),
    }


def _publish(files: dict[str, bytes], directory: Path, *, force: bool) -> bool:
    """Put `files` into `directory` all at once; return false when another process was faster."""
    parent = directory.parent
    try:
        parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _beside(directory) as staged, _beside(directory) as retired:
            for name, data in files.items():
                _write(staged / name, data)
            _sync(staged)
            if force and directory.exists():
                directory.rename(retired)
            published = _rename(staged, directory)
            _sync(parent)
    except OSError as error:
        message = f"no development identity can be made in {directory}: {error.strerror}"
        raise CredentialError(message, _ELSEWHERE) from None
    return published


@contextmanager
def _beside(directory: Path) -> Iterator[Path]:
    """Make an empty private directory on the same file system, and remove what is left of it afterwards."""
    path = Path(tempfile.mkdtemp(prefix=f".{directory.name}-", dir=directory.parent))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _write(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _rename(staged: Path, directory: Path) -> bool:
    """Rename `staged` to `directory` unless there is something in the latter."""
    try:
        staged.rename(directory)
    except OSError as error:
        if error.errno in {errno.ENOTEMPTY, errno.EEXIST}:
            return False
        raise
    return True


def _check_private(key: Path) -> None:
    """Refuse a key that others can read, as ssh does: whoever could read it may have copied it."""
    try:
        mode = stat.S_IMODE(key.stat().st_mode)
    except OSError as error:
        raise CredentialError(f"{key} can't be read: {error.strerror}", _REMAKE) from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise CredentialError(
            f"other users can read {key} (its mode is {mode:04o})",
            f"{_REMAKE}, or run `chmod 600 {key}` if you are sure that nobody did",
        )


def _name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANIZATION),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _key_usage(only: str) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=only == "digital_signature",
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=only == "key_cert_sign",
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
