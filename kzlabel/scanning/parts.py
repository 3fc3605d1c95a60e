"""Parts of a scan: how a listing is cut, and the directory in which each part's rows are one Parquet file.

`part-000000012-0f3c....parquet` is named for its place in the listing and a digest of its items, so that the same
listing gives the same names, and a part that is there needn't be judged again. `_scan.json` says under what they
were made. Names that begin with an underscore are no rows to Spark, Dask and pyarrow.
"""

import fcntl
import hashlib
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from kzlabel.errors import InputError, OutputError
from kzlabel.outputs import staged
from kzlabel.scanning.engine import policy_of
from kzlabel.scanning.items import Item, Source, Trouble
from kzlabel.scanning.judging import Settings
from kzlabel.scanning.record import Record
from kzlabel.version import __version__

if TYPE_CHECKING:
    import pyarrow

__all__ = [
    "PIECES",
    "Directory",
    "Part",
    "Plan",
    "Tally",
    "cut",
    "digest_of",
    "read_batches",
    "read_rows",
    "read_tally",
    "write_rows",
]

PIECES: Final = "_pieces"
"""Directory within the parts' own where parts of parts are written that kill their workers."""
_HEAVY: Final = 1 << 30
"""Bytes of content after which a part is full, however few items it has."""
_TALLY: Final = b"kzlabel.tally"
"""Key of a part's counts in the metadata of its file."""
_UNTOLD: Final = ("ai", "unknown")
_FORMAT: Final = 1


class Part(msgspec.Struct, frozen=True):
    """Some items of a listing that follow each other."""

    number: int
    """Its place in the listing, from 0 on."""

    items: tuple[Item | Trouble, ...]
    """What is to be judged."""

    @property
    def name(self) -> str:
        """The name of its file."""
        return f"part-{self.number:09}-{digest_of(self.items)}.parquet"


class Tally(msgspec.Struct, frozen=True):
    """What a part's rows come to."""

    files: int
    """Items that were judged."""

    rows: int
    """Rows, those of members included."""

    size: int
    """Bytes of the items."""

    statuses: dict[str, int]
    """How many rows have each status."""

    ai: dict[str, int]
    """How many rows have each AI level."""

    lacking: int
    """Rows that lack something that a regime asks for."""


class Plan(msgspec.Struct, frozen=True):
    """What parts were made under; parts of different plans don't belong together."""

    kzlabel: str
    """Version of the program."""

    trust: str
    """Digest of whom it believes."""

    policy: str
    """Digest of all that a judgement depends on."""

    regimes: tuple[str, ...]
    """Laws that files are held against, with the versions of their rules."""

    roots: tuple[str, ...]
    """What is scanned; empty for a list."""

    batch: int
    """Items of one part."""

    format: int = _FORMAT
    """Version of this directory's layout."""

    @classmethod
    def of(cls, settings: Settings, roots: Sequence[bytes], batch: int) -> "Plan":
        """Return the plan of a scan."""
        return cls(
            kzlabel=__version__,
            trust=settings.trust.digest,
            policy=policy_of(settings).hex(),
            regimes=tuple(sorted(f"{law.id} {_digest(msgspec.json.encode(law))}" for law in settings.regimes)),
            roots=tuple(root.decode(errors="backslashreplace") for root in roots),
            batch=batch,
        )

    def differences(self, other: "Plan") -> list[str]:
        """Return the names of what differs."""
        names = [field.name for field in msgspec.structs.fields(self)]
        return [name for name in names if getattr(self, name) != getattr(other, name)]


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def digest_of(items: Sequence[Item | Trouble]) -> str:
    """Return 16 hexadecimal digits that stand for the items: names, sizes, times and versions."""
    return _digest(msgspec.msgpack.encode(items))


def cut(source: Source, batch: int, left_out: Counter[str]) -> Iterator[Part]:
    """Cut a listing into parts of `batch` items, or of 1 GiB; count in `left_out` what is left out on purpose."""
    items: list[Item | Trouble] = []
    number = weight = 0
    for item in source.items():
        if isinstance(item, Trouble):
            if not item.error:
                left_out[item.reason] += 1
                continue
        else:
            weight += item.size
        items.append(item)
        if len(items) >= batch or weight >= _HEAVY:
            yield Part(number, tuple(items))
            items, weight, number = [], 0, number + 1
    if items:
        yield Part(number, tuple(items))


def write_rows(path: Path, batches: Sequence["pyarrow.RecordBatch"], files: int, size: int) -> Tally:
    """Write rows so that the file is whole or not there; return what they come to.

    Args:
        path: Where to; a file that is there is replaced.
        batches: The rows.
        files: How many items they are of.
        size: Bytes of those.

    Raises:
        OutputError: The disk is full, or the directory can't be written.
    """
    import pyarrow.parquet  # noqa: PLC0415 - an extra

    table = pyarrow.Table.from_batches(batches)
    tally = Tally(
        files=files,
        rows=table.num_rows,
        size=size,
        statuses=dict(Counter(table.column("status").to_pylist())),
        ai=dict(Counter(table.column("ai").to_pylist())),
        lacking=sum(map(bool, table.column("lacks").to_pylist())),
    )
    table = table.replace_schema_metadata({_TALLY: msgspec.json.encode(tally)})
    with staged(path, replace=True) as made:
        pyarrow.parquet.write_table(table, made.path, compression="zstd")
    return tally


def read_tally(path: Path) -> Tally | None:
    """Return what a part's rows come to, from the end of its file; None if it isn't a whole part."""
    import pyarrow.parquet  # noqa: PLC0415 - an extra

    try:
        metadata = pyarrow.parquet.read_schema(path).metadata or {}
        return msgspec.json.decode(metadata[_TALLY], type=Tally)
    except (OSError, pyarrow.ArrowException, KeyError, msgspec.DecodeError):
        return None


def read_batches(path: Path) -> list["pyarrow.RecordBatch"]:
    """Return the rows of a part as they are stored.

    Raises:
        OutputError: Somebody removed or changed it.
    """
    import pyarrow.parquet  # noqa: PLC0415 - an extra

    try:
        return list(pyarrow.parquet.ParquetFile(path).read().replace_schema_metadata(None).to_batches())
    except (OSError, pyarrow.ArrowException) as error:
        raise OutputError(f"{path} can't be read: {error}", "go on with --resume") from None


def read_rows(path: Path) -> Iterator[Record]:
    """Yield the rows of a part; see `read_batches`."""
    for batch in read_batches(path):
        for row in batch.to_pylist():
            # What says nothing is left to the defaults: they are known by identity where rows are written again.
            telling = {name: value for name, value in row.items() if value and (name, value) != _UNTOLD}
            yield msgspec.convert(telling, Record)


class Directory:
    """A directory of parts; one scan at a time may use it."""

    def __init__(self, path: Path, plan: Plan, *, resume: bool, replace: bool) -> None:
        """Open a directory, and make it where there is none.

        Args:
            path: Where.
            plan: What the scan's parts are made under.
            resume: Whether parts that are there are kept.
            replace: Whether parts that are there may be removed, unless they are kept.

        Raises:
            OutputError: It can't be written, another scan uses it, or there are parts that nobody asked to keep.
            InputError: The parts that are there were made under another plan.
        """
        self.path = path
        self.pieces = path / PIECES
        try:
            self.pieces.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(path / "_lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise OutputError(f"{path} can't be written: {error.strerror}", "name another directory") from None
        try:
            self._begin(plan, resume=resume, replace=replace)
        except BaseException:
            self.close()
            raise

    def _begin(self, plan: Plan, *, resume: bool, replace: bool) -> None:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OutputError(
                f"another scan writes to {self.path}", "wait for it, or name another directory"
            ) from None
        except OSError:
            pass  # a file system without locks
        there = self._plan()
        if resume and there is not None:
            if different := plan.differences(there):
                raise InputError(
                    f"the parts in {self.path} were made under other settings ({', '.join(different)})",
                    "scan as before, or begin anew with --force and without --resume",
                )
        elif any(self.parts()):
            if not replace:
                raise OutputError(
                    f"{self.path} has parts already",
                    "go on with --resume, begin anew with --force, or name another",
                )
            for part in self.parts():
                part.unlink()
        (self.path / "_summary.json").unlink(missing_ok=True)
        self._sweep(pieces=not resume)
        self.write("_scan.json", msgspec.json.format(msgspec.json.encode(plan), indent=2))

    def _plan(self) -> Plan | None:
        path = self.path / "_scan.json"
        try:
            return msgspec.json.decode(path.read_bytes(), type=Plan)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError):
            raise InputError(f"{path} can't be read", "name another directory") from None

    def _sweep(self, *, pieces: bool) -> None:
        """Remove what a scan that was killed left half done."""
        for pattern in (
            ".kzlabel-*.tmp",
            "_pieces/.kzlabel-*.tmp",
            "_pieces/late-*",
            *["_pieces/piece-*"] * pieces,
        ):
            for path in self.path.glob(pattern):
                path.unlink(missing_ok=True)

    def parts(self) -> Iterator[Path]:
        """Yield the parts that are there, in no order."""
        return self.path.glob("part-*.parquet")

    def write(self, name: str, data: bytes) -> None:
        """Write a small file."""
        with staged(self.path / name, replace=True) as made:
            made.path.write_bytes(data)

    def finish(self, names: set[str], summary: bytes) -> None:
        """Remove parts of a former listing, which this one no longer has, and say that all is there."""
        for part in self.parts():
            if part.name not in names:
                part.unlink(missing_ok=True)
        self._sweep(pieces=True)
        self.write("_summary.json", summary)

    def close(self) -> None:
        """Let others use it."""
        with suppress(OSError):
            self.pieces.rmdir()
        os.close(self._lock)
