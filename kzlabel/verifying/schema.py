"""The JSON Schema of verdicts, generated from the struct and its docstrings."""

from typing import Any

import msgspec

from kzlabel.verifying.verdict import Verdict

__all__ = ["verdict_schema"]


def verdict_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of one object of `kzlabel verify --json`."""
    (reference,), components = msgspec.json.schema_components([Verdict], ref_template="#/$defs/{name}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "kzlabel verdict",
        "description": "What kzlabel says about one file. Branch on `status` and on codes, never on explanations.",
        **reference,
        "$defs": components,
    }
