"""What was learned from stores changes no verdict: who has learned says what who has not says."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from kzlabel.credentials import Signer
from kzlabel.files import BytesReader
from kzlabel.formats import identify
from kzlabel.labels import Label, System
from kzlabel.limits import DEFAULT_LIMITS
from kzlabel.signing import Labeler
from kzlabel.trust import Trust
from kzlabel.verifying import Verifier
from kzlabel.verifying.verdict import Status, Verdict
from tests.conftest import CorpusFile, corpus

FORMATS = ("jpeg", "png", "webp", "wav", "avi", "gif", "mp3", "flac")
NOW = datetime.now(UTC)


def plain(data: bytes, trust: Trust, now: datetime = NOW) -> Verdict:
    """Return what a verifier says that has seen nothing before."""
    return Verifier(trust=trust, clock=lambda: now).verify(data)


def recalled(verifier: Verifier, data: bytes, now: datetime = NOW) -> Verdict | None:
    """Return what is known of the store in `data` by its shape alone."""
    file = BytesReader(data)
    recognised = identify(data[:65_536])
    assert recognised is not None
    located = recognised[0].locate(file, DEFAULT_LIMITS)
    return verifier.shapes.recall(file, located, recognised[1], now) if located.carriers else None


def series(labeler: Labeler, source: bytes, count: int, label: Label) -> list[bytes]:
    """Label `source` repeatedly, each time with an identifier of its own."""
    return [labeler.label(source, Label(level=label.level, system=label.system)) for _ in range(count)]


@pytest.fixture
def jpegs(samples: dict[str, Path], labeler: Labeler, label: Label) -> list[bytes]:
    return series(labeler, samples["jpeg"].read_bytes(), 6, label)


@pytest.fixture
def taught(jpegs: list[bytes], trust: Trust) -> Verifier:
    verifier = Verifier(trust=trust, clock=lambda: NOW)
    for data in jpegs[:4]:
        verifier.verify(data)
    assert recalled(verifier, jpegs[4]) is not None
    return verifier


@pytest.mark.parametrize("name", FORMATS)
def test_a_recalled_verdict_is_the_plain_one(
    name: str, samples: dict[str, Path], labeler: Labeler, label: Label, trust: Trust
) -> None:
    files = series(labeler, samples[name].read_bytes(), 8, label)
    verifier = Verifier(trust=trust, clock=lambda: NOW)
    for data in files[:6]:
        assert verifier.verify(data) == plain(data, trust)
    for data in files[6:]:
        known = recalled(verifier, data)
        assert known is not None
        assert known.label is not None
        assert verifier.verify(data) == plain(data, trust)
    labels = {verifier.verify(data).label for data in files}
    assert len(labels) == len(files)


def test_every_changed_byte_of_a_store_is_judged_as_without_learning(
    taught: Verifier, jpegs: list[bytes], trust: Trust
) -> None:
    data = jpegs[5]
    store = data.index(b"jumb")
    size = int.from_bytes(data[store - 4 : store])
    chance = random.Random(5)
    for at in range(store, store + size, 3):
        changed = bytearray(data)
        changed[at] ^= 1 << chance.randrange(8)
        known = recalled(taught, bytes(changed))
        if known is not None:
            assert known.status is plain(bytes(changed), trust).status
        if at % 4 == 0:
            assert taught.verify(bytes(changed)) == plain(bytes(changed), trust)


def test_every_exchanged_digit_or_letter_is_judged_as_without_learning(
    taught: Verifier, jpegs: list[bytes], trust: Trust
) -> None:
    data = jpegs[5]
    places = [at for at in range(20, 3600) if data[at : at + 1] in b"0123456789abcdef"]
    for at in places[::2]:
        changed = bytearray(data)
        changed[at] = ord("7") if changed[at] != ord("7") else ord("8")
        assert recalled(taught, bytes(changed)) is None
        assert taught.verify(bytes(changed)) == plain(bytes(changed), trust)


def test_changed_content_under_a_known_shape_is_invalid(taught: Verifier, jpegs: list[bytes]) -> None:
    for at in (-2, -500, len(jpegs[5]) // 2):
        changed = bytearray(jpegs[5])
        changed[at] ^= 1
        assert taught.verify(bytes(changed)).status is Status.INVALID


def test_the_store_of_another_file_under_a_known_shape_is_invalid(
    taught: Verifier, jpegs: list[bytes], samples: dict[str, Path], labeler: Labeler, label: Label
) -> None:
    picture = samples["jpeg"].read_bytes()
    other = series(labeler, picture[:-2] + b"\0\xff\xd9", 1, label)[0]
    start = other.index(b"\xff\xeb")
    length = 2 + int.from_bytes(other[start + 2 : start + 4])
    moved = jpegs[5][:start] + other[start : start + length] + jpegs[5][start + length :]
    assert len(moved) == len(jpegs[5])
    assert taught.verify(moved).status is Status.INVALID


def test_parts_of_two_stores_of_one_shape_do_not_make_a_third(taught: Verifier, jpegs: list[bytes]) -> None:
    """Claims, assertions and signatures of one signer can't be combined anew."""
    one, other = jpegs[4], jpegs[5]
    marks = (b"c2pa.actions.v2\0", b"c2pa.hash.data\0", b"c2pa.claim.v2\0", b"c2pa.signature\0")
    edges = sorted(one.index(mark) for mark in marks)
    segment = one.index(b"\xff\xeb")
    ends = [*edges[1:], segment + 2 + int.from_bytes(one[segment + 2 : segment + 4])]
    mixtures = {one[:start] + other[start:end] + one[end:] for start, end in zip(edges, ends, strict=True)} - {one}
    assert len(mixtures) == 3  # the hard binding is the same in both
    for mixed in mixtures:
        assert taught.verify(mixed).status is Status.INVALID


def test_an_expired_certificate_under_a_known_shape_is_judged_by_the_clock(
    jpegs: list[bytes], trust: Trust
) -> None:
    times = iter([NOW] * 5 + [NOW + timedelta(days=36_500)] * 2)
    verifier = Verifier(trust=trust, clock=lambda: next(times))
    answers = [verifier.verify(data) for data in (jpegs + jpegs)[:7]]
    assert [a.status for a in answers[:5]] == [Status.TRUSTED] * 5
    assert [a.status for a in answers[5:]] == [Status.INVALID] * 2
    assert answers[5] == plain(jpegs[5], trust, NOW + timedelta(days=36_500))


def test_another_trust_knows_nothing_of_what_was_learned(taught: Verifier, jpegs: list[bytes]) -> None:
    doubting = msgspec.structs.replace(taught, trust=Trust.none())
    assert recalled(doubting, jpegs[5]) is None
    assert doubting.verify(jpegs[5]).status is Status.VALID


def test_nothing_is_learned_from_what_is_not_intact(jpegs: list[bytes], trust: Trust) -> None:
    verifier = Verifier(trust=trust, clock=lambda: NOW)
    for data in jpegs:
        assert verifier.verify(data[:-1] + b"\0").status is Status.INVALID
    assert recalled(verifier, jpegs[0]) is None


def test_what_is_learned_stays_bounded(samples: dict[str, Path], trust: Trust, signer: Signer) -> None:
    labeler = Labeler(signer, trust=trust)
    source = samples["gif"].read_bytes()
    verifier = Verifier(trust=trust, clock=lambda: NOW)
    for size in range(80):
        label = Label(level="ai-generated", system=System(name="Painter", model="m" * (size + 1)))
        data = labeler.label(source, label)
        for _ in range(2):
            verifier.verify(data)
    assert 0 < len(verifier.shapes) <= 64


def labelled_corpus() -> Iterator[object]:
    for row in corpus():
        if row.has_c2pa == "yes" and row.path.stat().st_size < 2_000_000:
            yield pytest.param(row, id=row.name)


@pytest.mark.parametrize("row", list(labelled_corpus()))
def test_third_party_files_are_judged_as_without_learning(row: CorpusFile, trust: Trust) -> None:
    data = row.path.read_bytes()
    verifier = Verifier(trust=trust, clock=lambda: NOW)
    first = verifier.verify(data)
    for _ in range(3):
        assert verifier.verify(data) == first
