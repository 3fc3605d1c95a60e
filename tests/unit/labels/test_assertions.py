"""What a label puts into a C2PA manifest."""

from typing import Any

import pytest
from hypothesis import given

from kzlabel.errors import LabelError
from kzlabel.labels import (
    LABEL_ASSERTION,
    HumanContribution,
    Label,
    System,
    Training,
    actions,
    ai_disclosure,
    label_assertion,
    read_label,
    training_mining,
)
from kzlabel.labels.permissions import Permission
from tests.unit.labels.strategies import labels

IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/"
NOON = "2026-01-18T10:00:00Z"
GENERATED = Label(level="ai-generated", system=System(name="Сурет", version="2.1"), created=NOON)
ASSISTED = Label(level="ai-assisted", system=System(name="Сурет"), created=NOON)


def test_content_without_a_parent_was_created_by_the_system() -> None:
    assert actions(GENERATED) == {
        "actions": [
            {
                "action": "c2pa.created",
                "when": NOON,
                "softwareAgent": {"name": "Сурет", "version": "2.1"},
                "digitalSourceType": IPTC + "trainedAlgorithmicMedia",
            }
        ],
        "allActionsIncluded": False,
    }


def test_assisted_content_without_a_parent_was_created_as_a_composite() -> None:
    assert actions(ASSISTED) == {
        "actions": [
            {
                "action": "c2pa.created",
                "when": NOON,
                "softwareAgent": {"name": "Сурет"},
                "digitalSourceType": IPTC + "compositeWithTrainedAlgorithmicMedia",
            }
        ],
        "allActionsIncluded": False,
    }


def test_content_with_a_parent_was_opened_and_then_edited_by_the_system() -> None:
    assert actions(ASSISTED, parent_ingredient="earlier") == {
        "actions": [
            {"action": "c2pa.opened", "parameters": {"ingredientIds": ["earlier"]}},
            {
                "action": "c2pa.edited",
                "when": NOON,
                "softwareAgent": {"name": "Сурет"},
                "digitalSourceType": IPTC + "compositeWithTrainedAlgorithmicMedia",
            },
        ],
        "allActionsIncluded": False,
    }


def test_content_that_is_its_parents_was_only_opened_and_nothing_else_is_claimed() -> None:
    assert actions(GENERATED, parent_ingredient="earlier", edited=False) == {
        "actions": [
            {
                "action": "c2pa.opened",
                "parameters": {"ingredientIds": ["earlier"]},
                "digitalSourceType": IPTC + "trainedAlgorithmicMedia",
            }
        ],
        "allActionsIncluded": True,
    }


@given(labels())
def test_every_list_of_actions_begins_as_the_standard_asks(label: Label) -> None:
    for parent, edited in ((None, True), ("earlier", True), ("earlier", False)):
        made: Any = actions(label, parent_ingredient=parent, edited=edited)
        names = [action["action"] for action in made["actions"]]
        assert names[0] == ("c2pa.opened" if parent else "c2pa.created")
        assert not {"c2pa.created", "c2pa.opened"} & set(names[1:])
        assert [a["digitalSourceType"] for a in made["actions"] if "digitalSourceType" in a] == [
            label.digital_source_type
        ]


def test_the_disclosure_names_the_model_and_not_the_system_in_its_place() -> None:
    assert ai_disclosure(GENERATED) == {"modelType": "c2pa.types.model"}
    system = System(
        name="Сурет",
        model="Flux",
        model_identifier="pkg:huggingface/black-forest-labs/FLUX.1-dev",
        model_type="c2pa.types.model.pytorch",
    )
    contribution = HumanContribution(oversight="human_validated")
    assert ai_disclosure(GENERATED.replace(system=system, human_contribution=contribution)) == {
        "modelType": "c2pa.types.model.pytorch",
        "modelName": "Flux",
        "modelIdentifier": "pkg:huggingface/black-forest-labs/FLUX.1-dev",
        "contentProfile": {"humanOversightLevel": "human_validated"},
    }
    assert "contentProfile" not in ai_disclosure(
        GENERATED.replace(human_contribution=HumanContribution(who="editor"))
    )


def test_permissions_are_written_as_cawg_writes_them() -> None:
    assert training_mining(GENERATED) is None
    training = Training(
        ai_generative_training="notAllowed",
        data_mining=Permission(use="constrained", constraint_info="https://example.kz/licence"),
    )
    assert training_mining(GENERATED.replace(training=training)) == {
        "entries": {
            "cawg.ai_generative_training": {"use": "notAllowed"},
            "cawg.data_mining": {"use": "constrained", "constraint_info": "https://example.kz/licence"},
        }
    }


@given(labels())
def test_the_label_comes_back_from_its_assertion(label: Label) -> None:
    assert read_label(label_assertion(label)) == label


@pytest.mark.parametrize("field", ["version", "level", "digital_source_type", "system", "content_id", "created"])
def test_a_reader_makes_nothing_up(field: str) -> None:
    written = label_assertion(GENERATED)
    del written[field]
    with pytest.raises(LabelError, match=f"^{field} is missing"):
        read_label(written)


def test_the_name_of_the_assertion_has_our_namespace() -> None:
    assert LABEL_ASSERTION == "org.kzlabel.label"
