"""Whether a signer that the reference engine trusts is trusted: it doesn't look at what authorities may do."""

import msgspec
from cryptography.hazmat.primitives.serialization import Encoding

from kzlabel.credentials.certificates import display_name
from kzlabel.errors import KzlabelError
from kzlabel.limits import Limits
from kzlabel.manifest.labels import signature_uri
from kzlabel.status import Code, Finding
from kzlabel.trust import Trust
from kzlabel.verifying.abstain import Abstention
from kzlabel.verifying.authorities import fault_of
from kzlabel.verifying.chain import chain_in, path_of
from kzlabel.verifying.verdict import Status, Verdict

__all__ = ["with_path"]


def with_path(verdict: Verdict, store: bytes | None, trust: Trust, limits: Limits) -> Verdict:
    """Return the verdict on an intact label with its chain named, which the reference engine doesn't do.

    It isn't trusted if an authority on the way to the anchor wasn't allowed to issue. A signer that is believed
    itself needs no authority.
    """
    signer = verdict.signer
    if not verdict.intact or signer is None:
        return verdict
    try:
        chain = chain_in(store, verdict.manifest, limits)
        path, anchor = path_of(chain, trust)
        itself = chain[0].public_bytes(Encoding.DER)
        named = next((one for one in trust.signers if one.der == itself), None)
        fault = "" if named is not None else fault_of(path, anchor)
    except (KzlabelError, Abstention):
        return verdict  # the engine that could read it has the last word
    known = msgspec.structs.replace(signer, chain=tuple(map(display_name, chain[1:])))
    if verdict.status is not Status.TRUSTED:
        return msgspec.structs.replace(verdict, signer=known)
    if not fault:
        vouching = named or anchor
        known = msgspec.structs.replace(known, anchor=vouching.name if vouching else "")
        return msgspec.structs.replace(verdict, signer=known)
    finding = Finding.of(Code.SIGNING_CREDENTIAL_UNTRUSTED, fault, uri=signature_uri(verdict.manifest))
    known = msgspec.structs.replace(known, trusted_by="")
    return msgspec.structs.replace(
        verdict, status=Status.VALID, signer=known, findings=(*verdict.findings, finding)
    )
