"""`c2pa.hash.data`: one hash over the file but for the places of the store (C2PA 2.4 section 18.5)."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from kzlabel.errors import SigningError
from kzlabel.files import Reader
from kzlabel.formats import Splice
from kzlabel.manifest.cbor import encode
from kzlabel.signing.bindings.base import Tally
from kzlabel.spans import Span

__all__ = ["DATA_HASH", "DataHash"]

_ALGORITHM: Final = "sha256"
_GROWTH: Final = 1 << 30
"""More than a labelled file can be larger than its source."""


class DataHash(msgspec.Struct, frozen=True):
    """The kind of hard binding for files that are a row of bytes."""

    label: str = "c2pa.hash.data"
    """Label of its assertion."""

    def size(self, source: Reader, places: int) -> int:
        """See `Binding.size`: every offset is reckoned with the bytes of the largest that there could be."""
        largest = source.size + _GROWTH
        return len(encode(_content([Span(largest, largest)] * places, bytes(32))))

    def begin(self, splice: Splice) -> Tally:
        """See `Binding.begin`."""
        return _Tally(splice.excluded)


DATA_HASH: Final = DataHash()


def _content(excluded: Sequence[Span], digest: bytes) -> dict[str, object]:
    return {
        "exclusions": [{"start": span.start, "length": span.length} for span in excluded],
        "name": "jumbf manifest",
        "alg": _ALGORITHM,
        "hash": digest,
        "pad": b"",
    }


class _Tally:
    """The hash over what was taken in so far."""

    def __init__(self, excluded: Sequence[Span]) -> None:
        self._excluded = sorted(excluded)
        self._hash = hashlib.sha256()

    def take(self, at: int, data: bytes | memoryview) -> None:
        """See `Tally.take`."""
        end = at + len(data)
        view = memoryview(data)
        spot = at
        for span in self._excluded:
            if span.start >= end:
                break
            if span.end > spot:
                self._hash.update(view[spot - at : max(spot, span.start) - at])
                spot = min(end, span.end)
        self._hash.update(view[spot - at :])

    def skip(self, at: int, size: int) -> None:
        """See `Tally.skip`."""
        if size and not any(span.start <= at and at + size <= span.end for span in self._excluded):
            raise SigningError("what follows from the manifest store would be part of its own hash")

    def content(self, _written: Reader) -> Mapping[str, object]:
        """See `Tally.content`."""
        return _content(self._excluded, self._hash.digest())
