"""The JSON Schema of reports, generated from the structs and their docstrings."""

from typing import Any

import msgspec

from kzlabel.regimes.checking import Report

__all__ = ["check_schema"]


def check_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of one object of `kzlabel check --json`."""
    (reference,), components = msgspec.json.schema_components([Report], ref_template="#/$defs/{name}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "kzlabel check",
        "description": "What one regime asks of one file, and what is there. Branch on `outcome` and `remark`.",
        **reference,
        "$defs": components,
    }
