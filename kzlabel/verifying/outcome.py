"""From what the checks wrote down to a state (C2PA 2.4 section 14.3), in the way of the reference engine.

What was already recorded in an ingredient assertion when the ingredient was taken in is not said again: only
what has changed since, the deltas, counts.
"""

from collections.abc import Iterable
from typing import Final

from kzlabel.manifest.ingredient import Ingredient, Recorded
from kzlabel.manifest.labels import read_uri
from kzlabel.manifest.manifest import Manifest
from kzlabel.status import Code, Finding, Kind
from kzlabel.verifying.log import Entry

__all__ = ["findings_of", "state_of", "without_recorded"]

_RECORDED_SUCCESS: Final = frozenset({
    Code.CLAIM_SIGNATURE_VALIDATED, Code.CLAIM_SIGNATURE_INSIDE_VALIDITY, Code.SIGNING_CREDENTIAL_TRUSTED,
    Code.SIGNING_CREDENTIAL_OCSP_NOT_REVOKED, Code.TIME_STAMP_TRUSTED, Code.TIME_STAMP_VALIDATED,
    Code.ASSERTION_HASHED_URI_MATCH, Code.ASSERTION_DATA_HASH_MATCH, Code.ASSERTION_BMFF_HASH_MATCH,
    Code.ASSERTION_ACCESSIBLE, Code.ASSERTION_BOXES_HASH_MATCH, Code.ASSERTION_COLLECTION_HASH_MATCH,
    Code.INGREDIENT_MANIFEST_VALIDATED, Code.INGREDIENT_MANIFEST_MISSING,
    Code.INGREDIENT_CLAIM_SIGNATURE_VALIDATED, Code.CAWG_X509_CREDENTIAL_TRUSTED,
    Code.CAWG_X509_SIGNATURE_VALIDATED,
})  # fmt: skip
"""Codes that the reference engine takes for successes when it reads them in a record."""

_RECORDED_INFORMATIONAL: Final = frozenset({
    Code.SIGNING_CREDENTIAL_OCSP_SKIPPED, Code.SIGNING_CREDENTIAL_OCSP_INACCESSIBLE,
    Code.SIGNING_CREDENTIAL_OCSP_UNKNOWN, Code.TIME_STAMP_UNTRUSTED, Code.TIME_STAMP_OUTSIDE_VALIDITY,
    Code.TIME_STAMP_MISMATCH, Code.TIME_STAMP_MALFORMED, Code.MANIFEST_UNKNOWN_PROVENANCE,
    Code.ALGORITHM_DEPRECATED, Code.TIME_OF_SIGNING_INSIDE_VALIDITY, Code.INGREDIENT_UNKNOWN_PROVENANCE,
    Code.ASSERTION_DATA_HASH_ADDITIONAL_EXCLUSIONS_PRESENT, Code.CAWG_ICA_UNTRUSTED_ISSUER,
})  # fmt: skip
"""Codes that it takes for informational ones; all others are failures to it."""

_TOLERATED: Final = "cawg.x509."


def without_recorded(entries: list[Entry], active: str, manifests: Iterable[Manifest]) -> list[Entry]:
    """Leave out what was found about ingredients and is recorded in an ingredient assertion already.

    What was found about the manifest called `active`, and about the hard binding, is never left out.
    """
    prefix = f"self#jumbf=/c2pa/{active}/"
    if all(not e.ingredient or e.finding.uri.startswith(prefix) for e in entries):
        return entries
    recorded = {
        key for manifest in manifests for _, ingredient in manifest.ingredients for key in _recorded(ingredient)
    }
    return [
        entry
        for entry in entries
        if not entry.ingredient
        or _concerns(entry.finding, active)
        or (entry.finding.code, entry.finding.uri, entry.kind) not in recorded
    ]


def _concerns(finding: Finding, label: str) -> bool:
    """Tell whether a finding is about the manifest called `label`."""
    reference = read_uri(finding.uri)
    return reference is not None and reference.manifest == label


def _recorded(ingredient: Ingredient) -> Iterable[tuple[str, str, Kind]]:
    reference = None if ingredient.manifest is None else read_uri(ingredient.manifest.url)
    manifest = "" if reference is None else reference.manifest
    for one in ingredient.recorded or ():
        if one.url is not None:
            yield one.code, _absolute(one, manifest), _kind_of_record(one.code)


def _absolute(recorded: Recorded, manifest: str) -> str:
    """Return the URI of a record; a relative one is within the ingredient's manifest."""
    url = recorded.url or ""
    if not manifest or not url.startswith("self#jumbf"):
        return url
    parts = url.split("=")
    path = parts[0] if len(parts) == 1 else parts[1]
    if path.startswith("c2pa/"):
        path = "/" + path
    pieces = path.split("/")
    if len(pieces) > 2 and pieces[1] == "c2pa":
        return url
    return f"self#jumbf=/c2pa/{manifest}/{path}"


def _kind_of_record(code: str) -> Kind:
    if code in _RECORDED_SUCCESS:
        return Kind.SUCCESS
    return Kind.INFORMATIONAL if code in _RECORDED_INFORMATIONAL else Kind.FAILURE


def state_of(entries: Iterable[Entry]) -> str:
    """Return `Trusted`, `Valid` or `Invalid`.

    Valid needs a signature that holds and no failure but a signer whom nobody vouches for; trusted needs a
    signer on a trust list and no failure at all. Failures of ingredients count as those of the active manifest.
    """
    successes: set[str] = set()
    failures: set[str] = set()
    for entry in entries:
        if entry.kind is Kind.FAILURE:
            failures.add(entry.finding.code)
        elif entry.kind is Kind.SUCCESS and not entry.ingredient:
            successes.add(entry.finding.code)
    signed = {Code.CLAIM_SIGNATURE_VALIDATED, Code.CLAIM_SIGNATURE_INSIDE_VALIDITY} <= successes
    tolerated = all(c == Code.SIGNING_CREDENTIAL_UNTRUSTED or c.startswith(_TOLERATED) for c in failures)
    if not (signed and tolerated):
        return "Invalid"
    return "Trusted" if Code.SIGNING_CREDENTIAL_TRUSTED in successes and not failures else "Valid"


def findings_of(entries: Iterable[Entry]) -> tuple[Finding, ...]:
    """Return the findings in the order of a report: manifest by manifest, and by kind in each."""
    groups: dict[str, tuple[list[Finding], list[Finding], list[Finding]]] = {"": ([], [], [])}
    for entry in entries:
        group = groups.get(entry.ingredient)
        if group is None:
            group = groups[entry.ingredient] = ([], [], [])
        group[_ORDER[entry.kind]].append(entry.finding)
    return tuple([finding for group in groups.values() for findings in group for finding in findings])


_ORDER: Final = {Kind.SUCCESS: 0, Kind.INFORMATIONAL: 1, Kind.FAILURE: 2}
