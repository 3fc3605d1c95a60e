"""A manifest store as a tree that can be changed and written again; lengths come out right."""

import random
import struct
from dataclasses import dataclass, field
from typing import Any

import cbor2


@dataclass
class Node:
    """A box: a superbox has boxes in it, another one has data."""

    kind: bytes
    data: bytes = b""
    inner: "list[Node]" = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return self.kind == b"jumb"

    def write(self) -> bytes:
        body = b"".join(node.write() for node in self.inner) if self.holds else self.data
        return struct.pack(">I4s", 8 + len(body), self.kind) + body

    def all(self) -> "list[Node]":
        return [self, *(found for node in self.inner for found in node.all())]


def read(data: bytes) -> list[Node]:
    """Read boxes that follow each other; what is broken is an error."""
    nodes = []
    at = 0
    while at < len(data):
        if at + 8 > len(data):
            raise ValueError("broken box")
        size, kind = struct.unpack_from(">I4s", data, at)
        if size < 8 or at + size > len(data):
            raise ValueError("broken box")
        body = data[at + 8 : at + size]
        nodes.append(Node(kind, inner=read(body)) if kind == b"jumb" else Node(kind, body))
        at += size
    return nodes


def mutate(data: bytes, rng: random.Random) -> tuple[str, bytes]:
    """Return what was done to a store, and the store after it."""
    (root,) = read(data)
    name = rng.choice(("duplicate", "delete", "swap", "type", "toggles", "label", "salt", "length", "cbor", "cbor"))
    holders = [node for node in root.all() if node.holds and len(node.inner) > 1]
    if not holders:
        raise ValueError("nothing left to spoil")
    holder = rng.choice(holders)
    place = rng.randrange(1, len(holder.inner))
    match name:
        case "duplicate":
            holder.inner.insert(rng.randrange(1, len(holder.inner) + 1), holder.inner[place])
        case "delete":
            del holder.inner[place]
        case "swap":
            other = rng.randrange(1, len(holder.inner))
            holder.inner[place], holder.inner[other] = holder.inner[other], holder.inner[place]
        case "type":
            box = rng.choice(root.all())
            kinds = (b"free", b"json", b"cbor", b"uuid", b"bidb", b"brob", b"abcd")
            box.kind = box.kind if box.holds else rng.choice(kinds)
        case "toggles" | "label" | "salt":
            _describe(holder.inner[0], name, rng)
        case "cbor":
            _change_cbor(rng.choice([node for node in root.all() if node.kind == b"cbor"]), rng)
        case "length":
            return name, _wrong_length(root.write(), rng)
    return name, root.write()


def _describe(box: Node, name: str, rng: random.Random) -> None:
    """Change the description box of a superbox."""
    head, label, tail = box.data[:17], *box.data[17:].split(b"\0", 1)
    if name == "toggles":
        head = head[:16] + bytes([rng.choice((0x00, 0x01, 0x02, 0x07, 0x0B, 0x13, 0x1F, 0x23, 0x83, 0xFF))])
    elif name == "salt":
        head, tail = head[:16] + b"\x13", struct.pack(">I4s", 24, b"c2sh") + bytes(16)
    else:
        label = rng.choice((label + b"__1", label[:-1], b"", label + b"/x", label.upper(), label + b"=", b"\xff"))
    box.data = head + label + b"\0" + tail


def _wrong_length(data: bytes, rng: random.Random) -> bytes:
    starts = [
        at - 4
        for at in range(4, len(data) - 4)
        if data[at : at + 4] in (b"jumb", b"jumd", b"cbor", b"bidb", b"c2sh")
    ]
    at = rng.choice(starts)
    (old,) = struct.unpack_from(">I", data, at)
    new = rng.choice((0, 1, 7, 8, old - 1, old + 1, old - 8, old + 8, 0x7FFFFFFF, 0xFFFFFFFF, rng.getrandbits(32)))
    return data[:at] + struct.pack(">I", new & 0xFFFFFFFF) + data[at + 4 :]


def _change_cbor(box: Node, rng: random.Random) -> None:
    """Change one thing in the CBOR of a box."""
    try:
        content = cbor2.loads(box.data)
    except cbor2.CBORError:
        return
    holders = [value for value in _all(content) if isinstance(value, dict | list) and value]
    if not holders:
        return
    holder = rng.choice(holders)
    key: Any = rng.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
    odd: tuple[Any, ...] = (
        None,
        0,
        -1,
        1 << 63,
        "",
        "x",
        b"",
        b"x" * 32,
        [],
        {},
        True,
        1.5,
        "sha256",
        "sha1",
        "c2pa.opened",
    )
    match rng.choice(("delete", "value", "key", "copy", "bytes")):
        case "delete":
            del holder[key]
        case "value":
            holder[key] = rng.choice(odd)
        case "key" if isinstance(holder, dict):
            holder[rng.choice(("alg", "hash", "url", "x", "exclusions", "pad", "name", 1, b"k"))] = holder.pop(key)
        case "copy":
            other = rng.choice(_all(content))
            if isinstance(holder, list):
                holder.insert(0, other if not isinstance(other, dict | list) else [])
        case _:
            if isinstance(holder[key], bytes) and holder[key]:
                at = rng.randrange(len(holder[key]))
                holder[key] = holder[key][:at] + bytes([rng.randrange(256)]) + holder[key][at + 1 :]
    box.data = cbor2.dumps(content)


def _all(value: Any) -> list[Any]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    if isinstance(value, cbor2.CBORTag):
        inner = (value.value,)
    return [value, *(found for one in inner for found in _all(one))]
