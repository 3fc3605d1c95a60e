"""A signer: a private key, the certificates that say whose it is, and where its time stamps come from."""

from datetime import UTC, datetime
from os import PathLike
from typing import NoReturn, Self
from urllib.parse import urlsplit

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import PublicKeyAlgorithmOID

from kzlabel.credentials import der, keys, pkcs12
from kzlabel.credentials.certificates import (
    UNREADABLE,
    display_name,
    is_authority,
    load_certificates,
    order_chain,
)
from kzlabel.credentials.keys import Algorithm, PrivateKey
from kzlabel.credentials.pem import read_file
from kzlabel.credentials.profile import Rule, check_profile
from kzlabel.errors import CredentialError, MalformedError
from kzlabel.sources import display_name as display_path

__all__ = ["Signer"]

_PROFILE = "ask its issuer for one that C2PA accepts (C2PA 2.4 section 14.5.1)"
_VALIDITY = frozenset({Rule.NOT_YET_VALID, Rule.EXPIRED})
_RENEW = "renew it, or check this machine's clock"


class _Secret(msgspec.Struct, frozen=True, array_like=True):
    """What `Signer.to_secret_bytes` writes."""

    key: bytes
    chain: tuple[bytes, ...]
    algorithm: Algorithm
    tsa_url: str | None


class Signer:
    """A key that can sign labels, with the certificate chain that names its owner.

    It never changes and may be shared by threads. It shows its key to nobody by accident: not in its text
    form, not in a pickle. Make one with `from_files` or `from_pem`, which check that validators will accept
    what it signs.
    """

    __slots__ = ("_algorithm", "_certificates_der", "_chain", "_key", "_tsa_url")

    def __init__(
        self,
        key: PrivateKey,
        certificate_chain: tuple[x509.Certificate, ...],
        algorithm: Algorithm,
        tsa_url: str | None,
    ) -> None:
        """Keep what `from_pem` has checked."""
        self._key = key
        self._chain = certificate_chain
        self._certificates_der = tuple(one.public_bytes(serialization.Encoding.DER) for one in certificate_chain)
        self._algorithm = algorithm
        self._tsa_url = tsa_url

    @classmethod
    def from_files(
        cls,
        key_path: str | PathLike[str],
        certificate_path: str | PathLike[str],
        *,
        password: bytes | None = None,
        tsa_url: str | None = None,
        now: datetime | None = None,
    ) -> Self:
        """Make a signer of two PEM files, which may be the same file; see `from_pem`.

        Raises:
            CredentialError: A file can't be read, or as `from_pem` says.
        """
        key = read_file(key_path, CredentialError)
        # One file for both is read once, since it may be a pipe.
        certificates = key if certificate_path == key_path else read_file(certificate_path, CredentialError)
        try:
            return cls.from_pem(key, certificates, password=password, tsa_url=tsa_url, now=now)
        except CredentialError as error:
            which = f"key {display_path(key_path)}, certificate {display_path(certificate_path)}"
            raise CredentialError(f"{which}: {error.message}", error.remedy) from None

    @classmethod
    def from_pem(
        cls,
        key: bytes,
        certificates: bytes,
        *,
        password: bytes | None = None,
        tsa_url: str | None = None,
        now: datetime | None = None,
    ) -> Self:
        """Make a signer of a private key and the certificates between it and a root, in any order, as PEM.

        The key is PKCS#8 (also encrypted), SEC1 or PKCS#1, and decides the algorithm. `now` is the time at
        which the certificates must be valid, the present when left out.

        Raises:
            CredentialError: The key can't be read, its kind can't sign labels, it does not belong to the
                certificate, or validators would reject the certificate.
        """
        private = keys.load_key(key, password)
        try:
            loaded = load_certificates(certificates)
        except MalformedError as error:
            raise CredentialError(error.message, "name a PEM file with the certificate and its issuers") from None
        chain = order_chain(private.public_key(), loaded)
        signer = cls(private, chain, _algorithm(private, chain[0]), _checked_url(tsa_url))
        signer.check_certificates(now or datetime.now(UTC))
        return signer

    @classmethod
    def from_pkcs12(
        cls,
        data: bytes,
        password: bytes | None = None,
        *,
        tsa_url: str | None = None,
        now: datetime | None = None,
    ) -> Self:
        """Make a signer of a PKCS#12 file (.p12, .pfx), with the key and certificates that it holds.

        Old encryption (3DES, RC2, SHA-1 MAC) is read where this machine still knows it. `now` is as in `from_pem`.

        Raises:
            CredentialError: It can't be opened, holds a key that can't sign labels (such as GOST), or as
                `from_pem` says.
        """
        key, certificates = pkcs12.load(data, password)
        chain = order_chain(key.public_key(), certificates)
        signer = cls(key, chain, _algorithm(key, chain[0]), _checked_url(tsa_url))
        signer.check_certificates(now or datetime.now(UTC))
        return signer

    @classmethod
    def from_secret_bytes(cls, secret: bytes) -> Self:
        """Make the signer that `to_secret_bytes` was called on, without checking its certificates again.

        Raises:
            CredentialError: `secret` is something else.
        """
        try:
            fields = msgspec.msgpack.decode(secret, type=_Secret)
            key = serialization.load_der_private_key(fields.key, None)
            chain = tuple(x509.load_der_x509_certificate(one) for one in fields.chain)
        except (msgspec.MsgspecError, *UNREADABLE):
            raise CredentialError("these are not the bytes of a signer") from None
        if not isinstance(key, PrivateKey) or not chain:
            raise CredentialError("these are not the bytes of a signer")
        return cls(key, chain, fields.algorithm, fields.tsa_url)

    @property
    def algorithm(self) -> Algorithm:
        """The algorithm that `sign` uses."""
        return self._algorithm

    @property
    def certificate_chain(self) -> tuple[x509.Certificate, ...]:
        """The signer's certificate, then its issuer's and so on; the root is left out."""
        return self._chain

    @property
    def certificates_pem(self) -> bytes:
        """The certificate chain as PEM, in the same order."""
        return b"".join(one.public_bytes(serialization.Encoding.PEM) for one in self._chain)

    @property
    def certificates_der(self) -> tuple[bytes, ...]:
        """The certificate chain as DER, in the same order."""
        return self._certificates_der

    @property
    def signature_size(self) -> int:
        """Size in bytes of what `sign` returns."""
        return keys.signature_size(self._key)

    @property
    def tsa_url(self) -> str | None:
        """Address of the time-stamping authority (RFC 3161); none leaves signatures without a time stamp."""
        return self._tsa_url

    def with_tsa(self, url: str | None) -> Self:
        """Return this signer with another time-stamping authority; none for None.

        Raises:
            CredentialError: It is no address.
        """
        return type(self)(self._key, self._chain, self._algorithm, _checked_url(url))

    def sign(self, message: bytes) -> bytes:
        """Return the signature of `message` in the form of COSE: r and s for ECDSA, not a DER structure."""
        return keys.sign(self._key, self._algorithm, message)

    def check_certificates(self, at: datetime) -> None:
        """Check that validators accept the certificates at the time `at`: a signer may outlive them.

        Raises:
            CredentialError: A certificate has expired, is not valid yet, or breaks the certificate profile.
        """
        leaf, *authorities = self._chain
        rules = check_profile(leaf, at=at)
        if not _VALIDITY.issuperset(rules):
            broken = "; ".join(rules)
            raise CredentialError(f"the certificate {display_name(leaf)} can't sign labels: {broken}", _PROFILE)
        for authority in authorities:
            if not is_authority(authority):
                name = display_name(authority)
                raise CredentialError(f"{name} issued the certificate but is no certificate authority", _PROFILE)
        for certificate in self._chain:
            _check_validity(certificate, at)

    def secret_key_pem(self) -> bytes:
        """Return the private key, unencrypted, as PKCS#8 PEM: for the reference engine, never for a file."""
        return self._encoded(serialization.Encoding.PEM)

    def to_secret_bytes(self) -> bytes:
        """Return everything, the private key unencrypted too, for a process that this one has started.

        Send it through a pipe; don't put it on a command line, in the environment or in a log.
        """
        chain = tuple(one.public_bytes(serialization.Encoding.DER) for one in self._chain)
        key = self._encoded(serialization.Encoding.DER)
        return msgspec.msgpack.encode(_Secret(key, chain, self._algorithm, self._tsa_url))

    def __repr__(self) -> str:
        return f"Signer({self._algorithm.value}, {display_name(self._chain[0])!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a Signer is not pickled, because its private key would go wherever the pickle goes;"
            " send to_secret_bytes() to a process that you started"
        )

    def _encoded(self, encoding: serialization.Encoding) -> bytes:
        return self._key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def _algorithm(key: PrivateKey, certificate: x509.Certificate) -> Algorithm:
    """Return the algorithm of `key`, or the one that its RSA-PSS certificate limits it to (RFC 4055 3.1)."""
    if certificate.public_key_algorithm_oid != PublicKeyAlgorithmOID.RSASSA_PSS:
        return keys.algorithm_of(key)
    try:
        limits = der.pss_hashes(der.key_algorithm(certificate))
        return Algorithm(f"ps{limits[0]}") if limits else keys.algorithm_of(key)
    except (MalformedError, ValueError):
        raise CredentialError(
            "the certificate limits its RSA-PSS key to a hash other than SHA-2", _PROFILE
        ) from None


def _check_validity(certificate: x509.Certificate, at: datetime) -> None:
    name = display_name(certificate)
    if at > certificate.not_valid_after_utc:
        raise CredentialError(f"the certificate {name} expired at {certificate.not_valid_after_utc}", _RENEW)
    if at < certificate.not_valid_before_utc:
        raise CredentialError(
            f"the certificate {name} is not valid before {certificate.not_valid_before_utc}", _RENEW
        )


def _checked_url(url: str | None) -> str | None:
    if url is None:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.hostname or not url.isprintable():
        raise CredentialError(
            f"{url!r} is not the address of a time-stamping authority", "give an http:// or https:// address"
        )
    return url
