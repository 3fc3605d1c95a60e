"""PKCS#11, how programs talk to hardware that keeps keys: smart cards, USB tokens, security modules.

Needs python-pkcs11, the extra `kzlabel[pkcs11]`. The token computes the signature alone; messages are hashed here.
"""

import hashlib
import os
import threading
from typing import TYPE_CHECKING, Any, Final

import msgspec
from cryptography import x509

from kzlabel.credentials.certificates import UNREADABLE
from kzlabel.credentials.keys import Algorithm
from kzlabel.errors import CredentialError, SigningError

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["Token", "TokenKey"]

_HASHES: Final = {
    Algorithm.ES256: "sha256",
    Algorithm.ES384: "sha384",
    Algorithm.ES512: "sha512",
    Algorithm.PS256: "sha256",
    Algorithm.PS384: "sha384",
    Algorithm.PS512: "sha512",
}
_INSTALL: Final = "install it with `pip install kzlabel[pkcs11]`"
_NAMES: Final = "list what the token holds with `pkcs11-tool --module MODULE --list-objects --login`"


class TokenKey(msgspec.Struct, frozen=True, tag="pkcs11"):
    """Which key of which token signs."""

    module: str
    """Path of the maker's PKCS#11 library."""

    token: str
    """Label of the token."""

    label: str
    """Label of the private key; empty when only `id` names it."""

    id: bytes
    """Identifier of the private key; empty when only `label` names it."""

    pin: str
    """The user's PIN; empty for tokens that ask for none."""

    def __repr__(self) -> str:
        return f"TokenKey({self.token!r}, {self.label!r}, {self.id.hex()!r})"


class Token:
    """A private key on a token, opened when it is first needed and again after a fork or a lost session."""

    __slots__ = ("_key", "_lock", "_process", "configuration")

    def __init__(self, configuration: TokenKey) -> None:
        """Keep which key it is."""
        self.configuration = configuration
        self._lock = threading.Lock()
        self._key: Any = None
        self._process = 0

    def sign(self, message: bytes, algorithm: Algorithm) -> bytes:
        """See `Held.sign`; tokens get one request at a time."""
        library = _library()
        with self._lock:
            try:
                return self._signed(library, message, algorithm)
            except library.exceptions.PKCS11Error as first:
                if self._key is None:  # the token can't be opened: trying again could use up the PIN's attempts
                    raise SigningError(f"the token can't be used: {_said(first)}", _NAMES) from None
                self._key = None
            try:
                return self._signed(library, message, algorithm)
            except library.exceptions.PKCS11Error as error:
                self._key = None
                raise SigningError(f"the token doesn't sign: {_said(error)}") from None

    def certificates(self) -> tuple[x509.Certificate, ...]:
        """Return the certificates on the token, the key's first.

        Raises:
            CredentialError: The token can't be opened, or holds none for the key.
        """
        library = _library()
        kind, attribute = library.ObjectClass, library.Attribute
        try:
            with self._lock:
                key = self._opened(library)
                found = list(key.session.get_objects({attribute.CLASS: kind.CERTIFICATE}))
                values = [(_id(one, library), bytes(one[attribute.VALUE])) for one in found]
                wanted = _id(key, library)
        except library.exceptions.PKCS11Error as error:
            raise CredentialError(f"the token can't be used: {_said(error)}", _NAMES) from None
        values.sort(key=lambda one: one[0] != wanted)
        if not values or values[0][0] != wanted:
            raise CredentialError("the token holds no certificate for the key", "name the certificate with --cert")
        try:
            return tuple(x509.load_der_x509_certificate(value) for _, value in values)
        except UNREADABLE:
            raise CredentialError(
                "a certificate on the token is damaged", "name the certificate with --cert"
            ) from None

    def _signed(self, library: "ModuleType", message: bytes, algorithm: Algorithm) -> bytes:
        key = self._opened(library)
        kinds = library.Mechanism
        if algorithm is Algorithm.ED25519:
            return bytes(key.sign(message, mechanism=kinds.EDDSA))
        name = _HASHES[algorithm]
        digest = hashlib.new(name, message).digest()
        if algorithm.value.startswith("es"):
            return bytes(key.sign(digest, mechanism=kinds.ECDSA))
        hashed, mask = getattr(kinds, name.upper()), getattr(library.MGF, name.upper())
        parameters = (hashed, mask, len(digest))
        return bytes(key.sign(digest, mechanism=kinds.RSA_PKCS_PSS, mechanism_param=parameters))

    def _opened(self, library: "ModuleType") -> Any:
        """Return the private key in a session of this process."""
        if self._key is not None and self._process == os.getpid():
            return self._key
        said = self.configuration
        module = library.lib(said.module)
        if self._process not in {0, os.getpid()}:
            module.reinitialize()  # a forked process has to begin anew (PKCS#11 2.40 section 6.6.1)
        token = module.get_token(token_label=said.token)
        try:
            session = token.open(user_pin=said.pin or None)
        except library.exceptions.UserAlreadyLoggedIn:  # a login counts for the whole process
            session = token.open()
        self._key = session.get_key(
            object_class=library.ObjectClass.PRIVATE_KEY, label=said.label or None, id=said.id or None
        )
        self._process = os.getpid()
        return self._key

    def __repr__(self) -> str:
        return repr(self.configuration)


def _library() -> "ModuleType":
    try:
        import pkcs11  # noqa: PLC0415 - an extra that few need
    except ImportError:
        raise CredentialError("keys on tokens need the package python-pkcs11", _INSTALL) from None
    return pkcs11


def _id(thing: Any, library: "ModuleType") -> bytes:
    try:
        return bytes(thing[library.Attribute.ID])
    except library.exceptions.PKCS11Error:
        return b""


def _said(error: Exception) -> str:
    """Return what a PKCS#11 error means: the class says it, the text may be empty or quote anything."""
    name = type(error).__name__
    return "".join(f" {char.lower()}" if char.isupper() else char for char in name).strip()
