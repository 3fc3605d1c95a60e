"""What assertions hold: CBOR, JSON, files, several bindings."""

from typing import Any

import cbor2

from tests.agreement.composing import Draft, cbor_box, created, digest, file_box, json_box, parts
from tests.agreement.violations.base import ACTIONS, Case, built


def contents() -> dict[str, Case]:
    made = [(ACTIONS, cbor_box(ACTIONS, created()))]
    contents: dict[str, Any] = {
        "number": 5,
        "text": "x",
        "null": None,
        "list": [1, "a", None, True, 1.5, b"x"],
        "float": 1.1,
        "big number": 1 << 63,
        "small number": -(1 << 63),
        "huge number": b"\x1b" + b"\xff" * 8,
        "tiny number": b"\x3b" + b"\xff" * 8,
        "bignum": 1 << 70,
        "nan": b"\xf9\x7e\x00",
        "inf": b"\xf9\x7c\x00",
        "undefined": b"\xf7",
        "simple": b"\xe0",
        "tag": cbor2.CBORTag(0, "2026-01-01T00:00:00Z"),
        "uri tag": cbor2.CBORTag(32, "http://x"),
        "integer key": {1: 2},
        "bytes key": {b"a": 1},
        "nested": {"a": {"b": {"c": [{"d": 1}]}}},
        "duplicate": b"\xa2\x61a\x01\x61a\x02",
        "indefinite list": b"\x9f\x01\xff",
        "indefinite map": b"\xbf\x61a\x01\xff",
        "empty": b"",
        "cut": b"\xa1\x61a",
        "trailing": b"\xa0\x00",
        "bad text": b"\x62\xff\xfe",
        "long": b"\x18\x01",
        "deep": b"\x81" * 100 + b"\x01",
        "deeper": b"\x81" * 1000 + b"\x01",
        "single": b"\xfa\x3f\x80\x00\x00",
        "shared": b"\xd8\x1c\x80",
    }
    found = {
        f"assertion CBOR: {name}": built(Draft(assertions=[*made, ("a.b", cbor_box("a.b", content))]))
        for name, content in contents.items()
    }
    texts = {
        "map": '{"a": [1, 2.5, null, true, "x"]}',
        "nan": '{"a": NaN}',
        "range": '{"a": 1e999}',
        "trailing": "{} x",
        "duplicate": '{"a": 1, "a": 2}',
        "surrogate": '"\\ud800"',
        "pair": '"\\ud83d\\ude00"',
        "empty": "",
        "blank": " ",
        "deep": "[" * 100 + "]" * 100,
        "deeper": "[" * 200 + "]" * 200,
        "number": "5",
        "zero": "007",
        "big": "123456789012345678901234567890",
        "control": '"\x01"',
        "comma": "[1,]",
        "single": "{'a': 1}",
        "bom": "\ufeff{}",
        "nul": '"\\u0000"',
        "spaces": '\t{\n"a" :\r1 }\n',
        "cut": '{"a"',
    }
    found |= {
        f"assertion JSON: {name}": built(Draft(assertions=[*made, ("a.b", json_box("a.b", text))]))
        for name, text in texts.items()
    }
    found |= _soft_bindings(made)
    icon = file_box("c2pa.icon", b"picture", "image/png")
    for name, hashed in {"good": digest(icon[8:]), "wrong": bytes(32)}.items():
        info = {"name": "x", "icon": {"url": "self#jumbf=c2pa.assertions/c2pa.icon", "hash": hashed}}
        found[f"icon: {name}"] = built(
            Draft(assertions=[*made, ("c2pa.icon", icon)], claim={"claim_generator_info": info})
        )
    for name, content in {
        "plain": {"@context": {"dc": "x"}, "dc:a": 1},
        "bytes": {"@context": {"dc": "x"}, "dc:a": b"x"},
        "bytes inside": {"@context": {"dc": "x"}, "dc:a": [{"b": b"x"}]},
        "no context": {"dc:a": 1},
        "empty context": {"@context": {}, "a": 1},
        "context of numbers": {"@context": {"dc": 1}},
        "context a text": {"@context": "x"},
        "undeclared prefix": {"@context": {"dc": "x"}, "exif:a": 1},
        "undeclared prefix inside": {"@context": {"dc": "x"}, "dc:a": {"exif:b": 1}},
    }.items():
        for label in ("cawg.metadata", "a.b.metadata"):
            one = (label, cbor_box(label, content))
            found[f"{label}: {name}"] = built(Draft(assertions=[*made, one]))
            found[f"{label}, version 1: {name}"] = built(Draft(version=1, assertions=[*made, one]))
    found["two bindings"] = built(
        Draft(assertions=[*made, *parts([("c2pa.hash.data__1", {"alg": "sha256", "hash": bytes(32), "pad": b""})])])
    )
    found["two kinds of bindings"] = built(
        Draft(assertions=[*made, *parts([("c2pa.hash.boxes", {"alg": "sha256", "boxes": []})])])
    )
    found["no binding"] = built(Draft(binding=False))
    return found


def _soft_bindings(made: list[tuple[str, bytes]]) -> dict[str, Case]:
    label = "c2pa.soft-binding"
    block: dict[str, Any] = {"scope": {}, "value": b"abc"}
    contents: dict[str, Any] = {
        "plain": {"alg": "a", "blocks": [block]},
        "padded": {"alg": "a", "blocks": [block, block | {"value": "text"}], "pad": b"12"},
        "with a name": {"alg": "a", "blocks": [block], "name": "x"},
        "without blocks": {"alg": "a", "blocks": []},
        "without alg": {"blocks": [block]},
        "with a number as alg": {"alg": 1, "blocks": [block]},
        "no map": [block],
        "blocks no list": {"alg": "a", "blocks": {}},
        "value a number": {"alg": "a", "blocks": [block | {"value": 5}]},
        "value a list": {"alg": "a", "blocks": [block | {"value": [1, 300]}]},
        "scope in time": {"alg": "a", "blocks": [block | {"scope": {"timespan": {"start": -1, "end": 5}}}]},
        "scope no map": {"alg": "a", "blocks": [block | {"scope": None}]},
        "pad a text": {"alg": "a", "blocks": [block], "pad": "x"},
        "pad a number": {"alg": "a", "blocks": [block], "pad": 5},
        "more in a block": {"alg": "a", "blocks": [block | {"more": 1}]},
    }
    found = {
        f"soft binding: {name}": built(Draft(assertions=[*made, (label, cbor_box(label, content))]))
        for name, content in contents.items()
    }
    second = f"{label}__1"
    both = [(label, cbor_box(label, contents["plain"])), (second, cbor_box(second, contents["padded"]))]
    text = json_box(label, '{"alg": "a", "blocks": [{"scope": {}, "value": "x"}]}')
    return found | {
        "soft binding: two": built(Draft(assertions=[*made, *both])),
        "soft binding: as JSON": built(Draft(assertions=[*made, (label, text)])),
    }
