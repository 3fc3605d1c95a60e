"""The certificates that came with a signature, for those who look at them after an engine did."""

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from kzlabel.credentials.certificates import UNREADABLE
from kzlabel.errors import MalformedError
from kzlabel.limits import Limits
from kzlabel.manifest.cose import read_chain
from kzlabel.manifest.store import read_store
from kzlabel.trust import Anchor, Trust
from kzlabel.verifying.abstain import Abstention
from kzlabel.verifying.credential import load, signed_by

__all__ = ["chain_in", "path_of"]


def chain_in(store: bytes | None, manifest: str, limits: Limits) -> tuple[x509.Certificate, ...]:
    """Return the certificates in the active manifest of `store`, the signer's first.

    Args:
        store: The manifest store that was judged; None if it isn't at hand.
        manifest: Label of the manifest that was judged.
        limits: How large a store may be.

    Raises:
        MalformedError, LimitError, Abstention: They can't be read, or another manifest is the active one.
    """
    if store is None:
        raise MalformedError("the manifest is not at hand")
    active = read_store(store, limits).active
    if active.label != manifest:
        raise MalformedError("another manifest was judged")
    return tuple(load(der) for der in read_chain(active.signature, limits))


def path_of(
    chain: tuple[x509.Certificate, ...], trust: Trust
) -> tuple[tuple[x509.Certificate, ...], Anchor | None]:
    """Return the chain up to the first certificate that an anchor signed, and that anchor.

    Without an anchor it is the chain as far as each certificate signed the one before. What kind of key and hash
    that is doesn't matter: the engine that judged believed it, and what is asked here is who it was.
    """
    path = chain[:1]
    for number in range(len(chain)):
        last = path[-1]
        for anchor in trust.anchors:
            authority = load(anchor.der)
            if authority != last and authority.subject == last.issuer and _signed_by(last, authority):
                return path, anchor
        if number + 1 == len(chain) or not _signed_by(last, chain[number + 1]):
            break
        path = (*path, chain[number + 1])
    return path, None


def _signed_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        return signed_by(certificate, issuer)
    except Abstention:
        try:
            certificate.verify_directly_issued_by(issuer)
        except (InvalidSignature, *UNREADABLE):
            return False
        return True
