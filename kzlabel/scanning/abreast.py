"""Doing several items at once in one process: objects of a store, which mostly wait for the network."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, TypeVar

__all__ = ["AHEAD", "THREADS", "abreast"]

T = TypeVar("T")
R = TypeVar("R")

THREADS: Final = 32
"""Items that are being worked on."""
AHEAD: Final = 4
"""Times as many items are taken, so that a slow one holds up nothing for a while."""


def abreast(work: Callable[[T], R], items: Iterable[T], threads: int = THREADS) -> Iterator[R]:
    """Yield what `work` returns for each item, in the order of the items.

    Whoever stops taking them waits for the items that are being worked on, and no others are begun.
    """
    waiting: deque[Future[R]] = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix="abreast") as pool:
        try:
            for item in items:
                waiting.append(pool.submit(work, item))
                while waiting and (waiting[0].done() or len(waiting) >= AHEAD * threads):
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
