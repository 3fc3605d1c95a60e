"""What manifests of any vendor say about AI."""

from typing import Any

import pytest

from kzlabel.labels import AI
from kzlabel.verifying.ai import ai_level
from kzlabel.verifying.reading import Ingredient, Manifest, Reading

IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/"


def action(name: str, source: str | None = None) -> dict[str, Any]:
    return {"action": name} | ({"digitalSourceType": IPTC + source} if source else {})


def manifest(
    label: str, *actions: dict[str, Any], kzlabel: str = "", parent: str = "", part: str = "", part_source: str = ""
) -> Manifest:
    assertions: list[tuple[str, Any]] = [("c2pa.actions.v2", {"actions": list(actions)})]
    if kzlabel:
        assertions.append(("org.kzlabel.label", {"level": kzlabel}))
    ingredients = []
    if parent:
        ingredients.append(Ingredient("c2pa.ingredient.v3", "parentOf", parent, "", ()))
    if part or part_source:
        ingredients.append(Ingredient("c2pa.ingredient.v3__1", "componentOf", part, part_source, ()))
    return Manifest(label, "", tuple(assertions), tuple(ingredients), "", None, "")


def level(*manifests: Manifest) -> AI:
    return ai_level(Reading("Valid", manifests[0].label, manifests, (), "test"))


CREATED = action("c2pa.created", "trainedAlgorithmicMedia")
CAPTURED = action("c2pa.created", "digitalCapture")
OPENED = action("c2pa.opened")


@pytest.mark.parametrize(
    ("manifests", "expected"),
    [
        ((manifest("a", CREATED),), AI.GENERATED),
        ((manifest("a", CAPTURED),), AI.NONE),
        ((manifest("a", action("c2pa.created", "compositeWithTrainedAlgorithmicMedia")),), AI.ASSISTED),
        ((manifest("a", action("c2pa.created")),), AI.UNKNOWN),
        ((manifest("a"),), AI.UNKNOWN),
        ((manifest("a", CAPTURED, action("c2pa.edited", "trainedAlgorithmicMedia")),), AI.ASSISTED),
        ((manifest("a", OPENED, parent="b"), manifest("b", CREATED)), AI.GENERATED),
        ((manifest("a", OPENED, parent="b"), manifest("b", CAPTURED)), AI.NONE),
        (
            (manifest("a", OPENED, parent="b"), manifest("b", OPENED, parent="c"), manifest("c", CREATED)),
            AI.GENERATED,
        ),
        ((manifest("a", CAPTURED, part="b"), manifest("b", CREATED)), AI.ASSISTED),
        ((manifest("a", CAPTURED, part_source=IPTC + "trainedAlgorithmicMedia"),), AI.ASSISTED),
        ((manifest("a", OPENED, parent="gone"),), AI.UNKNOWN),
        ((manifest("a", OPENED, kzlabel="ai-assisted", parent="b"), manifest("b", CREATED)), AI.ASSISTED),
        ((manifest("a", OPENED, kzlabel="nonsense", parent="b"), manifest("b", CREATED)), AI.GENERATED),
    ],
)
def test_the_level_follows_from_actions_parents_and_parts(manifests: tuple[Manifest, ...], expected: AI) -> None:
    assert level(*manifests) is expected


def test_a_circle_of_ingredients_ends() -> None:
    assert level(manifest("a", OPENED, parent="b"), manifest("b", OPENED, parent="a", part="b")) is AI.UNKNOWN


def test_a_ladder_of_shared_ingredients_costs_no_more_than_its_rungs() -> None:
    rungs = [manifest(str(n), OPENED, parent=str(n + 1), part=str(n + 1)) for n in range(60)]
    assert level(*rungs, manifest("60", CREATED)) is AI.GENERATED


def test_a_very_long_line_of_parents_ends() -> None:
    line = [manifest(str(n), OPENED, parent=str(n + 1)) for n in range(3000)]
    assert level(*line, manifest("3000", CREATED)) is AI.UNKNOWN


@pytest.mark.parametrize(
    "content", [None, [], "text", {"actions": None}, {"actions": [None, 1, {"action": 3}]}, {}]
)
def test_actions_of_a_wrong_shape_say_nothing(content: object) -> None:
    odd = Manifest("a", "", (("c2pa.actions", content),), (), "", None, "")
    assert level(odd) is AI.UNKNOWN


def test_an_active_manifest_that_is_missing_says_nothing() -> None:
    assert ai_level(Reading("Invalid", "gone", (), (), "test")) is AI.UNKNOWN
