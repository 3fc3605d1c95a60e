"""The audit log: what was labelled, when and as whom, in lines that can't be taken out unnoticed.

One JSON object a line. Each line has the SHA-256 of the line before it, the first one has zeros: whoever removes,
changes or moves a line breaks the chain from there on. Whoever holds the file can still cut off its end, or write
all of it anew; keep the last line's hash elsewhere (`AuditLog.last`), and that shows, too.

    {"sequence": 1, "time": "...", "source": ..., "label": sha-256 of the label, "previous": sha-256 of the line
    before, ...}

It is what a company shows when it is asked to prove that it labels (article 641-1 of Kazakhstan's Code of
Administrative Offences). No content, no file name and no prompt is in it unless the caller passes one.
"""

import errno
import fcntl
import hashlib
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from os import PathLike
from pathlib import Path
from typing import Final

import msgspec

from kzlabel.errors import InputError, MalformedError, OutputError
from kzlabel.sources import display_name

__all__ = ["AuditLog", "Entry", "Flaw", "verify_log"]

_FIRST: Final = "0" * 64
_TAIL: Final = 65_536
_LONGEST: Final = 1 << 20
"""Bytes of the longest line that is read."""


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """One labelling."""

    sequence: int
    """Number of the line, from 1."""

    time: str
    """When the line was written, RFC 3339, UTC; never before the line before, should the clock be set back."""

    content_id: str
    """The label's content identifier."""

    output_sha256: str
    """SHA-256 of the labelled file, in hexadecimal."""

    label_sha256: str
    """SHA-256 of the label as canonical JSON."""

    level: str
    """What the label says of AI."""

    signer: str
    """SHA-256 of the signer's certificate."""

    previous: str
    """SHA-256 of the line before, line end left out; zeros in the first."""

    media_type: str = ""
    """Media type of the labelled file."""

    stamped: bool = False
    """Whether a time-stamp proves when it was signed."""

    name: str = ""
    """What the caller calls the file, if anything."""


class Flaw(msgspec.Struct, frozen=True):
    """What is wrong with a log."""

    line: int
    """Number of the line, from 1."""

    reason: str
    """Why."""


class AuditLog:
    """An append-only log; processes and threads may append to one file at once."""

    def __init__(self, path: str | PathLike[str]) -> None:
        """Append to the log at `path`, which is made with mode 0600 when it is missing."""
        self._path = Path(path)

    def append(
        self,
        *,
        content_id: str,
        output_sha256: str,
        label_sha256: str,
        level: str,
        signer: str,
        media_type: str = "",
        stamped: bool = False,
        name: str = "",
        at: datetime | None = None,
    ) -> Entry:
        """Write one line and sync it to the disk; what it says is described at `Entry`.

        Raises:
            OutputError: The log can't be written.
            MalformedError: Its last line is none, so that no line can be chained to it.
        """
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise OutputError(
                f"the audit log {display_name(self._path)} can't be written: {error.strerror}"
            ) from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            sequence, previous, before = _last(descriptor)
            moment = (at or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="milliseconds")
            entry = Entry(
                sequence=sequence + 1,
                time=max(moment, before),
                content_id=content_id,
                output_sha256=output_sha256,
                label_sha256=label_sha256,
                level=level,
                signer=signer,
                previous=previous,
                media_type=media_type,
                stamped=stamped,
                name=name,
            )
            _write(descriptor, msgspec.json.encode(entry) + b"\n")
        except OSError as error:
            raise OutputError(
                f"the audit log {display_name(self._path)} can't be written: {error.strerror}"
            ) from None
        finally:
            os.close(descriptor)
        return entry

    @property
    def last(self) -> str:
        """SHA-256 of the last line: kept elsewhere, it shows later whether lines were cut off.

        Raises:
            InputError: There is no such file, or it can't be read.
            MalformedError: Its last line is none.
        """
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise InputError(f"the audit log {display_name(self._path)} can't be read: {error.strerror}") from None
        try:
            return _last(descriptor)[1]
        finally:
            os.close(descriptor)


def _write(descriptor: int, line: bytes) -> None:
    """Append a whole line or nothing."""
    before = os.fstat(descriptor).st_size
    try:
        _write_all(descriptor, line)
        os.fsync(descriptor)
    except OSError:
        os.ftruncate(descriptor, before)
        raise


def _write_all(descriptor: int, line: bytes) -> None:
    if os.write(descriptor, line) != len(line):
        raise OSError(errno.ENOSPC, "no space left")


def _last(descriptor: int) -> tuple[int, str, str]:
    """Return number, hash and time of the last line; zeros for an empty log."""
    size = os.fstat(descriptor).st_size
    if not size:
        return 0, _FIRST, ""
    start = max(0, size - _TAIL)
    tail = os.pread(descriptor, size - start, start)
    if not tail.endswith(b"\n"):
        raise MalformedError("the audit log's last line is cut off", "look at it with kzlabel audit verify")
    line = tail[:-1].rpartition(b"\n")[2]
    try:
        entry = msgspec.json.decode(line, type=Entry)
    except (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedError(
            f"the audit log's last line is none: {error}", "look at it with kzlabel audit verify"
        ) from None
    return entry.sequence, hashlib.sha256(line).hexdigest(), entry.time


def verify_log(path: str | PathLike[str], *, last: str = "") -> tuple[int, tuple[Flaw, ...]]:
    """Check a log from its first line to its last.

    Args:
        path: The log.
        last: SHA-256 that the last line had earlier, or has; some line must have it, or lines were cut off.

    Returns:
        The number of lines, and what is wrong with them; nothing when the chain holds.

    Raises:
        InputError: There is no such file, or it can't be read.
    """
    try:
        with Path(path).open("rb") as file:
            return _check(iter(lambda: file.readline(_LONGEST + 1), b""), last)
    except OSError as error:
        raise InputError(f"the audit log {display_name(path)} can't be read: {error.strerror}") from None


def _check(lines: Iterator[bytes], last: str) -> tuple[int, tuple[Flaw, ...]]:
    flaws: list[Flaw] = []
    previous, number, time, met = _FIRST, 0, "", not last or last == _FIRST
    for number, whole in enumerate(lines, 1):
        line = whole.removesuffix(b"\n")
        try:
            entry = msgspec.json.decode(line, type=Entry)
        except (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError) as error:
            flaws.append(Flaw(number, f"it is no entry: {error}"))
        else:
            flaws += (Flaw(number, reason) for reason in _reasons(entry, line, number, previous, time))
            time = entry.time
        if not whole.endswith(b"\n"):
            flaws.append(Flaw(number, "it is cut off"))
        previous = hashlib.sha256(line).hexdigest()
        met = met or previous == last.lower()
    if not met:
        flaws.append(Flaw(number + 1, "no line has the hash that the last one had: lines were cut off"))
    return number, tuple(flaws)


def _reasons(entry: Entry, line: bytes, number: int, previous: str, time: str) -> Iterator[str]:
    if entry.sequence != number:
        yield f"it is numbered {entry.sequence}"
    if entry.previous != previous:
        yield "the line before it is another one than when it was written"
    if msgspec.json.encode(entry) != line:
        yield "it is written in another way than entries are"
    if entry.time < time:
        yield "its time is before that of the line before"
