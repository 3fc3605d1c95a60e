"""Whose certificate it is: Kazakhstan's national authority (NUCA), GOST keys, and what it tells of a person.

A label carries its signer's certificate in the clear, for whoever opens the file. One that NUCA issued to a person,
be it as an employee, has the person's name and individual identification number (IIN) in it.
"""

import re
from enum import StrEnum
from typing import Final

import msgspec
from cryptography import x509
from cryptography.x509.oid import NameOID

from kzlabel.credentials.certificates import UNREADABLE
from kzlabel.errors import CredentialError

__all__ = ["Holder", "Told", "check_personal", "holder_of"]

_NUCA_PURPOSES: Final = "1.2.398.3.3.4.1"
_NUCA_POLICIES: Final = "1.2.398.3.3.2"
_GOST: Final = ("1.2.398.3.10.1", "1.2.643.2", "1.2.643.7")
_ROLES: Final = {
    "1.2.398.3.3.4.1.1": "individual",
    "1.2.398.3.3.4.1.2": "organisation",
    "1.2.398.3.3.4.1.2.1": "head of an organisation",
    "1.2.398.3.3.4.1.2.2": "person with the right to sign for an organisation",
    "1.2.398.3.3.4.1.2.3": "person with the right to sign financial documents",
    "1.2.398.3.3.4.1.2.4": "employee of a human resources department",
    "1.2.398.3.3.4.1.2.5": "employee of an organisation",
}
_IIN: Final = re.compile(r"IIN\s*[0-9]{12}", re.IGNORECASE)
_BIN: Final = re.compile(r"BIN\s*[0-9]{12}", re.IGNORECASE)


class Told(StrEnum):
    """What a certificate tells of a person."""

    NUMBER = "individual identification number (IIN)"
    NAME = "name"
    EMAIL = "e-mail address"


class Holder(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a certificate says about who holds it."""

    nuca: bool = False
    """Whether it is of the kind that Kazakhstan's national certification authority issues."""

    roles: tuple[str, ...] = ()
    """What NUCA calls the holder."""

    gost: bool = False
    """Whether its key or its issuer's signature is GOST, which C2PA has not."""

    organisation: bool = False
    """Whether a business identification number (BIN) is in it."""

    personal: tuple[Told, ...] = ()
    """What it tells of a person; empty unless it has the number of one."""


def holder_of(certificate: x509.Certificate) -> Holder:
    """Return what `certificate` says about who holds it; what can't be read is passed over."""
    purposes = [oid for oid in _purposes(certificate) if _below(oid, _NUCA_PURPOSES)]
    policies = [oid for oid in _policies(certificate) if _below(oid, _NUCA_POLICIES)]
    algorithms = (certificate.public_key_algorithm_oid, certificate.signature_algorithm_oid)
    return Holder(
        nuca=bool(purposes or policies),
        roles=tuple(_ROLES[oid] for oid in purposes if oid in _ROLES),
        gost=any(_below(oid.dotted_string, arc) for oid in algorithms for arc in _GOST),
        organisation=any(map(_BIN.search, _values(certificate, NameOID.ORGANIZATIONAL_UNIT_NAME))),
        personal=_personal(certificate),
    )


def check_personal(certificate: x509.Certificate, *, accepted: bool) -> None:
    """Refuse to publish a person's data unless that is `accepted`.

    Raises:
        CredentialError: The certificate has them.
    """
    told = _personal(certificate)
    if told and not accepted:
        raise CredentialError(
            f"every label would publish its signer's {' and '.join(told)}, which are in the certificate",
            "sign with a certificate of the organisation's own (see: kzlabel keys request), or accept it with"
            " --accept-personal-data",
        )


def _personal(certificate: x509.Certificate) -> tuple[Told, ...]:
    subject = [*_values(certificate, None)]
    if not any(map(_IIN.search, subject)):
        return ()
    told = [Told.NUMBER]
    if any(_values(certificate, oid) for oid in (NameOID.COMMON_NAME, NameOID.SURNAME, NameOID.GIVEN_NAME)):
        told.append(Told.NAME)
    if _values(certificate, NameOID.EMAIL_ADDRESS) or _has_address(certificate):
        told.append(Told.EMAIL)
    return tuple(told)


def _values(certificate: x509.Certificate, oid: x509.ObjectIdentifier | None) -> list[str]:
    """Return the values in the subject of the kind `oid`, or all of them; bytes are read as Latin-1."""
    try:
        found = [one.value for one in certificate.subject if oid is None or one.oid == oid]
    except UNREADABLE:
        return []
    return [value.decode("latin-1") if isinstance(value, bytes) else value for value in found]


def _has_address(certificate: x509.Certificate) -> bool:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return bool(names.get_values_for_type(x509.RFC822Name))
    except (x509.ExtensionNotFound, *UNREADABLE):
        return False


def _purposes(certificate: x509.Certificate) -> list[str]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        return [oid.dotted_string for oid in found]
    except (x509.ExtensionNotFound, *UNREADABLE):
        return []


def _policies(certificate: x509.Certificate) -> list[str]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.CertificatePolicies).value
        return [one.policy_identifier.dotted_string for one in found]
    except (x509.ExtensionNotFound, *UNREADABLE):
        return []


def _below(oid: str, arc: str) -> bool:
    return oid == arc or oid.startswith(f"{arc}.")
