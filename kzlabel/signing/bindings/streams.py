"""`c2pa.hash.boxes` for Ogg: one hash for each logical bitstream (C2PA 2.4 sections 18.7 and 18.7.3.7)."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from kzlabel.errors import SigningError
from kzlabel.files import Reader
from kzlabel.formats import Splice, ogg
from kzlabel.limits import DEFAULT_LIMITS, Limits
from kzlabel.manifest.cbor import encode
from kzlabel.signing.bindings.base import Tally

__all__ = ["StreamHash"]

_ALGORITHM: Final = "sha256"
_STORE: Final = "C2PA"


class StreamHash(msgspec.Struct, frozen=True):
    """The kind of hard binding for files that are several bitstreams in one."""

    limits: Limits = DEFAULT_LIMITS
    """How much work a source may cause."""

    label: str = "c2pa.hash.boxes"
    """Label of its assertion."""

    def size(self, source: Reader, places: int) -> int:  # noqa: ARG002 - there is one
        """See `Binding.size`; the names of all streams and the lengths of their hashes are known.

        Raises:
            MalformedError: The source is no Ogg.
        """
        gone = {span.start for one in ogg.locate(source, self.limits).carriers for span in one.excluded}
        streams = ogg.bitstreams(source, self.limits)
        kept = [_name(serial) for serial, spans in streams.items() if spans[0].start not in gone]
        return len(encode(_content([(name, bytes(32)) for name in kept] + [(_STORE, b"\0")])))

    def begin(self, splice: Splice) -> Tally:  # noqa: ARG002 - the bytes say where streams are
        """See `Binding.begin`."""
        return _Tally()


def _name(serial: int) -> str:
    return f"Stream-{serial}"


def _content(boxes: Iterable[tuple[str, bytes]]) -> dict[str, object]:
    return {
        "alg": _ALGORITHM,
        "boxes": [{"names": [name], "hash": digest, "pad": b""} for name, digest in boxes],
    }


class _Tally:
    """The hashes of all streams over what was taken in so far."""

    def __init__(self) -> None:
        self._hashes: dict[str, hashlib._Hash] = {}
        self._rest = b""

    def take(self, at: int, data: bytes | memoryview) -> None:  # noqa: ARG002 - pages say all that matters
        """See `Tally.take`; a page whose end isn't there yet waits for it."""
        whole = self._rest + bytes(data)
        view, spot = memoryview(whole), 0
        while (page := ogg.page_at(whole, spot)) is not None and page.end <= len(whole):
            name = _name(page.serial)
            if name not in self._hashes:
                self._hashes[name] = hashlib.sha256()
            self._hashes[name].update(view[spot : page.end])
            spot = page.end
        self._rest = whole[spot:]

    def skip(self, at: int, size: int) -> None:
        """See `Tally.skip`."""
        if self._rest or _STORE in self._hashes:
            raise SigningError(f"the {size} bytes of the manifest store at {at} would be part of another stream")
        self._hashes[_STORE] = hashlib.sha256()

    def content(self, _written: Reader) -> Mapping[str, object]:
        """See `Tally.content`."""
        if self._rest:
            raise SigningError("the file ends inside a page")
        return _content((name, b"\0" if name == _STORE else one.digest()) for name, one in self._hashes.items())
