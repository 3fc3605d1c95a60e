"""`c2pa.hash.bmff.v3`: one hash over the boxes of an ISO media file (C2PA 2.4 sections 18.6 and A.5).

    hash input = for each root box but `ftyp`, `mfra` and the one of the store: offset 8, big-endian | box

Only those three are left out, as the standard asks. The reference engine also leaves out `free` and `skip`, into
which anybody could write later.
"""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from kzlabel.errors import MalformedError, SigningError
from kzlabel.files import Reader
from kzlabel.formats import Splice
from kzlabel.manifest.cbor import encode
from kzlabel.signing.bindings.base import Tally
from kzlabel.spans import Span

__all__ = ["BMFF_HASH", "BmffHash"]

_ALGORITHM: Final = "sha256"
_USER_TYPE: Final = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
_LEFT_OUT: Final = frozenset({b"ftyp", b"mfra"})


class BmffHash(msgspec.Struct, frozen=True):
    """The kind of hard binding for files that are a row of boxes."""

    label: str = "c2pa.hash.bmff.v3"
    """Label of its assertion."""

    def size(self, source: Reader, places: int) -> int:  # noqa: ARG002 - the protocol's
        """See `Binding.size`: it doesn't depend on the file."""
        return len(encode(_content(bytes(32))))

    def begin(self, splice: Splice) -> Tally:
        """See `Binding.begin`."""
        return _Tally(splice.excluded)


BMFF_HASH: Final = BmffHash()


def _content(digest: bytes) -> dict[str, object]:
    return {
        "exclusions": [
            {"xpath": "/uuid", "data": [{"offset": 8, "value": _USER_TYPE}]},
            *({"xpath": f"/{kind.decode()}"} for kind in sorted(_LEFT_OUT)),
        ],
        "name": "jumbf manifest",
        "alg": _ALGORITHM,
        "hash": digest,
    }


class _Tally:
    """The file is read once more when it is written, since a box's offset comes before its bytes."""

    def __init__(self, excluded: tuple[Span, ...]) -> None:
        self._excluded = excluded

    def take(self, at: int, data: bytes | memoryview) -> None:
        """See `Tally.take`."""

    def skip(self, at: int, size: int) -> None:
        """See `Tally.skip`."""
        if size and not any(span.start <= at and at + size <= span.end for span in self._excluded):
            raise SigningError("what follows from the manifest store would be part of its own hash")

    def content(self, written: Reader) -> Mapping[str, object]:
        """See `Tally.content`."""
        digest = hashlib.sha256()
        for span, kind in _roots(written):
            if kind in _LEFT_OUT or span in self._excluded:
                continue
            digest.update(span.start.to_bytes(8))
            for piece in written.chunks([span]):
                digest.update(piece)
        return _content(digest.digest())


def _roots(file: Reader) -> Iterator[tuple[Span, bytes]]:
    """Yield where the boxes lie that are in no other, and of which type they are."""
    at = 0
    while at < file.size:
        head = file.read(at, min(16, file.size - at))
        size = int.from_bytes(head[:4])
        if size == 1:
            size = int.from_bytes(head[8:16])
        elif size == 0:
            size = file.size - at
        if len(head) < 8 or size < 8 or at + size > file.size:
            raise MalformedError(f"the box at {at} has an impossible size, {size}")
        yield Span(at, size), head[4:8]
        at += size
