"""The manifest store and the parts of its manifests (C2PA 2.4 section 11.1).

c2pa                            the store; its last manifest is the active one
  c2ma c2md c2um                a manifest, an update manifest; the label is its URN
  c2cm                          one of these, compressed
    c2cl  c2pa.claim[.v2]       one CBOR box: the claim
    c2cs  c2pa.signature        one CBOR box: COSE_Sign1
    c2as  c2pa.assertions       assertions: `cbor`, `json`, or an embedded file (`bfdb` and `bidb`)
    c2vc  c2pa.credentials      W3C credentials, version 1 only
    c2db  c2pa.databoxes        data boxes, deprecated
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgspec

from kzlabel.errors import MalformedError
from kzlabel.limits import Limits
from kzlabel.manifest.cbor import decode
from kzlabel.manifest.compressed import decompressed
from kzlabel.manifest.jumbf import ContentBox, Superbox, read_superbox, type_of, write_box, write_superbox
from kzlabel.manifest.labels import ASSERTIONS, DATABOXES, LONGEST, SIGNATURE, spelling

__all__ = [
    "Assertion",
    "ManifestBox",
    "Store",
    "read_store",
    "write_assertion",
    "write_manifest",
    "write_store",
]

_STORE: Final = type_of(b"c2pa")
_CLAIM: Final = type_of(b"c2cl")
_SIGNATURE: Final = type_of(b"c2cs")
_ASSERTIONS: Final = type_of(b"c2as")
_CREDENTIALS: Final = type_of(b"c2vc")
_DATABOXES: Final = type_of(b"c2db")
_STANDARD: Final = (type_of(b"c2ma"), type_of(b"c2md"))
_UPDATE: Final = type_of(b"c2um")
_COMPRESSED: Final = type_of(b"c2cm")

_CBOR: Final = type_of(b"cbor")
_JSON: Final = type_of(b"json")
_FILE: Final = bytes.fromhex("40cb0c32bb8a489da70b2ad6f47f4369")
_DATA: Final = {_CBOR: b"cbor", _JSON: b"json"}

_TWO_ENTRIES: Final = 0xA2
"""First byte of a CBOR map of two entries."""

_NAMES: Final = {b"cbor": "cbor", b"json": "json"}

_PARTS: Final = {
    _CLAIM: ("c2pa.claim", "c2pa.claim.v2"),
    _SIGNATURE: (SIGNATURE,),
    _ASSERTIONS: (ASSERTIONS,),
    _CREDENTIALS: ("c2pa.credentials",),
    _DATABOXES: (DATABOXES,),
}


class Assertion(NamedTuple):
    """One assertion, as it lies in the store."""

    label: str
    """Its label, with the instance number."""

    kind: str
    """`cbor`, `json` or `file`."""

    content: bytes
    """What it holds; for a file, the file."""

    payload: bytes
    """What its hash covers."""


class ManifestBox(NamedTuple):
    """One manifest, as it lies in the store."""

    label: str
    """Its URN."""

    update: bool
    """Whether it is an update manifest."""

    version: int
    """Version of the claim that the label of its box gives, 1 or 2."""

    claim: bytes
    """CBOR of the claim."""

    signature: bytes
    """CBOR of the COSE_Sign1 structure."""

    assertions: tuple[Assertion, ...]
    """Its assertions, each label once."""

    databoxes: bool
    """Whether it has data boxes."""

    payload: bytes
    """What its own hash covers, when an ingredient refers to it."""

    signature_payload: bytes
    """What the hash of its signature box covers."""

    oddity: str
    """Why others may compute another hash of it; empty when the payload is beyond doubt."""


class Store(NamedTuple):
    """A manifest store."""

    manifests: tuple[ManifestBox, ...]
    """Its manifests, in order."""

    @property
    def active(self) -> ManifestBox:
        """The active manifest: the last one (C2PA 2.4 section 11.1.3)."""
        return self.manifests[-1]


def read_store(data: bytes, limits: Limits) -> Store:
    """Take a manifest store apart; zeros may follow it.

    Raises:
        MalformedError: It is broken, or holds something that isn't understood here.
        LimitError: It asks for more work than is allowed.
    """
    box = read_superbox(data, limits)
    if box.type != _STORE or box.label != "c2pa":
        raise MalformedError("no manifest store, but another JUMBF superbox")
    if box.oddity:
        raise MalformedError(f"the manifest store has {box.oddity}")
    if data[box.end :].strip(b"\0"):
        raise MalformedError("something follows the manifest store")
    manifests = tuple(_manifest(data, part, limits) for part in box.boxes)
    if not manifests:
        raise MalformedError("the manifest store is empty")
    if len({manifest.label for manifest in manifests}) != len(manifests):
        raise MalformedError("two manifests have the same label")
    return Store(manifests)


def write_assertion(label: str, content: bytes) -> bytes:
    """Return the box of an assertion whose content is the CBOR `content`."""
    return write_superbox(_CBOR, label, write_box(b"cbor", content))


def write_manifest(label: str, assertions: Sequence[bytes], claim: bytes, signature: bytes) -> bytes:
    """Return the box of a standard manifest of version 2.

    Args:
        label: Its URN.
        assertions: The boxes of its assertions, in order.
        claim: CBOR of its claim.
        signature: CBOR of its COSE_Sign1 structure.
    """
    return write_superbox(
        _STANDARD[0],
        label,
        write_superbox(_ASSERTIONS, ASSERTIONS, *assertions),
        write_superbox(_CLAIM, "c2pa.claim.v2", write_box(b"cbor", claim)),
        write_superbox(_SIGNATURE, SIGNATURE, write_box(b"cbor", signature)),
    )


def write_store(manifests: Sequence[bytes]) -> bytes:
    """Return the store of `manifests`, boxes of which the last is the active one."""
    return write_superbox(_STORE, "c2pa", *manifests)


def _manifest(data: bytes, box: ContentBox | Superbox, limits: Limits) -> ManifestBox:
    if isinstance(box, ContentBox):
        raise MalformedError("the manifest store holds something beside manifests")
    if box.type == _COMPRESSED:
        return _unpacked(data, box, limits)
    if box.type not in _STANDARD and box.type != _UPDATE:
        raise MalformedError("a manifest of unknown type")
    if len(box.label) > LONGEST or "/" in box.label or "=" in box.label:
        raise MalformedError("the label of a manifest can't be part of a URI")
    parts = _parts(box)
    try:
        claim, signature, assertions = parts[_CLAIM], parts[_SIGNATURE], parts[_ASSERTIONS]
    except KeyError:
        raise MalformedError("a manifest without claim, signature or assertions") from None
    _check_kept(data, parts)
    if _CREDENTIALS in parts and claim.label.endswith(".v2"):
        raise MalformedError("credentials, which version 2 no longer has")
    return ManifestBox(
        label=box.label,
        update=box.type == _UPDATE,
        version=2 if claim.label.endswith(".v2") else 1,
        claim=_only(data, claim),
        signature=_only(data, signature),
        assertions=_assertions(data, assertions),
        databoxes=_DATABOXES in parts,
        payload=data[box.start : box.end],
        signature_payload=data[signature.start : signature.end],
        oddity=_oddity(box, parts),
    )


def _unpacked(data: bytes, box: Superbox, limits: Limits) -> ManifestBox:
    """Return the manifest in a compressed one; whoever needs its hash asks others what is hashed."""
    inside = decompressed(data, box, limits)
    inner = read_superbox(inside, limits)
    if inner.end != len(inside) or inner.label != box.label or inner.type == _COMPRESSED or inner.oddity:
        raise MalformedError("a compressed manifest holds something else than the manifest of its label")
    return _manifest(inside, inner, limits)._replace(payload=data[box.start : box.end], oddity="compression")


def _parts(box: Superbox) -> dict[bytes, Superbox]:
    parts: dict[bytes, Superbox] = {}
    for part in box.boxes:
        if isinstance(part, ContentBox) or part.type not in _PARTS or part.label not in _PARTS[part.type]:
            raise MalformedError("a manifest holds an unknown box")
        if part.type in parts:
            raise MalformedError(f"a manifest has two boxes {part.label}")
        parts[part.type] = part
    return parts


def _only(data: bytes, box: Superbox) -> bytes:
    """Return the content of the one CBOR box in `box`."""
    inner = box.boxes[0] if len(box.boxes) == 1 else None
    if not isinstance(inner, ContentBox) or inner.kind != b"cbor":
        raise MalformedError(f"the box {box.label} doesn't hold one CBOR box")
    return data[inner.start : inner.end]


def _assertions(data: bytes, store: Superbox) -> tuple[Assertion, ...]:
    assertions = tuple(_assertion(data, box) for box in store.boxes)
    if len({assertion.label for assertion in assertions}) != len(assertions):
        raise MalformedError("two assertions have the same label")
    return assertions


def _assertion(data: bytes, box: ContentBox | Superbox) -> Assertion:
    if isinstance(box, ContentBox):
        raise MalformedError("the assertion store holds something beside assertions")
    label = box.label
    if len(label) > LONGEST or spelling(label).whole != label or "/" in label or "=" in label:
        raise MalformedError(f"the label {label[:80]!r} of an assertion is unusual")
    if len(box.boxes) == 1:
        (only,) = box.boxes
        if isinstance(only, ContentBox) and only.kind == _DATA.get(box.type):
            content = data[only.start : only.end]
            return Assertion(label, _NAMES[only.kind], content, data[box.start : box.end])
    kinds = [inner.kind for inner in box.boxes if isinstance(inner, ContentBox)]
    if len(box.boxes) == 2 and box.type == _FILE and kinds == [b"bfdb", b"bidb"]:
        about, file = box.boxes
        _check_media_type(data[about.start : about.end])
        return Assertion(label, "file", data[file.start : file.end], data[box.start : box.end])
    raise MalformedError(f"the assertion {label} has an unusual content")


def _check_media_type(description: bytes) -> None:
    """Accept toggles 0, a media type and NUL: a file name, or a remote file, would need more."""
    if len(description) < 3 or description[0] or description.find(0, 1) != len(description) - 1:
        raise MalformedError("the description of an embedded file is unusual")
    if not description[1:-1].isascii():
        raise MalformedError("the media type of an embedded file is no ASCII text")


def _oddity(box: Superbox, parts: dict[bytes, Superbox]) -> str:
    """Return why the reference engine, which hashes what it would write, may hash something else."""
    return "salts at unusual places" if any(part.salt is not None for part in (box, *parts.values())) else ""


def _check_kept(data: bytes, parts: dict[bytes, Superbox]) -> None:
    """Accept credentials and data boxes only as they are usually written."""
    credentials, databoxes = parts.get(_CREDENTIALS), parts.get(_DATABOXES)
    if credentials is not None and not all(_is_credential(data, box) for box in credentials.boxes):
        raise MalformedError("a credential is unusual")
    if databoxes is not None and not all(_is_databox(data, box) for box in databoxes.boxes):
        raise MalformedError("a data box is unusual")


def _is_credential(data: bytes, box: ContentBox | Superbox) -> bool:
    """Tell whether `box` is a W3C credential under the label that its subject's identifier gives it."""
    if isinstance(box, ContentBox) or box.type != _JSON or len(box.boxes) != 1:
        return False
    inner = box.boxes[0]
    if not isinstance(inner, ContentBox) or inner.kind != b"json":
        return False
    try:
        content: Any = msgspec.json.decode(data[inner.start : inner.end])
        return bool(content["credentialSubject"]["id"] == box.label)
    except (msgspec.DecodeError, UnicodeDecodeError, LookupError, TypeError, RecursionError):
        return False


def _is_databox(data: bytes, box: ContentBox | Superbox) -> bool:
    """Tell whether `box` is a data box in the form in which it is always written."""
    if isinstance(box, ContentBox) or box.type != _CBOR or len(box.boxes) != 1:
        return False
    inner = box.boxes[0]
    if not isinstance(inner, ContentBox) or inner.kind != b"cbor" or len(box.label) > LONGEST:
        return False
    if spelling(box.label).whole != box.label:
        return False
    content = decode(data[inner.start : inner.end])
    return (
        data[inner.start] == _TWO_ENTRIES
        and isinstance(content, dict)
        and list(content) == ["dc:format", "data"]
        and isinstance(content["dc:format"], str)
        and isinstance(content["data"], bytes)
    )
