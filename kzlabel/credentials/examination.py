"""Examining a certificate rule by rule: do validators accept what it signs, and what to ask its issuer for."""

from datetime import datetime
from typing import Final

import msgspec
from cryptography import x509

from kzlabel.credentials.holder import Holder, holder_of
from kzlabel.credentials.profile import Rule, check_profile

__all__ = ["Examination", "Ruling", "examine"]

_ASK: Final = {
    Rule.WELL_FORMED: "ask for a new certificate: a field or extension of this one can't be read",
    Rule.VERSION: "ask for an X.509 certificate of version 3",
    Rule.NOT_YET_VALID: "wait until it is valid, or check this machine's clock",
    Rule.EXPIRED: "ask to renew it",
    Rule.SIGNATURE_ALGORITHM: "ask for one that is signed with ECDSA, Ed25519 or RSA over SHA-256 or stronger",
    Rule.PUBLIC_KEY: "send a request for a key on P-256 or an Ed25519 key (kzlabel keys request)",
    Rule.SELF_SIGNED: "have an authority issue it: validators reject certificates that sign themselves",
    Rule.UNIQUE_IDS: "ask to leave out the unique identifiers of issuer and subject",
    Rule.AUTHORITY: "ask for an end-entity certificate, with basic constraints CA:FALSE",
    Rule.KEY_USAGE: "ask for the key usage digitalSignature",
    Rule.CERTIFICATE_SIGNING: "ask to leave keyCertSign out of the key usage",
    Rule.ISSUER_KEY: "ask for an authority key identifier",
    Rule.PURPOSE_MISSING: "ask for the extended key usage 1.3.6.1.4.1.62558.2.1 (C2PA) or emailProtection",
    Rule.ANY_PURPOSE: "ask to name purposes in the place of anyExtendedKeyUsage",
    Rule.PURPOSE: "ask for the extended key usage 1.3.6.1.4.1.62558.2.1 (C2PA) or emailProtection",
    Rule.EXCLUSIVE_PURPOSE: "ask to leave out timeStamping and OCSPSigning",
    Rule.CRITICAL_EXTENSION: "ask to make extensions of the issuer's own non-critical, or to leave them out",
}


class Ruling(msgspec.Struct, frozen=True, omit_defaults=True):
    """One rule of the profile."""

    rule: str
    """What must hold."""

    met: bool
    """Whether it does."""

    ask: str = ""
    """What to ask the issuer for; empty when it is met."""


class Examination(msgspec.Struct, frozen=True):
    """What came of an examination."""

    acceptable: bool
    """Whether validators accept what the certificate signs; trust is another question."""

    rulings: tuple[Ruling, ...]
    """Every rule of the profile, those that fail first."""

    holder: Holder
    """What it says about who holds it."""

    advice: tuple[str, ...]
    """What to know and do beside the rules."""


def examine(certificate: x509.Certificate, *, at: datetime) -> Examination:
    """Examine `certificate` against C2PA's certificate profile (C2PA 2.4 section 14.5.1) at the time `at`."""
    broken = check_profile(certificate, at=at)
    rulings = [Ruling(rule.value, met=False, ask=_ASK[rule]) for rule in broken]
    # Where a field can't be read, the rules about it are neither met nor broken.
    if Rule.WELL_FORMED not in broken:
        rulings += [Ruling(rule.value, met=True) for rule in Rule if rule not in broken]
    holder = holder_of(certificate)
    return Examination(not broken, tuple(rulings), holder, tuple(_advice(holder, acceptable=not broken)))


def _advice(holder: Holder, *, acceptable: bool) -> list[str]:
    advice = []
    if holder.gost:
        advice.append("C2PA has no GOST signatures: no validator accepts a label that this certificate signs")
    if holder.nuca and acceptable:
        advice.append(
            "labels signed with PS256 by this NUCA certificate show as valid everywhere,"
            " and as trusted only where NUCA's authority was added as a trust anchor"
        )
    elif acceptable:
        advice.append("labels show as trusted only where its authority is on a trust list or was added by hand")
    if holder.personal:
        advice.append(
            f"every label would publish its holder's {' and '.join(holder.personal)};"
            " signing with it takes --accept-personal-data"
        )
    if holder.nuca or holder.gost:
        advice.append(
            "use an organisation's own certificate for an ES256 or Ed25519 key instead (kzlabel keys request)"
        )
    return advice
