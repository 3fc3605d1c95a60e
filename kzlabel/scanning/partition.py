"""A part of an archive, judged in the process that calls: for Spark's `mapInArrow`, Dask and Ray.

A function of its arguments alone: it writes nothing, and a part that is judged twice gives the same rows, times
aside. What it keeps from call to call is what makes the next one faster.
"""

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from itertools import groupby
from os import PathLike
from typing import TYPE_CHECKING

from kzlabel.errors import KzlabelError
from kzlabel.scanning.abreast import abreast
from kzlabel.scanning.items import Item, Trouble
from kzlabel.scanning.judging import Judge, Settings, failed
from kzlabel.scanning.objects import is_address
from kzlabel.scanning.outputs import batch_of
from kzlabel.scanning.record import Record
from kzlabel.scanning.sources import source_of
from kzlabel.trust import Trust

if TYPE_CHECKING:
    import pyarrow

__all__ = ["judged", "scan_partition"]


_kept = threading.local()


def _judge_of(settings: Settings) -> Judge:
    """Return the judge that this thread used last if the settings are the same; it knows the tools' shapes."""
    judge: Judge | None = getattr(_kept, "judge", None)
    if judge is None or _kept.settings != settings:
        judge = Judge(settings)
        _kept.judge, _kept.settings = judge, settings
    return judge


def scan_partition(
    items: Iterable[Item | Trouble | str | PathLike[str]], settings: Settings | None = None
) -> "pyarrow.RecordBatch":
    """Judge some files and return a row for each, as an Arrow table with the columns of `schema`.

    A crash of native code ends the process that calls; engines that run parts run them again elsewhere.

    Args:
        items: Paths, or items of a listing; a directory is walked. Each is taken when the one before is done with,
            but of objects several are read at once.
        settings: How they are judged; trusting nobody unless given.
    """
    return batch_of(list(judged(_listed(items), settings or Settings(trust=Trust.none()))))


def judged(
    items: Iterable[Item | Trouble],
    settings: Settings,
    watch: Callable[[Item], AbstractContextManager[object]] = nullcontext,
) -> Iterator[Record]:
    """Yield the rows of items, in their order.

    Args:
        items: What to judge.
        settings: How.
        watch: Entered while an item is judged, in the thread that does it.
    """
    judge = _judge_of(settings)

    def one(item: Item | Trouble) -> tuple[Record, ...]:
        if isinstance(item, Trouble):
            return (failed(Item(item.name, 0, 0, b""), item.reason),)
        try:
            with watch(item):
                return judge.judge(item)
        except KzlabelError as error:
            return (failed(item, str(error)),)

    for far, some in groupby(items, key=lambda item: is_address(item.name)):
        for rows in abreast(one, some) if far else map(one, some):
            yield from rows


def _listed(items: Iterable[Item | Trouble | str | PathLike[str]]) -> Iterator[Item | Trouble]:
    for given in items:
        if isinstance(given, Item | Trouble):
            yield given
        else:
            yield from source_of((os.fsencode(given),)).items()
