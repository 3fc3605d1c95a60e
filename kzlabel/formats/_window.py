"""Looking at headers here and there in a file without a system call for each."""

from kzlabel.errors import LimitError, MalformedError
from kzlabel.files import Reader
from kzlabel.limits import Limits
from kzlabel.spans import Span

__all__ = ["Walk"]

_NEAR = 512


class Walk:
    """One walk through a container: reads small pieces through a buffer, and counts the boxes it meets."""

    __slots__ = ("_buffer", "_left", "_limits", "_reader", "_start", "head", "notes", "size", "xmp")

    head: bytes
    """The first bytes of the file, 16 KiB or all, for those who look at many small things in them."""

    xmp: list[Span]
    """Where XMP packets were met."""

    notes: list[Span]
    """Where other metadata were met; see `Located.notes`."""

    def __init__(self, reader: Reader, limits: Limits) -> None:
        self.xmp = []
        self.notes = []
        self._reader = reader
        self._limits = limits
        self._left = limits.boxes_for(reader.size)
        self._start = 0
        self.size = reader.size
        self._buffer = self.head = reader.head

    def read(self, offset: int, length: int) -> bytes:
        """Return exactly `length` bytes from `offset`.

        Raises:
            MalformedError: They don't lie inside the file.
        """
        at = offset - self._start
        if at >= 0 and at + length <= len(self._buffer):
            return self._buffer[at : at + length]
        if offset < 0 or offset + length > self.size:
            raise MalformedError(f"the file ends inside the {length} bytes at {offset}")
        self._start = offset
        self._buffer = self._reader.read(offset, min(max(length, _NEAR), self.size - offset))
        return self._buffer[:length]

    def count(self) -> None:
        """Count one box.

        Raises:
            LimitError: There were too many.
        """
        self._left -= 1
        if self._left < 0:
            raise LimitError(f"more than {self._limits.boxes_for(self.size)} boxes in {self.size} bytes")

    def check_carriers(self, number: int) -> None:
        """Check how many manifest stores were met so far.

        Raises:
            LimitError: More than are looked for.
        """
        if number > self._limits.carriers:
            raise LimitError(f"more than {self._limits.carriers} manifest stores")

    def check_store(self, length: int) -> None:
        """Check the size of a manifest store.

        Raises:
            LimitError: It is larger than one may be.
        """
        if length > self._limits.store_size:
            raise LimitError(f"a manifest store of {length} bytes")
