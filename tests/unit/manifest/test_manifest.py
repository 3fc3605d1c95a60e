"""Stores, claims and assertions, read."""

from typing import Any

import cbor2
import pytest

from kzlabel.errors import LimitError, MalformedError
from kzlabel.limits import DEFAULT_LIMITS, Limits
from kzlabel.manifest.manifest import Manifest, read_manifest
from kzlabel.manifest.store import read_store
from tests.agreement.composing import (
    LABEL,
    PARENT,
    Draft,
    cbor_box,
    created,
    digest,
    file_box,
    ingredient,
    json_box,
    opened,
    parts,
    store,
)

ACTIONS = ("c2pa.actions.v2", cbor_box("c2pa.actions.v2", created()))


def unsigned(**changes: Any) -> Draft:
    return Draft(signature=lambda _: cbor2.dumps("no signature"), **changes)


def read(*assertions: tuple[str, bytes], **changes: Any) -> Manifest:
    draft = unsigned(assertions=[ACTIONS, *assertions], **changes)
    (box,) = read_store(store(draft.manifest()), DEFAULT_LIMITS).manifests
    return read_manifest(box, DEFAULT_LIMITS)


def test_a_store_gives_its_manifests_and_the_last_is_active() -> None:
    found = read_store(store(unsigned(label=PARENT).manifest(), unsigned().manifest()), DEFAULT_LIMITS)
    assert [manifest.label for manifest in found.manifests] == [PARENT, LABEL]
    assert found.active.label == LABEL


def test_the_payload_of_an_assertion_is_what_its_hash_covers() -> None:
    made = cbor_box("a.b", {"x": 1}, salt=bytes(16))
    found = read(("a.b", made)).by_label["a.b"]
    assert found.assertion.payload == made[8:]
    assert digest(found.assertion.payload) == digest(made[8:])


def test_zeros_may_follow_a_store_and_nothing_else() -> None:
    data = store(unsigned().manifest())
    assert len(read_store(data + bytes(100), DEFAULT_LIMITS).manifests) == 1
    with pytest.raises(MalformedError):
        read_store(data + b"x", DEFAULT_LIMITS)


def test_created_and_gathered_assertions_are_told_apart() -> None:
    found = read(("a.b", cbor_box("a.b", 1)), ("c.d", cbor_box("c.d", 1)), gathered=("c.d",))
    assert {one.label: one.created for one in found.declared} == {
        "c2pa.actions.v2": True,
        "a.b": True,
        "c.d": False,
    }


def test_the_first_reference_that_holds_a_label_counts() -> None:
    found = read(("a.b.c", cbor_box("a.b.c", 1)), ("a.b", cbor_box("a.b", 1)), gathered=("a.b",))
    assert found.by_label["a.b"].created  # since a.b.c, which is created, holds it


def test_every_kind_of_assertion_is_read() -> None:
    picture = ("c2pa.thumbnail.claim.jpeg", file_box("c2pa.thumbnail.claim.jpeg", b"picture"))
    metadata = ("cawg.metadata", json_box("cawg.metadata", '{"@context": {"dc": "x"}, "dc:title": "y"}'))
    about = parts([("c2pa.ingredient.v3", ingredient())])[0]
    plain = ("a.b", json_box("a.b", '{"a": [1, null]}'))
    found = read(picture, metadata, about, plain, ("c.d", cbor_box("c.d", [1.5, b"x"])))
    assert [action.action for _, content in found.actions for action in content.actions] == ["c2pa.created"]
    assert [one.relationship for _, one in found.ingredients] == ["parentOf"]
    assert [content.allowed for _, content in found.metadata] == [True]
    assert found.by_label["a.b"].content == {"a": [1, None]}
    assert found.by_label["c.d"].content == [1.5, b"x"]


def test_a_property_without_its_prefix_in_the_context_is_not_allowed() -> None:
    text = '{"@context": {"dc": "x"}, "exif:a": "y"}'
    found = read(("cawg.metadata", json_box("cawg.metadata", text)))
    assert [content.allowed for _, content in found.metadata] == [False]


def test_the_older_parameter_names_the_ingredient() -> None:
    draft = unsigned(assertions=parts([("c2pa.actions", opened("x", key="ingredient"))]), version=1)
    (box,) = read_store(store(draft.manifest()), DEFAULT_LIMITS).manifests
    ((_, content),) = read_manifest(box, DEFAULT_LIMITS).actions
    assert [uri.url for uri in content.actions[0].ingredients] == ["self#jumbf=c2pa.assertions/x"]


def test_text_never_stands_for_the_bytes_of_a_hash() -> None:
    import base64

    def spelt(listed: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [uri | {"hash": base64.b64encode(uri["hash"]).decode()} for uri in listed]

    with pytest.raises(MalformedError):
        read(listing=spelt)


@pytest.mark.parametrize(
    "assertion",
    [
        ("c2pa.soft-binding", cbor_box("c2pa.soft-binding", {})),
        ("c2pa.unheard-of", cbor_box("c2pa.unheard-of", {})),
        ("cawg.identity", cbor_box("cawg.identity", {})),
        ("c2pa.actions.v3", cbor_box("c2pa.actions.v3", created())),
        ("c2pa.ingredient.v4", cbor_box("c2pa.ingredient.v4", ingredient())),
        ("c2pa.ingredient", json_box("c2pa.ingredient", "{}")),
        ("a.b", json_box("a.b", '{"a": 1e999}')),
        ("a.b", cbor_box("a.b", {1: 2})),
        ("a.b", file_box("a.b", b"x", "imag\xe9/png")),
    ],
)
def test_what_isnt_understood_is_malformed(assertion: tuple[str, bytes]) -> None:
    with pytest.raises(MalformedError):
        read(assertion)


def test_the_number_of_assertions_has_a_limit() -> None:
    many = [(f"a.b{number}", cbor_box(f"a.b{number}", number)) for number in range(20)]
    (box,) = read_store(store(unsigned(assertions=many).manifest()), DEFAULT_LIMITS).manifests
    with pytest.raises(LimitError):
        read_manifest(box, Limits(assertions=10))
