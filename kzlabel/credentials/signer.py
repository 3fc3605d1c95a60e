"""A signer: a private key, the certificates that say whose it is, and where its time stamps come from."""

from collections.abc import Sequence
from datetime import UTC, datetime
from os import PathLike, fspath
from typing import TYPE_CHECKING, NoReturn, Self

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from kzlabel.credentials import answers, keys, pkcs12
from kzlabel.credentials.certificates import (
    display_name,
    order_chain,
)
from kzlabel.credentials.checks import certificates_in, check_chain, checked_url, limit_of
from kzlabel.credentials.elsewhere import Callback, CommandKey, Held, SignFunction
from kzlabel.credentials.keys import Algorithm, PrivateKey
from kzlabel.credentials.pem import read_file
from kzlabel.credentials.pkcs11 import Token, TokenKey
from kzlabel.credentials.revocation import Revocation, fetch
from kzlabel.credentials.sealing import Opened, Sealed
from kzlabel.errors import CredentialError
from kzlabel.sources import display_name as display_path

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

__all__ = ["Signer"]

_HELD = "sign with it in this process"


class Signer:
    """A key that can sign labels, with the certificate chain that names its owner.

    It never changes and may be shared by threads. It shows its key to nobody by accident: not in its text
    form, not in a pickle. Make one with `from_files` or `from_pem`, which check that validators will accept
    what it signs.
    """

    __slots__ = ("_algorithm", "_certificates_der", "_chain", "_key", "_public_key", "_revocation", "_tsa_url")

    def __init__(
        self,
        key: PrivateKey | Held,
        certificate_chain: tuple[x509.Certificate, ...],
        algorithm: Algorithm,
        tsa_url: str | None,
        revocation: Revocation | None = None,
    ) -> None:
        """Keep what `from_pem` has checked."""
        self._key = key
        self._public_key = answers.public_key_of(certificate_chain[0])
        self._chain = certificate_chain
        self._certificates_der = tuple(one.public_bytes(serialization.Encoding.DER) for one in certificate_chain)
        self._algorithm = algorithm
        self._tsa_url = tsa_url
        self._revocation = revocation

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
            raise type(error)(f"{which}: {error.message}", error.remedy) from None

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
        chain = order_chain(private.public_key(), certificates_in(certificates))
        signer = cls(private, chain, limit_of(chain[0]) or keys.algorithm_of(private), checked_url(tsa_url))
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
        signer = cls(key, chain, limit_of(chain[0]) or keys.algorithm_of(key), checked_url(tsa_url))
        signer.check_certificates(now or datetime.now(UTC))
        return signer

    @classmethod
    def from_callback(
        cls,
        sign: SignFunction,
        certificates: bytes,
        *,
        algorithm: Algorithm | str | None = None,
        loop: "AbstractEventLoop | None" = None,
        tsa_url: str | None = None,
        now: datetime | None = None,
    ) -> Self:
        """Make a signer of a function that signs messages, such as a call of a key service.

        Args:
            sign: Gets the message, not its hash, and returns the signature; a coroutine function may. ECDSA
                signatures may be DER. Each is verified before it is used.
            certificates: As in `from_pem`, but the signer's own must be the first.
            algorithm: What `sign` signs with; needed for RSA keys that sign with PS384 or PS512.
            loop: Event loop on which coroutines run; without one, each gets a loop of its own.
            tsa_url: As in `from_pem`.
            now: As in `from_pem`.

        Raises:
            CredentialError: As `from_pem` says, or `algorithm` is for other keys.
        """
        return cls._held(Callback(sign, loop), certificates_in(certificates), algorithm, tsa_url, now)

    @classmethod
    def from_command(
        cls,
        arguments: Sequence[str],
        certificates: bytes,
        *,
        algorithm: Algorithm | str | None = None,
        seconds: float = 30.0,
        tsa_url: str | None = None,
        now: datetime | None = None,
    ) -> Self:
        """Make a signer of a command that reads the message from its input and writes the signature to its output.

        No shell is involved. The command has `seconds` for each signature; the rest is as in `from_callback`.

        Raises:
            CredentialError: As `from_callback` says, or there is no command.
        """
        if isinstance(arguments, str) or not arguments or not arguments[0] or not seconds > 0:
            raise CredentialError("there is no command that signs", "give the program and its arguments as a list")
        return cls._held(
            CommandKey(tuple(arguments), seconds), certificates_in(certificates), algorithm, tsa_url, now
        )

    @classmethod
    def from_pkcs11(
        cls,
        module: str | PathLike[str],
        token: str,
        *,
        label: str = "",
        id: bytes = b"",  # noqa: A002 - PKCS#11's word
        pin: str = "",
        certificates: bytes | None = None,
        algorithm: Algorithm | str | None = None,
        tsa_url: str | None = None,
        now: datetime | None = None,
    ) -> Self:
        """Make a signer of a key on a token (PKCS#11); needs the extra `kzlabel[pkcs11]`.

        Args:
            module: The library of the token's maker.
            token: Label of the token.
            label: Label of the private key.
            id: Identifier of the private key; this or `label` may be left out.
            pin: The user's PIN.
            certificates: As in `from_callback`; those on the token, if left out.
            algorithm: As in `from_callback`.
            tsa_url: As in `from_pem`.
            now: As in `from_pem`.

        Raises:
            CredentialError: The token or the key can't be opened, or as `from_callback` says.
        """
        key = Token(TokenKey(fspath(module), token, label, id, pin))
        loaded = key.certificates() if certificates is None else certificates_in(certificates)
        return cls._held(key, loaded, algorithm, tsa_url, now)

    @classmethod
    def _held(
        cls,
        key: Held,
        certificates: tuple[x509.Certificate, ...],
        algorithm: Algorithm | str | None,
        tsa_url: str | None,
        now: datetime | None,
    ) -> Self:
        """Make a signer of a key elsewhere, whose certificate is the first of `certificates`."""
        public = answers.public_key_of(certificates[0])
        try:
            wanted = Algorithm(algorithm) if algorithm is not None else None
        except ValueError:
            raise CredentialError(f"{algorithm!r} is no algorithm of C2PA", "name one such as ps384") from None
        limit = limit_of(certificates[0])
        if limit and wanted not in {None, limit}:
            raise CredentialError(f"the certificate limits its key to {limit.value}", "name no other algorithm")
        chosen = answers.algorithm_for(public, wanted or limit)
        signer = cls(key, order_chain(public, certificates), chosen, checked_url(tsa_url))
        signer.check_certificates(now or datetime.now(UTC))
        return signer

    @classmethod
    def from_secret_bytes(cls, secret: bytes) -> Self:
        """Make the signer that `to_secret_bytes` was called on, without checking its certificates again.

        Raises:
            CredentialError: `secret` is something else.
        """
        opened = Sealed.open(secret)
        return cls(opened.key, opened.chain, opened.algorithm, opened.tsa_url, opened.revocation)

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
        return answers.size_of(self._public_key)

    @property
    def tsa_url(self) -> str | None:
        """Address of the time-stamping authority (RFC 3161); none leaves signatures without a time stamp."""
        return self._tsa_url

    def with_tsa(self, url: str | None) -> Self:
        """Return this signer with another time-stamping authority; none for None.

        Raises:
            CredentialError: It is no address.
        """
        return type(self)(self._key, self._chain, self._algorithm, checked_url(url), self._revocation)

    def with_ocsp(self) -> Self:
        """Return this signer with a fresh answer of its issuer's OCSP responder, for its signatures to carry.

        It is good for hours or days, as the responder says; call this again then.

        Raises:
            CredentialError: See `kzlabel.credentials.revocation.fetch`.
        """
        return type(self)(self._key, self._chain, self._algorithm, self._tsa_url, fetch(self._chain))

    @property
    def is_stapling(self) -> bool:
        """Whether signatures carry an OCSP answer."""
        return self._revocation is not None

    def stapled(self, at: datetime) -> bytes:
        """Return the OCSP response to staple to a signature made at the time `at`, DER; empty without one.

        Raises:
            CredentialError: There is one, but it is out of date: validators would read it as a revocation.
        """
        if self._revocation is None:
            return b""
        if at >= self._revocation.until:
            raise CredentialError("the OCSP answer is out of date", "get another one with Signer.with_ocsp")
        return self._revocation.response

    def sign(self, message: bytes) -> bytes:
        """Return the signature of `message` in the form of COSE: r and s for ECDSA, not a DER structure.

        Raises:
            SigningError: The key is held elsewhere and gave no signature, or a wrong one.
        """
        if isinstance(self._key, PrivateKey):
            return keys.sign(self._key, self._algorithm, message)
        return answers.checked(self._key.sign(message, self._algorithm), message, self._public_key, self._algorithm)

    @property
    def holds_key(self) -> bool:
        """Whether the private key is in this process."""
        return isinstance(self._key, PrivateKey)

    @property
    def is_bound_to_process(self) -> bool:
        """Whether the signer works in this process only, because it calls one of its functions."""
        return not isinstance(self._key, PrivateKey | CommandKey | Token)

    def check_certificates(self, at: datetime) -> None:
        """Check that validators accept the certificates at the time `at`: a signer may outlive them.

        Raises:
            CredentialError: A certificate has expired, is not valid yet, or breaks the certificate profile.
        """
        check_chain(self._chain, at)

    def secret_key_pem(self) -> bytes:
        """Return the private key, unencrypted, as PKCS#8 PEM: for the reference engine, never for a file.

        Raises:
            CredentialError: It is held elsewhere.
        """
        if not isinstance(self._key, PrivateKey):
            raise CredentialError("the private key is held elsewhere and can't be handed on", _HELD)
        return self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def to_secret_bytes(self) -> bytes:
        """Return everything, the private key unencrypted too, for a process that this one has started.

        Of a key held elsewhere it is what is needed to open it again, a PIN included. Send it through a pipe;
        don't put it on a command line, in the environment or in a log.

        Raises:
            CredentialError: The signer calls a function of this process.
        """
        if not isinstance(self._key, PrivateKey | CommandKey | Token):
            raise CredentialError("the signer calls a function, which can't be handed on", _HELD)
        return Sealed.of(Opened(self._key, self._chain, self._algorithm, self._tsa_url, self._revocation))

    def __repr__(self) -> str:
        return f"Signer({self._algorithm.value}, {display_name(self._chain[0])!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a Signer is not pickled, because its private key would go wherever the pickle goes;"
            " send to_secret_bytes() to a process that you started"
        )
