"""Conditions that authorities set for those below them, and that no engine looks at (RFC 5280 section 6.1).

Both engines believe a signer whose chain of signatures ends in an anchor. Whether each authority on the way was
allowed to issue (basic constraints, key usage, path length, purposes, name constraints, policies) decides here
whether a signer that is trusted by them is trusted by us: an authority that may certify servers of one company must
not make a signer of labels.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from kzlabel.trust import Anchor

__all__ = ["fault_of"]

_CACHE: Final = 256
_UNDERSTOOD: Final = (
    x509.BasicConstraints, x509.KeyUsage, x509.ExtendedKeyUsage, x509.NameConstraints, x509.SubjectAlternativeName,
    x509.SubjectKeyIdentifier, x509.AuthorityKeyIdentifier, x509.AuthorityInformationAccess,
    x509.CRLDistributionPoints, x509.FreshestCRL, x509.IssuerAlternativeName, x509.CertificatePolicies,
    x509.InhibitAnyPolicy,
)  # fmt: skip
"""Extensions that may be critical: they are looked at here, or ask for nothing where no policy is asked for."""
_OTHER_TRADES: Final = frozenset(
    {
        ExtendedKeyUsageOID.SERVER_AUTH,
        ExtendedKeyUsageOID.CLIENT_AUTH,
        ExtendedKeyUsageOID.CODE_SIGNING,
        ExtendedKeyUsageOID.TIME_STAMPING,
        ExtendedKeyUsageOID.OCSP_SIGNING,
    }
)
"""An authority that certifies for these alone makes no signers of content. Real ones list purposes of their own, so
that one which isn't known here is no fault."""


@lru_cache(_CACHE)
def fault_of(path: tuple[x509.Certificate, ...], anchor: Anchor | None = None) -> str:
    """Return what is wrong with the authorities of a path, as a clause; empty if nothing is.

    Args:
        path: The signer's certificate, and those of the authorities up to the one that an anchor signed.
        anchor: That anchor; what it sets for itself counts as in RFC 5937.
    """
    authorities = list(path[1:])
    if anchor is not None:
        root = x509.load_der_x509_certificate(anchor.der)
        authorities += [] if root in authorities else [root]
    return next(_faults(path[0], authorities), "")


def _faults(leaf: x509.Certificate, authorities: Sequence[x509.Certificate]) -> Iterator[str]:
    below = 0
    under = [leaf]
    for authority in authorities:
        who = authority.subject.rfc4514_string() or "an authority without a name"
        yield from (f"{who} {fault}" for fault in _own_faults(authority, below, under))
        # Those that are issued to themselves, to change a key, don't count (RFC 5280 section 4.2.1.9).
        below += authority.subject != authority.issuer
        under.append(authority)


def _own_faults(authority: x509.Certificate, below: int, under: list[x509.Certificate]) -> Iterator[str]:
    extensions = {type(one.value): one.value for one in authority.extensions}
    constraints = extensions.get(x509.BasicConstraints)
    if not isinstance(constraints, x509.BasicConstraints) or not constraints.ca:
        yield "is no certificate authority"
        return
    if constraints.path_length is not None and constraints.path_length < below:
        yield f"may have {constraints.path_length} authorities below it, and has {below}"
    usage = extensions.get(x509.KeyUsage)
    if isinstance(usage, x509.KeyUsage) and not usage.key_cert_sign:
        yield "may not sign certificates"
    purposes = extensions.get(x509.ExtendedKeyUsage)
    if isinstance(purposes, x509.ExtendedKeyUsage) and set(purposes) <= _OTHER_TRADES:
        yield "may certify servers, programs, times or OCSP answers only"
    policy = extensions.get(x509.PolicyConstraints)
    if isinstance(policy, x509.PolicyConstraints) and policy.require_explicit_policy is not None:
        yield "asks for a policy that nobody gives"
    for one in authority.extensions:
        if one.critical and not isinstance(one.value, (*_UNDERSTOOD, x509.PolicyConstraints)):
            yield f"sets a condition that is not understood ({one.oid.dotted_string})"
    names = extensions.get(x509.NameConstraints)
    if isinstance(names, x509.NameConstraints):
        yield from (fault for one in under if (fault := _name_fault(names, one)))


def _name_fault(names: x509.NameConstraints, certificate: x509.Certificate) -> str:
    """Return how the names of a certificate below break the constraints (RFC 5280 section 4.2.1.10)."""
    for name in _names(certificate):
        kind = type(name)
        if any(type(one) is kind and _within(name, one) for one in names.excluded_subtrees or ()):
            return f"may not certify {_shown(name)}"
        permitted = [one for one in names.permitted_subtrees or () if type(one) is kind]
        if permitted and not any(_within(name, one) for one in permitted):
            return f"may not certify {_shown(name)}"
    return ""


def _names(certificate: x509.Certificate) -> Iterator[x509.GeneralName]:
    if certificate.subject.rdns:
        yield x509.DirectoryName(certificate.subject)
    try:
        yield from certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return


def _within(name: x509.GeneralName, tree: x509.GeneralName) -> bool:
    """Return whether `name` lies in `tree`; where that can't be said, it lies in those that are excluded only."""
    match name, tree:
        case x509.DirectoryName(), x509.DirectoryName():
            return name.value.rdns[: len(tree.value.rdns)] == tree.value.rdns
        case x509.DNSName(), x509.DNSName():
            return _below(name.value, tree.value)
        case x509.RFC822Name(), x509.RFC822Name():
            host = name.value.rpartition("@")[2]
            if "@" in tree.value:
                return name.value.lower() == tree.value.lower()
            return _below(host, tree.value) if tree.value.startswith(".") else host.lower() == tree.value.lower()
        case _:
            return name == tree


def _below(host: str, domain: str) -> bool:
    host, domain = host.lower().rstrip("."), domain.lower().strip(".")
    return not domain or host == domain or host.endswith(f".{domain}")


def _shown(name: x509.GeneralName) -> str:
    return name.value.rfc4514_string() if isinstance(name, x509.DirectoryName) else str(name.value)
