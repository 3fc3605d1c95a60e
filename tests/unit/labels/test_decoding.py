"""From dictionaries and JSON to labels and back."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kzlabel.errors import LabelError
from kzlabel.labels import Label
from tests.unit.labels.strategies import labels

SMALLEST: dict[str, Any] = {"level": "ai-generated", "system": {"name": "X"}}


@given(labels())
def test_a_label_comes_back_from_its_dictionary_and_its_json(label: Label) -> None:
    assert Label.from_dict(label.to_dict()) == label
    assert Label.from_json(label.to_json()) == label
    assert Label.from_json(label.to_json().decode()) == label


@given(labels())
def test_equal_labels_are_written_with_equal_bytes_in_the_order_of_the_fields(label: Label) -> None:
    again = Label.from_dict(dict(reversed(label.to_dict().items())))
    assert again.to_json() == label.to_json()
    assert json.loads(label.to_json()) == label.to_dict()
    assert list(json.loads(label.to_json())) == [f for f in Label.__struct_fields__ if f in label.to_dict()]


@given(labels())
def test_what_is_absent_is_not_written(label: Label) -> None:
    def check(value: object) -> None:
        assert value not in (None, "", [], {})
        for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            check(inner)

    check(label.to_dict())


def test_an_identifier_and_a_time_are_made_when_a_dictionary_has_none() -> None:
    first, second = Label.from_dict(SMALLEST), Label.from_dict(SMALLEST)
    assert first.content_id != second.content_id


def test_absence_may_be_written_out() -> None:
    label = Label.from_dict({**SMALLEST, "operator": None, "regimes": [], "digital_source_type": ""})
    assert label.operator is None
    assert "operator" not in label.to_dict()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"levl": "x"}, "a label has no field 'levl'; did you mean level?"),
        (
            {"prompt": "a cat"},
            "a label has no field 'prompt'; its fields are version, level, digital_source_type",
        ),
        ({"system": {"name": "X", "provder": "Y"}}, "system has no field 'provder'; did you mean provider?"),
        (
            {"operator": {"role": "owner", "name": "X", "identifier": {"schema": "lei", "value": "1"}}},
            "operator.identifier has no field 'schema'; did you mean scheme?",
        ),
        (
            {"training": {"cawg.ai_trainig": "allowed"}},
            "training has no field 'cawg.ai_trainig'; did you mean cawg.ai_tr",
        ),
        ({"training": {"ai_training": "allowed"}}, "did you mean cawg.ai_training?"),
        ({"training": {"cawg.data_mining": {"use": "constrained"}}}, "constraint_info is missing"),
        (
            {"training": {"cawg.data_mining": {}}},
            "training.cawg.data_mining.use is missing; it has to be given",
        ),
        ({"system": {}}, "system.name is missing; it has to be given"),
        ({"system": "X"}, "system must be a System, not str"),
        ({"system": ["X"]}, "system must be a System, not list"),
        ({"notice": {"kind": "page", "text": "x"}}, "notice.language is missing"),
        ({1: 2}, "a label has no field '1'"),
    ],
)
def test_a_dictionary_that_is_no_label_is_refused_with_advice(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(LabelError) as caught:
        Label.from_dict({**SMALLEST, **changes})
    assert message in str(caught.value)


@pytest.mark.parametrize("field", ["level", "system"])
def test_a_missing_field_is_named(field: str) -> None:
    with pytest.raises(LabelError, match=f"^{field} is missing; it has to be given$"):
        Label.from_dict({key: value for key, value in SMALLEST.items() if key != field})


@pytest.mark.parametrize("bad", [[], "x", 1, None])
def test_a_label_is_an_object(bad: Any) -> None:
    with pytest.raises(LabelError, match=f"a label must be an object with fields, not {type(bad).__name__}"):
        Label.from_dict(bad)
    with pytest.raises(LabelError, match="a label must be an object with fields"):
        Label.from_json(json.dumps(bad))


@pytest.mark.parametrize(
    "bad",
    [b"", b"{", b"\xff", "\ud800", b"{'level': 1}", b"[" * 100_000, b'{"a": "\\ud800"}', b"\xef\xbb\xbf{}"],
)
def test_what_is_no_json_is_refused(bad: bytes | str) -> None:
    with pytest.raises(LabelError, match=r"the label is no JSON: .*; repair it"):
        Label.from_json(bad)


def test_json_is_bytes_or_text() -> None:
    wrong: Any = {"level": "ai-generated"}
    with pytest.raises(LabelError, match="the JSON of a label must be bytes or text, not dict"):
        Label.from_json(wrong)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=10,
)


@given(labels(), st.data())
def test_whatever_a_field_holds_the_answer_is_a_label_or_a_label_error(label: Label, data: st.DataObject) -> None:
    fields: Any = label.to_dict()
    target = data.draw(st.sampled_from([fields] + [v for v in fields.values() if isinstance(v, dict)]))
    target[data.draw(st.sampled_from(sorted(target)))] = data.draw(anything)
    try:
        made = Label.from_dict(fields)
    except LabelError:
        return
    assert Label.from_json(made.to_json()) == made


@given(st.binary() | st.text())
def test_whatever_bytes_come_the_answer_is_a_label_error(data: bytes | str) -> None:
    with pytest.raises(LabelError):
        Label.from_json(data)
