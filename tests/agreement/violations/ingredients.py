"""Ingredient assertions, and the manifests that they refer to."""

from typing import Any

from tests.agreement.composing import (
    LABEL,
    PARENT,
    Draft,
    cbor_box,
    created,
    digest,
    good,
    ingredient,
    opened,
    parts,
    sign,
    superbox,
)
from tests.agreement.violations.base import ACTIONS, OTHER, Case, built, claim_of, compose_parent, inner
from tests.agreement.violations.updates import about


def ingredients() -> dict[str, Case]:
    parent = compose_parent(PARENT)
    found: dict[str, Case] = {}

    def of(name: str, content: Any, *others: bytes, label: str = "c2pa.ingredient.v3", **more: Any) -> None:
        both = parts([(ACTIONS, more.pop("actions", opened(label))), (label, content)])
        found[f"ingredient: {name}"] = built(Draft(assertions=both, **more), *others)

    for version, label in {1: "c2pa.ingredient", 2: "c2pa.ingredient.v2", 3: "c2pa.ingredient.v3"}.items():
        of(f"v{version}", ingredient(parent, version=version), parent, label=label)
        of(f"v{version} without manifest", ingredient(version=version), label=label)
        of(f"v{version} input", ingredient(version=version, relationship="inputTo"), label=label)
        of(f"v{version} missing manifest", ingredient(parent, version=version), label=label)
        of(f"v{version} wrong hash", ingredient(parent + b"x", version=version), parent, label=label)
        of(f"v{version} unknown relationship", ingredient(version=version, relationship="x"), label=label)
        of(
            f"v{version} component",
            ingredient(parent, version=version, relationship="componentOf"),
            parent,
            label=label,
        )
        of(f"v{version} title a number", ingredient(parent, version=version) | {"dc:title": 1}, parent, label=label)
        broken = compose_parent(PARENT, signature=lambda claim: sign(claim + b"x", good()))
        of(f"v{version} of a broken signature", ingredient(broken, version=version), broken, label=label)
        status = [{"code": "claimSignature.mismatch", "url": f"self#jumbf=/c2pa/{PARENT}/c2pa.signature"}]
        key = "validationResults" if version == 3 else "validationStatus"
        record: Any = (
            {"activeManifest": {"success": [], "informational": [], "failure": status}} if version == 3 else status
        )
        of(
            f"v{version} of a recorded broken signature",
            ingredient(broken, version=version, **{key: record}),
            broken,
            label=label,
        )
        relative: Any = [{"code": "claimSignature.mismatch", "url": "self#jumbf=c2pa.signature"}]
        record = (
            {"activeManifest": {"success": [], "informational": [], "failure": relative}}
            if version == 3
            else relative
        )
        of(
            f"v{version} of a relatively recorded broken signature",
            ingredient(broken, version=version, **{key: record}),
            broken,
            label=label,
        )
    of("record a list", ingredient(parent, validationResults=[]), parent)
    of("record empty", ingredient(parent, validationResults={}), parent)
    of("record without failures", ingredient(parent, validationResults={"activeManifest": {"success": []}}), parent)
    content = ingredient(parent)
    of("without record", {k: v for k, v in content.items() if k != "validationResults"}, parent)
    of(
        "manifest elsewhere",
        content | {"activeManifest": {"url": f"self#jumbf=/c2pa/{OTHER}", "hash": bytes(32)}},
        parent,
    )
    of(
        "manifest with a path",
        content | {"activeManifest": {"url": f"self#jumbf=/c2pa/{PARENT}/c2pa.claim", "hash": bytes(32)}},
        parent,
    )
    of("manifest relative", content | {"activeManifest": {"url": "self#jumbf=x", "hash": bytes(32)}}, parent)
    of(
        "manifest itself",
        content | {"activeManifest": {"url": f"self#jumbf=/c2pa/{LABEL}", "hash": bytes(32)}},
        parent,
    )
    of("manifest and old manifest", content | {"c2pa_manifest": {"url": "x", "hash": bytes(32)}}, parent)
    of(
        "claim hash",
        ingredient(parent)
        | {"activeManifest": {"url": f"self#jumbf=/c2pa/{PARENT}", "hash": digest(claim_of(parent))}},
        parent,
    )
    of(
        "alg sha512",
        content
        | {
            "activeManifest": {
                "url": f"self#jumbf=/c2pa/{PARENT}",
                "hash": digest(parent[8:], "sha512"),
                "alg": "sha512",
            }
        },
        parent,
    )
    of(
        "alg unknown",
        content | {"activeManifest": {"url": f"self#jumbf=/c2pa/{PARENT}", "hash": b"", "alg": "x"}},
        parent,
    )
    of("one more manifest", content, compose_parent(OTHER), parent)
    of("the same manifest twice", content, parent, parent)
    of("list", [1])
    of("version 4", content, parent, label="c2pa.ingredient.v4")
    of("created all the same", content, parent, actions=created())
    of("opened by the old parameter", content, parent, actions=opened("c2pa.ingredient.v3", key="ingredient"))
    of("opened of a component", content | {"relationship": "componentOf"}, parent)
    salted = superbox(b"c2ma", PARENT, *inner(parent), salt=bytes(16))
    of("salted manifest", ingredient(salted), salted)
    two = parts(
        [
            (ACTIONS, opened("c2pa.ingredient.v3")),
            ("c2pa.ingredient.v3", content),
            ("c2pa.ingredient.v3__1", content),
        ]
    )
    found["ingredient: two parents"] = built(Draft(assertions=two), parent)
    found["ingredient: two whole parents"] = built(
        Draft(
            assertions=[
                (label, cbor_box(label, about(made, parent))) if "ingredient" in label else (label, made)
                for label, made in two
            ]
        ),
        parent,
    )
    grand = compose_parent(OTHER)
    middle = compose_parent(
        PARENT,
        assertions=parts(
            [(ACTIONS, opened("c2pa.ingredient.v3")), ("c2pa.ingredient.v3", ingredient(grand, OTHER))]
        ),
    )
    of("grandparent", ingredient(middle), grand, middle)
    of("grandparent missing", ingredient(middle), middle)
    return found
