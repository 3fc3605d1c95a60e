"""Lists of assertions in the claim, and labels of manifests and assertions."""

from collections.abc import Callable
from typing import Any

from tests.agreement.composing import (
    LABEL,
    Draft,
    cbor_box,
    created,
    file_box,
    json_box,
    link,
    parts,
)
from tests.agreement.violations.base import ACTIONS, OTHER, Case, built


def listings() -> dict[str, Case]:
    def each(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[list[dict[str, Any]]], Any]:
        return lambda listed: [change(uri) for uri in listed]

    def first(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[list[dict[str, Any]]], Any]:
        return lambda listed: [change(listed[0]), *listed[1:]]

    hooks: dict[str, Callable[[list[dict[str, Any]]], Any]] = {
        "one twice": lambda listed: [*listed, listed[0]],
        "binding twice": lambda listed: [*listed, listed[-1]],
        "first left out": lambda listed: listed[1:],
        "binding left out": lambda listed: listed[:-1],
        "one more": lambda listed: [*listed, {"url": "self#jumbf=c2pa.assertions/a.b", "hash": bytes(32)}],
        "empty": lambda _: [],
        "reversed": lambda listed: listed[::-1],
        "absolute": each(lambda uri: uri | {"url": uri["url"].replace("=", f"=/c2pa/{LABEL}/")}),
        "absolute without slash": each(lambda uri: uri | {"url": uri["url"].replace("=", f"=c2pa/{LABEL}/")}),
        "of another manifest": first(lambda uri: uri | {"url": uri["url"].replace("=", f"=/c2pa/{OTHER}/")}),
        "without scheme": each(lambda uri: uri | {"url": uri["url"].partition("=")[2]}),
        "with two equal signs": first(lambda uri: uri | {"url": uri["url"] + "=x"}),
        "deeper path": first(lambda uri: uri | {"url": uri["url"].replace("assertions/", "assertions/x/")}),
        "other box": first(lambda uri: uri | {"url": uri["url"].replace("assertions", "databoxes")}),
        "dots in path": first(
            lambda uri: uri | {"url": uri["url"].replace("assertions/", "assertions/../c2pa.assertions/")}
        ),
        "wrong hash": first(lambda uri: uri | {"hash": bytes(32)}),
        "short hash": first(lambda uri: uri | {"hash": uri["hash"][:16]}),
        "empty hash": first(lambda uri: uri | {"hash": b""}),
        "hash as list": first(lambda uri: uri | {"hash": list(uri["hash"])}),
        "hash as text": first(lambda uri: uri | {"hash": uri["hash"].hex()}),
        "alg sha256": each(lambda uri: uri | {"alg": "sha256"}),
        "alg sha1": first(lambda uri: uri | {"alg": "sha1", "hash": uri["hash"][:20]}),
        "alg unknown": first(lambda uri: uri | {"alg": "none", "hash": b""}),
        "alg null": first(lambda uri: uri | {"alg": None}),
        "extra field": first(lambda uri: uri | {"extra": 1}),
    }
    found = {f"listing: {name}": built(Draft(listing=hook)) for name, hook in hooks.items()}
    found |= {f"listing 1: {name}": built(Draft(version=1, listing=hook)) for name, hook in hooks.items()}
    made = cbor_box(ACTIONS, created())
    strong = lambda listed: [link(ACTIONS, made, algorithm="sha512"), *listed[1:]]  # noqa: E731
    found["listing: alg sha512"] = built(Draft(listing=strong))
    found["listing: binding gathered"] = built(Draft(gathered=("c2pa.hash.data",)))
    found["listing: actions gathered"] = built(Draft(gathered=(ACTIONS,)))
    return found


def labels() -> dict[str, Case]:
    urns = [
        "urn:uuid:3fad1ead-8ed5-44d0-873b-ea5f58adea82",
        "vendor:urn:uuid:3fad1ead-8ed5-44d0-873b-ea5f58adea82",
        f"{LABEL}:vendor",
        f"{LABEL}:vendor:2_1",
        f"{LABEL}:vendor:x",
        f"{LABEL}::3",
        f"{LABEL}:{'v' * 33}",
        f"{LABEL}:a b",
        f"{LABEL}:v:1:2",
        "urn:other:3fad1ead",
        "urn:c2pa:x",
        "plain",
        "a/b",
        "a=b",
        "urn:c2pa:../c2pa.assertions",
    ]
    found = {f"label: {urn}": built(Draft(label=urn)) for urn in urns}
    found |= {f"label 1: {urn}": built(Draft(label=urn, version=1)) for urn in urns}
    names = [
        "a.b", "a.b__1", "a.b__2", "a.b__01", "a.b__0", "a.b__x", "a.b__1__2", "__1", "a.b.v2", "a.b.v2__1",
        "c2pa.unknown", "c2pa.hash.data.part", "c2pa.hash.other", "c2pa.cloud-data", "c2pa.time-stamp",
        "c2pa.certificate-status", "c2pa.soft-binding", "c2pa.metadata", "c2pa.assertion.metadata", "a.metadata",
        "cawg.metadata", "cawg.identity", "cawg.training-mining", "c2pa.training-mining", "c2pa.ai-disclosure",
        "c2pa.thumbnail.claim", "c2pa.thumbnail.claim.jpeg", "c2pa.icon", "c2pa.actions.v3", "c2pa.actionsx",
        "c2pa.ingredient.v4", "c2pa.ingredientx", "c2pa.hash.multi-asset", "c2pa.asset-ref", "c2pa.asset-type",
        "stds.exif", "stds.schema-org.CreativeWork", "schema.org", "org.kzlabel.label", "c2pa.assertions",
        "c2pa.claim", "c2pa.signature", "c2pa.hash.dat", "hash.data", "data", "c2pa.session-keys",
    ]  # fmt: skip
    content = {"a": 1, "@context": {"a": "b"}}
    for name in names:
        more = [(ACTIONS, cbor_box(ACTIONS, created()))]
        found[f"assertion label: {name}"] = built(Draft(assertions=[*more, *parts([(name, content)])]))
        text = (name, json_box(name, '{"@context": {"a": "b"}, "a:c": 1}'))
        found[f"assertion label, JSON: {name}"] = built(Draft(assertions=[*more, text]))
        found[f"assertion label, file: {name}"] = built(Draft(assertions=[*more, (name, file_box(name, b"x"))]))
    return found
