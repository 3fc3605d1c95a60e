"""A run: the orders of a table, carried out by workers, remembered, and gone on with."""

import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import msgspec

from kzlabel.bulk.labelling import How, Labelling
from kzlabel.bulk.orders import Order, Orders
from kzlabel.bulk.results import Result
from kzlabel.bulk.state import State
from kzlabel.credentials import Signer
from kzlabel.scanning.pool import Pool, Task
from kzlabel.verifying.verdict import Status

__all__ = ["Bulk", "Summary"]

_COMMIT: Final = 500
"""Orders after which the state is made sure of."""
_BREATH: Final = 1000
"""Orders that were done before after which a moment is asked for, so that a run can be stopped."""


class Summary(msgspec.Struct):
    """What a run has come to, so far."""

    rows: int = 0
    """Rows of the table."""

    labelled: int = 0
    """Files that carry their labels now."""

    known: int = 0
    """Files of them that were labelled by an earlier run."""

    refused: int = 0
    """Files that weren't labelled since their content stands in the way."""

    errors: int = 0
    """Files that couldn't be read or written, or that workers died of."""

    size: int = 0
    """Bytes of the labelled files."""

    statuses: Counter[str] = msgspec.field(default_factory=Counter)
    """What verifying says of the files that this run labelled."""

    complete: bool = False
    """Whether the run came to its end."""


class Bulk:
    """One run; run it once, within `with`."""

    def __init__(
        self,
        orders: Orders,
        how: How,
        signer: Signer,
        *,
        workers: int = 0,
        seconds: float = 60.0,
        state: Path | None = None,
        resume: bool = False,
    ) -> None:
        """Check the table and open the state; nothing is written yet beside that.

        Args:
            orders: What to do.
            how: How it is done; the secret and the time of content identifiers come from the state.
            signer: Whose signature the labels carry.
            workers: Processes; as many as there are processors for 0.
            seconds: How long one file may take; large ones get more.
            state: File that remembers what is done; None for none that outlives the run.
            resume: Whether `state` may hold orders that are done; those that failed are tried again.

        Raises:
            InputError: Rows of the table make no sense, or the state holds a run that isn't to be gone on with.
            OutputError: The state can't be written, or another run has it.
        """
        self._orders = orders
        self.summary = Summary(rows=orders.check())
        self._stack = ExitStack()
        if state is None:
            directory = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="kzlabel-"))
            state = Path(directory, "state")
        try:
            self._state = State(state, resume=resume)
            self._stack.callback(self._state.close)
            how = msgspec.structs.replace(
                how, seed=self._state.seed, begun=self._state.begun, resumed=not self._state.fresh
            )
            craft = Labelling(how, signer)
        except BaseException:
            self._stack.close()
            raise
        self._pool = Pool(craft, workers or os.cpu_count() or 1, seconds, kept=(self._state.kept,))

    def __enter__(self) -> "Bulk":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def workers(self) -> tuple[int, ...]:
        """The processes that work now."""
        return self._pool.pids

    def stop(self) -> None:
        """Finish what is being worked on, and end; `run` then ends, too."""
        self._pool.stopping = True

    def run(self) -> Iterator[Result | None]:
        """Do the run, and yield what became of each row when it is done; None while known ones are passed over."""
        pending = 0
        summary = self.summary
        for done in self._pool.run(self._tasks()):
            if done is None:
                yield None
                continue
            task, (row,) = done
            labelled = row.status != Status.ERROR
            self._state.remember(task.item.identity, row, done=labelled)
            pending += 1
            if pending >= _COMMIT:
                self._state.commit()
                pending = 0
            if labelled:
                summary.labelled += 1
                summary.size += row.size
                summary.statuses[row.status] += 1
            elif row.refused:
                summary.refused += 1
            else:
                summary.errors += 1
            yield row
        self._state.commit()
        summary.complete = not self._pool.stopping

    def rows(self) -> Iterator[Result]:
        """Yield what became of all rows, earlier runs' included, in the order of the table."""
        yield from self._state.rows()

    def _tasks(self) -> Iterator[Task[Order] | None]:
        for order in self._orders:
            if self._pool.stopping:
                return
            if self._state.known(order.identity):
                self._state.seen(order.identity, order.number)
                self.summary.known += 1
                self.summary.labelled += 1
                if self.summary.known % _BREATH == 0:
                    yield None
                continue
            yield Task(order)
