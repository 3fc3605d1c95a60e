"""A worker: a process that does batches of items, by judging or labelling them, and may die of one.

It reads batches from its standard input and writes rows to its standard output, each message a length of four bytes
and MessagePack. What native code prints goes nowhere. `python -c` starts it, so that a script which scans needs no
guard around its main part.
"""

import contextlib
import os
import pickle
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import BinaryIO, Final, Generic, TypeVar

import msgspec

from kzlabel.scanning.abreast import abreast
from kzlabel.scanning.craft import Craft, Doer
from kzlabel.scanning.items import Item
from kzlabel.scanning.objects import is_address
from kzlabel.scanning.record import Record
from kzlabel.sources import look_ahead

__all__ = ["COMMAND", "Batch", "Done", "main", "read_message", "write_message"]

_PATIENCE: Final = 0.05
"""Seconds for which rows are kept before they are sent."""

T = TypeVar("T", bound=Item)
R = TypeVar("R", bound=Record)

COMMAND: Final = "import sys; sys.path[:0] = [sys.argv[1]]; from kzlabel.scanning.worker import main; main()"
"""What a worker's Python is told to run; the folder that kzlabel lies in is its argument."""


class Batch(msgspec.Struct, Generic[T], frozen=True, array_like=True):
    """Work for one worker."""

    items: tuple[T, ...]
    """What to do, in this order."""

    unchanged: tuple[bool, ...]
    """Of which the content is known to be as it was when it was called intact."""

    careful: bool
    """Whether each row is sent at once, so that it is known on which item a worker died; one did before."""


class Done(msgspec.Struct, Generic[R], frozen=True, array_like=True):
    """Rows of the next items of a batch, in order."""

    rows: tuple[tuple[R, ...], ...]
    """Rows for each item."""


def read_message(stream: BinaryIO) -> bytes | None:
    """Return the next message; None at the end."""
    head = stream.read(4)
    if len(head) < 4:
        return None
    body = stream.read(int.from_bytes(head))
    return body if len(body) == int.from_bytes(head) else None


def write_message(stream: BinaryIO, body: bytes) -> None:
    """Send a message."""
    stream.write(len(body).to_bytes(4) + body)
    stream.flush()


def main() -> None:
    """Do batches until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when to stop
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    source = os.fdopen(os.dup(0), "rb")
    sink = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    said = read_message(source)
    if said is None:
        return
    craft: Craft[Item, Record] = pickle.loads(said)  # noqa: S301 - from the process that started this one
    doer = craft.doer()
    decoder = msgspec.msgpack.Decoder(Batch[craft.item])  # type: ignore[name-defined]
    encode = msgspec.msgpack.Encoder().encode
    with contextlib.suppress(BrokenPipeError):
        write_message(sink, encode(Done(())))  # it has started: from now on the time of files counts
        while not stop.is_set() and (message := read_message(source)) is not None:
            batch = decoder.decode(message)
            _work(batch, doer, lambda rows: write_message(sink, encode(Done(tuple(rows)))), stop)
    os._exit(0)  # what a library does at the end of a process may hang, and nothing is left to be done


def _work(
    batch: Batch[T], doer: Doer[T, R], send: Callable[[Sequence[tuple[R, ...]]], None], stop: threading.Event
) -> None:
    rows: list[tuple[R, ...]] = []
    sent = time.perf_counter()
    for found in _done(batch, doer, stop):
        rows.append(found)
        if batch.careful or time.perf_counter() - sent > _PATIENCE:
            send(rows)
            rows = []
            sent = time.perf_counter()
    if rows:
        send(rows)


def _done(batch: Batch[T], doer: Doer[T, R], stop: threading.Event) -> Iterator[tuple[R, ...]]:
    """Yield the rows of the items of a batch, in order; of fewer when `stop` is set."""
    pairs = zip(batch.items, batch.unchanged, strict=True)
    if any(is_address(item.name) for item in batch.items):
        if batch.careful:
            yield from (doer.do(item, unchanged=same, again=True) for item, same in _until(stop, pairs))
            return
        yield from abreast(lambda pair: doer.do(pair[0], unchanged=pair[1], again=False), _until(stop, pairs))
        return
    ahead = look_ahead([os.fsdecode(item.name) for item in batch.items])
    for (item, same), _ in zip(_until(stop, pairs), ahead, strict=False):
        yield doer.do(item, unchanged=same, again=batch.careful)


def _until(stop: threading.Event, pairs: Iterable[tuple[T, bool]]) -> Iterator[tuple[T, bool]]:
    """Pass on what there is until `stop` is set."""
    for pair in pairs:
        if stop.is_set():
            return
        yield pair
