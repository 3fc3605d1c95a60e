"""Workers, and what happens when one dies or hangs: at most the file that it was at is lost, and that is said.

A worker that ends without a word has died of one of the items that it hadn't answered for. Those are given to the
next worker carefully, one row at a time; the one at which that one dies, too, gets a third worker for itself, and
if it kills that as well it is reported.
"""

import contextlib
import os
import pickle
import selectors
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Generic, TypeVar

import msgspec

from kzlabel.scanning.craft import Craft
from kzlabel.scanning.items import Item
from kzlabel.scanning.record import Record
from kzlabel.scanning.worker import COMMAND, Batch, Done

__all__ = ["Pool", "Task"]

_MOST: Final = 256
"""Items in one batch."""
_WEIGHT: Final = 64 * 1024 * 1024
"""Bytes of content in one batch, so that one large file doesn't hold up the rest."""
_AHEAD: Final = 32_768
"""Bytes that surely fit into a pipe: so much is sent to a worker that is still busy."""
_SPEED: Final = 5_000_000
"""Bytes that a file may take a second for, beside the time limit."""
_STARTING: Final = 60.0
"""Seconds that a worker gets for starting, which a busy machine may need."""
_TICK: Final = 0.25
_GRACE: Final = 10.0
"""Seconds that workers get for the files that they are at when a scan is to stop."""
_HOME: Final = str(Path(__file__).parents[2])


T = TypeVar("T", bound=Item)
R = TypeVar("R", bound=Record)


class Task(msgspec.Struct, Generic[T], frozen=True):
    """An item to do."""

    item: T
    """What."""

    unchanged: bool = False
    """Whether its content is known; see `Doer.do`."""


class _Assigned(msgspec.Struct, Generic[T]):
    """A batch that a worker has."""

    tasks: deque[Task[T]]
    careful: bool
    alone: bool


class _Worker(Generic[T, R]):
    """One process."""

    def __init__(self, craft: bytes, row: type[R], kept: tuple[int, ...]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", COMMAND, _HOME],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=kept,
        )
        assert self._process.stdin is not None  # noqa: S101 - asked for above
        assert self._process.stdout is not None  # noqa: S101 - as above
        self._sink = self._process.stdin
        self.descriptor = self._process.stdout.fileno()
        self._source = self._process.stdout
        self.pid = self._process.pid
        self.assigned: deque[_Assigned[T]] = deque()
        self.heard = time.monotonic()
        self.ready = False
        self._buffer = bytearray()
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(Done[row]).decode  # type: ignore[valid-type]
        self._send(craft)

    def assign(self, tasks: list[Task[T]], *, careful: bool, alone: bool = False) -> None:
        """Give work to the worker; if it has ended already, that is noticed when it is read from."""
        if not self.assigned:
            self.heard = time.monotonic()
        self.assigned.append(_Assigned(deque(tasks), careful, alone))
        batch = Batch(tuple(task.item for task in tasks), tuple(task.unchanged for task in tasks), careful)
        self._send(self._encode(batch))

    def _send(self, body: bytes) -> None:
        with contextlib.suppress(BrokenPipeError, ValueError):
            self._sink.write(len(body).to_bytes(4) + body)
            self._sink.flush()

    def receive(self) -> list[tuple[Task[T], tuple[R, ...]]] | None:
        """Return the rows that have come; None when the worker has ended."""
        data = os.read(self.descriptor, 1 << 20)
        if not data:
            return None
        self.heard = time.monotonic()
        self.ready = True
        self._buffer += data
        found: list[tuple[Task[T], tuple[R, ...]]] = []
        at = 0
        while len(self._buffer) - at >= 4:
            end = at + 4 + int.from_bytes(self._buffer[at : at + 4])
            if end > len(self._buffer):
                break
            for rows in self._decode(bytes(self._buffer[at + 4 : end])).rows:
                found.append((self.assigned[0].tasks.popleft(), rows))
                if not self.assigned[0].tasks:
                    self.assigned.popleft()
            at = end
        del self._buffer[:at]
        return found

    def stop(self) -> None:
        """Have the worker finish the file that it is at, and end."""
        self._process.terminate()

    def end(self, *, kill: bool = False) -> str:
        """Wait for the end of the worker; return how it ended."""
        if kill:
            self._process.kill()
        with contextlib.suppress(BrokenPipeError):
            self._sink.close()
        code = self._process.wait()
        self._source.close()
        return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"


class Pool(Generic[T, R]):
    """Some workers that do a stream of items."""

    def __init__(self, craft: Craft[T, R], workers: int, seconds: float, kept: tuple[int, ...] = ()) -> None:
        """Prepare a pool; it starts when it is run.

        Args:
            craft: What is done with items.
            workers: How many processes.
            seconds: How long a file may take; large ones get more.
            kept: Descriptors that workers hold open, too, such as those of locks.
        """
        self._craft = craft
        self._said = pickle.dumps(craft)
        self._kept = kept
        self._count = max(1, workers)
        self._seconds = seconds
        self._again: deque[tuple[list[Task[T]], bool]] = deque()
        self._died: set[bytes] = set()
        self._workers: dict[int, _Worker[T, R]] = {}
        self._paused = False
        self.stopping = False

    @property
    def pids(self) -> tuple[int, ...]:
        """The workers' processes."""
        return tuple(worker.pid for worker in self._workers.values())

    def run(self, tasks: Iterator[Task[T] | None]) -> Iterator[tuple[Task[T], tuple[R, ...]] | None]:
        """Yield the rows of all items, in the order in which they are done.

        Few more tasks are taken than are being worked on. A task that is None asks for a moment: None is yielded
        then. When `stopping` is set no more are taken, and those that workers are at are finished within ten
        seconds or left out.
        """
        selector = selectors.DefaultSelector()
        more, deadline = True, 0.0
        try:
            while True:
                if self.stopping:
                    more = False
                    self._again.clear()
                    if not deadline:
                        deadline = time.monotonic() + _GRACE
                        for worker in self._workers.values():
                            worker.stop()
                    if time.monotonic() > deadline:
                        return
                else:
                    more = self._feed(tasks, selector, more=more)
                if self._paused:
                    yield None
                busy = [worker for worker in self._workers.values() if worker.assigned]
                if not busy and not more and not self._again:
                    return
                for key, _ in selector.select(0 if self._paused else _TICK):
                    yield from self._heard(self._workers[key.fd], selector)
                yield from self._late(selector)
        finally:
            for worker in self._workers.values():
                selector.unregister(worker.descriptor)
                worker.end(kill=bool(worker.assigned))
                self._craft.died(worker.pid, [task.item for one in worker.assigned for task in one.tasks])
            self._workers.clear()
            selector.close()

    def _feed(self, tasks: Iterator[Task[T] | None], selector: selectors.BaseSelector, *, more: bool) -> bool:
        """Give work to those that have none, or little; return whether there may be more of it."""
        self._paused = False
        while (more or self._again) and not self._paused:
            worker = next((one for one in self._workers.values() if not one.assigned), None)
            if worker is None and len(self._workers) < self._count:
                worker = _Worker(self._said, self._craft.row, self._kept)
                self._workers[worker.descriptor] = worker
                selector.register(worker.descriptor, selectors.EVENT_READ)
            ahead = worker is None
            if worker is None:
                worker = next((one for one in self._workers.values() if len(one.assigned) == 1), None)
            if worker is None:
                return more
            if self._again:
                if ahead:
                    return more
                again, alone = self._again.popleft()
                worker.assign(again, careful=True, alone=alone)
                continue
            batch, ended = self._batch(tasks)
            more = more and not ended
            if not batch:
                continue
            if ahead and sum(len(task.item.name) + 64 for task in batch) > _AHEAD:
                self._again.append((batch, False))
                return more
            worker.assign(batch, careful=False)
        return more

    def _heard(
        self, worker: _Worker[T, R], selector: selectors.BaseSelector
    ) -> Iterator[tuple[Task[T], tuple[R, ...]]]:
        found = worker.receive()
        if found is not None:
            yield from found
            return
        yield from self._lost(worker, selector, kill=False)

    def _late(self, selector: selectors.BaseSelector) -> Iterator[tuple[Task[T], tuple[R, ...]]]:
        """End workers that are at one file for too long."""
        now = time.monotonic()
        for worker in list(self._workers.values()):
            if not worker.assigned:
                continue
            first = worker.assigned[0]
            allowed = self._seconds + first.tasks[0].item.size / _SPEED
            if not first.careful:  # several may have been done since it was heard of
                allowed = self._seconds + max(task.item.size for task in first.tasks) / _SPEED
            if now - worker.heard > allowed + (0 if worker.ready else _STARTING):
                yield from self._lost(worker, selector, kill=True)

    def _lost(
        self, worker: _Worker[T, R], selector: selectors.BaseSelector, *, kill: bool
    ) -> Iterator[tuple[Task[T], tuple[R, ...]]]:
        """Deal with a worker that ended, or is to end: report what it died of, or find that out."""
        del self._workers[worker.descriptor]
        selector.unregister(worker.descriptor)
        waited = time.monotonic() - worker.heard
        how = worker.end(kill=kill)
        self._craft.died(worker.pid, [task.item for one in worker.assigned for task in one.tasks])
        if self.stopping:
            return
        for number, assigned in enumerate(worker.assigned):
            tasks = list(assigned.tasks)
            if number or not assigned.careful:
                self._again.append((tasks, False))
                continue
            first, *rest = tasks
            if rest:
                self._again.append((rest, False))
            if kill:
                yield first, (self._craft.failed(first.item, f"it took longer than {waited:.0f} seconds", waited),)
            elif assigned.alone:
                yield first, (self._craft.failed(first.item, f"worker died: it {how}", waited),)
            else:
                self._again.append(([first], True))

    def _batch(self, tasks: Iterator[Task[T] | None]) -> tuple[list[Task[T]], bool]:
        """Return work for one worker, and whether there is no more."""
        batch: list[Task[T]] = []
        weight = 0
        for task in tasks:
            if task is None:
                self._paused = True
                return batch, False
            batch.append(task)
            weight += 0 if task.unchanged else task.item.size
            if len(batch) >= _MOST or weight >= _WEIGHT:
                return batch, False
        return batch, True
