"""The table: CSV (RFC 4180) in UTF-8, with a header; a row names a file and what its label says of it alone."""

import copy
import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TextIO

import msgspec

from kzlabel.errors import InputError
from kzlabel.labels import Label
from kzlabel.sources import display_name

__all__ = ["Column", "Row", "Table"]

_PATH: Final = "path"
_OUTPUT: Final = "output"
_LISTS: Final = frozenset({"simulates", "regimes", "human_contribution.steps"})
_FIELDS: Final = frozenset(field.encode_name for field in msgspec.structs.fields(Label))
_YES: Final = frozenset({"yes", "true", "1"})
_NO: Final = frozenset({"no", "false", "0"})
_CELL: Final = 1 << 20
"""Characters of the longest cell."""
_WIDE: Final = 1000
"""Columns of the widest table."""


class Column(msgspec.Struct, frozen=True):
    """What a column of the table fills."""

    place: tuple[str, ...]
    """Path of the label's field."""

    many: bool = False
    """Whether cells hold several values, with semicolons between them."""

    versioned: bool = False
    """Whether a slash parts a name from its version, which is the field `version` beside it."""

    constant: Mapping[str, object] | None = None
    """What the field becomes where a cell says yes; cells say yes or no then."""


class Row(msgspec.Struct, frozen=True):
    """One row."""

    number: int
    """Which row, from 1; the header and empty lines don't count."""

    line: int
    """Line of the file on which the row ends, from 1."""

    path: str
    """The file to label."""

    output: str
    """Where the labelled file goes; empty where the table doesn't say."""

    template: Mapping[str, Any]
    """The label, not yet checked."""


class Table:
    """A table of files to label."""

    def __init__(self, path: Path, defaults: Mapping[str, Any], columns: Mapping[str, Column]) -> None:
        """Read the header of a table.

        Args:
            path: The file; commas, semicolons or tabs part its cells, whichever comes first in the header.
            defaults: What labels say where a row doesn't.
            columns: Names of columns beside `path`, `output`, and fields of the label such as `system.name`.

        Raises:
            InputError: It can't be read, is no UTF-8, or has no header that is understood.
        """
        self.name = display_name(path)
        self._path = path
        self._defaults = defaults
        self._columns = columns
        with self._opened() as file:
            self._delimiter = _delimiter(self._head(file))
            file.seek(0)
            header = next(self._cells(file), None)
        if header is None:
            raise InputError(f"{self.name} is empty", "begin it with a header that has a column path")
        self._header = self._understood(header[1])

    def rows(self) -> Iterator[Row]:
        """Yield the rows, each read as it is asked for.

        Raises:
            InputError: A row has other cells than the header, or a cell makes no sense.
        """
        with self._opened() as file:
            cells = self._cells(file)
            next(cells, None)
            for number, (line, values) in enumerate(cells, 1):
                yield self._row(number, line, values)

    def _opened(self) -> TextIO:
        try:
            file = self._path.open(encoding="utf-8-sig", errors="surrogateescape", newline="")
        except OSError as error:
            raise InputError(f"{self.name} can't be read: {error.strerror}") from None
        if not file.seekable():
            file.close()
            raise InputError(f"{self.name} is no file that can be read twice", "save the table into a file")
        return file

    def _head(self, file: TextIO) -> str:
        try:
            head = file.readline(_CELL)
        except OSError as error:
            raise InputError(f"{self.name} can't be read: {error.strerror}") from None
        if "\0" in head or "\udcff\udcfe" in head or "\udcfe\udcff" in head:
            raise InputError(f"{self.name} is no text in UTF-8", "save the table as CSV in UTF-8")
        return head

    def _cells(self, file: TextIO) -> Iterator[tuple[int, list[str]]]:
        csv.field_size_limit(_CELL)
        reader = csv.reader(file, delimiter=self._delimiter, strict=True)
        try:
            for values in reader:
                if any(values):
                    yield reader.line_num, values
        except csv.Error as error:
            raise InputError(
                f"{self.name}, line {reader.line_num}: {error}", "write the table as RFC 4180 has it"
            ) from None
        except OSError as error:
            raise InputError(f"{self.name} can't be read: {error.strerror}") from None

    def _understood(self, header: Sequence[str]) -> tuple[Column | str, ...]:
        """Return what each column fills."""
        if len(header) > _WIDE:
            raise InputError(f"{self.name} has {len(header)} columns", "a table has a few dozen at most")
        found: list[Column | str] = []
        for cell in header:
            column = self._column(cell.strip())
            if column in found:
                raise InputError(f"{self.name} says the column {cell!r} twice", "leave one of them out")
            found.append(column)
        if _PATH not in found:
            raise InputError(f"{self.name} has no column path", "begin it with a header, such as path,level,system")
        return tuple(found)

    def _column(self, name: str) -> Column | str:
        plain = name.lower()
        if plain in (_PATH, _OUTPUT):
            return plain
        known = self._columns.get(plain.replace("_", "-"))
        if known is not None:
            return known
        if plain.partition(".")[0] in _FIELDS:
            return Column(tuple(plain.split(".")), plain in _LISTS)
        raise InputError(
            f"{self.name} has a column {name!r}, which fills nothing",
            f"columns are path, output, {', '.join(self._columns)}, and fields of the label such as system.name",
        )

    def _row(self, number: int, line: int, values: Sequence[str]) -> Row:
        where = f"{self.name}, line {line}"
        if len(values) != len(self._header):
            raise InputError(
                f"{where}: {len(values)} cells under a header of {len(self._header)}",
                "give every row as many cells; one that holds the separator goes into quotation marks",
            )
        path = output = ""
        template: dict[str, Any] = copy.deepcopy(dict(self._defaults))
        for column, value in zip(self._header, values, strict=True):
            if column == _PATH:
                path = value
            elif column == _OUTPUT:
                output = value
            elif isinstance(column, Column) and value.strip():
                _fill(template, column, value.strip(), where)
        if not path or "\0" in path + output:
            raise InputError(f"{where}: the path is empty or no path", "name the file to label")
        return Row(number, line, path, output, template)


def _delimiter(head: str) -> str:
    """Return what parts cells: what comes first in the header, since names of columns have none of them."""
    there = [(head.index(one), one) for one in ",;\t" if one in head]
    return min(there)[1] if there else ","


def _fill(template: dict[str, Any], column: Column, value: str, where: str) -> None:
    if any("\ud800" <= one <= "\udfff" for one in value):
        raise InputError(f"{where}: a cell is no text in UTF-8", "save the table as CSV in UTF-8")
    *parents, last = column.place
    target = template
    for parent in parents:
        inner = target.get(parent)
        target[parent] = target = dict(inner) if isinstance(inner, dict) else {}
    if column.constant is not None:
        answer = value.lower()
        if answer not in _YES | _NO:
            raise InputError(f"{where}: {value!r} is neither yes nor no", "write yes or no")
        if answer in _YES:
            target[last] = dict(column.constant)
        else:
            target.pop(last, None)
    elif column.many:
        target[last] = [one.strip() for one in value.split(";") if one.strip()]
    elif column.versioned and "/" in value:
        target[last], _, target["version"] = value.partition("/")
    else:
        target[last] = value
