"""A part of an archive, judged in the process that calls: for Spark's `mapInArrow`, Dask and Ray.

A function of its arguments alone: it writes nothing, and a part that is judged twice gives the same rows, times
aside. What it keeps from call to call is what makes the next one faster.
"""

import os
import threading
from collections.abc import Iterable
from os import PathLike
from typing import TYPE_CHECKING

from kzlabel.errors import KzlabelError
from kzlabel.scanning.items import Item, Trouble
from kzlabel.scanning.judging import Judge, Settings, failed
from kzlabel.scanning.outputs import batch_of
from kzlabel.scanning.walking import Tree
from kzlabel.trust import Trust

if TYPE_CHECKING:
    import pyarrow

    from kzlabel.scanning.record import Record

__all__ = ["scan_partition"]


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
        items: Paths, or items of a listing; a directory is walked. Each is taken when the one before is done with.
        settings: How they are judged; trusting nobody unless given.
    """
    judge = _judge_of(settings or Settings(trust=Trust.none()))
    rows: list[Record] = []
    for given in items:
        listed = (given,) if isinstance(given, Item | Trouble) else Tree(roots=(os.fsencode(given),)).items()
        for item in listed:
            if isinstance(item, Trouble):
                rows.append(failed(Item(item.name, 0, 0, b""), item.reason))
                continue
            try:
                rows += judge.judge(item)
            except KzlabelError as error:
                rows.append(failed(item, str(error)))
    return batch_of(rows)
