"""`c2pa.hash.collection.data` for ZIP archives: a hash of each member, and of the directory (C2PA 2.4 A.6.2)."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from kzlabel.errors import MalformedError, SigningError
from kzlabel.files import Reader
from kzlabel.formats import Splice
from kzlabel.formats.zip import directory_spans, member_uri, read_archive
from kzlabel.limits import DEFAULT_LIMITS, Limits
from kzlabel.manifest.cbor import encode
from kzlabel.signing.bindings.base import Tally
from kzlabel.spans import Span

__all__ = ["MemberHash"]

_ALGORITHM: Final = "sha256"


class MemberHash(msgspec.Struct, frozen=True):
    """The kind of hard binding for archives."""

    limits: Limits = DEFAULT_LIMITS
    """How much work a source may cause."""

    label: str = "c2pa.hash.collection.data"
    """Label of its assertion."""

    def size(self, source: Reader, places: int) -> int:  # noqa: ARG002 - nothing is left out
        """See `Binding.size`; the names of all members and the lengths of their hashes are known.

        Raises:
            MalformedError: The source is no plain archive, is empty, or has more members than a verifier looks at.
        """
        names = [member.name for member in read_archive(source, self.limits).files()]
        if not names:
            raise MalformedError("it has no files")
        if len(names) > self.limits.exclusions:
            raise MalformedError(f"it has {len(names)} members, more than a binding may list")
        return len(encode(_content([(name, bytes(32)) for name in names], bytes(32))))

    def begin(self, splice: Splice) -> Tally:  # noqa: ARG002 - the archive says where its members are
        """See `Binding.begin`."""
        return _Tally(self.limits)


def _content(members: Iterable[tuple[str, bytes]], directory: bytes) -> dict[str, object]:
    return {
        "alg": _ALGORITHM,
        "uris": [{"uri": member_uri(name), "hash": digest} for name, digest in members],
        "zip_central_directory_hash": directory,
    }


class _Tally:
    """Waits until the archive is written: what is where is said at its end."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._derived: list[Span] = []

    def take(self, at: int, data: bytes | memoryview) -> None:
        """See `Tally.take`."""

    def skip(self, at: int, size: int) -> None:
        """See `Tally.skip`."""
        self._derived.append(Span(at, size))

    def content(self, written: Reader) -> Mapping[str, object]:
        """See `Tally.content`."""
        try:
            archive = read_archive(written, self._limits)
        except MalformedError as error:
            raise SigningError(f"the archive can't be read again: {error.message}") from None
        members = [(member.name, self._digest(written, [member.span])) for member in archive.files()]
        return _content(members, self._digest(written, directory_spans(archive)))

    def _digest(self, written: Reader, spans: Iterable[Span]) -> bytes:
        digest = hashlib.sha256()
        for span in spans:
            if any(span.start < derived.end and derived.start < span.end for derived in self._derived):
                raise SigningError("what follows from the manifest store would be part of its own hash")
            for piece in written.chunks([span]):
                digest.update(piece)
        return digest.digest()
