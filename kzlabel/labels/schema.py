"""The JSON Schema of a written label: the contents of the `org.kzlabel.label` assertion.

`python -m kzlabel.labels.schema schemas/label.schema.json` writes it. It is made from the structs, their
docstrings and their vocabularies, so that it can't say something else than they do.
"""

import argparse
import ast
import inspect
import json
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec

from kzlabel.labels import parts, permissions, vocabulary
from kzlabel.labels.assertions import LABEL_ASSERTION, WRITTEN
from kzlabel.labels.identifiers import REGIMES_LIMIT
from kzlabel.labels.model import VERSION, Label
from kzlabel.labels.source_types import SOURCE_TYPES
from kzlabel.labels.vocabulary import Level, Use

__all__ = ["label_schema", "main", "render"]

_Schema = dict[str, Any]
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_SOURCES = {
    kind.__name__: kind
    for module in (parts, permissions, vocabulary)
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct | StrEnum)
}


def label_schema() -> dict[str, object]:
    """Return the schema (JSON Schema 2020-12)."""
    definitions: dict[str, _Schema] = msgspec.json.schema(Label)["$defs"]
    label = definitions.pop("Label")
    _describe(label, Label)
    for name, definition in definitions.items():
        _describe(definition, _SOURCES[name])
    _restrict_label(label)
    for name in ("HumanContribution", "Training"):
        definitions[name]["minProperties"] = 1
    others = [use for use in Use if use is not Use.CONSTRAINED]
    definitions["Permission"]["allOf"] = [
        _when("use", [Use.CONSTRAINED], {"required": ["constraint_info"]}),
        _when("use", others, {"properties": {"constraint_info": False}}),
    ]
    return {
        "$schema": _DIALECT,
        **label,
        "title": LABEL_ASSERTION,
        "$defs": dict(sorted(definitions.items())),
    }


def _restrict_label(label: _Schema) -> None:
    properties = label["properties"]
    properties["version"]["const"] = VERSION
    properties["regimes"]["maxItems"] = REGIMES_LIMIT
    properties["digital_source_type"]["enum"] = _source_types(Level)
    label["required"] = list(WRITTEN)
    label["allOf"] = [
        _when("level", [level], {"properties": {"digital_source_type": {"enum": _source_types([level])}}})
        for level in Level
    ]


def _source_types(levels: Iterable[Level]) -> list[str]:
    return [entry.uri for entry in SOURCE_TYPES if set(levels) & set(entry.levels)]


def _when(field: str, values: Sequence[StrEnum], then: _Schema) -> _Schema:
    condition = {"properties": {field: {"enum": [value.value for value in values]}}, "required": [field]}
    return {"if": condition, "then": then}


def _describe(definition: _Schema, source: type) -> None:
    """Put our docstrings in, and take out how absence looks in Python: a written label leaves it out."""
    definition["description"] = _sentence(inspect.getdoc(source) or "")
    if "enum" in definition:
        definition["enum"] = [member.value for member in source]  # type: ignore[attr-defined]
    docstrings = _field_docstrings(source)
    for name, schema in definition.get("properties", {}).items():
        alternatives = [kind for kind in schema.pop("anyOf", []) if kind != {"type": "null"}]
        for kind in alternatives:
            schema.update(kind)
        if not schema.get("default"):
            schema.pop("default", None)
        if schema.get("type") == "array":
            schema.update(minItems=1, uniqueItems=True)
        schema["description"] = docstrings[name.removeprefix("cawg.")]


def _field_docstrings(source: type) -> Mapping[str, str]:
    """Return the docstrings that stand under the fields of a class."""
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(source))).body
    body = definition.body if isinstance(definition, ast.ClassDef) else []
    return {
        field.target.id: _sentence(below.value.value)
        for field, below in pairwise(body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(below, ast.Expr)
        and isinstance(below.value, ast.Constant)
        and isinstance(below.value.value, str)
    }


def _sentence(docstring: str) -> str:
    return " ".join(docstring.split())


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the schema to a file."""
    parser = argparse.ArgumentParser(prog="kzlabel.labels.schema", description=label_schema.__doc__)
    parser.add_argument("path", type=Path, help="the file to write")
    path: Path = parser.parse_args(arguments).path
    path.write_text(render(), encoding="utf-8")
    return 0


def render() -> str:
    """Return the schema as it stands in its file."""
    return json.dumps(label_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    raise SystemExit(main())
