"""Trust anchors: the certificate authorities whose signers are believed (C2PA 2.4 section 14.4.1)."""

import hashlib
from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from typing import Self

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from kzlabel.credentials.certificates import display_name, is_authority, load_certificates
from kzlabel.credentials.pem import blocks, read_file
from kzlabel.errors import MalformedError, TrustError
from kzlabel.sources import display_name as display_path

__all__ = ["Anchor", "Trust"]


class Anchor(msgspec.Struct, frozen=True):
    """A certificate that is trusted because somebody put it on a list: of an authority, or of a signer."""

    name: str
    """Common name of its subject, or its whole subject."""

    store: str
    """Where the anchor was found: the name of a file, or `development`."""

    der: bytes
    """The certificate."""

    @classmethod
    def of(cls, certificate: x509.Certificate, store: str) -> Self:
        """Describe a certificate from the store called `store`."""
        return cls(display_name(certificate), store, certificate.public_bytes(Encoding.DER))

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate in hexadecimal digits."""
        return hashlib.sha256(self.der).hexdigest()

    def pem(self) -> str:
        """Return the certificate as PEM text."""
        return x509.load_der_x509_certificate(self.der).public_bytes(Encoding.PEM).decode()


class Trust(msgspec.Struct, frozen=True):
    """Whom to believe: sets of certificates. It reads no clock and no network, and never changes."""

    anchors: tuple[Anchor, ...] = ()
    """Authorities whose signers and time-stamping authorities are believed, each certificate once, in the order in
    which they were named."""

    tsa: tuple[Anchor, ...] = ()
    """Authorities whose time-stamping authorities alone are believed (C2PA 2.4 section 14.4.2)."""

    signers: tuple[Anchor, ...] = ()
    """Certificates of signers that are believed whoever issued them, as long as they fit the profile and are
    valid."""

    @classmethod
    def none(cls) -> Self:
        """Return the trust of those who believe nobody: labels can be valid, and none is trusted."""
        return cls()

    @classmethod
    def from_pem(cls, data: bytes, *, store: str) -> Self:
        """Return trust in the authorities in the PEM text `data`, roots and intermediates alike.

        An anchor is trusted as it is; its own issuer need not be on the list, and the time does not matter.

        Raises:
            TrustError: There is no certificate, one is damaged or is no authority, or there is a private key.
        """
        try:
            if any("PRIVATE KEY" in label for label, _ in blocks(data)):
                raise TrustError(
                    f"{store} holds a private key",
                    "keep keys out of trust stores; give the certificates alone",
                )
            certificates = load_certificates(data)
        except MalformedError as error:
            raise TrustError(
                f"{store} is no trust store: {error.message}", "give certificates of authorities as PEM"
            ) from None
        return cls(tuple(_anchor(certificate, store) for certificate in certificates))

    @classmethod
    def from_files(cls, paths: Iterable[str | PathLike[str]]) -> Self:
        """Return trust in the authorities in PEM files; an anchor's store is the name of its file.

        Raises:
            TrustError: A file can't be read, or as `from_pem` says.
        """
        trust = cls()
        for path in paths:
            name = display_path(Path(path).name)
            trust |= cls.from_pem(read_file(path, TrustError), store=name)
        return trust

    def __or__(self, other: "Trust") -> Self:
        """Return trust in all that either trusts; what both have keeps the name of the left one's store."""
        return type(self)(
            _united(self.anchors, other.anchors), _united(self.tsa, other.tsa), _united(self.signers, other.signers)
        )

    def pem(self) -> str:
        """Return the anchors as PEM text, for the reference engine.

        It has one list for signers and time-stamping authorities, and none of signers: what is believed for
        time-stamps alone, or as a signer alone, isn't in it, so that it believes no more than it should.
        """
        return "".join(anchor.pem() for anchor in self.anchors)

    @property
    def digest(self) -> str:
        """SHA-256 over the sets of certificates, whatever their order and stores: what verdicts depend on."""
        parts = []
        for kind, anchors in ((b"", self.anchors), (b"tsa", self.tsa), (b"signers", self.signers)):
            fingerprints = sorted(hashlib.sha256(anchor.der).digest() for anchor in anchors)
            parts += [kind, *fingerprints] if fingerprints else []
        return hashlib.sha256(b"".join(parts)).hexdigest()


def _united(left: tuple[Anchor, ...], right: tuple[Anchor, ...]) -> tuple[Anchor, ...]:
    unique: dict[bytes, Anchor] = {}
    for anchor in (*left, *right):
        unique.setdefault(anchor.der, anchor)
    return tuple(unique.values())


def _anchor(certificate: x509.Certificate, store: str) -> Anchor:
    if not is_authority(certificate):
        name = display_name(certificate)
        raise TrustError(
            f"{name} in {store} is not a certificate authority",
            "an anchor must be allowed to issue certificates; name the authority that issued this one",
        )
    return Anchor.of(certificate, store)
