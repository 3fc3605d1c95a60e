"""Update manifests, and assertions that were removed."""

import struct
from collections.abc import Callable
from typing import Any

import cbor2

from tests.agreement.composing import (
    PARENT,
    Draft,
    cbor_box,
    compose,
    created,
    digest,
    embed,
    ingredient,
    link,
    opened,
    parts,
    store,
    superbox,
)
from tests.agreement.violations.base import ACTIONS, Case, built, compose_parent, image, inner


def updates() -> dict[str, Case]:
    found: dict[str, Case] = {}
    parent = compose_parent(PARENT)
    contents_of: dict[str, list[tuple[str, Any]]] = {
        "plain": [("c2pa.ingredient.v3", ingredient(parent))],
        "with allowed action": [
            (ACTIONS, {"actions": [{"action": "c2pa.published"}]}),
            ("c2pa.ingredient.v3", ingredient(parent)),
        ],
        "with edit": [
            (ACTIONS, {"actions": [{"action": "c2pa.edited"}]}),
            ("c2pa.ingredient.v3", ingredient(parent)),
        ],
        "without parent": [("c2pa.ingredient.v3", ingredient(parent, relationship="componentOf"))],
        "two parents": [("c2pa.ingredient.v3", ingredient(parent)), ("c2pa.ingredient.v3__1", ingredient(parent))],
        "without ingredient": [("a.b", {})],
        "with more": [("a.b", {"c": 1}), ("c2pa.ingredient.v3", ingredient(parent))],
    }
    for name, contents in contents_of.items():
        draft = Draft(kind=b"c2um", assertions=parts(contents), binding=False)
        found[f"update: {name}"] = _update(draft)
        found[f"update with binding: {name}"] = built(draft.copy(binding=True), parent)
    return found


def _update(draft: Draft) -> Case:
    return lambda: updated(draft)


def updated(draft: Draft, spoil: Callable[[bytes], bytes] = bytes) -> bytes:
    """Return a file whose standard manifest is followed by an update manifest; `spoil` changes its picture."""
    base = image()
    first = compose(Draft(label=PARENT), base)
    size = struct.unpack(">H", first[4:6])[0] + 2
    parent = first[2 + 12 + 38 : 2 + size]  # after the heads of the segment and of the store
    changed = draft.copy(
        assertions=[
            (label, cbor_box(label, about(made, parent)) if "ingredient" in label else made)
            for label, made in draft.assertions
        ]
    )
    return embed(store(parent, changed.manifest()), spoil(base))


def about(made: bytes, parent: bytes) -> Any:
    """Return the ingredient content in the box `made` with the hash of `parent`."""
    content = cbor2.loads(inner(made)[0][8:])
    return content | {
        "activeManifest": {"url": f"self#jumbf=/c2pa/{PARENT}", "hash": digest(parent[8:])},
        "claimSignature": {
            "url": f"self#jumbf=/c2pa/{PARENT}/c2pa.signature",
            "hash": digest(inner(parent)[2][8:]),
        },
    }


def redactions() -> dict[str, Case]:
    label = "a.b"
    kept = [(ACTIONS, cbor_box(ACTIONS, created())), (label, cbor_box(label, {"x": 1}))]
    whole = compose_parent(PARENT, assertions=kept)
    listed = [link(name, made) for name, made in kept]
    signature = inner(whole)[2]
    uri = f"self#jumbf=/c2pa/{PARENT}/c2pa.assertions/{label}"
    without = _without(whole, kept[0][1])
    said = {
        "actions": [
            opened("c2pa.ingredient.v3")["actions"][0],
            {"action": "c2pa.redacted", "parameters": {"redacted": uri}},
        ]
    }
    content = ingredient(whole) | {
        "claimSignature": {"url": f"self#jumbf=/c2pa/{PARENT}/c2pa.signature", "hash": digest(signature[8:])}
    }
    assert listed
    found: dict[str, Case] = {}
    for name, (about, claim, parent) in {
        "removed": (content, {"redacted_assertions": [uri]}, without),
        "not removed": (content, {"redacted_assertions": [uri]}, whole),
        "removed without a word": (content, {}, without),
        "wrong signature hash": (
            content | {"claimSignature": {"url": f"self#jumbf=/c2pa/{PARENT}/c2pa.signature", "hash": bytes(32)}},
            {"redacted_assertions": [uri]},
            without,
        ),
        "no signature hash": (ingredient(whole), {"redacted_assertions": [uri]}, without),
        "another one": (content, {"redacted_assertions": [uri + "c"]}, without),
        "actions": (content, {"redacted_assertions": [uri.replace(label, ACTIONS)]}, without),
    }.items():
        both = parts([(ACTIONS, said), ("c2pa.ingredient.v3", about)])
        found[f"redaction: {name}"] = built(Draft(assertions=both, claim=claim), parent)
    return found


def _without(manifest: bytes, *kept: bytes) -> bytes:
    """Return a manifest whose assertion store has lost its second assertion."""
    assertions, *rest = inner(manifest)
    left = inner(assertions)
    del left[1]
    assert left[0] == kept[0]
    return superbox(b"c2ma", PARENT, superbox(b"c2as", "c2pa.assertions", *left), *rest)
