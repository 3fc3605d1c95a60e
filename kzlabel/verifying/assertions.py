"""Does a manifest hold what its claim lists: hashes, redactions, update rules (C2PA 2.4 section 15.10)."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final

from kzlabel.manifest.claim import HashedUri
from kzlabel.manifest.ingredient import Ingredient
from kzlabel.manifest.labels import ASSERTIONS, assertion_uri, manifest_uri, read_uri
from kzlabel.manifest.manifest import Declared, Manifest
from kzlabel.status import Code
from kzlabel.verifying.abstain import Abstention
from kzlabel.verifying.log import Log

__all__ = ["HASHES", "check_assertions", "check_icon", "check_parents", "check_redactions", "check_update"]

_UPDATE_ACTIONS: Final = ("c2pa.edited.metadata", "c2pa.opened", "c2pa.published", "c2pa.redacted")
HASHES: Final = {"sha256": hashlib.sha256, "sha384": hashlib.sha384, "sha512": hashlib.sha512}
"""How to compute each hash algorithm that is allowed."""

_RELATIVE: Final = "self#jumbf=c2pa.assertions/"
_BINDINGS: Final = ("c2pa.hash.data", "c2pa.hash.boxes", "c2pa.hash.bmff", "c2pa.hash.collection.data")
_THUMBNAIL: Final = "c2pa.thumbnail.claim"


def check_assertions(manifest: Manifest, redactions: Sequence[str], log: Log) -> None:
    """Compare each assertion with the hash that the claim lists for it."""
    label = manifest.label
    removed = _removed_from(label, redactions)
    listed: set[str] = set()
    for uri in manifest.claim.assertions:
        name = uri.url.rpartition("/")[2]
        listed.add(name)
        if name in removed:
            continue
        where = assertion_uri(label, name) if uri.url.startswith(_RELATIVE) else uri.url
        declared = manifest.by_label.get(name)
        if declared is None:
            log.add(Code.ASSERTION_MISSING, where, "the claim lists an assertion that is not there")
        elif _matches(declared, uri):
            log.add(Code.ASSERTION_HASHED_URI_MATCH, where)
        else:
            _refuse_prerelease(declared, uri)
            log.add(Code.ASSERTION_HASHED_URI_MISMATCH, where, "the assertion is not the one that was signed")
    if not manifest.by_label.keys() <= listed:
        raise Abstention("an assertion is not listed in the claim")


def _matches(declared: Declared, uri: HashedUri) -> bool:
    return HASHES[declared.algorithm](declared.assertion.payload).digest() == uri.hash


def _refuse_prerelease(declared: Declared, uri: HashedUri) -> None:
    """Leave manifests from before version 1.0, whose hashes cover the content alone, to the reference engine."""
    if HASHES[declared.algorithm](declared.assertion.content).digest() == uri.hash:
        raise Abstention("the manifest is from before version 1.0")


def _removed_from(label: str, redactions: Sequence[str]) -> frozenset[str]:
    """Return the labels of the assertions that were removed from the manifest called `label`."""
    if not redactions:
        return frozenset()
    references = [read_uri(uri) for uri in redactions]
    return frozenset(r.path[-1] for r in references if r is not None and r.manifest == label and r.path)


def check_redactions(manifest: Manifest, store: Mapping[str, Manifest], log: Log, *, active: bool) -> None:
    """Check what the claim says it removed from ingredients (C2PA 2.4 section 15.10.3.2)."""
    for uri in manifest.claim.redacted:
        if manifest.label in uri:
            log.add(Code.ASSERTION_SELF_REDACTED, uri, "a claim can't remove its own assertions")
        if "c2pa.actions" in uri:
            log.add(Code.ASSERTION_ACTION_REDACTED, uri, "actions can't be removed")
        if any(kind in uri for kind in _BINDINGS):
            log.add(Code.ASSERTION_HARD_BINDING_REDACTED, uri, "a hard binding can't be removed")
        if _is_there(uri, store):
            if not active:
                raise Abstention("an ingredient says that it removed what is still there")
            log.add(Code.ASSERTION_NOT_REDACTED, uri, "what the claim says it removed is still there")


def _is_there(uri: str, store: Mapping[str, Manifest]) -> bool:
    reference = read_uri(uri)
    target = None if reference is None else store.get(reference.manifest)
    if reference is None or target is None:
        return False
    if reference.path[0] != ASSERTIONS:
        raise Abstention("a claim removed something else than an assertion")
    return reference.path[-1] in target.by_label


def check_parents(manifest: Manifest, log: Log) -> None:
    """Check how many parents there are: at most one, and one in an update manifest.

    The reference engine leaves out version 3 ingredients that lack a field; where that matters, it decides.
    """
    where = manifest_uri(manifest.label)
    parents = [one for _, one in manifest.ingredients if one.relationship == "parentOf"]
    code = _parents_code(len(parents), update=manifest.box.update)
    if code is not _parents_code(sum(map(_is_whole, parents)), update=manifest.box.update):
        raise Abstention("a parent of which something is missing")
    if code is not None:
        log.add(code, where, f"{len(parents)} ingredients are called the parent")


def _is_whole(ingredient: Ingredient) -> bool:
    given = (ingredient.manifest, ingredient.signature, ingredient.recorded)
    return ingredient.version < 3 or all(field is not None for field in given)


def _parents_code(count: int, *, update: bool) -> Code | None:
    if update:
        return {0: Code.MANIFEST_UPDATE_WRONG_PARENTS, 1: None}.get(count, Code.MANIFEST_UPDATE_INVALID)
    return Code.MANIFEST_MULTIPLE_PARENTS if count > 1 else None


def check_update(manifest: Manifest, log: Log) -> None:
    """Check what an update manifest may hold (C2PA 2.4 section 11.2.3)."""
    if not manifest.box.update:
        return
    where = manifest_uri(manifest.label)
    for _, actions in manifest.actions:
        for action in actions.actions:
            if action.action not in _UPDATE_ACTIONS:
                log.add(Code.MANIFEST_UPDATE_INVALID, where, f"an update manifest with {action.action}")
    if sum(_THUMBNAIL in one.label for one in manifest.declared) > 1:
        log.add(Code.MANIFEST_UPDATE_INVALID, where, "an update manifest with thumbnails")


def check_icon(manifest: Manifest, icon: HashedUri) -> None:
    """Accept an icon that is where it should be, and leave any other one to the reference engine."""
    reference = read_uri(icon.url)
    declared = manifest.by_label.get(reference.path[-1]) if reference is not None and reference.path else None
    inside = reference is not None and reference.manifest in ("", manifest.label) and len(reference.path) == 2
    if declared is None or not inside or not _matches(declared, icon):
        raise Abstention("an icon is not in the manifest")
