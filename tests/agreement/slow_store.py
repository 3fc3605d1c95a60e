"""Looking for an assertion in a manifest store, box by box and without the package."""

from io import BytesIO
from typing import Any

import cbor2

__all__ = ["assertion"]


def assertion(store: bytes, wanted: str) -> Any:
    """Return the content of an assertion in the last manifest of a store; None without one."""
    try:
        manifests = _children(_children(store)[0][1])
        for _, part in _children(_named(manifests[-1][1])[1]):
            for _, assertion in _children(_named(part)[1]) if _named(part)[0] == "c2pa.assertions" else ():
                label, content = _named(assertion)
                if label == wanted:
                    return cbor2.load(BytesIO(_children(content)[0][1]))
    except (ValueError, IndexError, cbor2.CBORDecodeError):
        pass
    return None


def _children(data: bytes) -> list[tuple[bytes, bytes]]:
    """Return the boxes in `data`, but for a description box."""
    found, at = [], 0
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4])
        if size < 8 or at + size > len(data):
            raise ValueError(f"a box of {size} bytes")
        if data[at + 4 : at + 8] != b"jumd":
            found.append((data[at + 4 : at + 8], data[at + 8 : at + size]))
        at += size
    return found


def _named(body: bytes) -> tuple[str, bytes]:
    """Return a superbox's label and what follows its description."""
    size = int.from_bytes(body[:4])
    return body[25 : body.index(b"\0", 25)].decode(), body[size:]
