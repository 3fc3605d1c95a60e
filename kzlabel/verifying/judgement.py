"""From what an engine read to the verdict: pure functions, no file and no engine."""

from collections.abc import Iterator

from kzlabel.errors import LabelError
from kzlabel.labels import LABEL_ASSERTION, Label, read_label
from kzlabel.status import Code, Finding
from kzlabel.trust import DEVELOPMENT, Trust
from kzlabel.verifying.ai import ai_level
from kzlabel.verifying.reading import Certificate, Manifest, Reading
from kzlabel.verifying.verdict import Signatory, Status, Verdict

__all__ = ["judge"]

_STATES = {"Trusted": Status.TRUSTED, "Valid": Status.VALID, "Invalid": Status.INVALID}
_TRUST_ONLY = Code.SIGNING_CREDENTIAL_UNTRUSTED
_ANCESTORS = 64


def judge(
    reading: Reading, trust: Trust, *, uri: str, media_type: str, before: tuple[Finding, ...] = ()
) -> Verdict:
    """Compute the verdict about a file that carries a manifest store.

    `before` are the findings that were made before the store was read. The status is the engine's state
    (C2PA 2.4 section 14.3); everything that is added here informs and never makes it better.
    """
    status = _STATES.get(reading.state, Status.INVALID)
    active = reading.find(reading.active)
    label, about_label = _label(reading, active)
    signer = None if active is None else _signatory(active, status, trust)
    return Verdict(
        uri=uri,
        status=status,
        ai=ai_level(reading),
        media_type=media_type,
        label=label,
        signer=signer,
        signed_at=_signed_at(reading, active),
        generator=active.generator if active else "",
        manifest=reading.active,
        assertions=tuple(name for name, _ in active.assertions) if active else (),
        engine=reading.engine,
        findings=(
            *before,
            *reading.findings,
            *about_label,
            *_ancestors(reading, active),
            *_development(signer),
        ),
    )


def _label(reading: Reading, active: Manifest | None) -> tuple[Label | None, tuple[Finding, ...]]:
    """Return the nearest label on the way from the active manifest through its parents."""
    for manifest in _line(reading, active):
        content = manifest.assertion(LABEL_ASSERTION)
        if content is None:
            continue
        uri = f"self#jumbf=/c2pa/{manifest.label}/c2pa.assertions/{LABEL_ASSERTION}"
        try:
            label = read_label(content)
        except LabelError as error:
            return None, (Finding.of(Code.KZLABEL_LABEL_MALFORMED, str(error), uri=uri),)
        return label, tuple(_coherence(label, manifest, uri))
    return None, ()


def _line(reading: Reading, manifest: Manifest | None) -> Iterator[Manifest]:
    """Yield `manifest`, its parent, the parent's parent, as far as they are in the store."""
    seen: set[str] = set()
    while manifest is not None and manifest.label not in seen and len(seen) < _ANCESTORS:
        yield manifest
        seen.add(manifest.label)
        parent = next((i.manifest for i in manifest.ingredients if i.relationship == "parentOf"), "")
        manifest = reading.find(parent) if parent else None


def _coherence(label: Label, manifest: Manifest, uri: str) -> Iterator[Finding]:
    """Compare the label with the actions beside it, which are what other validators read."""
    sources = [
        action["digitalSourceType"]
        for name, content in manifest.assertions
        if name.startswith("c2pa.actions") and isinstance(content, dict)
        for action in content.get("actions") or ()
        if isinstance(action, dict) and isinstance(action.get("digitalSourceType"), str)
    ]
    if label.digital_source_type not in sources:
        said = ", ".join(sources) or "nothing"
        yield Finding.of(
            Code.KZLABEL_LABEL_INCOHERENT,
            f"the label says {label.digital_source_type}, the actions beside it say {said}",
            uri=uri,
        )


def _signatory(active: Manifest, status: Status, trust: Trust) -> Signatory | None:
    if active.certificate is None and not active.algorithm:
        return None
    certificate = active.certificate or Certificate()
    issuer = filter(None, (certificate.issuer_common_name, certificate.issuer_organisation))
    return Signatory(
        common_name=certificate.common_name,
        organisation=certificate.organisation,
        bin=certificate.bin,
        issuer=", ".join(issuer),
        serial_number=certificate.serial_number,
        not_before=certificate.not_before,
        not_after=certificate.not_after,
        algorithm=active.algorithm,
        chain=certificate.chain,
        anchor=active.anchor if status is Status.TRUSTED else "",
        trusted_by=(active.store or _trusted_by(certificate, trust)) if status is Status.TRUSTED else "",
    )


def _trusted_by(certificate: Certificate, trust: Trust) -> str:
    """Return the store of the anchor that bears the issuer's name; the reference engine says none."""
    stores = {anchor.store for anchor in trust.anchors if anchor.name == certificate.issuer_common_name}
    return stores.pop() if len(stores) == 1 else "anchors"


def _development(signer: Signatory | None) -> Iterator[Finding]:
    if signer is not None and signer.trusted_by == DEVELOPMENT:
        yield Finding.of(
            Code.KZLABEL_TRUST_DEVELOPMENT,
            "signed with this machine's development identity, which no other machine trusts",
        )


def _signed_at(reading: Reading, active: Manifest | None) -> str:
    """Return the time-stamp's time, when it was validated and its authority is trusted."""
    if active is None:
        return ""
    codes = {finding.code for finding in reading.findings if not finding.ingredient}
    return active.time_stamp if {Code.TIME_STAMP_VALIDATED, Code.TIME_STAMP_TRUSTED} <= codes else ""


def _ancestors(reading: Reading, active: Manifest | None) -> Iterator[Finding]:
    """Tell of ingredients that were already broken when they were taken in.

    A validator calls such a file intact, since its own signature is; the break stands only in the ingredient
    assertion's record. Who relies on the earlier label must see it.
    """
    for manifest in reading.manifests:
        for ingredient in manifest.ingredients:
            failures = [code for code in ingredient.failures if code != _TRUST_ONLY]
            if failures:
                yield Finding.of(
                    Code.KZLABEL_INGREDIENT_BROKEN,
                    f"the earlier label was already broken when it was kept: {', '.join(failures)}",
                    uri=f"self#jumbf=/c2pa/{manifest.label}/c2pa.assertions/{ingredient.label}",
                    ingredient=manifest is not active,
                )
