"""What is remembered from scan to scan, in SQLite: which files there were, what was said of them, and under what.

One transaction holds the rows of a batch and how far the output had been written by then, so that after a kill at
any moment the two agree again: what the output has beyond that is cut off, and done anew.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from os import PathLike, fsencode
from pathlib import Path
from typing import Final

import msgspec

from kzlabel.errors import InputError, OutputError
from kzlabel.scanning.items import Item
from kzlabel.scanning.record import Record

__all__ = ["Known", "Run", "State"]

_SCHEMA: Final = """
create table if not exists runs (
    number integer primary key, roots blob not null, output text not null, position integer not null default 0,
    finished integer not null default 0
);
create table if not exists files (
    name blob primary key, size integer not null, modified integer not null, version blob not null,
    policy blob not null, run integer not null, rows blob not null
) without rowid;
"""
_VERSION: Final = 1
_BUSY: Final = 5.0


class Known(msgspec.Struct, frozen=True):
    """What is remembered of a file."""

    size: int
    modified: int
    version: bytes
    policy: bytes
    """Digest of what it was judged under."""

    run: int
    """The scan that saw it last."""

    rows: tuple[Record, ...]
    """What was said."""

    def fits(self, item: Item) -> bool:
        """Return whether the file is as it was, as far as can be seen without reading it."""
        return (self.size, self.modified, self.version) == (item.size, item.modified, item.version)


class Run(msgspec.Struct, frozen=True):
    """One scan."""

    number: int
    """Its number, from 1 on."""

    position: int
    """Bytes of the output that are sure."""

    resumed: bool
    """Whether it was begun before."""


class State:
    """A state file. Not for several threads, and one process at a time may write to it."""

    def __init__(self, path: str | PathLike[str]) -> None:
        """Open or make the file at `path`.

        Raises:
            OutputError: It can't be made or written, is another kind of file, or somebody else is writing to it.
        """
        self._path = Path(path)
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(tuple[Record, ...]).decode
        try:
            self._base = sqlite3.connect(self._path, timeout=_BUSY, isolation_level=None)
            version = self._base.execute("pragma user_version").fetchone()[0]
            if version not in (0, _VERSION):
                raise OutputError(f"{self._path} is of another version", "name another file with --state")
            self._base.execute("pragma journal_mode=wal")
            self._base.execute("pragma synchronous=normal")
            self._base.executescript(_SCHEMA)
            self._base.execute(f"pragma user_version={_VERSION}")
            self._base.execute("begin immediate")
        except sqlite3.Error as error:
            raise OutputError(f"{self._path} can't be used as a state: {error}", "name another file") from None
        self._files = self._base.cursor()

    def begin(self, roots: tuple[bytes, ...], output: str, *, resume: bool, anew: bool = False) -> Run:
        """Begin a scan, or with `resume` go on with the last one.

        Of one that was complete only new files are left to do, unless it is to be done `anew`.

        Raises:
            InputError: There is one to go on with, but of other roots or to another output.
        """
        key = self._encode(roots)
        last = self._base.execute(
            "select number, roots, output, position, finished from runs order by number desc limit 1"
        ).fetchone()
        if resume and last is not None and (not last[4] or ((last[1], last[2]) == (key, output) and not anew)):
            if (last[1], last[2]) != (key, output):
                raise InputError(
                    "the scan to resume was of other roots, or to another output", "name the same ones"
                )
            return Run(last[0], last[3], resumed=True)
        number = 1 if last is None else last[0] + 1
        self._base.execute("insert into runs (number, roots, output) values (?, ?, ?)", (number, key, output))
        self.commit(number, 0)
        return Run(number, 0, resumed=False)

    def known(self, name: bytes) -> Known | None:
        """Return what is remembered of the file called `name`."""
        row = self._files.execute(
            "select size, modified, version, policy, run, rows from files where name=?", (name,)
        ).fetchone()
        if row is None:
            return None
        size, modified, version, policy, run, rows = row
        return Known(size, modified, version, policy, run, self._decode(rows))

    def remember(self, item: Item, rows: tuple[Record, ...], policy: bytes, run: int) -> None:
        """Remember what was said of `item`; sure after `commit`."""
        self._files.execute(
            "insert into files values (?, ?, ?, ?, ?, ?, ?) on conflict (name) do update set size=excluded.size,"
            " modified=excluded.modified, version=excluded.version, policy=excluded.policy, run=excluded.run,"
            " rows=excluded.rows",
            (item.name, item.size, item.modified, item.version, policy, run, self._encode(rows)),
        )

    def seen(self, name: bytes, run: int) -> None:
        """Remember that a scan saw the file called `name` as it was."""
        self._files.execute("update files set run=? where name=?", (run, name))

    def commit(self, run: int, position: int) -> None:
        """Make sure of what was remembered, and that the output is right up to `position`."""
        self._base.execute("update runs set position=? where number=?", (position, run))
        self._base.execute("commit")
        self._base.execute("begin immediate")

    def of_run(self, run: int) -> Iterator[tuple[Record, ...]]:
        """Yield what was said in a scan, for outputs that can't be gone on with."""
        with closing(self._base.cursor()) as cursor:
            for (rows,) in cursor.execute("select rows from files where run=? order by name", (run,)):
                yield self._decode(rows)

    def vanished(self, roots: tuple[bytes, ...], run: int) -> Iterator[tuple[bytes, tuple[Record, ...]]]:
        """Yield the files below `roots` that a complete scan no longer saw, and forget them."""
        for root in roots:
            inside = root.rstrip(b"/") + b"/"
            end = inside[:-1] + b"0"  # the byte after the slash
            while True:
                found = self._base.execute(
                    "select name, rows from files where run<>? and (name=? or (name>=? and name<?)) limit 1000",
                    (run, root, inside, end),
                ).fetchall()
                for name, rows in found:
                    yield name, self._decode(rows)
                self._base.executemany("delete from files where name=?", [(name,) for name, _ in found])
                if len(found) < 1000:
                    break

    def finish(self, run: int) -> None:
        """Say that a scan is complete, or will not be gone on with."""
        self._base.execute("update runs set finished=1 where number=?", (run,))
        self._base.execute("commit")
        self._base.execute("begin immediate")

    def close(self) -> None:
        """Forget what wasn't made sure of, and close the file."""
        with closing(self._base):
            self._base.execute("rollback")

    @property
    def path(self) -> bytes:
        """The file."""
        return fsencode(self._path)
