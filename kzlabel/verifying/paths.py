"""Whether a signer that the reference engine trusts is trusted: it doesn't look at what authorities may do."""

import msgspec
from cryptography.hazmat.primitives.serialization import Encoding

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
    """Return the verdict, not trusted if an authority on the way to the anchor wasn't allowed to issue.

    A signer that is believed itself needs no authority.
    """
    if verdict.status is not Status.TRUSTED:
        return verdict
    try:
        chain = chain_in(store, verdict.manifest, limits)
        if any(one.der == chain[0].public_bytes(Encoding.DER) for one in trust.signers):
            return verdict
        fault = fault_of(*path_of(chain, trust))
    except (KzlabelError, Abstention):
        return verdict  # the engine that could read it has the last word
    if not fault:
        return verdict
    finding = Finding.of(Code.SIGNING_CREDENTIAL_UNTRUSTED, fault, uri=signature_uri(verdict.manifest))
    signer = verdict.signer and msgspec.structs.replace(verdict.signer, trusted_by="")
    return msgspec.structs.replace(
        verdict, status=Status.VALID, signer=signer, findings=(*verdict.findings, finding)
    )
