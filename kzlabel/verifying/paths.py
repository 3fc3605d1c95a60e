"""Whether a signer that the reference engine trusts is trusted: it doesn't look at what authorities may do."""

import msgspec
from cryptography import x509
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
from kzlabel.verifying.verdict import Signatory, Status, Verdict

__all__ = ["doubted", "with_path"]


def with_path(verdict: Verdict, store: bytes | None, trust: Trust, limits: Limits) -> Verdict:
    """Return the verdict on an intact label with its chain named, which the reference engine doesn't do.

    It isn't trusted if an authority on the way to the anchor wasn't allowed to issue, or if that can't be seen:
    whoever may choose a form that is unusual could hide such an authority in it. A signer that is believed itself
    needs no authority.
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
    except (KzlabelError, Abstention) as error:
        return doubted(verdict, f"the authorities above the signer can't be looked at: {error}")
    if not _is_of(chain[0], signer):
        return doubted(verdict, "the certificate that was judged is not at hand")
    vouching = named or anchor
    known = msgspec.structs.replace(signer, chain=tuple(map(display_name, chain[1:])))
    verdict = msgspec.structs.replace(verdict, signer=known)
    if vouching is None or fault:
        return doubted(verdict, fault or "no anchor signed a certificate that leads to the signer's")
    if verdict.status is not Status.TRUSTED:
        return verdict
    known = msgspec.structs.replace(known, anchor=vouching.name, trusted_by=vouching.store)
    return msgspec.structs.replace(verdict, signer=known)


def doubted(verdict: Verdict, why: str) -> Verdict:
    """Return the verdict without its trust, if it has any, and with why, a clause."""
    if verdict.status is not Status.TRUSTED:
        return verdict
    finding = Finding.of(Code.SIGNING_CREDENTIAL_UNTRUSTED, why, uri=signature_uri(verdict.manifest))
    signer = verdict.signer and msgspec.structs.replace(verdict.signer, anchor="", trusted_by="")
    return msgspec.structs.replace(
        verdict, status=Status.VALID, signer=signer, findings=(*verdict.findings, finding)
    )


def _is_of(certificate: x509.Certificate, signer: Signatory) -> bool:
    """Tell whether a verdict is about a certificate, so that no other was looked at than the engine did."""
    return f"{certificate.serial_number:x}" == signer.serial_number.lower().lstrip("0")
