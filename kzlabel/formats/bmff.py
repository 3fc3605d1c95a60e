"""ISO media files (MP4, MOV, M4A, HEIC, HEIF, AVIF): the store is in a `uuid` box (C2PA 2.4 A.5).

    box header | D8FEC3D6-1B0E-483C-9297-5828877EC481 | version and flags 4 | purpose, NUL-terminated
    | offset 8 of the first Merkle box, or 0 | store | zeros

The purpose is `manifest`, or `original` and `update` for an updated one; `merkle` boxes hold proofs, no store. The
brands in `ftyp` tell the formats of the family apart: major brand first, then the compatible ones.
"""

from kzlabel.errors import LimitError, MalformedError
from kzlabel.files import Reader
from kzlabel.formats._bmff import Box, boxes
from kzlabel.formats._bmff_offsets import moved
from kzlabel.formats._splice import Edit, check_sound, place, recut
from kzlabel.formats._window import Walk
from kzlabel.formats.base import Carrier, Derived, Located, Splice
from kzlabel.limits import Limits
from kzlabel.spans import Span

NAME = "bmff"
MEDIA_TYPES: tuple[str, ...] = (
    "video/mp4",
    "audio/mp4",
    "video/quicktime",
    "image/heic",
    "image/heif",
    "image/avif",
)
EXTENSIONS: tuple[str, ...] = (".mp4", ".m4v", ".m4a", ".m4b", ".mov", ".qt", ".heic", ".heif", ".hif", ".avif")

_USER_TYPE = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
_MERKLE = b"merkle\0"
_XMP = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_FAMILIES = frozenset(
    {b"moov", b"trak", b"mdia", b"minf", b"dinf", b"stbl", b"edts", b"udta", b"moof", b"traf", b"mvex"}
)
_PURPOSES = (b"manifest\0", b"original\0", b"update\0")
_BRANDS = {
    b"qt  ": "video/quicktime",
    b"M4A ": "audio/mp4",
    b"M4B ": "audio/mp4",
    b"avif": "image/avif",
    b"avis": "image/avif",
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"hevc": "image/heic",
    b"hevx": "image/heic",
    b"mif1": "image/heif",
    b"msf1": "image/heif",
}
_WITHOUT_BRANDS = frozenset({b"moov", b"mdat", b"wide", b"pnot"})
"""Boxes that QuickTime files from before `ftyp` begin with; the reference engine refuses those files."""

_PICTURES = ("image/avif", "image/heic")


def sniff(head: bytes) -> str | None:
    """Return the media type that the brands say, if `head` is the start of an ISO media file."""
    if head[4:8] in _WITHOUT_BRANDS:
        return "video/quicktime"
    if head[4:8] != b"ftyp":
        return None
    size = int.from_bytes(head[:4])
    if not 16 <= size <= 4096:
        return None
    brands = [head[at : at + 4] for at in (8, *range(16, min(size, len(head)), 4))]
    major = _BRANDS.get(brands[0])
    if major == "image/heif":  # a general brand: a compatible one may say which coding
        return next((found for brand in brands[1:] if (found := _BRANDS.get(brand)) in _PICTURES), major)
    return major or MEDIA_TYPES[0]


def locate(file: Reader, limits: Limits) -> Located:
    """Return the C2PA `uuid` boxes at the top level; see `Format.locate`."""
    walk = Walk(file, limits)
    carriers: list[Carrier] = []
    try:
        for box in boxes(walk, 0, file.size):
            if box.type in _FAMILIES:
                _check_depth(walk, box, limits)
            if box.type == b"uuid" and box.size >= box.header + 16:
                carriers += _carriers(walk, box)
                walk.check_carriers(len(carriers))
                if walk.read(box.start + box.header, 16) == _XMP:
                    walk.xmp.append(Span(box.start, box.size))
    except LimitError:
        raise
    except MalformedError as error:
        return Located(tuple(carriers), damage=error.message)
    return Located(tuple(carriers), xmp=tuple(walk.xmp))


def splice(file: Reader, located: Located, store_size: int, limits: Limits) -> Splice:
    """See `Embedder.splice`: the box comes after `ftyp`, and all absolute offsets follow what they point to."""
    check_sound(located)
    walk = Walk(file, limits)
    first = next(boxes(walk, 0, file.size), None)
    if first is None or first.type != b"ftyp":
        raise MalformedError("the file doesn't begin with its type")
    if any(_is_proof(walk, box) for box in boxes(walk, 0, file.size)):
        raise MalformedError("it carries proofs of another label")
    head = _USER_TYPE + bytes(4) + _PURPOSES[0] + bytes(8)
    size = 8 + len(head) + store_size
    if size >= 1 << 32:
        raise MalformedError(f"a manifest store of {store_size} bytes has no place in a box")
    gone = sorted(span for carrier in located.carriers for span in carrier.excluded)

    if gone and any(box.type == b"sidx" and box.start < gone[-1].end for box in boxes(walk, 0, file.size)):
        raise MalformedError("its index of fragments counts over the manifest store that it carries")

    def move(offset: int) -> int:
        if offset < first.end:
            return offset
        if any(span.start <= offset < span.end for span in gone):
            raise MalformedError(f"the file refers to byte {offset}, which is in a manifest store")
        return offset + size - sum(span.length for span in gone if span.end <= offset)

    store = Derived(store_size, bytes)
    box = size.to_bytes(4) + b"uuid" + head
    edits = [Edit(span.start, span.end) for span in gone]
    edits += [
        Edit(patch.start, patch.start + len(patch.data), (patch.data,)) for patch in moved(walk, move, limits)
    ]
    edits.append(Edit(first.end, first.end, (box, store)))
    parts = recut(file.size, edits)
    at = place(parts, store)
    return Splice(parts, (Span(at.start - len(box), size),))


def without(file: Reader, located: Located, limits: Limits) -> tuple[Span | bytes | Derived, ...]:
    """Return the parts of the file without its manifest stores; absolute offsets follow what they point to.

    Raises:
        MalformedError: It has proofs of its label elsewhere, or something counts over the store or points into it.
    """
    walk = Walk(file, limits)
    gone = sorted(span for carrier in located.carriers for span in carrier.excluded)
    for box in boxes(walk, 0, file.size):
        if _is_proof(walk, box) or (box.type == b"sidx" and box.start < gone[-1].end):
            raise MalformedError("the file refers to its label, or counts over it")

    def move(offset: int) -> int:
        if any(span.start <= offset < span.end for span in gone):
            raise MalformedError(f"the file refers to byte {offset}, which is in a manifest store")
        return offset - sum(span.length for span in gone if span.end <= offset)

    edits = [Edit(span.start, span.end) for span in gone]
    patches = [Edit(p.start, p.start + len(p.data), (p.data,)) for p in moved(walk, move, limits)]
    return recut(file.size, [*edits, *patches])


def _is_proof(walk: Walk, box: Box) -> bool:
    at = box.start + box.header
    if box.type != b"uuid" or box.size < box.header + 27:
        return False
    return walk.read(at, 16) == _USER_TYPE and walk.read(at + 20, 7) == _MERKLE


def _check_depth(walk: Walk, box: Box, limits: Limits) -> None:
    """Follow the first boxes in each other, which is where a nest begins; the reference engine refuses nests."""
    at = box.start + box.header
    for _ in range(limits.depth):
        if at + 8 > box.end or walk.read(at + 4, 4) not in _FAMILIES:
            return
        at += 8
    raise MalformedError(f"the boxes in the one at {box.start} are nested deeper than {limits.depth}")


def _carriers(walk: Walk, box: Box) -> list[Carrier]:
    """Return the carrier that `box` is, if it is one."""
    at = box.start + box.header
    head = walk.read(at, min(64, box.end - at))
    purpose = next((purpose for purpose in _PURPOSES if head[20:].startswith(purpose)), None)
    if head[:16] != _USER_TYPE or head[20:].startswith(_MERKLE):
        return []
    if purpose is None or head[16:20] != bytes(4):
        raise MalformedError(f"the C2PA box at {box.start} has a purpose that is not known")
    at += 20 + len(purpose) + 8
    if at + 8 > box.end:
        raise MalformedError(f"the C2PA box at {box.start} has no room for a store")
    size = int.from_bytes(walk.read(at, 4))
    length = size if 8 <= size <= box.end - at else box.end - at
    walk.check_store(length)
    return [Carrier((Span(at, length),), (Span(box.start, box.size),))]
