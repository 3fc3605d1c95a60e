"""How far a scan is, shown a few times a second to whoever watches: what is done, and how long the rest takes.

A scan lists files no faster than it judges them. So that it is known how many there are, they are counted
meanwhile, which takes microseconds for each.
"""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Self

from kzlabel.cli.speech import say
from kzlabel.scanning import Item, Scan, Source, Summary
from kzlabel.scanning.cluster import ClusterScan

__all__ = ["Ahead", "progress", "progress_line"]

_OFTEN = 0.2


class Ahead:
    """Counts the items of a source in a thread of its own."""

    def __init__(self, source: Source) -> None:
        """Prepare counting; it begins with `with`."""
        self._source = source
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._count, daemon=True)
        self.files = 0
        """How many were found so far."""

        self.whole = False
        """Whether that is all of them."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def _count(self) -> None:
        for item in self._source.items():
            if self._stopping.is_set():
                return
            self.files += isinstance(item, Item)
        self.whole = True


@contextmanager
def progress(scan: Scan | ClusterScan, counted: Source | None, *, quiet: bool) -> Iterator[Callable[[], None]]:
    """Offer a function that shows how far `scan` is, to be called for every row.

    Args:
        scan: The scan.
        counted: What it scans, to be counted meanwhile; None where that would cost too much.
        quiet: Whether nothing is shown, as where standard error is no terminal.
    """
    if quiet or not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console  # noqa: PLC0415 - only for a terminal
    from rich.live import Live  # noqa: PLC0415 - as above

    begun, shown = time.monotonic(), 0.0
    counting = nullcontext() if counted is None else Ahead(counted)
    with counting as ahead, Live(console=Console(stderr=True), auto_refresh=False, transient=True) as live:

        def tell() -> None:
            nonlocal shown
            now = time.monotonic()
            if now - shown >= _OFTEN:
                shown = now
                total = ahead.files if ahead is not None and ahead.whole else 0
                live.update(progress_line(scan.summary, now - begun, total), refresh=True)

        yield tell


def progress_line(done: Summary, seconds: float, total: int) -> str:
    """Return what is shown after `seconds`; `total` is 0 while it isn't known how many files there are."""
    speed = done.files / max(seconds, 0.001)
    told = {
        "files": f"{done.files:,}",
        "speed": f"{speed:,.0f}",
        "size": f"{done.size / 1e9:,.1f}",
        "seconds": f"{seconds:,.0f}",
        "invalid": f"{done.statuses['invalid']:,}",
        "errors": f"{done.statuses['error']:,}",
    }
    if not total or not speed:
        return say("{files} files, {speed}/s, {size} GB, {seconds} s, {invalid} invalid, {errors} errors", **told)
    told |= {"total": f"{total:,}", "left": f"{max(0.0, total - done.files) / speed:,.0f}"}
    return say(
        "{files} of {total} files, {speed}/s, {size} GB, {left} s left, {invalid} invalid, {errors} errors",
        **told,
    )
