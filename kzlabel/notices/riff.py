"""The chunks of a RIFF file, WAV or WebP."""

import struct
from collections.abc import Iterator
from typing import Final

from kzlabel.errors import LimitError, MalformedError
from kzlabel.files import Reader

__all__ = ["chunks"]

_MOST: Final = 100_000


def chunks(file: Reader, at: int = 12, stop: int | None = None) -> Iterator[tuple[bytes, int, int]]:
    """Yield the identifier, the place and the length of the content of each chunk from `at` on.

    Raises:
        LimitError: There are too many.
        MalformedError: One reaches beyond the end.
    """
    end = min(file.size, 8 + struct.unpack("<I", file.read(4, 4))[0]) if stop is None else stop
    for _ in range(_MOST):
        if at + 8 > end:
            return
        kind, length = struct.unpack("<4sI", file.read(at, 8))
        if length > end - at - 8:
            raise MalformedError(f"the chunk at byte {at} reaches beyond the end of the file")
        yield kind, at + 8, length
        at += 8 + length + (length & 1)
    raise LimitError(f"more than {_MOST} chunks")
