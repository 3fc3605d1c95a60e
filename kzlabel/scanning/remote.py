"""What a cluster's worker does: one part, from items to a Parquet file on the shared path.

A file that takes too long ends the process that is at it, after a note of which one it was is left beside the
parts: nothing gentler stops native code.
"""

import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self

import msgspec

from kzlabel.errors import InputError
from kzlabel.scanning.abreast import AHEAD
from kzlabel.scanning.items import Item, Trouble
from kzlabel.scanning.judging import Settings
from kzlabel.scanning.objects import is_address
from kzlabel.scanning.outputs import batch_of
from kzlabel.scanning.partition import judged
from kzlabel.scanning.parts import PIECES, Tally, read_tally, write_rows
from kzlabel.sources import look_ahead
from kzlabel.version import __version__

__all__ = ["SPEED", "Late", "late_note", "work"]

SPEED: Final = 5_000_000
"""Bytes that a file may take a second for, beside the time limit."""
_TICK: Final = 0.25
_DEAF: Final = 5.0
"""Seconds after which the system ends a process whose native code lets no other thread have its say."""


class Late(msgspec.Struct, frozen=True):
    """Which item took too long."""

    at: int
    """Its place among the items of the task."""

    seconds: float
    """How long it had taken."""


def late_note(path: Path) -> Path:
    """Return where it is noted that an item of the task that writes `path` took too long."""
    pieces = path.parent if path.parent.name == PIECES else path.parent / PIECES
    return pieces / f"late-{path.stem}.json"


class _Watch:
    """Ends this process when one item takes too long, and leaves a note of it."""

    def __init__(self, seconds: float, path: Path, items: Sequence[Item | Trouble]) -> None:
        self._seconds = seconds
        self._note = late_note(path)
        self._items = items
        self._places = {id(item): at for at, item in enumerate(items)}
        self._judged: dict[int, tuple[float, float]] = {}
        self._far = any(is_address(item.name) for item in items)
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        self._done.set()
        self._thread.join()

    def passing(self) -> Iterator[Item | Trouble]:
        """Yield the items; the disk is asked for the next ones early."""
        names = [os.fsdecode(item.name) for item in self._items]
        for item, _ in zip(self._items, names if self._far else look_ahead(names), strict=True):
            rounds = AHEAD + 1 if self._far else 1  # so many may come before it in its thread
            signal.setitimer(signal.ITIMER_REAL, rounds * self._allowed(item) + _DEAF)
            yield item

    @contextmanager
    def watching(self, item: Item) -> Iterator[None]:
        """Count the time of an item while it is judged."""
        at = self._places[id(item)]
        self._judged[at] = (time.monotonic(), self._allowed(item))
        try:
            yield
        finally:
            del self._judged[at]

    def _allowed(self, item: Item | Trouble) -> float:
        return self._seconds + (item.size / SPEED if isinstance(item, Item) else 0)

    def _look(self) -> None:
        while not self._done.wait(_TICK):
            now = time.monotonic()
            for at, (begun, allowed) in list(self._judged.items()):
                if now - begun > allowed and at in self._judged:
                    self._note.parent.mkdir(exist_ok=True)
                    self._note.write_bytes(msgspec.json.encode(Late(at, now - begun)))
                    os.kill(os.getpid(), signal.SIGKILL)


def work(items: Sequence[Item | Trouble], settings: Settings, path: Path, seconds: float, version: str) -> Tally:
    """Judge items and write their rows to `path`, unless they are there.

    Args:
        items: What to judge.
        settings: How.
        path: Where to write, on a file system that all nodes share.
        seconds: How long a file may take; large ones get more.
        version: Version of kzlabel that the scan has; rows of different ones would not belong together.

    Raises:
        InputError: This machine has another version of kzlabel, or doesn't see the directory.
        OutputError: The rows can't be written.
    """
    if version != __version__:
        raise InputError(f"a node has kzlabel {__version__}, the scan {version}", "install the same one everywhere")
    if not path.parent.is_dir():
        raise InputError(f"a node doesn't see {path.parent}", "name a directory that all nodes share")
    if path.exists() and (done := read_tally(path)) is not None:
        return done
    with _Watch(seconds, path, items) as watch:
        batch = batch_of(list(judged(watch.passing(), settings, watch.watching)))
    real = [item for item in items if isinstance(item, Item)]
    return write_rows(path, [batch], len(real), sum(item.size for item in real))
