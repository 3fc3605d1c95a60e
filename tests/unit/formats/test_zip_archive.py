"""Archives beyond four gigabytes, without the gigabytes: offsets and sizes of 64 bits."""

import io
from collections.abc import Iterable, Iterator
from struct import pack
from typing import BinaryIO

import pytest

from kzlabel.errors import LimitError, MalformedError
from kzlabel.files import BytesReader
from kzlabel.formats import zip as form
from kzlabel.formats._zip_archive import read_archive
from kzlabel.formats.base import Derived
from kzlabel.limits import DEFAULT_LIMITS, Limits
from kzlabel.spans import Span

GIGABYTES = 5 << 30
FULL = 0xFFFFFFFF


class Sparse:
    """A `Reader` over bytes and stretches of zeros."""

    def __init__(self, *pieces: bytes | int) -> None:
        self._pieces = pieces
        self.size = sum(piece if isinstance(piece, int) else len(piece) for piece in pieces)
        self.head = self.read(0, min(self.size, 1 << 14))

    def read(self, offset: int, length: int) -> bytes:
        if offset < 0 or offset + length > self.size:
            raise MalformedError("outside")
        made, at = [], 0
        for piece in self._pieces:
            size = piece if isinstance(piece, int) else len(piece)
            begin, end = max(offset, at) - at, min(offset + length, at + size) - at
            if begin < end:
                made.append(bytes(end - begin) if isinstance(piece, int) else piece[begin:end])
            at += size
        return b"".join(made)

    def chunks(self, spans: Iterable[Span]) -> Iterator[memoryview]:
        for span in spans:
            yield memoryview(self.read(*span))

    def stream(self) -> BinaryIO:
        return io.BytesIO()


def header(name: bytes, size: int) -> bytes:
    """Return a local header of a stored member with sizes of 64 bits."""
    extra = pack("<HHQQ", 1, 16, size, size)
    return pack("<4s5H3I2H", b"PK\3\4", 45, 0, 0, 0, 0, 0, FULL, FULL, len(name), len(extra)) + name + extra


def entry(name: bytes, size: int, at: int) -> bytes:
    extra = pack("<HHQQQ", 1, 24, size, size, at)
    return (
        pack("<4s6H3I5H2I", b"PK\1\2", 45, 45, 0, 0, 0, 0, 0, FULL, FULL, len(name), len(extra), 0, 0, 0, 0, FULL)
        + name
        + extra
    )


def huge(**changes: int) -> Sparse:
    """Return a ZIP64 with five gigabytes in its first member; `changes` are lies of its end."""
    first, second = header(b"big", GIGABYTES), header(b"small", 3)
    at = len(first) + GIGABYTES
    directory = entry(b"big", GIGABYTES, 0) + entry(b"small", 3, at)
    start = at + len(second) + 3
    said = {"count": 2, "size": len(directory), "start": start, "record": start + len(directory), "disks": 1}
    said |= changes
    end = pack("<4sQ2H2I4Q", b"PK\6\6", 44, 45, 45, 0, 0, said["count"], said["count"], said["size"], said["start"])
    end += pack("<4sIQI", b"PK\6\7", 0, said["record"], said["disks"])
    end += pack("<4s4H2IH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, FULL, FULL, 0)
    return Sparse(first, GIGABYTES, second + b"abc", directory + end)


def test_offsets_beyond_four_gigabytes_are_read_and_written() -> None:
    source = huge()
    (big, small) = read_archive(source, DEFAULT_LIMITS).members
    assert (big.data.length, source.read(*small.data)) == (GIGABYTES, b"abc")
    for size in (100, 300):  # the second in place of the first
        located = form.locate(source, DEFAULT_LIMITS)
        recipe = form.splice(source, located, size, DEFAULT_LIMITS)
        pieces: list[bytes | int] = []
        for part in recipe.parts:
            if isinstance(part, Span):
                pieces.append(part.length if part.length > 1 << 30 else source.read(*part))
                if part.length > 1 << 30:
                    head = source.read(part.start, 100)
                    pieces[-1:] = [head, part.length - len(head)]
            else:
                pieces.append(part.make(b"s" * size) if isinstance(part, Derived) else part)
        source = Sparse(*pieces)
        archive = read_archive(source, DEFAULT_LIMITS)
        store = archive.find(form.STORE_MEMBER)
        assert store is not None
        assert store.span.start > GIGABYTES
        assert source.read(*store.data) == b"s" * size
        assert [member.data for member in archive.members[:2]] == [big.data, small.data]
        assert archive.wide


@pytest.mark.parametrize(
    "lie", [{"count": 3}, {"size": 1 << 40}, {"start": 5}, {"record": 7}, {"disks": 2}, {"count": 0}, {"size": 0}]
)
def test_lies_of_a_zip64_are_found_out(lie: dict[str, int]) -> None:
    with pytest.raises((MalformedError, LimitError)):
        read_archive(huge(**lie), DEFAULT_LIMITS)


def test_more_members_than_are_allowed_are_a_limit() -> None:
    with pytest.raises(LimitError):
        read_archive(huge(), Limits(boxes=-(GIGABYTES // 128) - 100))


def test_an_archive_without_members_has_none() -> None:
    end = b"PK\5\6" + bytes(18)
    assert read_archive(BytesReader(end), DEFAULT_LIMITS).members == ()
