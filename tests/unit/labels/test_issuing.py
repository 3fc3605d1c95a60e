"""What a new label is given: identifiers that are unique and in order, and times with their zone."""

import subprocess
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from itertools import count, pairwise
from time import sleep
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kzlabel.errors import LabelError
from kzlabel.labels import Label, System, fresh
from kzlabel.labels.issuing import _Sequence, content_id, instant, new_content_id
from tests.unit.labels.strategies import times

SYSTEM = System(name="X")
NOON = 1_768_730_400_000_000_000  # 2026-01-18T10:00:00Z


def parsed(identifier: str) -> uuid.UUID:
    prefix, _, bare = identifier.rpartition(":")
    assert prefix == "urn:uuid"
    return uuid.UUID(bare)


def no_noise(size: int) -> bytes:
    return bytes(size)


@given(st.integers(0, 2**48 - 1), st.binary(min_size=10, max_size=10))
def test_an_identifier_is_a_uuid_of_version_7_with_the_time_in_front(at: int, noise: bytes) -> None:
    identifier = parsed(_Sequence(lambda: at * 1_000_000 + 999_999, lambda _: noise)())
    assert identifier.version == 7
    assert identifier.variant == uuid.RFC_4122
    assert identifier.int >> 80 == at


def test_identifiers_rise_within_a_process() -> None:
    identifiers = [new_content_id() for _ in range(20_000)]
    assert all(earlier < later for earlier, later in pairwise(identifiers))


def test_identifiers_rise_when_the_clock_stands_still_and_when_it_goes_back() -> None:
    draw = _Sequence(lambda: NOON, no_noise)
    still = [draw() for _ in range(10_000)]
    assert all(earlier < later for earlier, later in pairwise(still))
    assert (parsed(still[-1]).int >> 80) - (parsed(still[0]).int >> 80) == 10_000 // 4096

    clock = count(NOON, -1_000_000_000)
    draw = _Sequence(lambda: next(clock), no_noise)
    back = [draw() for _ in range(100)]
    assert all(earlier < later for earlier, later in pairwise(back))


class Interrupted(_Sequence):
    """A sequence in which other threads get their turn between the reading and the writing of the counter."""

    @property
    def _counter(self) -> int:
        sleep(0)
        return self._kept

    @_counter.setter
    def _counter(self, value: int) -> None:
        sleep(0)
        self._kept = value


def test_threads_never_get_the_same_identifier() -> None:
    draw = Interrupted(lambda: NOON, no_noise)  # only the counter tells them apart
    with ThreadPoolExecutor(8) as pool:
        drawn = list(pool.map(lambda _: draw(), range(5000)))
    assert len(set(drawn)) == len(drawn)


FORK = """
import os, signal
from kzlabel.labels import issuing

issuing._sequence._lock.acquire()  # as if another thread were drawing at the moment of the fork
child = os.fork()
signal.alarm(20)
identifier = "parent" if child else issuing.new_content_id()
print(identifier, flush=True)
if child:
    raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_a_child_of_a_fork_draws_although_its_parent_was_drawing() -> None:
    run = subprocess.run([sys.executable, "-c", FORK], capture_output=True, text=True, check=False, timeout=60)
    assert run.returncode == 0, run.stderr
    assert "urn:uuid:" in run.stdout


def test_a_label_gets_an_identifier_and_the_time_unless_they_are_given() -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    first, second = (Label(level="ai-generated", system=SYSTEM) for _ in range(2))
    assert parsed(first.content_id).version == 7
    assert first.content_id < second.content_id
    assert first.created.endswith("Z")
    assert before <= datetime.fromisoformat(first.created) <= datetime.now(UTC)


def test_a_clock_and_a_random_source_may_be_given() -> None:
    first, second = (
        Label(level="ai-generated", system=SYSTEM, **fresh(clock=lambda: NOON, random=no_noise)) for _ in range(2)
    )
    assert first == second
    assert first.created == "2026-01-18T10:00:00Z"
    assert first.content_id == "urn:uuid:019bd08c-1500-7000-8000-000000000000"


@given(
    st.uuids(allow_nil=False) | st.integers(1, 8).flatmap(lambda v: st.uuids().map(lambda u: with_version(u, v)))
)
def test_any_uuid_is_accepted_in_any_form_and_kept_as_a_urn(identifier: uuid.UUID) -> None:
    if identifier.variant != uuid.RFC_4122 or identifier.version not in range(1, 9):
        return
    for form in (
        identifier,
        str(identifier),
        str(identifier).upper(),
        identifier.urn,
        identifier.urn.upper(),
    ):
        assert content_id("content_id", form) == identifier.urn


def with_version(identifier: uuid.UUID, version: int) -> uuid.UUID:
    number = identifier.int & ~(0xF << 76) & ~(0b11 << 62) | version << 76 | 0b10 << 62
    return uuid.UUID(int=number)


@pytest.mark.parametrize(
    "bad",
    [
        "00000000-0000-0000-0000-000000000000",
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "019bd0a8-0c00-9000-8000-000000000000",
        "019bd0a8-0c00-7000-c000-000000000000",
        "{019bd0a8-0c00-7000-8000-000000000000}",
        "019bd0a80c0070008000000000000000",
        "photo-17.jpg",
    ],
)
def test_what_is_no_uuid_of_the_rfc_is_refused(bad: str) -> None:
    with pytest.raises(LabelError, match=r"content_id .* is no UUID of RFC 9562; leave it out, and one is made"):
        Label(level="ai-generated", system=SYSTEM, content_id=bad)


@given(times)
def test_a_time_with_its_zone_is_kept_as_it_is(time: str) -> None:
    assert instant("created", time) == time
    assert instant("created", datetime.fromisoformat(time)) in (time, time.replace("+00:00", "Z"))


def test_a_time_is_kept_in_capitals() -> None:
    assert instant("created", "2026-01-18t10:00:00.5z") == "2026-01-18T10:00:00.5Z"
    assert instant("created", datetime(2026, 1, 18, 15, tzinfo=timezone(timedelta(hours=5)))).endswith(
        "T15:00:00+05:00"
    )


@pytest.mark.parametrize(
    "bad",
    [
        "2026-01-18T10:00:00",
        "2026-01-18",
        "2026-01-18 10:00:00Z",
        "2026-02-30T10:00:00Z",
        "2026-01-18T24:00:00Z",
        "2026-01-18T10:00:60Z",
        "2026-01-18T10:00:00+0500",
        "2026-01-18T10:00:00+24:00",
        "20260118T100000Z",
        "2026-01-18T10:00:00,5Z",
        "٢٠٢٦-01-18T10:00:00Z",
        datetime(2026, 1, 18, 10),
    ],
)
def test_a_time_without_a_zone_or_that_never_was_is_refused(bad: Any) -> None:
    with pytest.raises(LabelError, match=r"created .* is no time with a zone \(RFC 3339\); write it as 2026-"):
        Label(level="ai-generated", system=SYSTEM, created=bad)
