"""Where rows go: JSON Lines, CSV or Parquet, as they come.

Text outputs can be cut at a position and gone on with. A Parquet file is only one when it is closed, so after a
kill it is written anew from the state; until it is complete it has another name.
"""

import csv
import io
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Protocol

import msgspec

from kzlabel.errors import OutputError
from kzlabel.scanning.record import Record

if TYPE_CHECKING:
    import pyarrow

__all__ = ["COLUMNS", "Output", "batch_of", "check_output", "open_output", "schema", "write_output"]

COLUMNS: Final = tuple(field.name for field in msgspec.structs.fields(Record))
"""Columns of a table of a scan's rows, in order."""

_LISTS: Final = frozenset({"codes", "lacks"})
_GROUP: Final = 20_000
"""Rows of one row group."""


class Output(Protocol):
    """A file that rows are written to."""

    rewritten: bool
    """Whether all rows have to be written again when a scan is gone on with."""

    def write(self, rows: Sequence[Record]) -> None:
        """Add rows."""

    def position(self) -> int:
        """Return how many bytes are written, all of them handed to the system."""

    def close(self, *, complete: bool) -> None:
        """Close the file; one that isn't complete is left as far as it goes, or removed."""


def open_output(
    path: str | os.PathLike[str], *, position: int, replace: bool, kind: type[Record] = Record
) -> Output:
    """Open the file at `path`, by its extension `.jsonl`, `.csv` or `.parquet`.

    Args:
        path: Where to write.
        position: Bytes that are there already and stay.
        replace: Whether a file that is there may be replaced.
        kind: What rows are; its fields are the columns.

    Raises:
        OutputError: Another extension, no directory, no right, or a file that is there.
    """
    target = check_output(path, replace=replace or bool(position))
    try:
        return _KINDS[target.suffix.lower()](target, position, kind)
    except OSError as error:
        raise OutputError(f"{target} can't be written: {error.strerror}") from None


def check_output(path: str | os.PathLike[str], *, replace: bool) -> Path:
    """Return the path of an output that can be; see `open_output`."""
    target = Path(path)
    if target.suffix.lower() not in _KINDS:
        raise OutputError(f"{target} has no extension of an output", "end it in .jsonl, .csv or .parquet")
    if not replace and target.exists():
        raise OutputError(f"{target} exists", "name another file, or pass --force")
    if not target.parent.is_dir():
        raise OutputError(f"{target} can't be written: there is no directory {target.parent}", "make it first")
    return target


def write_output(
    rows: Iterable[Record], path: str | os.PathLike[str], *, replace: bool, kind: type[Record] = Record
) -> None:
    """Write rows that are all there already to a file, which is whole or isn't there; see `open_output`."""
    target = check_output(path, replace=replace)
    partial = target.with_name(f".{target.stem}.partial{target.suffix}")
    output = open_output(partial, position=0, replace=True, kind=kind)
    complete = False
    try:
        remaining = iter(rows)
        while some := list(islice(remaining, _GROUP)):
            output.write(some)
        complete = True
    except OSError as error:
        raise OutputError(f"{target} can't be written: {error.strerror}") from None
    finally:
        output.close(complete=complete)
        if not complete:
            partial.unlink(missing_ok=True)
    partial.replace(target)


class _Text:
    """A file of lines."""

    rewritten = False

    def __init__(self, path: Path, position: int, kind: type[Record]) -> None:
        self._columns = _columns(kind)
        self._file: BinaryIO = path.open("r+b" if position else "wb")
        self._file.truncate(position)
        self._file.seek(position)

    def position(self) -> int:
        self._file.flush()
        return self._file.tell()

    def close(self, *, complete: bool) -> None:  # noqa: ARG002 - lines are good as far as they go
        self._file.close()


class _JsonLines(_Text):
    """One JSON object a line, fields that say nothing left out."""

    def __init__(self, path: Path, position: int, kind: type[Record]) -> None:
        super().__init__(path, position, kind)
        self._encode = msgspec.json.Encoder().encode_lines

    def write(self, rows: Sequence[Record]) -> None:
        self._file.write(self._encode(rows))


class _Csv(_Text):
    """One line a row, lists separated by spaces (RFC 4180, UTF-8)."""

    def __init__(self, path: Path, position: int, kind: type[Record]) -> None:
        super().__init__(path, position, kind)
        if not position:
            self._lines([self._columns])

    def write(self, rows: Sequence[Record]) -> None:
        self._lines([_cells(row, self._columns) for row in rows])

    def _lines(self, lines: Iterable[Sequence[Any]]) -> None:
        text = io.StringIO()
        csv.writer(text).writerows(lines)
        self._file.write(text.getvalue().encode())


def _cells(row: Record, columns: Sequence[str]) -> list[Any]:
    """Return the cells of a row; none of them is a formula to a spreadsheet."""
    cells: list[Any] = []
    for name in columns:
        value = getattr(row, name)
        if name in _LISTS:
            value = " ".join(value)
        if isinstance(value, str) and value[:1] in _FORMULA:
            value = f"'{value}"
        cells.append(value)
    return cells


_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


class _Parquet:
    """Row groups, written beside the place of the file and moved there at the end."""

    rewritten = True

    def __init__(self, path: Path, _position: int, kind: type[Record]) -> None:
        try:
            import pyarrow.parquet  # noqa: PLC0415 - an extra
        except ImportError:
            raise OutputError(
                "Parquet needs the package pyarrow", "pip install 'kzlabel[scan]', or write .jsonl or .csv"
            ) from None
        self._path = path
        self._partial = path.with_name(f".{path.name}.partial")
        self._writer = pyarrow.parquet.ParquetWriter(self._partial, schema(kind), compression="zstd")
        self._rows: list[Record] = []
        self._kind = kind

    def write(self, rows: Sequence[Record]) -> None:
        self._rows += rows
        while len(self._rows) >= _GROUP:
            self._writer.write_batch(batch_of(self._rows[:_GROUP], self._kind))
            del self._rows[:_GROUP]

    def position(self) -> int:
        return 0

    def close(self, *, complete: bool) -> None:
        if complete and self._rows:
            self._writer.write_batch(batch_of(self._rows, self._kind))
        self._writer.close()
        if complete:
            self._partial.replace(self._path)
        else:
            self._partial.unlink(missing_ok=True)


_KINDS: Final[Mapping[str, Callable[[Path, int, type[Record]], Output]]] = {
    ".jsonl": _JsonLines,
    ".csv": _Csv,
    ".parquet": _Parquet,
}


def schema(kind: type[Record] = Record) -> "pyarrow.Schema":
    """Return the columns of a table of rows as Arrow has them."""
    import pyarrow  # noqa: PLC0415 - an extra

    plain = {bool: pyarrow.bool_(), int: pyarrow.int64(), float: pyarrow.float64(), str: pyarrow.string()}
    listed = pyarrow.list_(pyarrow.string())
    return pyarrow.schema([(one.name, plain.get(one.type, listed)) for one in msgspec.structs.fields(kind)])


def batch_of(rows: Sequence[Record], kind: type[Record] = Record) -> "pyarrow.RecordBatch":
    """Return rows as an Arrow table of the columns of `schema`."""
    import pyarrow  # noqa: PLC0415 - an extra

    columns = {name: [getattr(row, name) for row in rows] for name in _columns(kind)}
    return pyarrow.RecordBatch.from_pydict(columns, schema=schema(kind))


@cache
def _columns(kind: type[Record]) -> tuple[str, ...]:
    return tuple(field.name for field in msgspec.structs.fields(kind))
