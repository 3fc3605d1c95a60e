"""Claims: fields that are missing, unknown or of a wrong type, and odd encodings of good ones."""

from typing import Any

import cbor2

from tests.agreement.composing import LABEL, Draft
from tests.agreement.violations.base import ACTIONS, OTHER, Case, built


def claims() -> dict[str, Case]:
    changed: dict[str, dict[str, Any]] = {
        "plain": {},
        "title": {"dc:title": "x"},
        "title that is a number": {"dc:title": 1},
        "unknown field": {"extra": 1},
        "alg sha384 without hashes in it": {"alg": "sha384"},
        "alg sha1": {"alg": "sha1"},
        "alg md5": {"alg": "md5"},
        "alg empty": {"alg": ""},
        "alg in capitals": {"alg": "SHA256"},
        "alg that is a number": {"alg": 256},
        "soft alg": {"alg_soft": "x"},
        "generator without name": {"claim_generator_info": {"version": "1"}},
        "generator with empty name": {"claim_generator_info": {"name": ""}},
        "generator in a list": {"claim_generator_info": [{"name": "x"}]},
        "generator version is a number": {"claim_generator_info": {"name": "x", "version": 1}},
        "generator with other fields": {"claim_generator_info": {"name": "x", "a": {"b": [1, None, 1.5]}}},
        "generator with bytes": {"claim_generator_info": {"name": "x", "a": b"x"}},
        "generator with bytes inside": {"claim_generator_info": {"name": "x", "a": {"b": [b"x"]}}},
        "generator with a big number": {"claim_generator_info": {"name": "x", "a": 1 << 63}},
        "generator with a name of the system": {"claim_generator_info": {"name": "x", "operating_system": "y"}},
        "generator with a system that is a number": {"claim_generator_info": {"name": "x", "operating_system": 1}},
        "generator with not a number": {"claim_generator_info": {"name": "x", "a": float("nan")}},
        "generator with infinity": {"claim_generator_info": {"name": "x", "a": float("inf")}},
        "generator with tagged field": {"claim_generator_info": {"name": "x", "a": cbor2.CBORTag(0, "2026")}},
        "generator null version": {"claim_generator_info": {"name": "x", "version": None}},
        "generator icon as a reference": {
            "claim_generator_info": {"name": "x", "icon": {"format": "image/png", "identifier": "a"}}
        },
        "generator icon missing": {
            "claim_generator_info": {
                "name": "x",
                "icon": {"url": "self#jumbf=c2pa.assertions/c2pa.icon", "hash": bytes(32)},
            }
        },
        "spec version": {"specVersion": "2.4"},
        "metadata": {"metadata": [{"dateTime": "2026-01-01T00:00:00Z"}]},
        "instance id is a number": {"instanceID": 5},
        "signature elsewhere": {"signature": f"self#jumbf=/c2pa/{OTHER}/c2pa.signature"},
        "signature relative": {"signature": "self#jumbf=c2pa.signature"},
        "signature without slash": {"signature": f"self#jumbf=c2pa/{LABEL}/c2pa.signature"},
        "signature of another name": {"signature": f"self#jumbf=/c2pa/{LABEL}/c2pa.signatures"},
        "signature empty": {"signature": ""},
        "signature bare": {"signature": "c2pa.signature"},
        "redacted is empty": {"redacted_assertions": []},
        "redacts itself": {"redacted_assertions": [f"self#jumbf=/c2pa/{LABEL}/c2pa.assertions/x.y"]},
        "redacts its own actions": {"redacted_assertions": [f"self#jumbf=/c2pa/{LABEL}/c2pa.assertions/{ACTIONS}"]},
        "redacts its own binding": {
            "redacted_assertions": [f"self#jumbf=/c2pa/{LABEL}/c2pa.assertions/c2pa.hash.data"]
        },
        "redacts its own binding relatively": {
            "redacted_assertions": ["self#jumbf=c2pa.assertions/c2pa.hash.data"]
        },
        "redacts nowhere": {"redacted_assertions": [f"self#jumbf=/c2pa/{OTHER}/c2pa.assertions/a.b"]},
        "redacted is text": {"redacted_assertions": "x"},
        "redacted is null": {"redacted_assertions": None},
        "both versions": {"assertions": []},
    }
    found = {f"claim: {name}": built(Draft(claim=fields)) for name, fields in changed.items()}
    old: dict[str, dict[str, Any]] = {
        "plain": {},
        "generator info null": {"claim_generator_info": None},
        "generator info": {"claim_generator_info": [{"name": "x", "version": "2"}]},
        "generator info nameless": {"claim_generator_info": [{"version": "2"}]},
        "generator info a map": {"claim_generator_info": {"name": "x"}},
        "hints": {"claim_generator_hints": {"a": 1}},
        "hints with bytes": {"claim_generator_hints": {"a": b"x"}},
        "generator info with bytes": {"claim_generator_info": [{"name": "x", "a": b"x"}]},
        "metadata": {"metadata": [{"dateTime": "1985-04-12T23:20:50.52Z", "x": "y"}]},
        "unknown field": {"extra": 1},
        "both versions": {"created_assertions": []},
        "format a number": {"dc:format": 1},
        "title null": {"dc:title": None},
    }
    found |= {f"claim 1: {name}": built(Draft(version=1, claim=fields)) for name, fields in old.items()}
    for name in ("alg", "signature", "instanceID", "claim_generator_info", "created_assertions"):
        found[f"claim: without {name}"] = built(Draft(drop=(name,)))
    for name in ("alg", "signature", "instanceID", "claim_generator", "dc:format", "assertions"):
        found[f"claim 1: without {name}"] = built(Draft(version=1, drop=(name,)))
    return found


def encodings() -> dict[str, Case]:
    def indefinite(data: bytes) -> bytes:
        return b"\xbf" + data[1:] + b"\xff"

    def long_text(data: bytes) -> bytes:
        return data.replace(b"\x63alg", b"\x78\x03alg")

    def twice(data: bytes) -> bytes:
        return bytes([data[0] + 1]) + data[1:] + b"\x63alg\x66sha512"

    def tagged(data: bytes) -> bytes:
        return data.replace(b"\x69xmp:iid:1", b"\xc0\x69xmp:iid:1")

    changes = {
        "indefinite map": indefinite,
        "text with a long length": long_text,
        "duplicate key": twice,
        "trailing byte": lambda data: data + b"\0",
        "second item": lambda data: data + data,
        "cut off": lambda data: data[:-1],
        "tagged text": tagged,
        "self-described": lambda data: b"\xd9\xd9\xf7" + data,
        "indefinite text": lambda data: data.replace(b"\x69xmp:iid:1", b"\x7f\x69xmp:iid:1\xff"),
        "number as half float": lambda data: data.replace(b"\x69xmp:iid:1", b"\xf9\x3c\x00"),
        "empty": lambda _: b"",
        "a list": lambda _: b"\x80",
        "deep": lambda data: data.replace(b"\x69xmp:iid:1", b"\x81" * 200 + b"\x01"),
        "endless length": lambda data: data.replace(b"\x69xmp:iid:1", b"\x7b" + b"\xff" * 8),
    }
    return {f"claim CBOR: {name}": built(Draft(claim_bytes=change)) for name, change in changes.items()}
