"""Named trust stores in the user's directory: whom this user decided to believe, when, and on whose word.

One file a store, `NAME.json`, with its certificates as PEM and what `StoreFile` says of them. Nothing else in the
directory is looked at. A store is read whole or not at all: one that was cut short or edited by hand is an error,
since half of a trust list is another trust list.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from kzlabel.credentials.certificates import UNREADABLE, load_certificates
from kzlabel.credentials.pem import read_file
from kzlabel.errors import MalformedError, TrustError
from kzlabel.outputs import staged
from kzlabel.trust.anchors import Anchor, Trust

__all__ = ["Kind", "StoreFile", "add", "certificates_in", "load", "load_all", "names", "remove"]

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_RESERVED = frozenset({"development", "anchors"})
_SUFFIX = ".json"


class Kind(StrEnum):
    """What the certificates of a store are believed for."""

    ANCHORS = "anchors"
    """Authorities whose signers are believed (C2PA 2.4 section 14.4.1)."""

    TSA = "tsa"
    """Authorities whose time-stamping authorities are believed, and whose signers are not (section 14.4.2)."""

    SIGNERS = "signers"
    """Signers that are believed themselves, whoever issued their certificates."""


class StoreFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A trust store as it lies in its file."""

    name: str
    """Its name, that of the file without `.json`."""

    kind: Kind
    """What its certificates are believed for."""

    source: str
    """Where they came from, in the words of whoever added them: a path or an address."""

    added: str
    """When, RFC 3339."""

    sha256: str
    """SHA-256 of `pem`, in hexadecimal."""

    pem: str
    """The certificates."""

    @classmethod
    def make(
        cls, name: str, kind: Kind, source: str, certificates: Iterable[x509.Certificate], at: datetime
    ) -> Self:
        """Make a store of certificates.

        Raises:
            TrustError: The name is none, or a certificate isn't of the kind.
        """
        if not _NAME.fullmatch(name) or name in _RESERVED:
            raise TrustError(
                f"{name!r} can't be the name of a trust store",
                "use lower-case letters, digits, dots and hyphens; development and anchors are taken",
            )
        text = "".join(one.public_bytes(Encoding.PEM).decode() for one in certificates)
        made = cls(name, kind, source, at.isoformat(timespec="seconds"), _digest(text), text)
        made.trust()
        return made

    def trust(self) -> Trust:
        """Return trust in what is in the store.

        Raises:
            TrustError: A certificate can't be read, or isn't of the kind that the store is.
        """
        data = self.pem.encode()
        match self.kind:
            case Kind.ANCHORS:
                return Trust.from_pem(data, store=self.name)
            case Kind.TSA:
                return Trust(tsa=Trust.from_pem(data, store=self.name).anchors)
            case Kind.SIGNERS:
                return Trust(signers=tuple(Anchor.of(one, self.name) for one in load_certificates(data)))


def certificates_in(data: bytes, *, source: str) -> tuple[x509.Certificate, ...]:
    """Return the certificates of a trust list, each once: PEM text, one certificate as DER, or JSON.

    In JSON, certificates are the base64 texts in arrays named `x5c` (RFC 7517 section 4.7), and PEM texts, wherever
    they are.

    Raises:
        TrustError: There is none, or one can't be read.
    """
    try:
        if data.lstrip()[:1] in (b"{", b"["):
            found = tuple(dict.fromkeys(_in_json(msgspec.json.decode(data))))
        elif data[:1] == b"\x30":
            found = (x509.load_der_x509_certificate(data),)
        else:
            found = load_certificates(data)
    except (MalformedError, msgspec.DecodeError, binascii.Error, RecursionError, *UNREADABLE) as error:
        raise TrustError(f"{source} is no trust list: {error}", "give PEM, DER, or JSON with x5c") from None
    if not found:
        raise TrustError(f"{source} holds no certificate", "give PEM, DER, or JSON with x5c")
    return found


def _in_json(value: Any, *, chain: bool = False) -> Iterator[x509.Certificate]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _in_json(inner, chain=key == "x5c")
    elif isinstance(value, list):
        for inner in value:
            yield from _in_json(inner, chain=chain)
    elif isinstance(value, str):
        if "-----BEGIN " in value:
            yield from load_certificates(value.encode())
        elif chain:
            yield x509.load_der_x509_certificate(base64.b64decode(value, validate=True))


def add(directory: Path, store: StoreFile, *, replace: bool = False) -> Path:
    """Write a store into the user's directory, which is made where it is missing; return its file.

    Raises:
        OutputError: There is one of that name and `replace` is false, or it can't be written.
        TrustError: The directory can't be made.
    """
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise TrustError(f"the directory {directory} can't be made: {error.strerror}") from None
    path = directory / f"{store.name}{_SUFFIX}"
    with staged(path, replace=replace) as stage:
        stage.path.write_bytes(msgspec.json.format(msgspec.json.encode(store)))
    return path


def names(directory: Path) -> tuple[str, ...]:
    """Return the names of the stores in the user's directory, sorted; none where it is missing."""
    try:
        found = [path.name.removesuffix(_SUFFIX) for path in directory.iterdir() if path.suffix == _SUFFIX]
    except OSError:
        return ()
    return tuple(sorted(name for name in found if _NAME.fullmatch(name)))


def load(directory: Path, name: str) -> StoreFile:
    """Read one store.

    Raises:
        TrustError: There is none of that name, or it is damaged.
    """
    if not _NAME.fullmatch(name):
        raise TrustError(f"{name!r} is not the name of a trust store", "see: kzlabel trust list")
    path = directory / f"{name}{_SUFFIX}"
    if not path.exists():
        raise TrustError(f"there is no trust store {name}", "see: kzlabel trust list")
    remedy = f"remove it and add it again: kzlabel trust remove {name}"
    try:
        store = msgspec.json.decode(read_file(path, TrustError), type=StoreFile)
    except (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise TrustError(f"the trust store {name} is damaged: {error}", remedy) from None
    if store.name != name or _digest(store.pem) != store.sha256:
        raise TrustError(f"the trust store {name} was changed since it was added", remedy)
    return store


def remove(directory: Path, name: str) -> None:
    """Remove a store.

    Raises:
        TrustError: There is none of that name, or it can't be removed.
    """
    if name not in names(directory):
        raise TrustError(f"there is no trust store {name}", "see: kzlabel trust list")
    try:
        (directory / f"{name}{_SUFFIX}").unlink()
    except OSError as error:
        raise TrustError(f"the trust store {name} can't be removed: {error.strerror}") from None


def load_all(directory: Path) -> Trust:
    """Return trust in all stores of the user's directory together.

    Raises:
        TrustError: One of them is damaged.
    """
    trust = Trust.none()
    for name in names(directory):
        path = directory / f"{name}{_SUFFIX}"
        try:
            found = path.stat()
        except OSError as error:
            raise TrustError(f"the trust store {name} can't be read: {error.strerror}") from None
        trust |= _loaded(directory, name, (found.st_mtime_ns, found.st_size, found.st_ino))
    return trust


@lru_cache(maxsize=64)
def _loaded(directory: Path, name: str, _version: tuple[int, int, int]) -> Trust:
    return load(directory, name).trust()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
