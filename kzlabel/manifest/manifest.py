"""A manifest, read: its claim and its assertions, each with the part it plays (C2PA 2.4 section 11)."""

from collections.abc import Set
from typing import Final

import msgspec

from kzlabel.errors import LimitError, MalformedError
from kzlabel.limits import Limits
from kzlabel.manifest.actions import Actions
from kzlabel.manifest.assertions import BINDINGS, Content, Metadata, read_assertion
from kzlabel.manifest.claim import Claim, HashedUri, read_claim
from kzlabel.manifest.ingredient import Ingredient
from kzlabel.manifest.labels import ASSERTIONS, LONGEST, SIGNATURE, is_urn, kind_of, read_uri
from kzlabel.manifest.store import Assertion, ManifestBox

__all__ = ["Declared", "Manifest", "read_manifest"]


_RELATIVE: Final = f"self#jumbf={ASSERTIONS}"


class Declared(msgspec.Struct, frozen=True):
    """An assertion of a manifest together with how the claim lists it."""

    label: str
    """Label of the assertion."""

    assertion: Assertion
    """The assertion, as it lies in the store."""

    content: Content
    """What it holds."""

    algorithm: str
    """Hash algorithm of the reference to it."""

    created: bool
    """Whether it is listed as created; true for all in a claim of version 1."""


class Manifest(msgspec.Struct, frozen=True):
    """A manifest of a store, read as far as verification needs it."""

    box: ManifestBox
    """Its bytes."""

    claim: Claim
    """Its claim."""

    declared: tuple[Declared, ...]
    """Its assertions, in the order of the assertion store."""

    by_label: dict[str, Declared]
    """Its assertions by label."""

    ingredients: tuple[tuple[str, Ingredient], ...]
    """Labels and contents of its ingredient assertions."""

    actions: tuple[tuple[Declared, Actions], ...]
    """Its actions assertions."""

    metadata: tuple[tuple[str, Metadata], ...]
    """Labels and contents of its metadata assertions."""

    bindings: tuple[Declared, ...]
    """Its hard bindings, which must have been created."""

    @property
    def label(self) -> str:
        """Its URN."""
        return self.box.label


def read_manifest(box: ManifestBox, limits: Limits) -> Manifest:
    """Read the claim and all assertions of a manifest.

    Raises:
        MalformedError: Something in it is broken, or isn't understood here.
        LimitError: It has too many assertions, or is nested too deep.
    """
    claim = read_claim(box.claim, box.version, limits.cbor_depth)
    if max(len(box.assertions), len(claim.assertions)) > limits.assertions:
        raise LimitError(f"a manifest with more than {limits.assertions} assertions")
    if claim.version > 1 and not is_urn(box.label):
        raise MalformedError("the label of a manifest is no URN")
    reference = read_uri(claim.signature)
    if reference is None or reference.path != (SIGNATURE,) or reference.manifest not in ("", box.label):
        raise MalformedError("the claim refers to another claim signature")
    for uri in claim.assertions:
        _check_reference(uri, box.label)
    simple = not claim.gathered and all(uri.alg in (None, claim.algorithm) for uri in claim.created)
    names = {uri.url.rpartition("/")[2] for uri in claim.created} if simple else frozenset()
    declared = tuple([_declare(claim, assertion, names, limits.cbor_depth) for assertion in box.assertions])
    ingredients, actions, metadata, bindings = [], [], [], []
    for one in declared:
        content = one.content
        if isinstance(content, Actions):
            actions.append((one, content))
        elif isinstance(content, Ingredient):
            ingredients.append((one.label, content))
        elif isinstance(content, Metadata):
            metadata.append((one.label, content))
        elif one.created and kind_of(one.label)[0] in BINDINGS:
            bindings.append(one)
    return Manifest(
        box=box,
        claim=claim,
        declared=declared,
        by_label={one.label: one for one in declared},
        ingredients=tuple(ingredients),
        actions=tuple(actions),
        metadata=tuple(metadata),
        bindings=tuple(bindings),
    )


def _check_reference(uri: HashedUri, manifest: str) -> None:
    head, _, label = uri.url.rpartition("/")
    if head == _RELATIVE and label and "=" not in label and len(label) <= LONGEST:
        return  # the usual case, quickly
    reference = read_uri(uri.url)
    if reference is None or len(reference.path) != 2 or reference.path[0] != ASSERTIONS:
        raise MalformedError("the claim lists something that is no assertion")
    if reference.manifest not in ("", manifest):
        raise MalformedError("the claim lists an assertion of another manifest")


def _declare(claim: Claim, assertion: Assertion, alike: Set[str], depth: int) -> Declared:
    """Find the reference to `assertion` in the claim.

    The reference engine takes the first one in which the label occurs, and so does this: it matters where one
    label is part of another, unless it is among those references that are `alike` but for their hashes.
    """
    if assertion.label in alike:
        return Declared(assertion.label, assertion, read_assertion(assertion, depth), claim.algorithm, created=True)
    uri = next((uri for uri in claim.created if assertion.label in uri.url), None)
    created = uri is not None
    if uri is None:
        uri = next((uri for uri in claim.gathered if assertion.label in uri.url), None)
    if uri is None:
        raise MalformedError(f"the assertion {assertion.label} is not listed in the claim")
    return Declared(
        assertion.label, assertion, read_assertion(assertion, depth), uri.alg or claim.algorithm, created
    )
