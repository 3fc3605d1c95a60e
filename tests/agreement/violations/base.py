"""What all cases share."""

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.agreement.composing import Draft, cbor_box, compose

IMAGE = Path(__file__).parents[3] / "build" / "fixtures" / "landscape.jpg"
OTHER = "urn:c2pa:00000000-8ed5-44d0-873b-ea5f58adea99"
ACTIONS = "c2pa.actions.v2"

Case = Callable[[], bytes]


def image() -> bytes:
    """Return a small JPEG without a manifest."""
    from fixtures.make import make_all

    return (IMAGE if IMAGE.exists() else make_all(IMAGE.parent)["jpeg"]).read_bytes()


def built(draft: Draft, *others: bytes) -> Case:
    return lambda: compose(draft, image(), *others)


def inner(manifest: bytes) -> list[bytes]:
    """Return the boxes in a superbox, after its description."""
    at = 8 + struct.unpack(">I", manifest[8:12])[0]
    boxes = []
    while at < len(manifest):
        size = struct.unpack(">I", manifest[at : at + 4])[0]
        boxes.append(manifest[at : at + size])
        at += size
    return boxes


def claim_of(manifest: bytes) -> bytes:
    """Return the CBOR of the claim in a manifest box."""
    return inner(inner(manifest)[1])[0][8:]


def compose_parent(label: str, **changes: Any) -> bytes:
    """Return a manifest to be used as an ingredient's."""
    bound = cbor_box("c2pa.hash.data", {"exclusions": [], "alg": "sha256", "hash": bytes(32), "pad": b""})
    return Draft(label=label, **changes).manifest(("c2pa.hash.data", bound))
