"""A scan on a cluster: a listing cut into parts, each judged and written by a worker, each exactly once.

The listing is read as far as there are workers for it; rows go from the worker to the directory, and counts alone
come back.
"""

import time
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import msgspec

from kzlabel.errors import OutputError
from kzlabel.scanning.engine import Summary
from kzlabel.scanning.items import Item, Source
from kzlabel.scanning.jobs import Job, after_death, join
from kzlabel.scanning.judging import Settings
from kzlabel.scanning.parts import Directory, Part, Plan, Tally, cut, read_rows, read_tally
from kzlabel.scanning.rays import connected, death_of, imported
from kzlabel.scanning.record import Record
from kzlabel.scanning.remote import work
from kzlabel.version import __version__

__all__ = ["ClusterOptions", "ClusterScan"]

_MACHINES: Final = 5
"""Machines that may be lost under one task."""
_TICK: Final = 0.25
_GRACE: Final = 10.0
"""Seconds that workers get for the parts that they are at when a scan is to stop."""
_FRESH: Final = 30.0
"""Seconds after which it is looked how many processors the cluster has by now."""
_LINKED: Final = 100_000
"""Files with several names that are remembered for counting those."""


class ClusterOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How a scan on a cluster goes about it."""

    parts: Path
    """Directory that all nodes share, for the rows."""

    address: str = ""
    """Where the cluster is; one is started on this machine if empty."""

    workers: int = 0
    """Parts that are worked on at a time; as many as the cluster has processors for 0."""

    seconds: float = 60.0
    """How long one file may take; large ones get more."""

    batch: int = 500
    """Items of one part."""

    resume: bool = False
    """Whether parts that are there are kept."""

    replace: bool = False
    """Whether parts that are there may be removed."""


class ClusterScan:
    """One scan on a cluster; run it once."""

    def __init__(
        self, source: Source, settings: Settings, options: ClusterOptions, roots: tuple[bytes, ...]
    ) -> None:
        """Prepare a scan.

        Args:
            source: Where items come from.
            settings: How they are judged.
            options: How the scan goes about it.
            roots: What `source` covers, by which a directory is known to be of the same scan.
        """
        self._source = source
        self._settings = settings
        self._options = options
        self._plan = Plan.of(settings, roots, options.batch)
        self._again: deque[Job] = deque()
        self._running: dict[Any, Job] = {}
        self._names: set[str] = set()
        self._linked: set[bytes] = set()
        self._stopping = False
        self.summary = Summary()

    def stop(self) -> None:
        """Finish the parts that are being worked on, if that is soon, and end; `run` then ends, too."""
        self._stopping = True

    def rows(self) -> Iterator[Record]:
        """Yield the rows that are written, in the order of the listing."""
        for name in sorted(self._names):
            path = self._options.parts.absolute() / name
            if path.exists():
                yield from read_rows(path)

    def run(self) -> Iterator[Path]:
        """Do the scan, and yield the file of each part when it is written, or was already.

        Raises:
            InputError: Ray isn't installed or there, or the directory belongs to a scan of other settings.
            OutputError: The directory can't be written, or the cluster was lost.
        """
        options = self._options
        imported(local=not options.address)
        directory = Directory(options.parts.absolute(), self._plan, resume=options.resume, replace=options.replace)
        try:
            with connected(options.address, options.workers) as ray:
                try:
                    yield from self._run(ray, directory)
                except ray.exceptions.RayError as error:
                    why, _ = death_of(ray, error)
                    raise OutputError(f"the cluster failed: {why}", "go on with --resume") from None
                finally:
                    for reference in self._running:
                        with suppress(Exception):
                            ray.cancel(reference, force=True)
            if not self._stopping:
                self.summary.complete = True
                directory.finish(self._names, msgspec.json.encode(self.summary))
        finally:
            directory.close()

    def _run(self, ray: Any, directory: Directory) -> Iterator[Path]:
        task = ray.remote(num_cpus=1, max_retries=0)(work)
        settings = ray.put(self._settings)
        parts = self._parts(directory)
        more, room, looked, deadline = True, 0, 0.0, 0.0
        while True:
            now = time.monotonic()
            if now - looked > _FRESH:
                room, looked = self._room(ray), now
            while len(self._running) < room and not self._stopping and (more or self._again):
                job = self._again.popleft() if self._again else next(parts, None)
                if job is None:
                    more = False
                elif isinstance(job, Path):
                    yield job
                else:
                    job.begun = time.monotonic()
                    given = (list(job.items), settings, job.path, self._options.seconds, __version__)
                    self._running[task.remote(*given)] = job
            if self._stopping and not deadline:
                deadline = now + _GRACE
            if not self._running or (deadline and now > deadline):
                break
            done, _ = ray.wait(list(self._running), num_returns=len(self._running), timeout=0)
            if not done:
                done, _ = ray.wait(list(self._running), num_returns=1, timeout=_TICK)
            for reference in done:
                yield from self._ended(ray, reference, directory)

    def _room(self, ray: Any) -> int:
        """Return how many tasks to have under way: a few more than can be worked on."""
        if self._options.workers and self._options.address:
            return self._options.workers
        processors = int(ray.cluster_resources().get("CPU", 0))
        return processors + max(2, processors // 4)

    def _parts(self, directory: Directory) -> Iterator[Job | Path]:
        """Yield what is to be done, and the files of parts that are done already."""
        for part in cut(self._source, self._options.batch, self.summary.left_out):
            self._count_links(part)
            path = directory.path / part.name
            self._names.add(part.name)
            tally = read_tally(path) if self._options.resume and path.exists() else None
            if tally is None:
                yield Job(part, 0, part.items, path)
            else:
                self._tell(tally)
                self.summary.known += tally.files
                yield path

    def _ended(self, ray: Any, reference: Any, directory: Directory) -> Iterator[Path]:
        """Take what came of a task."""
        job = self._running.pop(reference)
        try:
            tally = ray.get(reference)
        except ray.exceptions.RayError as error:
            why, lost = death_of(ray, error)
            if lost and job.machines < _MACHINES:
                job.machines += 1
                self._again.append(job)
            else:
                self._again += after_death(job, why, directory.pieces)
        else:
            if job.whole is None:
                self._tell(tally)
                yield job.path
                return
            job.whole.done[job.start] = job.path
            job.whole.left -= 1
        if job.whole is not None and not job.whole.left:
            path = directory.path / job.part.name
            self._tell(join(job.whole, path))
            yield path

    def _tell(self, tally: Tally) -> None:
        summary = self.summary
        summary.files += tally.files
        summary.rows += tally.rows
        summary.size += tally.size
        summary.statuses.update(tally.statuses)
        summary.ai.update(tally.ai)
        summary.lacking += tally.lacking

    def _count_links(self, part: Part) -> None:
        for item in part.items:
            if isinstance(item, Item) and item.links > 1:
                if item.version in self._linked:
                    self.summary.hard_links += 1
                elif len(self._linked) < _LINKED:
                    self._linked.add(item.version)
