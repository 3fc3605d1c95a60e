"""Ingredients: the manifests that a manifest builds upon, checked one below the other (C2PA 2.4 section 15.11).

The graph is walked twice, as the reference engine does: once to see which manifests are there and what was
removed from them, once to check them. A manifest that several ingredients refer to is checked for each of them;
what lies below it once.
"""

from collections.abc import Callable
from typing import Final

import msgspec

from kzlabel.errors import LimitError
from kzlabel.limits import Limits
from kzlabel.manifest.claim import ALGORITHMS, HashedUri
from kzlabel.manifest.ingredient import Ingredient
from kzlabel.manifest.labels import ASSERTIONS, DATABOXES, SIGNATURE, assertion_uri, read_uri, spelling
from kzlabel.manifest.manifest import Manifest
from kzlabel.status import Code, Kind
from kzlabel.verifying.abstain import Abstention
from kzlabel.verifying.assertions import HASHES
from kzlabel.verifying.log import Log

__all__ = ["Family", "binding_manifest", "check_ingredients", "find_family"]

Check = Callable[[Manifest], None]
"""Checks one manifest; what it finds it writes to the log."""

_INPUT: Final = "inputTo"


class Family(msgspec.Struct):
    """The manifests of a store that the active one builds upon, itself among them."""

    store: dict[str, Manifest]
    """All manifests of the store, by label."""

    reached: dict[str, Manifest]
    """Those that can be reached from the active manifest, by label."""

    redactions: list[str]
    """URIs of the assertions that were removed, named by any of them."""


def find_family(store: dict[str, Manifest], active: Manifest, log: Log, limits: Limits) -> Family:
    """Walk the graph of ingredients from the active manifest.

    Raises:
        Abstention: It isn't a graph as the specification has it: a cycle, a reference of unusual form.
        LimitError: It is too deep.
    """
    family = Family(store, {}, [])
    _reach(active, family, [], log, limits.ingredient_depth)
    return family


def _reach(manifest: Manifest, family: Family, path: list[str], log: Log, depth: int) -> None:
    if len(path) >= depth:
        raise LimitError(f"ingredients are nested more than {depth} levels deep")
    if manifest.label in family.reached:
        return
    path.append(manifest.label)
    family.redactions += map(_checked_redaction, manifest.claim.redacted)
    family.reached[manifest.label] = manifest
    for _, ingredient in manifest.ingredients:
        if ingredient.manifest is None:
            continue
        label = _label(ingredient.manifest)
        if label in path:
            raise Abstention("an ingredient contains itself")
        below = family.store.get(label)
        if below is None:
            log.add(Code.INGREDIENT_MANIFEST_MISSING, label, "the manifest of an ingredient is not there")
        else:
            _reach(below, family, path, log, depth)
    path.pop()


def _checked_redaction(uri: str) -> str:
    reference = read_uri(uri)
    if reference is None or len(reference.path) != 2 or reference.path[0] not in (ASSERTIONS, DATABOXES):
        raise Abstention("a claim names what it removed in an unusual way")
    if spelling(reference.path[1]).whole != reference.path[1]:
        raise Abstention("a claim names what it removed in an unusual way")
    return uri


def _label(uri: HashedUri) -> str:
    reference = read_uri(uri.url)
    if reference is None or not reference.manifest or reference.path:
        raise Abstention("an ingredient refers to its manifest in an unusual way")
    if uri.alg is not None and uri.alg not in ALGORITHMS:
        raise Abstention("an ingredient names an unknown hash algorithm")
    return reference.manifest


def binding_manifest(active: Manifest, store: dict[str, Manifest]) -> Manifest:
    """Return the manifest whose hard binding holds for the file.

    It is the active one, or, when that is an update manifest, the first standard manifest up the line of parents
    (C2PA 2.4 section 15.12).

    Raises:
        Abstention: There is none.
    """
    manifest: Manifest | None = active
    seen: set[str] = set()
    while manifest is not None and manifest.label not in seen:
        if not manifest.box.update:
            if manifest.bindings:
                return manifest
            break
        seen.add(manifest.label)
        parents = [one.manifest for _, one in manifest.ingredients if one.relationship == "parentOf"]
        if len(parents) != 1 or parents[0] is None:
            break
        manifest = store.get(_label(parents[0]))
    raise Abstention("no hard binding")


def check_ingredients(manifest: Manifest, family: Family, check: Check, log: Log) -> None:
    """Check the ingredients of a manifest, and theirs; `check` checks one manifest."""
    _Walk(family, check, log).ingredients_of(manifest)


class _Walk:
    """One walk through the graph; what lies below a manifest is walked once."""

    def __init__(self, family: Family, check: Check, log: Log) -> None:
        self._family = family
        self._check = check
        self._log = log
        self._walked: set[str] = set()
        self._digests: dict[str, bytes] = {}

    def ingredients_of(self, manifest: Manifest) -> None:
        """Check the ingredients of `manifest`; the depth of the graph was bounded when it was found."""
        self._walked.add(manifest.label)
        for label, ingredient in manifest.ingredients:
            where = assertion_uri(manifest.label, label)
            with self._log.within(where):
                self._ingredient(ingredient, where)

    def _ingredient(self, ingredient: Ingredient, where: str) -> None:
        log = self._log
        if ingredient.manifest is None:
            if ingredient.relationship != _INPUT:
                log.add(Code.INGREDIENT_UNKNOWN_PROVENANCE, where, f"{ingredient.title or 'it'} has no manifest")
            return
        if ingredient.version >= 3 and ingredient.recorded is None:
            raise Abstention("nothing was recorded about an ingredient")
        label = _label(ingredient.manifest)
        below = self._family.store.get(label)
        if below is None:
            log.add(Code.INGREDIENT_MANIFEST_MISSING, label, "the manifest of an ingredient is not there")
            return
        self._hashes(ingredient, ingredient.manifest, below)
        self._check(below)
        if below.label not in self._walked:
            self.ingredients_of(below)

    def _hashes(self, ingredient: Ingredient, uri: HashedUri, below: Manifest) -> None:
        """Compare the manifest with the hash that the ingredient assertion has of it.

        What was removed from a manifest changes its hash; then that of its claim signature must do.
        """
        if any(below.label in redaction for redaction in self._family.redactions):
            if below.claim.version > 1:
                self._signature(ingredient, uri, below)
            return
        if below.box.oddity:
            raise Abstention(f"the manifest of an ingredient has {below.box.oddity}")
        if self._digest(below) == uri.hash:
            self._log.add(Code.INGREDIENT_MANIFEST_VALIDATED, uri.url)
        elif HASHES[uri.alg or below.claim.algorithm](below.box.claim).digest() != uri.hash:
            # The second form is that of before version 1.3: a hash of the claim alone.
            self._log.add(Code.INGREDIENT_MANIFEST_MISMATCH, uri.url, "the manifest is not the one taken in")

    def _digest(self, manifest: Manifest) -> bytes:
        """Return the hash of a manifest box; it is computed once, however many ingredients refer to it."""
        digest = self._digests.get(manifest.label)
        if digest is None:
            digest = HASHES[manifest.claim.algorithm](manifest.box.payload).digest()
            self._digests[manifest.label] = digest
        return digest

    def _signature(self, ingredient: Ingredient, uri: HashedUri, below: Manifest) -> None:
        signature = ingredient.signature
        if signature is None:
            raise Abstention("an ingredient without the hash of its claim signature")
        reference = read_uri(signature.url)
        if reference is None or reference.path != (SIGNATURE,) or below.box.oddity:
            raise Abstention("an ingredient refers to its claim signature in an unusual way")
        if HASHES[below.claim.algorithm](below.box.signature_payload).digest() == signature.hash:
            self._log.add(Code.INGREDIENT_CLAIM_SIGNATURE_VALIDATED, uri.url, kind=Kind.INFORMATIONAL)
        else:
            self._log.add(
                Code.INGREDIENT_CLAIM_SIGNATURE_MISMATCH, uri.url, "the claim signature is not the one taken in"
            )
