"""A stream that counts what the reference engine does with it, and stops an engine that does too much.

Crafted files make the engine's parsers read millions of tiny boxes, in MP4 with quadratic cost. The engine
treats an exception in a stream as an ordinary read error, and some of its parsers swallow those and report
that there is no manifest; so whoever passes a `MeteredStream` must look at `tripped` afterwards.
"""

import io
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO

from kzlabel.limits import Limits

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer
    from _typeshed import WriteableBuffer as Buffer

__all__ = ["MeteredStream", "RecordingStream"]


class MeteredStream(io.RawIOBase):
    """A seekable stream over another one, with a budget of calls and of time."""

    tripped: str
    """Which limit was reached, a clause for a person; empty while none was."""

    def __init__(
        self, stream: BinaryIO, size: int, limits: Limits, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Wrap `stream`, a file of `size` bytes."""
        super().__init__()
        self._stream = stream
        self._clock = clock
        self._seconds = limits.seconds_for(size)
        self._deadline = clock() + self._seconds
        self._reads = limits.reads_for(size)
        self._calls = 0
        self.tripped = ""

    def readable(self) -> bool:
        """Return true."""
        return True

    def seekable(self) -> bool:
        """Return true."""
        return True

    def writable(self) -> bool:
        """Return false: what is verified is never written to."""
        return False

    def readinto(self, buffer: "Buffer", /) -> int:
        """Fill `buffer` as far as the stream goes, or fail once the budget is spent."""
        self._count()
        try:
            return self._stream.readinto(buffer)  # type: ignore[attr-defined,no-any-return]
        except OSError as error:
            self.tripped = f"a read error: {error.strerror}"
            raise

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Move, or fail once the budget is spent."""
        self._count()
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        """Return the position."""
        return self._stream.tell()

    def _count(self) -> None:
        self._calls += 1
        if not self.tripped:
            if self._calls > self._reads:
                self.tripped = f"more than {self._reads} reads"
            elif self._clock() > self._deadline:
                self.tripped = f"more than {self._seconds:.0f} seconds"
        if self.tripped:
            raise OSError(f"stopped: {self.tripped}")


class RecordingStream(io.RawIOBase):
    """A stream to write to that remembers why a write failed, since the engine only says that one did."""

    error: OSError | None
    """The first error; None while there was none."""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__()
        self._stream = stream
        self.error = None

    def readable(self) -> bool:
        """Return true: the engine hashes what it wrote."""
        return True

    def seekable(self) -> bool:
        """Return true."""
        return True

    def writable(self) -> bool:
        """Return true."""
        return True

    def readinto(self, buffer: "Buffer", /) -> int:
        """Fill `buffer` as far as the stream goes."""
        return self._stream.readinto(buffer)  # type: ignore[attr-defined,no-any-return]

    def write(self, data: "ReadableBuffer", /) -> int:
        """Write all of `data`, or remember why not."""
        try:
            self._stream.write(data)
        except OSError as error:
            self.error = self.error or error
            raise
        return memoryview(data).nbytes

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Move."""
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        """Return the position."""
        return self._stream.tell()

    def flush(self) -> None:
        """Hand everything to the operating system, or remember why not."""
        try:
            self._stream.flush()
        except OSError as error:
            self.error = self.error or error
            raise
