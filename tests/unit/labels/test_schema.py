"""The published JSON Schema says what the structs enforce."""

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given

from kzlabel.errors import LabelError
from kzlabel.labels import Label, read_label
from kzlabel.labels.schema import label_schema, main
from tests.unit.labels.strategies import labels

FILE = Path(__file__).parents[3] / "schemas" / "label.schema.json"
SCHEMA: dict[str, Any] = label_schema()
VALIDATOR: Any = jsonschema.Draft202012Validator(SCHEMA)

FULL: dict[str, Any] = {
    "version": "1",
    "level": "ai-assisted",
    "digital_source_type": "http://cv.iptc.org/newscodes/digitalsourcetype/compositeSynthetic",
    "system": {"name": "Сурет", "model_type": "c2pa.types.model.onnx", "risk": "high", "autonomy": "low"},
    "operator": {
        "role": "possessor",
        "name": "ЖШС «Мысал»",
        "country": "KZ",
        "bin": "941240000193",
        "identifier": {"scheme": "lei", "value": "5493001KJTIIGC8Y1R12"},
    },
    "content_id": "urn:uuid:019bd0b0-7f00-7000-8000-000000000000",
    "created": "2026-01-18T15:00:00+05:00",
    "simulates": ["person-voice", "event"],
    "human_contribution": {"what": "a\nb", "steps": ["prompting"], "oversight": "prompt_guided"},
    "notice": {"kind": "image-badge", "language": "kk", "text": "ЖИ"},
    "regimes": ["eu", "kz"],
    "training": {"cawg.ai_training": {"use": "constrained", "constraint_info": "ask"}},
}

DELETE = object()


def changed(path: str, value: object) -> dict[str, Any]:
    label = copy.deepcopy(FULL)
    *way, last = path.split("/")
    target: Any = label
    for step in way:
        target = target[step]
    if value is DELETE:
        del target[last]
    else:
        target[last] = value
    return label


def test_the_file_is_what_the_structs_say() -> None:
    assert json.loads(FILE.read_text(encoding="utf-8")) == SCHEMA, (
        "run python -m kzlabel.labels.schema schemas/label.schema.json"
    )


def test_the_file_is_written_the_same_every_time(tmp_path: Path) -> None:
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    assert main([str(first)]) == main([str(second)]) == 0
    assert first.read_bytes() == second.read_bytes()
    assert first.read_text(encoding="utf-8").endswith("}\n")


def test_it_is_a_schema_of_its_dialect() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_everything_in_it_is_described() -> None:
    for name, definition in [("", SCHEMA), *SCHEMA["$defs"].items()]:
        assert definition["description"], name
        assert all(field["description"] for field in definition.get("properties", {}).values()), name


def test_a_full_label_is_accepted_by_both() -> None:
    VALIDATOR.validate(FULL)
    assert read_label(FULL).to_dict() == FULL


@given(labels())
def test_every_label_is_valid_by_the_schema(label: Label) -> None:
    VALIDATOR.validate(label.to_dict())


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("version", "2"),
        ("version", DELETE),
        ("level", "human"),
        ("level", DELETE),
        ("level", "ai-generated"),
        ("digital_source_type", "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"),
        ("digital_source_type", DELETE),
        ("prompt", "a cat"),
        ("system", DELETE),
        ("system", "X"),
        ("system/name", DELETE),
        ("system/name", ""),
        ("system/name", "   "),
        ("system/name", "x" * 257),
        ("system/name", "a\nb"),
        ("system/name", "a\u202eb"),
        ("system/name", "a\ufeffb"),
        ("system/name", 1),
        ("system/prompt", "a cat"),
        ("system/model_type", "onnx"),
        ("system/model_identifier", "flux dev"),
        ("system/model_identifier", "x:" + "y" * 2048),
        ("system/risk", "low"),
        ("system/autonomy", "minimal"),
        ("operator/role", "author"),
        ("operator/role", DELETE),
        ("operator/country", "EU"),
        ("operator/bin", "94124000019"),
        ("operator/bin", "940101300123"),
        ("operator/identifier/scheme", "LEI"),
        ("operator/identifier/value", "1" * 65),
        ("content_id", "019bd0b0"),
        ("content_id", "urn:uuid:00000000-0000-0000-0000-000000000000"),
        ("content_id", DELETE),
        ("created", "2026-01-18T15:00:00"),
        ("created", "yesterday"),
        ("created", DELETE),
        ("simulates", "event"),
        ("simulates", ["dream"]),
        ("simulates", ["event", "event"]),
        ("human_contribution", {}),
        ("human_contribution/what", "x" * 4001),
        ("human_contribution/what", "a\tb"),
        ("human_contribution/steps", ["painting"]),
        ("human_contribution/oversight", "none"),
        ("notice/kind", "badge"),
        ("notice/language", "kk_KZ"),
        ("notice/language", DELETE),
        ("notice/text", ""),
        ("regimes", ["KZ"]),
        ("regimes", [f"r{i}" for i in range(33)]),
        ("training", {}),
        ("training/cawg.ai_training", {"use": "constrained"}),
        ("training/cawg.ai_training", {"use": "allowed", "constraint_info": "ask"}),
        ("training/cawg.ai_training", {"use": "perhaps"}),
        ("training/c2pa.ai_training", {"use": "allowed"}),
    ],
)
def test_what_breaks_a_rule_is_refused_by_both(path: str, value: object) -> None:
    bad = changed(path, value)
    assert not VALIDATOR.is_valid(bad)
    with pytest.raises(LabelError):
        read_label(bad)
