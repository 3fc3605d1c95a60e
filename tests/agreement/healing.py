"""Sign a spoilt store again: hashes, sizes and signatures are made to fit, and only rules are left to break."""

import contextlib
from typing import Any

import cbor2

from tests.agreement.boxes import Node, read
from tests.agreement.composing import digest, good, segment, sign

_ROUNDS = 4


def heal(store: bytes, image: bytes) -> bytes:
    """Return `store` with its hashes right, signed with a good key, and bound to the JPEG `image`.

    What can't be healed is left as it is.
    """
    try:
        (root,) = read(store)
    except ValueError:
        return store
    for _ in range(_ROUNDS):
        before = root.write()
        known: dict[str, bytes] = {}
        for manifest in root.inner[1:]:
            with contextlib.suppress(cbor2.CBORError, LookupError, TypeError, ValueError, AttributeError):
                _heal_manifest(manifest, known, len(segment(before)) if manifest is root.inner[-1] else 0, image)
            known[_label(manifest)] = manifest.write()
        if len(root.write()) == len(before):
            break
    return root.write()


def _label(box: Node) -> str:
    return box.inner[0].data[17:].split(b"\0")[0].decode("utf-8", "replace") if box.holds and box.inner else ""


def _heal_manifest(manifest: Node, known: dict[str, bytes], size: int, image: bytes) -> None:
    parts = {_label(part).removesuffix(".v2"): part for part in manifest.inner[1:]}
    hashes: dict[str, bytes] = {}
    for assertion in parts["c2pa.assertions"].inner[1:]:
        label = _label(assertion)
        if assertion.inner[1].kind == b"cbor":
            _heal_assertion(label, assertion.inner[1], known, size, image)
        hashes[label] = digest(assertion.write()[8:])
    (claim,) = parts["c2pa.claim"].inner[1:]
    content = cbor2.loads(claim.data)
    for name in ("assertions", "created_assertions", "gathered_assertions"):
        for uri in content.get(name) or ():
            label = uri["url"].rpartition("/")[2]
            if label in hashes and len(uri["hash"]) == 32:
                uri["hash"] = hashes[label]
    claim.data = cbor2.dumps(content)
    parts["c2pa.signature"].inner[1].data = sign(claim.data, good())


def _heal_assertion(label: str, box: Node, known: dict[str, bytes], size: int, image: bytes) -> None:
    with contextlib.suppress(cbor2.CBORError, LookupError, TypeError, AttributeError):
        content: Any = cbor2.loads(box.data)
        if label == "c2pa.hash.data" and size:
            content["exclusions"][0]["length"] = size
            content["hash"] = digest(image)
            box.data = cbor2.dumps(content)
        elif label.startswith("c2pa.ingredient"):
            uri = content.get("activeManifest") or content["c2pa_manifest"]
            uri["hash"] = digest(known[uri["url"].rpartition("/")[2]][8:])
            box.data = cbor2.dumps(content)
