"""What workers are told to do: rows of a table whose places are decided, each known again in another run."""

import hashlib
import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final

import msgspec

from kzlabel.bulk.table import Row, Table
from kzlabel.errors import InputError, LabelError, OutputError
from kzlabel.labels import Label
from kzlabel.scanning import Item
from kzlabel.sources import display_name
from kzlabel.verifying.sidecar import SUFFIX

__all__ = ["Order", "Orders", "Places"]

_SHORT: Final = 8
"""Bytes of digests by which paths that are named twice are found."""
_TOLD: Final = 20
"""Mistakes that are named before the rest is only counted."""


class Order(Item, frozen=True, array_like=True, kw_only=True):
    """One file to label; `name` is its path."""

    number: int
    """Row of the table, from 1."""

    destination: bytes
    """Path of what is written."""

    template: bytes
    """The label as JSON, without what is made for each file."""

    identity: bytes
    """Digest of path, destination and template, by which the order is known again in another run."""


class Places(msgspec.Struct, frozen=True, kw_only=True):
    """Where labelled files go that a table has no `output` for."""

    directory: Path | None = None
    """Below this directory: relative paths keep their folders, absolute ones only their names."""

    in_place: bool = False
    """In the place of their sources."""

    sidecar: bool = False
    """Nowhere; the label goes into a sidecar, beside the source or below `directory`."""

    def destination(self, row: Row) -> str:
        """Return where the result of a row goes.

        Raises:
            OutputError: It isn't said, or is outside of the directory.
        """
        if self.in_place:
            if row.output:
                raise OutputError("a file is labelled in its place, and the table has an output for it")
            return row.path
        if row.output:
            if self.directory is None:
                return row.output
            if _leads_out(row.output):
                raise OutputError(
                    f"the output {display_name(row.output)} leads out of the directory",
                    "name a path below --out-dir, or leave that out",
                )
            return os.fspath(self.directory / row.output)
        suffix = SUFFIX if self.sidecar else ""
        if self.directory is not None:
            inside = Path(row.path).name if _leads_out(row.path) else row.path
            return f"{self.directory / inside}{suffix}"
        if self.sidecar:
            return f"{row.path}{suffix}"
        raise OutputError(
            "where to write is not clear", "give --out-dir DIR, --in-place or --sidecar, or a column output"
        )


class Orders:
    """The orders of a table."""

    def __init__(self, table: Table, places: Places) -> None:
        """Take the rows of `table` to `places`."""
        self._table = table
        self._places = places

    def check(self) -> int:
        """Look at every row before anything is written; return how many there are.

        Raises:
            InputError: Rows make no label, don't say where to write, or two of them would write the same file.
        """
        wrong: list[str] = []
        count = mistakes = 0
        seen = _Seen()
        for row in self._table.rows():
            count += 1
            try:
                seen.add(row, self._places.destination(row))
            except (LabelError, OutputError) as error:
                mistakes += 1
                if len(wrong) < _TOLD:
                    wrong.append(f"line {row.line}: {error}")
        if mistakes:
            more = "" if mistakes == len(wrong) else f"; and {mistakes - len(wrong)} more"
            raise InputError(
                f"{self._table.name} has wrong rows, and nothing was labelled: {'; '.join(wrong)}{more}",
                "repair the table",
            )
        if not self._places.in_place and seen.crossed:
            raise InputError(f"{self._table.name}: a row writes what another one reads", "write somewhere else")
        return count

    def __iter__(self) -> Iterator[Order]:
        """Yield the orders."""
        for row in self._table.rows():
            name, destination = os.fsencode(row.path), os.fsencode(self._places.destination(row))
            template = msgspec.json.encode(row.template, order="deterministic")
            parts = (name, destination, template)
            identity = hashlib.sha256(b"".join(len(one).to_bytes(8) + one for one in parts)).digest()
            try:
                size = Path(row.path).stat().st_size
            except (OSError, ValueError):
                size = 0  # the worker says what is wrong with it
            yield Order(
                name,
                size,
                0,
                b"",
                number=row.number,
                destination=destination,
                template=template,
                identity=identity,
            )


class _Seen:
    """What rows before have named."""

    def __init__(self) -> None:
        self._written: set[int] = set()
        self._read: set[int] = set()
        self._identifiers: set[object] = set()

    def add(self, row: Row, destination: str) -> None:
        """Look at one row more.

        Raises:
            LabelError: What it says is no label, or has the content identifier of another.
            OutputError: Another row writes the same file.
        """
        _check_label(msgspec.json.encode(row.template))
        identifier = row.template.get("content_id")
        if identifier is not None and identifier in self._identifiers:
            raise LabelError("another row has the same content_id")
        written = _digest(destination)
        if written in self._written:
            raise OutputError("another row writes the same file")
        self._identifiers.update(() if identifier is None else (identifier,))
        self._written.add(written)
        self._read.add(_digest(row.path))

    @property
    def crossed(self) -> bool:
        """Whether a row writes what one reads."""
        return not self._written.isdisjoint(self._read)


def _leads_out(path: str) -> bool:
    return Path(path).is_absolute() or ".." in Path(path).parts


def _digest(path: str) -> int:
    whole = os.fsencode(os.path.abspath(path))  # noqa: PTH100 - links aren't followed
    return int.from_bytes(hashlib.sha256(whole).digest()[:_SHORT])


@lru_cache(maxsize=4096)
def _check_label(template: bytes) -> None:
    Label.from_dict(msgspec.json.decode(template))
