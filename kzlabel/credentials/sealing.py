"""A signer as bytes, for a process that this one has started; the bytes are as secret as the key."""

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from kzlabel.credentials.certificates import UNREADABLE
from kzlabel.credentials.elsewhere import CommandKey
from kzlabel.credentials.keys import Algorithm, PrivateKey
from kzlabel.credentials.pkcs11 import Token, TokenKey
from kzlabel.errors import CredentialError

__all__ = ["Opened", "Sealed"]


class Opened(msgspec.Struct, frozen=True):
    """What a signer is made of."""

    key: PrivateKey | CommandKey | Token
    """The private key, or where it is."""

    chain: tuple[x509.Certificate, ...]
    """The certificates, the signer's first."""

    algorithm: Algorithm
    """What it signs with."""

    tsa_url: str | None
    """Where its time-stamps come from."""


class Sealed(msgspec.Struct, frozen=True, array_like=True):
    """The same, in types that can be encoded. Its text form shows nothing."""

    key: bytes | CommandKey | TokenKey
    """The private key as PKCS#8 DER, or where it is, with the PIN."""

    chain: tuple[bytes, ...]
    """The certificates, DER."""

    algorithm: Algorithm
    """See `Opened`."""

    tsa_url: str | None
    """See `Opened`."""

    @classmethod
    def of(cls, opened: Opened) -> bytes:
        """Return what `opened` is made of as bytes."""
        match opened.key:
            case CommandKey() as command:
                key: bytes | CommandKey | TokenKey = command
            case Token() as token:
                key = token.configuration
            case private:
                key = private.private_bytes(
                    serialization.Encoding.DER,
                    serialization.PrivateFormat.PKCS8,
                    serialization.NoEncryption(),
                )
        chain = tuple(one.public_bytes(serialization.Encoding.DER) for one in opened.chain)
        return msgspec.msgpack.encode(cls(key, chain, opened.algorithm, opened.tsa_url))

    @classmethod
    def open(cls, sealed: bytes) -> Opened:
        """Return what `of` was given.

        Raises:
            CredentialError: `sealed` is something else.
        """
        try:
            fields = msgspec.msgpack.decode(sealed, type=cls)
            chain = tuple(x509.load_der_x509_certificate(one) for one in fields.chain)
            key = fields.key
            if isinstance(key, TokenKey):
                opened: object = Token(key)
            else:
                opened = serialization.load_der_private_key(key, None) if isinstance(key, bytes) else key
        except (msgspec.MsgspecError, *UNREADABLE):
            raise CredentialError("these are not the bytes of a signer") from None
        if not isinstance(opened, PrivateKey | CommandKey | Token) or not chain:
            raise CredentialError("these are not the bytes of a signer")
        return Opened(opened, chain, fields.algorithm, fields.tsa_url)

    def __repr__(self) -> str:
        return "Sealed()"
