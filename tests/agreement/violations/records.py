"""What ingredient assertions record of their manifests, and what must be said all the same."""

from typing import Any

from tests.agreement.composing import (
    PARENT,
    Draft,
    good,
    ingredient,
    opened,
    parts,
    sign,
)
from tests.agreement.violations.base import ACTIONS, OTHER, Case, built, compose_parent
from tests.agreement.violations.updates import updated

INGREDIENT = "c2pa.ingredient.v3"
SIGNATURE = ("claimSignature.mismatch", f"self#jumbf=/c2pa/{PARENT}/c2pa.signature")
BINDING = f"self#jumbf=/c2pa/{PARENT}/c2pa.assertions/c2pa.hash.data"


def records() -> dict[str, Case]:
    return _of_parents() | _of_updates()


def recorded(*codes: tuple[str, str]) -> dict[str, Any]:
    """Return a record of failures."""
    failures = [{"code": code, "url": url} for code, url in codes]
    return {"validationResults": {"activeManifest": {"success": [], "informational": [], "failure": failures}}}


def _about(*ingredients: dict[str, Any]) -> Draft:
    labels = [INGREDIENT + (f"__{number}" if number else "") for number in range(len(ingredients))]
    return Draft(assertions=parts([(ACTIONS, opened(INGREDIENT)), *zip(labels, ingredients, strict=True)]))


def _of_parents() -> dict[str, Case]:
    broken = compose_parent(PARENT, signature=lambda claim: sign(claim + b"x", good()))
    changed = compose_parent(PARENT, listing=lambda listed: [listed[0] | {"hash": bytes(32)}, *listed[1:]])
    whole = compose_parent(PARENT)
    other = compose_parent(OTHER)
    beside = ingredient(other, OTHER, relationship="componentOf")
    middle = _about(ingredient(broken)).copy(label=OTHER)
    below = compose_parent(OTHER, assertions=middle.assertions)
    knowing = compose_parent(OTHER, assertions=_about(ingredient(broken) | recorded(SIGNATURE)).assertions)
    hashed = ("assertion.hashedURI.mismatch", f"self#jumbf=/c2pa/{PARENT}/c2pa.assertions/{ACTIONS}")
    relative = ("assertion.hashedURI.mismatch", f"self#jumbf=c2pa.assertions/{ACTIONS}")
    manifest = ("ingredient.manifest.mismatch", f"self#jumbf=/c2pa/{PARENT}")
    missing = ("ingredient.manifest.missing", PARENT)
    return {
        "record: none": built(_about(ingredient(broken)), broken),
        "record: in another ingredient": built(
            _about(ingredient(broken), beside | recorded(SIGNATURE)), broken, other
        ),
        "record: in the middle": built(_about(ingredient(knowing, OTHER)), broken, knowing),
        "record: above the middle": built(_about(ingredient(below, OTHER) | recorded(SIGNATURE)), broken, below),
        "record: of another code": built(_about(ingredient(broken) | recorded(hashed)), broken),
        "record: of a changed assertion": built(_about(ingredient(changed) | recorded(hashed)), changed),
        "record: relative": built(_about(ingredient(changed) | recorded(relative)), changed),
        "record: of a changed manifest": built(_about(ingredient(whole + b"x") | recorded(manifest)), whole),
        "record: of a missing manifest": built(_about(ingredient(whole) | recorded(missing))),
    }


def _of_updates() -> dict[str, Case]:
    def spoilt(data: bytes) -> bytes:
        return data[:-100] + bytes(98) + data[-2:]

    def of(*codes: tuple[str, str]) -> Case:
        draft = Draft(
            kind=b"c2um",
            assertions=parts([(INGREDIENT, ingredient(compose_parent(PARENT)) | recorded(*codes))]),
            binding=False,
        )
        return lambda: updated(draft, spoilt)

    return {
        "record: none, in an update of changed content": of(),
        "record: of the binding, in an update of changed content": of(("assertion.dataHash.mismatch", BINDING)),
    }
