"""Actions assertions."""

from typing import Any

import cbor2

from tests.agreement.composing import AI, Draft, created, opened, parts
from tests.agreement.violations.base import ACTIONS, OTHER, Case, built


def actions() -> dict[str, Case]:
    made = {"action": "c2pa.created", "digitalSourceType": AI}
    edited = {"action": "c2pa.edited"}
    contents: dict[str, Any] = {
        "no action": {"actions": []},
        "no list": {"a": 1},
        "edited first": {"actions": [edited]},
        "created second": {"actions": [edited, made]},
        "created twice": {"actions": [made, made]},
        "created, opened": {"actions": [made, {"action": "c2pa.opened"}]},
        "created without source": {"actions": [{"action": "c2pa.created"}]},
        "created with unknown source": {"actions": [made | {"digitalSourceType": "x"}]},
        "source a number": {"actions": [made | {"digitalSourceType": 1}]},
        "source null": {"actions": [made | {"digitalSourceType": None}]},
        "nameless": {"actions": [made, {"action": ""}]},
        "without a name": {"actions": [made, {"a": 1}]},
        "opened without parameters": {"actions": [{"action": "c2pa.opened"}]},
        "opened with empty parameters": {"actions": [{"action": "c2pa.opened", "parameters": {}}]},
        "opened with no ingredients": {"actions": [{"action": "c2pa.opened", "parameters": {"ingredients": []}}]},
        "opened of what isn't there": opened("c2pa.ingredient.v3"),
        "placed without parameters": {"actions": [made, {"action": "c2pa.placed"}]},
        "placed of nothing": {"actions": [made, {"action": "c2pa.placed", "parameters": {"ingredients": []}}]},
        "removed without parameters": {"actions": [made, {"action": "c2pa.removed"}]},
        "translated": {"actions": [made, {"action": "c2pa.translated"}]},
        "translated with languages": {
            "actions": [
                made,
                {"action": "c2pa.translated", "parameters": {"sourceLanguage": "kk", "targetLanguage": "ru"}},
            ]
        },
        "transcoded of nothing": {
            "actions": [made, {"action": "c2pa.transcoded", "parameters": {"ingredients": []}}]
        },
        "redacted without parameters": {"actions": [made, {"action": "c2pa.redacted"}]},
        "redacted of nothing": {"actions": [made, {"action": "c2pa.redacted", "parameters": {}}]},
        "redacted of nowhere": {
            "actions": [
                made,
                {
                    "action": "c2pa.redacted",
                    "parameters": {"redacted": f"self#jumbf=/c2pa/{OTHER}/c2pa.assertions/a"},
                },
            ]
        },
        "when as text": {"actions": [made | {"when": "2026-01-01T00:00:00Z"}]},
        "when tagged": {"actions": [made | {"when": cbor2.CBORTag(0, "2026-01-01T00:00:00Z")}]},
        "when tagged wrongly": {"actions": [made | {"when": cbor2.CBORTag(1, 5)}]},
        "when a number": {"actions": [made | {"when": 5}]},
        "tag elsewhere": {"actions": [made | {"description": cbor2.CBORTag(0, "x")}]},
        "tag in parameters": {"actions": [made | {"parameters": {"x": cbor2.CBORTag(0, "x")}}]},
        "agent as text": {"actions": [made | {"softwareAgent": "x"}]},
        "agent as map": {"actions": [made | {"softwareAgent": {"name": "x", "version": "1"}}]},
        "agent with bytes": {"actions": [made | {"softwareAgent": {"name": "x", "a": b"x"}}]},
        "agents with bytes": {"actions": [made], "softwareAgents": [{"name": "x", "a": b"x"}]},
        "agent not a number": {"actions": [made | {"softwareAgent": {"name": "x", "a": float("nan")}}]},
        "parameters not a number": {"actions": [made | {"parameters": {"x": float("nan")}}]},
        "agent nameless": {"actions": [made | {"softwareAgent": {"version": "1"}}]},
        "agent a number": {"actions": [made | {"softwareAgent": 1}]},
        "agent index": {"actions": [made | {"softwareAgentIndex": 0}], "softwareAgents": [{"name": "x"}]},
        "agent index negative": {"actions": [made | {"softwareAgentIndex": -1}]},
        "agents nameless": {"actions": [made], "softwareAgents": [{"version": "x"}]},
        "all included": {"actions": [made], "allActionsIncluded": True},
        "all included a number": {"actions": [made], "allActionsIncluded": 1},
        "templates": {"actions": [made], "templates": [{"action": "x"}]},
        "metadata": {"actions": [made], "metadata": {"dateTime": "2026-01-01T00:00:00Z"}},
        "ratings": {
            "actions": [made],
            "metadata": {"reviewRatings": [{"explanation": "x", "value": 4, "code": "c"}]},
        },
        "ratings out of range": {
            "actions": [made],
            "metadata": {"reviewRatings": [{"explanation": "x", "value": 400}]},
        },
        "changes": {"actions": [made | {"changes": [{"region": []}]}]},
        "changed": {"actions": [made | {"changed": "a;b"}]},
        "changed a list": {"actions": [made | {"changed": ["a"]}]},
        "reason": {"actions": [made | {"reason": "c2pa.PII.present"}]},
        "instance": {"actions": [made | {"instanceId": "x"}]},
        "instance twice": {"actions": [made | {"instanceId": "x", "instanceID": "y"}]},
        "instance a number": {"actions": [made | {"instanceID": 1}]},
        "actors": {"actions": [made | {"actors": [{"identifier": "x"}]}]},
        "related": {"actions": [made | {"related": [edited]}]},
        "unknown fields": {"actions": [made | {"x": {"y": [1, b"z"]}}], "z": 1},
        "parameters a list": {"actions": [made | {"parameters": []}]},
        "parameters null": {"actions": [made | {"parameters": None}]},
        "parameters of any kind": {
            "actions": [made | {"parameters": {"a": [1, {"b": None}], "c": 1.5, "d": b"x"}}]
        },
        "parameter description a number": {"actions": [made | {"parameters": {"description": 1}}]},
        "ingredient hash a list": {
            "actions": [made, {"action": "c2pa.edited", "parameters": {"ingredient": {"url": "x", "hash": [1, 2]}}}]
        },
        "ingredient hash text": {
            "actions": [made, {"action": "c2pa.edited", "parameters": {"ingredient": {"url": "x", "hash": "ab"}}}]
        },
        "a map as actions": {"actions": {"a": made}},
        "null as actions": {"actions": None},
        "top level list": [made],
    }
    found: dict[str, Case] = {}
    for name, content in contents.items():
        found[f"actions: {name}"] = built(Draft(assertions=parts([(ACTIONS, content)])))
        found[f"actions 1: {name}"] = built(Draft(version=1, assertions=parts([("c2pa.actions", content)])))
    second = f"{ACTIONS}__1"
    for name, contents_of_both in {
        "two, one beginning": (created(), {"actions": [edited]}),
        "two, both beginning": (created(), created()),
        "two, the second beginning": ({"actions": [edited]}, created()),
        "two, the second empty": (created(), {"actions": []}),
    }.items():
        both = parts(list(zip((ACTIONS, second), contents_of_both, strict=True)))
        found[f"actions: {name}"] = built(Draft(assertions=both))
        found[f"actions: {name}, the second gathered"] = built(Draft(assertions=both, gathered=(second,)))
        found[f"actions: {name}, the first gathered"] = built(Draft(assertions=both, gathered=(ACTIONS,)))
        found[f"actions 1: {name}"] = built(Draft(version=1, assertions=both))
    found["actions: none"] = built(Draft(assertions=[]))
    found["actions 1: none"] = built(Draft(version=1, assertions=[]))
    return found
