"""Tasks of a scan on a cluster, and what becomes of one whose worker dies.

It is given to another worker. A part that kills that, too, is cut in halves, and those in halves, until the file is
found that does it; it is reported alone, and the rows of the others are joined to the one part again.
"""

import time
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from kzlabel.scanning.items import Item, Trouble
from kzlabel.scanning.judging import failed
from kzlabel.scanning.outputs import batch_of
from kzlabel.scanning.parts import Part, Tally, digest_of, read_batches, write_rows
from kzlabel.scanning.record import Record
from kzlabel.scanning.remote import Late, late_note

__all__ = ["Job", "Pieces", "after_death", "join"]

_WHOLE: Final = 2
"""Workers that a part may kill before it is cut."""
_ALONE: Final = 3
"""Workers that may die at a file that they have alone before it is given up."""


class Pieces(msgspec.Struct):
    """A part that was cut since it kills its workers."""

    part: Part
    done: dict[int, Path | Record] = {}
    """What has come of it: files of rows, and the rows of what killed, by their place."""

    left: int = 1
    """Tasks that are to come."""


class Job(msgspec.Struct):
    """One task: items of a part from `start` on."""

    part: Part
    start: int
    items: tuple[Item | Trouble, ...]
    path: Path
    """Where its rows are to be."""

    whole: Pieces | None = None
    """The part that it is a piece of."""

    deaths: int = 0
    """Workers that died at it."""

    machines: int = 0
    """Machines that were lost under it."""

    begun: float = 0.0


def after_death(job: Job, why: str, pieces: Path) -> list[Job]:
    """Return what is to be done after the worker of a task died; what needs no doing is noted in `job.whole`.

    Args:
        job: The task.
        why: What the worker died of.
        pieces: Directory for the rows of pieces.
    """
    job.deaths += 1
    alone = len(job.items) == 1
    late = _late(job.path)
    if late is not None and late.at < len(job.items):
        why = f"it took longer than {late.seconds:.0f} seconds"
        return _without(job, late.at, why, late.seconds, pieces)
    if alone and job.deaths >= _ALONE:
        return _without(job, 0, f"worker died: {why}", time.monotonic() - job.begun, pieces)
    if alone or (job.whole is None and job.deaths < _WHOLE):
        return [job]
    middle = len(job.items) // 2
    return _cut(job, middle, middle, pieces)


def _without(job: Job, at: int, why: str, seconds: float, pieces: Path) -> list[Job]:
    """Give up one item, and return the rest."""
    rest = _cut(job, at, at + 1, pieces)
    item = job.items[at]
    lost = item if isinstance(item, Item) else Item(item.name, 0, 0, b"")
    assert job.whole is not None  # noqa: S101 - cutting sees to it
    job.whole.done[job.start + at] = failed(lost, why, seconds)
    return rest


def _cut(job: Job, end: int, start: int, pieces: Path) -> list[Job]:
    """Return a task's items up to `end` and from `start` on as tasks of their own."""
    whole = job.whole = job.whole or Pieces(job.part)
    made = []
    for at, items in ((0, job.items[:end]), (start, job.items[start:])):
        if items:
            name = f"piece-{job.part.number:09}-{digest_of(items)}.parquet"
            made.append(Job(job.part, job.start + at, items, pieces / name, whole))
    whole.left += len(made) - 1
    return made


def join(whole: Pieces, path: Path) -> Tally:
    """Write the part of which all pieces are done, in the order of its items; return what it comes to."""
    batches = []
    for _, done in sorted(whole.done.items(), key=lambda one: one[0]):
        batches += [batch_of([done])] if isinstance(done, Record) else read_batches(done)
    items = [item for item in whole.part.items if isinstance(item, Item)]
    tally = write_rows(path, batches, len(items), sum(item.size for item in items))
    for done in whole.done.values():
        if isinstance(done, Path):
            done.unlink(missing_ok=True)
    return tally


def _late(path: Path) -> Late | None:
    """Return what the worker noted that ended itself."""
    note = late_note(path)
    try:
        return msgspec.json.decode(note.read_bytes(), type=Late)
    except (OSError, msgspec.DecodeError):
        return None
    finally:
        with suppress(OSError):
            note.unlink()
