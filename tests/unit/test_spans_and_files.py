"""Reading: spans, readers over bytes and over files."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kzlabel.errors import MalformedError
from kzlabel.files import BytesReader, FileReader, Reader
from kzlabel.spans import Span, complement, total

SPANS = st.lists(st.builds(Span, st.integers(0, 60), st.integers(0, 30)), max_size=6)


@given(excluded=SPANS, size=st.integers(0, 70))
def test_complement_is_what_no_exclusion_covers(excluded: list[Span], size: int) -> None:
    kept = list(complement(excluded, size))
    covered = {at for span in excluded for at in range(span.start, span.end)}
    assert [at for span in kept for at in range(span.start, span.end)] == [
        at for at in range(size) if at not in covered
    ]
    assert all(span.length > 0 for span in kept)
    assert total(kept) == sum(at not in covered for at in range(size))


@pytest.fixture(params=["bytes", "file"])
def reader(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Reader]:
    data = bytes(range(256)) * 5000
    if request.param == "bytes":
        yield BytesReader(data)
        return
    path = tmp_path / "data"
    path.write_bytes(data)
    with path.open("rb", buffering=0) as file:
        yield FileReader(file)


def test_read_returns_exactly_what_was_asked_for(reader: Reader) -> None:
    assert reader.size == 1_280_000
    assert reader.read(255, 3) == b"\xff\x00\x01"
    assert reader.read(reader.size, 0) == b""


@pytest.mark.parametrize(("offset", "length"), [(0, 1_280_001), (-1, 2), (1_280_000, 1), (5, -1), (1 << 70, 1)])
def test_reading_outside_the_file_is_malformed(reader: Reader, offset: int, length: int) -> None:
    with pytest.raises(MalformedError):
        reader.read(offset, length)
    with pytest.raises(MalformedError):
        list(reader.chunks([Span(offset, length)]))


def test_chunks_join_to_the_spans(reader: Reader) -> None:
    spans = [Span(3, 700_000), Span(0, 2), Span(1_000_000, 280_000)]
    joined = b"".join(bytes(piece) for piece in reader.chunks(spans))
    assert joined == b"".join(reader.read(span.start, span.length) for span in spans)


def test_a_stream_starts_at_the_beginning(reader: Reader) -> None:
    assert reader.stream().read(4) == b"\x00\x01\x02\x03"
    assert reader.stream().read(4) == b"\x00\x01\x02\x03"


def test_a_file_that_shrinks_while_it_is_read_is_malformed(tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_bytes(bytes(100_000))
    with path.open("r+b", buffering=0) as file:
        shrinking = FileReader(file)
        file.truncate(20_000)
        with pytest.raises(MalformedError):
            shrinking.read(0, 100_000)
        with pytest.raises(MalformedError):
            list(shrinking.chunks([Span(0, 100_000)]))
