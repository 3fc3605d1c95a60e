"""What a new label is given: an identifier and a time.

The identifier is a UUID of version 7 (RFC 9562 section 5.7): unique without a register, and sorted by time,
which databases like. It is written as a URN, so that it can stand wherever a URI is asked for and says what
it is.
"""

import datetime
import os
import re
import threading
import time
import uuid
from collections.abc import Callable
from typing import TypedDict

from kzlabel.errors import LabelError
from kzlabel.labels.text import NAME_LIMIT, text, wrong_type

__all__ = ["Fresh", "content_id", "fresh", "instant", "new_content_id", "now"]

Clock = Callable[[], int]
"""Nanoseconds since 1970 in UTC, as `time.time_ns`."""

Random = Callable[[int], bytes]
"""So many random bytes, as `os.urandom`."""

_MILLISECOND = 1_000_000
_SECOND = 1_000_000_000
_PREFIX = "urn:uuid:"
_CANONICAL = len(_PREFIX) + 36
_UUID = re.compile(r"(?:urn:uuid:)?([0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?"
    r"(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)


class Fresh(TypedDict):
    """The fields of a new label that differ from one label to the next."""

    content_id: str
    created: str


def fresh(*, clock: Clock = time.time_ns, random: Random = os.urandom) -> Fresh:
    """Return an identifier and a time, from a clock and a random source of the caller's.

    `Label(level=..., system=..., **fresh(clock=..., random=...))` makes a label that can be made again.
    """
    at = clock()
    return Fresh(content_id=_Sequence(lambda: at, random)(), created=now(lambda: at))


def now(clock: Clock = time.time_ns) -> str:
    """Return the present time in UTC, to the second."""
    return f"{datetime.datetime.fromtimestamp(clock() // _SECOND, datetime.UTC):%Y-%m-%dT%H:%M:%S}Z"


def new_content_id() -> str:
    """Return an identifier that sorts after every one that this process has got before."""
    return _sequence()


def content_id(field: str, value: object) -> str:
    """Check a UUID (RFC 9562), bare or as a URN, and write it as a URN in lower case."""
    if type(value) is str and len(value) == _CANONICAL and _UUID.fullmatch(value):
        return value
    given = str(value) if isinstance(value, uuid.UUID) else text(field, value, limit=NAME_LIMIT)
    found = _UUID.fullmatch(given.lower())
    if found is None:
        raise LabelError(f"{field} {given!r} is no UUID of RFC 9562", "leave it out, and one is made")
    return _PREFIX + found.group(1)


def instant(field: str, value: object) -> str:
    """Check a time with its zone (RFC 3339); a `datetime` is written out."""
    if isinstance(value, datetime.datetime):
        value = value.isoformat().replace("+00:00", "Z")
    if not isinstance(value, str):
        raise wrong_type(field, "a time", value)
    if _INSTANT.fullmatch(value) and _is_time(value):
        return value
    written = text(field, value, limit=NAME_LIMIT).upper()
    if _INSTANT.fullmatch(written) and _is_time(written):
        return written
    raise LabelError(
        f"{field} {written!r} is no time with a zone (RFC 3339)",
        "write it as 2026-01-18T09:00:00Z or with +05:00",
    )


def _is_time(written: str) -> bool:
    """Tell whether the calendar has the day and the clock the hour."""
    try:
        datetime.datetime.fromisoformat(written[:19])
    except ValueError:
        return False
    return True


class _Sequence:
    """Identifiers in rising order, safe to draw from several threads.

    Within a millisecond a counter of 12 bits rises (RFC 9562 section 6.2, method 1); it starts in its lower
    half so that it rarely overflows, and when it does the time runs ahead by a millisecond. When the clock
    goes back, the time stands still. The 62 bits that follow are random each time.
    """

    def __init__(self, clock: Clock, random: Random) -> None:
        self._clock = clock
        self._random = random
        self._lock = threading.Lock()
        self._time = 0
        self._counter = 0

    def __call__(self) -> str:
        noise = int.from_bytes(self._random(10))
        first = noise >> 62 & 0x7FF
        with self._lock:
            milliseconds = self._clock() // _MILLISECOND
            if milliseconds > self._time:
                self._time, self._counter = milliseconds, first
            elif self._counter < 0xFFF:
                self._counter += 1
            else:
                self._time, self._counter = self._time + 1, first
            head = self._time << 16 | 7 << 12 | self._counter
        tail = 0b10 << 62 | noise & 0x3FFF_FFFF_FFFF_FFFF
        return _PREFIX + str(uuid.UUID(int=head << 64 | tail))


_sequence = _Sequence(time.time_ns, os.urandom)


def _renew() -> None:
    """Begin anew in the child of a fork: a thread that it doesn't have may hold its copy of the lock."""
    global _sequence  # noqa: PLW0603 - the one place, and the one way after a fork
    _sequence = _Sequence(time.time_ns, os.urandom)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)
