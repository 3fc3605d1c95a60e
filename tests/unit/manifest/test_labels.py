"""Labels and URIs, in the spellings that are met and in those that confuse."""

import pytest

from kzlabel.manifest.labels import assertion_uri, is_urn, kind_of, read_uri, spelling

URN = "urn:c2pa:3fad1ead-8ed5-44d0-873b-ea5f58adea82"


@pytest.mark.parametrize(
    ("uri", "manifest", "path"),
    [
        (f"self#jumbf=/c2pa/{URN}", URN, ()),
        (f"self#jumbf=/c2pa/{URN}/c2pa.signature", URN, ("c2pa.signature",)),
        (f"self#jumbf=c2pa/{URN}/c2pa.signature", URN, ("c2pa.signature",)),
        (assertion_uri(URN, "a.b"), URN, ("c2pa.assertions", "a.b")),
        ("self#jumbf=c2pa.assertions/a.b", "", ("c2pa.assertions", "a.b")),
        ("self#jumbf=c2pa.signature", "", ("c2pa.signature",)),
    ],
)
def test_a_uri_is_taken_apart(uri: str, manifest: str, path: tuple[str, ...]) -> None:
    assert read_uri(uri) == (manifest, path)


@pytest.mark.parametrize(
    "uri",
    [
        "", "c2pa.assertions/a", "self#jumbf=", "self#jumbf=/", "self#jumbf=/c2pa", "self#jumbf=/c2pa/",
        "self#jumbf=/other/x/y", "self#jumbf=//c2pa/x", "self#jumbf=/c2pa/x//y", "self#jumbf=a//b", "self#jumbf=a/",
        "self#jumbf=/c2pa/x/y=z", "self#jumbf==a", "http://c2pa/x", "self#jumbf=c2pa",
    ],
)  # fmt: skip
def test_other_spellings_are_no_uri(uri: str) -> None:
    assert read_uri(uri) is None


@pytest.mark.parametrize(
    ("label", "base", "instance"),
    [
        ("a.b", "a.b", 0),
        ("a.b__3", "a.b", 3),
        ("c2pa.ingredient.v3__12", "c2pa.ingredient.v3", 12),
        ("c2pa.thumbnail.ingredient__2.jpeg", "c2pa.thumbnail.ingredient.jpeg", 2),
        ("c2pa.thumbnail.ingredient.png", "c2pa.thumbnail.ingredient.png", 0),
        ("c2pa.thumbnail.claim.jpeg", "c2pa.thumbnail.claim.jpeg", 0),
    ],
)
def test_a_usual_label_is_spelt_as_it_is(label: str, base: str, instance: int) -> None:
    assert spelling(label) == (base, instance, label)


@pytest.mark.parametrize(
    "label",
    ["a__01", "a__0", "a__x", "a__1__2", "a__", "a__-1", "c2pa.thumbnail.ingredient.jpeg__1", "a__" + "9" * 30],
)
def test_an_unusual_label_is_spelt_in_another_way(label: str) -> None:
    assert spelling(label).whole != label


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        ("c2pa.actions", ("c2pa.actions", 1)),
        ("c2pa.actions.v2__1", ("c2pa.actions", 2)),
        ("c2pa.ingredient.v3", ("c2pa.ingredient", 3)),
        ("a.vb", ("a.vb", 1)),
    ],
)
def test_a_label_gives_kind_and_version(label: str, kind: tuple[str, int]) -> None:
    assert kind_of(label) == kind


@pytest.mark.parametrize(
    "label", [URN, f"{URN}:vendor", f"{URN}:vendor:2_1", f"{URN}::3", "urn:uuid:1", "vendor:urn:uuid:1"]
)
def test_manifests_are_named_by_urns(label: str) -> None:
    assert is_urn(label)


@pytest.mark.parametrize(
    "label", ["", "x", "urn:x:1", f"{URN}:a b", f"{URN}:{'v' * 33}", f"{URN}:v:x", f"{URN}:v:1:2"]
)
def test_other_labels_are_no_urns(label: str) -> None:
    assert not is_urn(label)
