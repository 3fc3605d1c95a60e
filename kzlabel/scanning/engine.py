"""A scan: items from a source, judged by workers, remembered, and written as they come."""

import hashlib
import os
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from kzlabel.errors import OutputError
from kzlabel.markers.rules import load
from kzlabel.scanning.craft import Judging
from kzlabel.scanning.items import Item, Source, Trouble
from kzlabel.scanning.judging import Settings, failed
from kzlabel.scanning.outputs import Output, open_output
from kzlabel.scanning.pool import Pool, Task
from kzlabel.scanning.record import Record
from kzlabel.scanning.state import Known, Run, State
from kzlabel.verifying.verdict import Status
from kzlabel.version import __version__

__all__ = ["Options", "Scan", "Summary", "policy_of"]

_COMMIT: Final = 1000
"""Rows after which the state is made sure of."""
_BREATH: Final = 10_000
"""Items after which a moment is asked for in any case, so that a scan can be stopped."""
_INTACT: Final = frozenset({Status.TRUSTED.value, Status.VALID.value})
_NOBODYS: Final = frozenset({Status.UNLABELLED.value, Status.UNSUPPORTED.value, Status.DECLARED.value})
"""What is said without asking whom one trusts."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How a scan goes about it."""

    workers: int = 0
    """Processes; as many as there are processors for 0."""

    seconds: float = 60.0
    """How long one file may take; large ones get more."""

    state: Path | None = None
    """Where to remember what was found; nothing is remembered for None."""

    resume: bool = False
    """Whether to go on with a scan that was cut off."""

    replay: bool = False
    """Whether a scan that is gone on with yields the rows of its former part, too."""

    out: Path | None = None
    """Where rows are written: `.jsonl`, `.csv` or `.parquet`."""

    replace: bool = False
    """Whether a file at `out` may be replaced."""


class Summary(msgspec.Struct):
    """What a scan has come to, so far."""

    files: int = 0
    """Items that were judged, members of archives not counted."""

    rows: int = 0
    """Rows, theirs included."""

    size: int = 0
    """Bytes of the items."""

    known: int = 0
    """Items that were as before, and not read again."""

    hard_links: int = 0
    """Items that are further names of files with several."""

    statuses: Counter[str] = msgspec.field(default_factory=Counter)
    """How many rows have each status."""

    ai: Counter[str] = msgspec.field(default_factory=Counter)
    """How many rows have each AI level."""

    changes: Counter[str] = msgspec.field(default_factory=Counter)
    """How many rows are new, changed, same, vanished."""

    lacking: int = 0
    """Rows that lack something that a regime asks for."""

    left_out: Counter[str] = msgspec.field(default_factory=Counter)
    """What was left out on purpose, by reason."""

    complete: bool = False
    """Whether the scan came to its end."""


class Scan:
    """One scan; run it once.

    Iterating over `run` does the work: rows come as they are done, in no particular order.
    """

    def __init__(self, source: Source, settings: Settings, options: Options, roots: tuple[bytes, ...] = ()) -> None:
        """Prepare a scan.

        Args:
            source: Where items come from.
            settings: How they are judged.
            options: How the scan goes about it.
            roots: What `source` covers wholly, for telling which files vanished; empty where that isn't known.
        """
        self._source = source
        self._settings = settings
        self._options = options
        self._roots = roots
        self._policy = policy_of(settings)
        self._pool = Pool(Judging(settings), options.workers or os.cpu_count() or 1, options.seconds)
        self._ready: deque[tuple[Item | None, tuple[Record, ...], Known | None]] = deque()
        self._before: dict[bytes, Known] = {}
        self._linked: set[bytes] = set()
        self.summary = Summary()

    @property
    def workers(self) -> tuple[int, ...]:
        """The processes that work now."""
        return self._pool.pids

    def stop(self) -> None:
        """Finish what is being worked on, and end; `run` then ends, too."""
        self._pool.stopping = True

    def run(self) -> Iterator[Record]:
        """Do the scan, and yield each row when it has been written.

        Raises:
            OutputError: The state or the output can't be written.
            InputError: There is another scan to go on with.
        """
        options = self._options
        state = None if options.state is None else State(options.state)
        output: Output | None = None
        complete = False
        try:
            run = self._begin(state)
            if options.out is not None:
                replace = options.replace or run.resumed
                output = open_output(options.out, position=run.position, replace=replace)
            if run.resumed and state is not None:
                for rows in state.of_run(run.number):
                    self._tell(rows, output if output is not None and output.rewritten else None)
                    self.summary.files += 1
                    if options.replay:
                        yield from rows
            pending = 0
            for item, rows, before in self._judged(state, run):
                rows = self._compared(rows, before, state)  # noqa: PLW2901 - the same, with how they changed
                self._record(item, rows, before, state, run, output)
                pending += len(rows)
                if pending >= _COMMIT:
                    self._sure(state, run, output)
                    pending = 0
                yield from rows
            complete = not self._pool.stopping
            if state is not None and complete:
                yield from self._vanished(state, run, output)
            self._sure(state, run, output)
            if state is not None and complete:
                state.finish(run.number)
            self.summary.complete = complete
        except OSError as error:
            raise OutputError(f"the output can't be written: {error.strerror or error}") from None
        finally:
            if output is not None:
                output.close(complete=complete)
            if state is not None:
                state.close()

    def _begin(self, state: State | None) -> Run:
        if state is None:
            return Run(0, 0, resumed=False)
        out = "" if self._options.out is None else str(self._options.out.absolute())
        return state.begin(self._roots, out, resume=self._options.resume, anew=self._options.replace)

    def _sure(self, state: State | None, run: Run, output: Output | None) -> None:
        position = 0 if output is None else output.position()
        if state is not None:
            state.commit(run.number, position)

    def _judged(
        self, state: State | None, run: Run
    ) -> Iterator[tuple[Item | None, tuple[Record, ...], Known | None]]:
        """Yield what is said of every item, those first that need no worker."""
        tasks = self._tasks(state, run)
        for done in self._pool.run(tasks):
            if done is not None:
                task, rows = done
                yield task.item, rows, self._before.pop(task.item.name, None)
            while self._ready:
                yield self._ready.popleft()
        while self._ready:
            yield self._ready.popleft()

    def _tasks(self, state: State | None, run: Run) -> Iterator[Task[Item] | None]:
        """Yield what workers have to do; the rest is ready at once, and a moment is asked for to deal with it."""
        for number, item in enumerate(self._source.items()):
            if self._pool.stopping:
                return
            if len(self._ready) >= _COMMIT or number % _BREATH == 0:
                yield None
            if isinstance(item, Trouble):
                self._trouble(item)
                continue
            self._count_links(item)
            known = None if state is None else state.known(item.name)
            if known is not None and run.resumed and known.run == run.number:
                continue  # it is in the output already
            if known is None or not known.fits(item) or any(row.status == Status.ERROR for row in known.rows):
                if known is not None:
                    self._before[item.name] = known
                yield Task(item)
            elif known.policy == self._policy or self._nobodys(known):
                self._ready.append((item, known.rows, known))
            else:
                self._before[item.name] = known
                yield Task(item, unchanged=known.rows[0].status in _INTACT)

    def _nobodys(self, known: Known) -> bool:
        """Return whether what is known would be the same under any trust, if no regime is asked about."""
        return not self._settings.regimes and known.policy[:16] == self._policy[:16] and all(
            row.status in _NOBODYS for row in known.rows
        )  # fmt: skip

    def _trouble(self, trouble: Trouble) -> None:
        if not trouble.error:
            self.summary.left_out[trouble.reason] += 1
            return
        row = failed(Item(trouble.name, 0, 0, b""), trouble.reason)
        self._ready.append((None, (row,), None))

    def _count_links(self, item: Item) -> None:
        if item.links > 1:
            if item.version in self._linked:
                self.summary.hard_links += 1
            elif len(self._linked) < _MOST_LINKED:
                self._linked.add(item.version)

    def _compared(self, rows: tuple[Record, ...], before: Known | None, state: State | None) -> tuple[Record, ...]:
        """Return rows with how they differ from what was remembered."""
        if state is None:
            return rows
        if before is not None and rows is before.rows:
            return tuple(row if row.change == "same" else _same(row) for row in rows)
        old = {} if before is None else {row.path: row for row in before.rows}
        return tuple(msgspec.structs.replace(row, change=_change(old.get(row.path), row)) for row in rows)

    def _record(
        self,
        item: Item | None,
        rows: tuple[Record, ...],
        known: Known | None,
        state: State | None,
        run: Run,
        output: Output | None,
    ) -> None:
        summary = self.summary
        if item is not None:
            summary.files += 1
            summary.size += item.size
        if state is not None and item is not None:
            if known is not None and known.policy == self._policy and known.rows == rows:
                state.seen(item.name, run.number)
            else:
                state.remember(item, rows, self._policy, run.number)
        self._tell(rows, output)
        summary.known += item is not None and all(row.change == "same" for row in rows)

    def _tell(self, rows: Sequence[Record], output: Output | None) -> None:
        summary = self.summary
        for row in rows:
            summary.rows += 1
            summary.statuses[row.status] += 1
            summary.ai[row.ai] += 1
            summary.lacking += bool(row.lacks)
            if row.change:
                summary.changes[row.change] += 1
        if output is not None:
            output.write(rows)

    def _vanished(self, state: State, run: Run, output: Output | None) -> Iterator[Record]:
        for _, rows in state.vanished(self._roots, run.number):
            gone = [msgspec.structs.replace(row, change="vanished") for row in rows]
            self.summary.changes["vanished"] += len(gone)
            if output is not None:
                output.write(gone)
            yield from gone


_MOST_LINKED: Final = 100_000
"""Files with several names that are remembered for counting those."""


def _same(row: Record) -> Record:
    return msgspec.structs.replace(row, change="same")


def _change(old: Record | None, new: Record) -> str:
    if old is None:
        return "new"
    plain = {"change": "", "seconds": 0.0}
    same = msgspec.structs.replace(old, **plain) == msgspec.structs.replace(new, **plain)
    return "same" if same else "changed"


def policy_of(settings: Settings) -> bytes:
    """Return what a judgement depends on beside the file: 16 bytes for the program, 16 for whom it believes."""
    program = hashlib.sha256(
        f"{__version__}\0{load().version}\0{settings.engine}\0{settings.online}\0{settings.sidecars}\0"
        f"{settings.members}".encode()
    )
    laws = sorted(settings.regimes, key=lambda law: law.id)
    today = (f"{datetime.now(UTC):%Y-%m-%d}",) if settings.policies else ()  # they may ask how old a label is
    for said in (settings.limits, *laws, *sorted(settings.policies), *today):
        program.update(hashlib.sha256(msgspec.json.encode(said)).digest())
    believed = hashlib.sha256(settings.trust.digest.encode())
    for data in (*settings.revocations.lists, *settings.revocations.answers):
        believed.update(hashlib.sha256(data).digest())
    return program.digest()[:16] + believed.digest()[:16]
