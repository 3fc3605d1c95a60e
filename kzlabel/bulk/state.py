"""What is remembered of labelling by a table, in SQLite: which orders are done, and what became of them.

Content identifiers follow from the state's secret and the order, so that nothing has to be written before an order
is begun: after a kill at any moment it shows in the file itself whether it was labelled.
"""

import fcntl
import os
import secrets
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

import msgspec

from kzlabel.bulk.results import Result
from kzlabel.errors import InputError, OutputError
from kzlabel.sources import display_name

__all__ = ["State"]

_SCHEMA: Final = """
create table if not exists facts (begun integer not null, seed blob not null, run integer not null);
create table if not exists orders (
    identity blob primary key, number integer not null, run integer not null, done integer not null,
    row blob not null
) without rowid;
create index if not exists by_number on orders (run, number);
"""
_VERSION: Final = 0x6B7A0001
"""Tells these files from other databases."""
_PATIENCE: Final = 15.0
"""Seconds that workers of a killed run get to end."""


class State:
    """A file that remembers; one run at a time has it."""

    def __init__(self, path: Path, *, resume: bool) -> None:
        """Open the state at `path`, or make it.

        Args:
            path: The file; a lock stands beside it while it is open.
            resume: Whether orders that are done may be in it.

        Raises:
            OutputError: It can't be written, is no such state, or another run has it.
            InputError: Orders are in it, and `resume` isn't said.
        """
        self._name = display_name(path)
        self._lock = _Lock(Path(f"{path}.lock"), self._name)
        try:
            self._open(path, resume=resume)
        except BaseException:
            self._lock.close()
            raise

    def _open(self, path: Path, *, resume: bool) -> None:
        try:
            self._base = sqlite3.connect(path, isolation_level=None)
            try:
                self._prepare()
            except BaseException:
                self._base.close()
                raise
        except sqlite3.Error as error:
            raise OutputError(f"{self._name} can't be used as a state: {error}", "name another file") from None
        if not self.fresh and not resume:
            self._base.close()
            raise InputError(f"{self._name} remembers a run already", "go on with --resume, or name another file")

    def _prepare(self) -> None:
        version = self._base.execute("pragma user_version").fetchone()[0]
        used = self._base.execute("select count(*) from sqlite_master").fetchone()[0]
        if version != _VERSION and (version or used):
            raise OutputError(f"{self._name} is a state of something else", "name another file")
        self._base.execute("pragma journal_mode=wal")
        self._base.executescript(_SCHEMA)
        self._base.execute(f"pragma user_version={_VERSION}")
        self._begin()
        facts = self._base.execute("select begun, seed, run from facts").fetchone()
        self.fresh = facts is None
        begun, seed, last = facts or (time.time_ns(), secrets.token_bytes(32), 0)
        self.begun: int = begun
        self.seed: bytes = seed
        self.run: int = last + 1
        if facts is None:
            self._base.execute("insert into facts values (?, ?, ?)", (self.begun, self.seed, self.run))
        else:
            self._base.execute("update facts set run=?", (self.run,))
        self.commit()

    @property
    def kept(self) -> int:
        """Descriptor of the lock; a process that has it open still works, whatever became of its parent."""
        return self._lock.descriptor

    def known(self, identity: bytes) -> bool:
        """Return whether an order was carried out."""
        row = self._base.execute("select done from orders where identity=?", (identity,)).fetchone()
        return row is not None and bool(row[0])

    def seen(self, identity: bytes, number: int) -> None:
        """Remember that an order that was carried out belongs to this run, too."""
        self._base.execute("update orders set run=?, number=? where identity=?", (self.run, number, identity))

    def remember(self, identity: bytes, row: Result, *, done: bool) -> None:
        """Remember what became of an order; sure after `commit`."""
        self._base.execute(
            "insert or replace into orders values (?, ?, ?, ?, ?)",
            (identity, row.row, self.run, done, msgspec.msgpack.encode(row)),
        )

    def commit(self) -> None:
        """Make sure of what was remembered."""
        try:
            self._base.execute("commit")
        except sqlite3.Error as error:
            raise OutputError(f"{self._name} can't be written: {error}", "go on with --resume") from None
        self._begin()

    def rows(self) -> Iterator[Result]:
        """Yield the rows of this run, in the order of the table."""
        decode = msgspec.msgpack.Decoder(Result).decode
        with closing(self._base.cursor()) as cursor:
            for number, row in cursor.execute(
                "select number, row from orders where run=? order by number", (self.run,)
            ):
                yield msgspec.structs.replace(decode(row), row=number)

    def close(self) -> None:
        """Make sure of everything, and close the file."""
        try:
            with closing(self._base), suppress(sqlite3.Error):
                self._base.execute("commit")
        finally:
            self._lock.close()

    def _begin(self) -> None:
        self._base.execute("begin immediate")


class _Lock:
    """A locked file: the lock lasts until the last process that inherited it has ended."""

    def __init__(self, path: Path, name: str) -> None:
        self._path = path
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                self.descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            except OSError as error:
                raise OutputError(f"{name} can't be written: {error.strerror}") from None
            try:
                fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(self.descriptor)
                if time.monotonic() > deadline:
                    raise OutputError(f"another run uses {name}", "wait for its end, or name another") from None
                time.sleep(0.1)
                continue
            if os.fstat(self.descriptor).st_nlink:  # it wasn't removed meanwhile
                return
            os.close(self.descriptor)

    def close(self) -> None:
        self._path.unlink(missing_ok=True)
        os.close(self.descriptor)
