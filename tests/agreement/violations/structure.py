"""Boxes."""

from collections.abc import Callable

import cbor2

from tests.agreement.composing import Draft, box, cbor_box, created, file_box, json_box, superbox
from tests.agreement.violations.base import ACTIONS, Case, built, inner

Hook = Callable[[list[bytes]], list[bytes]]


def structure() -> dict[str, Case]:
    made = (ACTIONS, cbor_box(ACTIONS, created()))
    found: dict[str, Case] = {}
    content = box(b"cbor", cbor2.dumps({"a": 1}))
    shapes = {
        "salt": superbox(b"cbor", "a.b", content, salt=bytes(range(16))),
        "long salt": superbox(b"cbor", "a.b", content, salt=bytes(32)),
        "short salt": superbox(b"cbor", "a.b", content, salt=bytes(8)),
        "padding": superbox(b"cbor", "a.b", content, box(b"free", bytes(8))),
        "padding first": superbox(b"cbor", "a.b", box(b"free", bytes(8)), content),
        "two contents": superbox(b"cbor", "a.b", content, content),
        "no content": superbox(b"cbor", "a.b"),
        "unknown content": superbox(b"cbor", "a.b", box(b"abcd", b"x")),
        "unknown beside content": superbox(b"cbor", "a.b", content, box(b"abcd", b"x")),
        "other type": superbox(b"json", "a.b", content),
        "unknown type": superbox(b"abcd", "a.b", content),
        "nested": superbox(b"cbor", "a.b", superbox(b"cbor", "c.d", content)),
        "toggles 7": superbox(b"cbor", "a.b", content, toggles=0x07),
        "toggles 1": superbox(b"cbor", "a.b", content, toggles=0x01),
        "toggles 83": superbox(b"cbor", "a.b", content, toggles=0x83),
        "toggles 23": superbox(b"cbor", "a.b", content, toggles=0x23),
        "empty label": superbox(b"cbor", "", content),
        "file with name": superbox(
            bytes.fromhex("40cb0c32bb8a489da70b2ad6f47f4369"),
            "a.b",
            box(b"bfdb", b"\1image/png\0x.png\0"),
            box(b"bidb", b"x"),
        ),
        "file without media type": superbox(
            bytes.fromhex("40cb0c32bb8a489da70b2ad6f47f4369"), "a.b", box(b"bfdb", b"\0\0"), box(b"bidb", b"x")
        ),
        "empty file": file_box("a.b", b""),
        "uuid": superbox(b"uuid", "a.b", box(b"uuid", bytes(16) + b"x")),
        "uuid empty": superbox(b"uuid", "a.b", box(b"uuid", bytes(16))),
    }
    for name, shape in shapes.items():
        found[f"structure: {name}"] = built(Draft(assertions=[made, ("a.b", shape)]))
    extra = superbox(b"c2db", "c2pa.databoxes", cbor_box("c2pa.data", {"dc:format": "text/plain", "data": b"x"}))
    odd = superbox(b"c2db", "c2pa.databoxes", cbor_box("c2pa.data", {"x": 1}))
    credential = superbox(b"c2vc", "c2pa.credentials", json_box("did:x", '{"credentialSubject": {"id": "did:x"}}'))
    hooks: dict[str, Hook] = {
        "claim first": lambda boxes: [boxes[1], boxes[0], boxes[2]],
        "two claims": lambda boxes: [*boxes, boxes[1]],
        "two signatures": lambda boxes: [*boxes, boxes[2]],
        "two assertion stores": lambda boxes: [*boxes, boxes[0]],
        "no claim": lambda boxes: [boxes[0], boxes[2]],
        "no signature": lambda boxes: boxes[:2],
        "no assertions": lambda boxes: boxes[1:],
        "unknown box": lambda boxes: [*boxes, superbox(b"abcd", "x.y", box(b"cbor", b"\xa0"))],
        "data boxes": lambda boxes: [*boxes, extra],
        "odd data boxes": lambda boxes: [*boxes, odd],
        "credentials": lambda boxes: [*boxes, credential],
        "content box": lambda boxes: [*boxes, box(b"cbor", b"\xa0")],
        "padding": lambda boxes: [*boxes, box(b"free", bytes(8))],
        "salted claim": lambda boxes: [boxes[0], _salted(boxes[1], b"c2cl", "c2pa.claim.v2"), boxes[2]],
        "claim called 1": lambda boxes: [boxes[0], _renamed(boxes[1], b"c2cl", "c2pa.claim"), boxes[2]],
        "claim called 3": lambda boxes: [boxes[0], _renamed(boxes[1], b"c2cl", "c2pa.claim.v3"), boxes[2]],
    }
    for name, hook in hooks.items():
        found[f"manifest: {name}"] = built(Draft(boxes=hook))
        found[f"manifest 1: {name}"] = built(Draft(version=1, boxes=hook))
    for kind in (b"c2md", b"c2cm", b"c2tm", b"abcd"):
        found[f"manifest: type {kind.decode()}"] = built(Draft(kind=kind))
    return found


def _salted(made: bytes, kind: bytes, label: str) -> bytes:
    return superbox(kind, label, *inner(made), salt=bytes(16))


def _renamed(made: bytes, kind: bytes, label: str) -> bytes:
    return superbox(kind, label, *inner(made))
