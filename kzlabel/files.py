"""Random access to what is read: the view of a file that formats and verification share."""

import io
import os
from collections import deque
from collections.abc import Iterable, Iterator
from typing import BinaryIO, Protocol

from kzlabel.errors import MalformedError
from kzlabel.spans import Span

__all__ = ["BytesReader", "FileReader", "Reader"]

_CHUNK = 1 << 18
_HEAD = 1 << 14

_SPARE: deque[memoryview] = deque(maxlen=4)
"""Buffers that no reader uses at the moment: touching fresh memory costs more than reading a small file."""


class Reader(Protocol):
    """A file of known size that can be read anywhere; it can't be written through."""

    @property
    def size(self) -> int:
        """Size in bytes, as it was when the reader was made."""

    @property
    def head(self) -> bytes:
        """Its first bytes, 16 KiB or all: kept, because recognising and walking a file begin with them."""

    def read(self, offset: int, length: int) -> bytes:
        """Return exactly `length` bytes from `offset`.

        Raises:
            MalformedError: The range doesn't lie inside the file.
        """

    def chunks(self, spans: Iterable[Span]) -> Iterator[memoryview]:
        """Yield the bytes of `spans` in pieces; a piece is good until the next one is asked for.

        Raises:
            MalformedError: A span doesn't lie inside the file.
        """

    def stream(self) -> BinaryIO:
        """Return a seekable stream over the same bytes, for libraries that want one."""


class BytesReader:
    """A `Reader` over bytes in memory."""

    __slots__ = ("_data", "head", "size")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.size = len(data)
        self.head = data[:_HEAD]

    def read(self, offset: int, length: int) -> bytes:
        """See `Reader.read`."""
        _check_inside(offset, length, self.size)
        return self._data[offset : offset + length]

    def chunks(self, spans: Iterable[Span]) -> Iterator[memoryview]:
        """See `Reader.chunks`."""
        view = memoryview(self._data)
        for span in spans:
            _check_inside(span.start, span.length, self.size)
            yield view[span.start : span.end]

    def stream(self) -> BinaryIO:
        """See `Reader.stream`."""
        return io.BytesIO(self._data)


class FileReader:
    """A `Reader` over an open file; the caller keeps the file open and closes it."""

    __slots__ = ("_fd", "_file", "head", "size")

    def __init__(self, file: BinaryIO | int, size: int | None = None) -> None:
        """Read from `file`, a file object or a descriptor; `size` is given by those who know it.

        Raises:
            OSError: It can't be read.
        """
        self._file: BinaryIO | None = None if isinstance(file, int) else file
        self._fd = file if isinstance(file, int) else file.fileno()
        self.size = os.fstat(self._fd).st_size if size is None else size
        self.head = os.pread(self._fd, _HEAD, 0)

    def read(self, offset: int, length: int) -> bytes:
        """See `Reader.read`."""
        _check_inside(offset, length, self.size)
        if offset + length <= len(self.head):
            return self.head[offset : offset + length]
        data = os.pread(self._fd, length, offset)
        while len(data) < length:
            more = os.pread(self._fd, length - len(data), offset + len(data))
            if not more:
                raise MalformedError("the file became shorter while it was read")
            data += more
        return data

    def chunks(self, spans: Iterable[Span]) -> Iterator[memoryview]:
        """See `Reader.chunks`; memory stays below a few hundred kilobytes."""
        kept, head = len(self.head), memoryview(self.head)
        try:
            view = _SPARE.pop()
        except IndexError:
            view = memoryview(bytearray(_CHUNK))
        try:
            for start, length in spans:
                _check_inside(start, length, self.size)
                at, end = start, start + length
                if at < kept:
                    yield head[at:end]
                    at = kept
                while at < end:
                    count = os.preadv(self._fd, [view[: end - at]], at)
                    if count == 0:
                        raise MalformedError("the file became shorter while it was read")
                    yield view[:count]
                    at += count
        finally:
            _SPARE.append(view)

    def stream(self) -> BinaryIO:
        """See `Reader.stream`; a stream over a file object shares its position."""
        if self._file is None:
            self._file = os.fdopen(self._fd, "rb", buffering=0, closefd=False)
        self._file.seek(0)
        return self._file


def _check_inside(offset: int, length: int, size: int) -> None:
    if offset < 0 or length < 0 or offset + length > size:
        raise MalformedError(f"bytes {offset} to {offset + length} reach outside the file of {size} bytes")
