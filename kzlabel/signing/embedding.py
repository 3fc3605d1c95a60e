"""Writing a labelled file: the format's recipe is followed, the content is bound, and the store is put in last."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import BinaryIO, Final

import msgspec

from kzlabel.errors import MalformedError, SigningError
from kzlabel.files import Reader
from kzlabel.formats import Derived, Embedder, Format, Located, Splice
from kzlabel.limits import Limits
from kzlabel.signing.bindings.base import Binding, Tally
from kzlabel.signing.bindings.data import DATA_HASH
from kzlabel.signing.composer import Draft
from kzlabel.spans import Span

__all__ = ["Compose", "Plan", "check_built", "embed", "plan", "write"]

Compose = Callable[[str, int], Draft]
"""Drafts a manifest, given the label and the size of its hard binding."""


class Plan(msgspec.Struct, frozen=True):
    """What is going to be written, all of it known to fit together."""

    source: Reader
    """The file that is labelled."""

    draft: Draft
    """The new manifest."""

    splice: Splice
    """Where its store goes."""

    binding: Binding
    """How the content is bound."""

    form: Embedder
    """The format of the file."""

    limits: Limits
    """How much work the labelled file may cause."""


def embed(
    source: Reader,
    form: Embedder,
    located: Located,
    compose: Compose,
    destination: BinaryIO,
    limits: Limits,
    *,
    binding: Binding = DATA_HASH,
) -> None:
    """Write `source` with a new manifest store to `destination`: `plan` and `write` in one.

    Raises:
        SigningError: The container has no place for a store, or its recipe and the binding don't go together.
        OSError: `destination` can't be written.
    """
    try:
        planned = plan(source, form, located, compose, limits, binding=binding)
    except MalformedError as error:
        raise SigningError(f"the file can't be labelled: {error.message}") from None
    write(planned, destination)


def plan(
    source: Reader,
    form: Embedder,
    located: Located,
    compose: Compose,
    limits: Limits,
    *,
    binding: Binding = DATA_HASH,
) -> Plan:
    """Find a draft and a recipe that agree on the size of the store; nothing is written.

    Args:
        source: The file to label.
        form: Its format.
        located: What `form.locate` found in it, which will be left out.
        compose: Drafts the manifest.
        limits: How much work the source may cause.
        binding: How the content is bound.

    Raises:
        MalformedError: The container has no place for a store, or what it carries can't be kept.
    """
    places = 1
    while True:
        draft = compose(binding.label, binding.size(source, places))
        weigh = _weigh(form)
        if weigh is not None:
            draft = draft.weighed(weigh)
        splice = form.splice(source, located, draft.weight or draft.store_size, limits)
        if len(splice.excluded) <= places:
            return Plan(source, draft, splice, binding, form, limits)
        places = len(splice.excluded)


def _weigh(form: Embedder) -> Callable[[bytes], int] | None:
    """Return how the format weighs stores, if it does; see `Embedder`."""
    return getattr(form, "weigh", None)


def write(planned: Plan, destination: BinaryIO) -> None:
    """Write the labelled file from the present position of `destination` on; the source is read once, in pieces.

    Args:
        planned: What to write.
        destination: Seekable, readable and writable; holds garbage after an error.

    Raises:
        SigningError: The source became shorter, or its recipe and the binding don't go together.
        OSError: `destination` can't be written.
    """
    tally = planned.binding.begin(planned.splice)
    base = destination.tell()
    try:
        gaps, end = _copy(planned.source, planned.splice, tally, destination, base)
        store = planned.draft.finish(tally.content(_Written(destination, base, end - base)))
    except MalformedError as error:
        raise SigningError(f"the file can't be labelled: {error.message}") from None
    weigh = _weigh(planned.form)
    if weigh is not None:
        store = planned.draft.level(store, weigh)
    for at, derived in gaps:
        data = derived.make(store)
        if len(data) != derived.size:
            raise SigningError(f"the carrier of the store has {len(data)} bytes instead of {derived.size}")
        destination.seek(at)
        destination.write(data)
    _check(planned, _Written(destination, base, end - base), [Span(at - base, one.size) for at, one in gaps])
    destination.seek(end)


def _check(planned: Plan, written: Reader, derived: Sequence[Span]) -> None:
    """Look for the store as a verifier will: a source that contradicts itself may end in an unreadable file.

    Raises:
        SigningError: The store isn't found in the labelled file where it was put, or another one is.
    """
    located = _located(planned.form, written, planned.limits)
    places = {span for carrier in located.carriers for span in carrier.excluded}
    # What is left out besides the store, such as the place of a later signature, is no carrier's.
    stores = {
        span for span in planned.splice.excluded if any(s.start < span.end and span.start < s.end for s in derived)
    }
    if located.damage or len(located.carriers) != 1 or not places.issuperset(stores):
        why = located.damage or "what it holds hides the new manifest store"
        raise SigningError(f"the file can't be labelled: {why}")


def check_built(form: Format, written: BinaryIO, limits: Limits) -> None:
    """Look for the one store in a labelled file that another engine wrote, beginning at offset 0.

    What it wrote may say things that no verifier here looks through, so that nobody would ever trust the label.

    Raises:
        SigningError: No store is found, or more than one.
    """
    located = _located(form, _Written(written, 0, written.seek(0, os.SEEK_END)), limits)
    if len(located.carriers) != 1:
        why = located.damage or "what it holds hides the new manifest store"
        raise SigningError(f"the file can't be labelled: {why}")


def _located(form: Format, written: Reader, limits: Limits) -> Located:
    try:
        return form.locate(written, limits)
    except MalformedError as error:
        raise SigningError(f"the file can't be labelled: {error.message}") from None


def _copy(
    source: Reader, splice: Splice, tally: Tally, destination: BinaryIO, base: int
) -> tuple[list[tuple[int, Derived]], int]:
    """Write all that is known already; return where the rest belongs, and where the file ends."""
    gaps: list[tuple[int, Derived]] = []
    at = 0
    for part in splice.parts:
        if isinstance(part, Derived):
            tally.skip(at, part.size)
            gaps.append((base + at, part))
            destination.write(bytes(part.size))
            at += part.size
            continue
        for piece in (part,) if isinstance(part, bytes) else source.chunks([part]):
            tally.take(at, piece)
            destination.write(piece)
            at += len(piece)
    return gaps, base + at


class _Written:
    """A `Reader` over what was written to a stream; the places of the store are still empty in it."""

    def __init__(self, stream: BinaryIO, base: int, size: int) -> None:
        self._stream = stream
        self._base = base
        self.size = size

    @property
    def head(self) -> bytes:
        """See `Reader.head`."""
        return self.read(0, min(_HEAD, self.size))

    def read(self, offset: int, length: int) -> bytes:
        """See `Reader.read`."""
        if offset < 0 or length < 0 or offset + length > self.size:
            raise MalformedError(f"the file ends inside the {length} bytes at {offset}")
        self._stream.seek(self._base + offset)
        data = self._stream.read(length)
        if len(data) != length:
            raise MalformedError("the file became shorter while it was written")
        return data

    def chunks(self, spans: Iterable[Span]) -> Iterator[memoryview]:
        """See `Reader.chunks`."""
        for span in spans:
            at = span.start
            while at < span.end:
                piece = self.read(at, min(_PIECE, span.end - at))
                yield memoryview(piece)
                at += len(piece)

    def stream(self) -> BinaryIO:
        """See `Reader.stream`; only for a file that begins where the stream does."""
        self._stream.seek(self._base, os.SEEK_SET)
        return self._stream


_PIECE: Final = 1 << 18
_HEAD: Final = 1 << 14
