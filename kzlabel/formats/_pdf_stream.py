"""What pypdf reads a document from: a stream that gives only so much."""

from kzlabel.errors import LimitError
from kzlabel.files import Reader
from kzlabel.limits import Limits

__all__ = ["BoundedStream"]


class BoundedStream:
    """A stream of which only so much may be read: pypdf reads all of a broken document, to mend it."""

    def __init__(self, file: Reader, limits: Limits) -> None:
        self._stream = file.stream()
        self._size = file.size
        self._left = self._most = limits.pdf_read
        self.seek = self._stream.seek
        self.tell = self._stream.tell

    def read(self, length: int = -1) -> bytes:
        """Return up to `length` bytes; all that follow when it is negative.

        Raises:
            LimitError: More was asked for than may be read.
        """
        follow = max(0, self._size - self._stream.tell())
        self._left -= follow if length < 0 else min(length, follow)
        self.check()
        return self._stream.read(length)

    def check(self) -> None:
        """Check that nothing was refused, since pypdf may have gone on without it.

        Raises:
            LimitError: Something was.
        """
        if self._left < 0:
            raise LimitError(f"a PDF of which more than {self._most} bytes must be read to find its objects")
