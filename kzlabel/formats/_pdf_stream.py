"""What pypdf reads a document from: a stream that gives only so much, in pieces that make single bytes cheap."""

import io
from typing import Final

from kzlabel.errors import LimitError
from kzlabel.files import Reader
from kzlabel.limits import Limits

__all__ = ["BoundedStream"]

_PIECE: Final = 1024
"""Bytes that are fetched at once: pypdf reads byte by byte, here and there."""


class BoundedStream(io.BufferedReader):
    """A stream of which only so much may be read: pypdf reads all of a broken document, to mend it.

    Reading raises `LimitError` when more is asked for.
    """

    def __init__(self, file: Reader, limits: Limits) -> None:
        self._counted = _Counted(file, limits.pdf_read)
        super().__init__(self._counted, _PIECE)

    def check(self) -> None:
        """Check that nothing was refused, since pypdf may have gone on without it.

        Raises:
            LimitError: Something was.
        """
        self._counted.check()


class _Counted(io.RawIOBase):
    """The file, and how much of it may still be fetched."""

    def __init__(self, file: Reader, most: int) -> None:
        self._file = file
        self._at = 0
        self._left = self._most = most

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._file.size}[whence]
        if base + offset < 0:
            raise OSError("a place before the beginning of the file")
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: object) -> int:
        into = memoryview(buffer)  # type: ignore[arg-type]
        length = min(len(into), self._file.size - self._at)
        if length <= 0:  # behind the end
            return 0
        self._left -= length
        self.check()
        into[:length] = self._file.read(self._at, length)
        self._at += length
        return length

    def readall(self) -> bytes:
        length = self._file.size - self._at
        if length <= 0:
            return b""
        self._left -= length
        self.check()
        self._at += length
        return bytes(self._file.read(self._at - length, length))

    def check(self) -> None:
        if self._left < 0:
            raise LimitError(f"a PDF of which more than {self._most} bytes must be read to find its objects")
