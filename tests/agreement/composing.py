"""Manifest stores composed by hand and signed with a good key, so that each rule can be broken on its own."""

import hashlib
import struct
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding

from kzlabel.trust import Trust
from tests.unit.credentials.issuing import DAY, EMAIL, Authority, ec_key, pem

TAIL = bytes.fromhex("00110010800000aa00389b71")
FILE = bytes.fromhex("40cb0c32bb8a489da70b2ad6f47f4369")
AI = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
LABEL = "urn:c2pa:3fad1ead-8ed5-44d0-873b-ea5f58adea82"
PARENT = "urn:c2pa:5e1b2c3d-8ed5-44d0-873b-ea5f58adea83"

Boxes = dict[str, bytes]


def box(kind: bytes, payload: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(payload), kind) + payload


def superbox(
    kind: bytes, label: str, *inner: bytes, salt: bytes | None = None, toggles: int | None = None
) -> bytes:
    toggle = toggles if toggles is not None else 0x03 if salt is None else 0x13
    described = (kind if len(kind) == 16 else kind + TAIL) + bytes([toggle]) + label.encode() + b"\0"
    return box(b"jumb", box(b"jumd", described + (box(b"c2sh", salt) if salt else b"")) + b"".join(inner))


def cbor_box(label: str, content: Any, **more: Any) -> bytes:
    data = content if isinstance(content, bytes) else cbor2.dumps(content)
    return superbox(b"cbor", label, box(b"cbor", data), **more)


def json_box(label: str, text: str, **more: Any) -> bytes:
    return superbox(b"json", label, box(b"json", text.encode()), **more)


def file_box(label: str, data: bytes, media_type: str = "image/jpeg", **more: Any) -> bytes:
    return superbox(FILE, label, box(b"bfdb", b"\0" + media_type.encode() + b"\0"), box(b"bidb", data), **more)


def digest(payload: bytes, algorithm: str = "sha256") -> bytes:
    return hashlib.new(algorithm, payload).digest()


def link(label: str, made: bytes, *, manifest: str = "", algorithm: str = "") -> dict[str, Any]:
    """Return the hashed URI of an assertion that lies in the box `made`."""
    place = f"/c2pa/{manifest}/c2pa.assertions/{label}" if manifest else f"c2pa.assertions/{label}"
    uri: dict[str, Any] = {"url": f"self#jumbf={place}", "hash": digest(made[8:], algorithm or "sha256")}
    return uri | ({"alg": algorithm} if algorithm else {})


def created() -> dict[str, Any]:
    return {"actions": [{"action": "c2pa.created", "digitalSourceType": AI}]}


@dataclass(frozen=True)
class Identity:
    """A key with its certificate chain, and the trust that accepts it."""

    key: ec.EllipticCurvePrivateKey
    chain: tuple[bytes, ...]
    trust: Trust


def issue(**spoilt: Any) -> Identity:
    """Return an identity; `spoilt` goes to `Authority.issue`."""
    authority = Authority(at=datetime.now(UTC).replace(microsecond=0) - 10 * DAY)
    key = ec_key()
    wanted: dict[str, Any] = {"purposes": [EMAIL], "ends": 300 * DAY} | spoilt
    leaf = authority.issue(key.public_key(), **wanted)
    trust = Trust.from_pem(pem(authority.certificate), store="test")
    return Identity(key, (leaf.public_bytes(Encoding.DER),), trust)


@cache
def good() -> Identity:
    return issue()


def sign(claim: bytes, who: Identity, *, protected: dict[Any, Any] | None = None, der: bool = False) -> bytes:
    """Return the COSE_Sign1 structure over `claim`."""
    head = cbor2.dumps({1: -7, 33: list(who.chain)} if protected is None else protected)
    signed = cbor2.dumps(["Signature1", head, b"", claim])
    made = who.key.sign(signed, ec.ECDSA(hashes.SHA256()))
    if not der:
        made = b"".join(number.to_bytes(32) for number in decode_dss_signature(made))
    return cbor2.dumps(cbor2.CBORTag(18, [head, {"pad": bytes(64)}, None, made]))


@dataclass
class Draft:
    """A manifest in the making; whoever breaks a rule changes a field or gives a hook."""

    label: str = LABEL
    version: int = 2
    kind: bytes = b"c2ma"
    assertions: list[tuple[str, bytes]] = field(
        default_factory=lambda: [("c2pa.actions.v2", cbor_box("c2pa.actions.v2", created()))]
    )
    gathered: tuple[str, ...] = ()
    binding: bool = True
    claim: dict[str, Any] = field(default_factory=dict)
    drop: tuple[str, ...] = ()
    listing: Callable[[list[dict[str, Any]]], list[dict[str, Any]]] = lambda listed: listed
    claim_bytes: Callable[[bytes], bytes] = lambda data: data
    boxes: Callable[[list[bytes]], list[bytes]] = lambda boxes: boxes
    signature: Callable[[bytes], bytes] = lambda claim: sign(claim, good())
    hash_fields: Callable[[dict[str, Any]], dict[str, Any]] = lambda fields: fields

    def copy(self, **changes: Any) -> "Draft":
        made = deepcopy(self)
        for name, value in changes.items():
            setattr(made, name, value)
        return made

    def manifest(self, binding: tuple[str, bytes] | None = None) -> bytes:
        """Return the manifest box, with `binding` as one more assertion."""
        parts = [*self.assertions, *([binding] if binding else [])]
        listed = self.listing([link(label, made) for label, made in parts])
        late = [uri for uri in listed if uri["url"].rpartition("/")[2] in self.gathered]
        early = [uri for uri in listed if uri not in late]
        claim: dict[str, Any] = {
            "instanceID": "xmp:iid:1",
            "claim_generator_info": {"name": "test", "version": "1"},
            "signature": f"self#jumbf=/c2pa/{self.label}/c2pa.signature",
            "created_assertions": early,
            "alg": "sha256",
        }
        if self.version == 1:
            claim = {
                "claim_generator": "test/1",
                "signature": claim["signature"],
                "assertions": listed,
                "dc:format": "image/jpeg",
                "instanceID": "xmp:iid:1",
                "alg": "sha256",
            }
        elif late:
            claim["gathered_assertions"] = late
        claim = {key: value for key, value in (claim | self.claim).items() if key not in self.drop}
        data = self.claim_bytes(cbor2.dumps(claim))
        name = "c2pa.claim" if self.version == 1 else "c2pa.claim.v2"
        boxes = [
            superbox(b"c2as", "c2pa.assertions", *(made for _, made in parts)),
            superbox(b"c2cl", name, box(b"cbor", data)),
            superbox(b"c2cs", "c2pa.signature", box(b"cbor", self.signature(data))),
        ]
        return superbox(self.kind, self.label, *self.boxes(boxes))


def store(*manifests: bytes) -> bytes:
    return superbox(b"c2pa", "c2pa", *manifests)


def segment(data: bytes) -> bytes:
    """Return a store in one APP11 segment."""
    body = b"JP" + struct.pack(">HI", 1, 1) + data
    return b"\xff\xeb" + struct.pack(">H", len(body) + 2) + body


def embed(data: bytes, image: bytes) -> bytes:
    return image[:2] + segment(data) + image[2:]


def compose(draft: Draft, image: bytes, *others: bytes) -> bytes:
    """Return the JPEG `image` with the manifest of `draft`, bound to it; `others` are manifests before it."""
    if not draft.binding:
        return embed(store(*others, draft.manifest()), image)
    size = 0
    while True:
        fields = draft.hash_fields(
            {
                "exclusions": [{"start": 2, "length": size}],
                "alg": "sha256",
                "hash": digest(image),
                "pad": bytes(8),
            }
        )
        data = store(*others, draft.manifest(("c2pa.hash.data", cbor_box("c2pa.hash.data", fields))))
        length = len(segment(data))
        if length == size:
            return embed(data, image)
        size = length


def ingredient(
    manifest: bytes | None = None, label: str = PARENT, version: int = 3, **fields: Any
) -> dict[str, Any]:
    """Return the content of an ingredient assertion about the manifest box `manifest`."""
    content: dict[str, Any] = {"relationship": "parentOf", "dc:title": "parent", "dc:format": "image/jpeg"}
    if version == 1:
        content["instanceID"] = "xmp:iid:0"
    if manifest is not None:
        uri = {"url": f"self#jumbf=/c2pa/{label}", "hash": digest(manifest[8:])}
        content["activeManifest" if version == 3 else "c2pa_manifest"] = uri
        if version == 3:
            content["validationResults"] = {"activeManifest": {"success": [], "informational": [], "failure": []}}
    return content | fields


def opened(*labels: str, key: str = "ingredients") -> dict[str, Any]:
    uris = [{"url": f"self#jumbf=c2pa.assertions/{label}", "hash": bytes(32)} for label in labels]
    return {"actions": [{"action": "c2pa.opened", "parameters": {key: uris if key == "ingredients" else uris[0]}}]}


def parts(pairs: Sequence[tuple[str, Any]]) -> list[tuple[str, bytes]]:
    """Return CBOR assertions from labels and contents."""
    return [(label, cbor_box(label, content)) for label, content in pairs]
