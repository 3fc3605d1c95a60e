"""What a cluster's worker does: one part, from items to a Parquet file on the shared path.

A file that takes too long ends the process that is at it, after a note of which one it was is left beside the
parts: nothing gentler stops native code.
"""

import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, Self

import msgspec

from kzlabel.errors import InputError
from kzlabel.scanning.items import Item, Trouble
from kzlabel.scanning.judging import Settings
from kzlabel.scanning.objects import is_address
from kzlabel.scanning.partition import scan_partition
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

    def __init__(self, seconds: float, path: Path) -> None:
        self._seconds = seconds
        self._note = late_note(path)
        self._at = -1
        self._begun = 0.0
        self._allowed = float("inf")
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        self._done.set()
        self._thread.join()

    def passing(self, items: Sequence[Item | Trouble]) -> Iterator[Item | Trouble]:
        """Yield the items, each when the one before is done with; the disk is asked for the next ones early."""
        names = [os.fsdecode(item.name) for item in items]
        ahead = names if any(is_address(item.name) for item in items) else look_ahead(names)
        for at, (item, _) in enumerate(zip(items, ahead, strict=True)):
            allowed = self._seconds + (item.size / SPEED if isinstance(item, Item) else 0)
            self._at, self._begun, self._allowed = at, time.monotonic(), allowed
            signal.setitimer(signal.ITIMER_REAL, allowed + _DEAF)
            yield item
        self._allowed = float("inf")

    def _look(self) -> None:
        while not self._done.wait(_TICK):
            at, waited = self._at, time.monotonic() - self._begun
            if waited > self._allowed and at == self._at:
                self._note.parent.mkdir(exist_ok=True)
                self._note.write_bytes(msgspec.json.encode(Late(at, waited)))
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
    with _Watch(seconds, path) as watch:
        batch = scan_partition(watch.passing(items), settings)
    real = [item for item in items if isinstance(item, Item)]
    return write_rows(path, [batch], len(real), sum(item.size for item in real))
