"""Finding marks in text: whether bytes are text at all, and where a sequence of bytes occurs in a large file."""

from collections.abc import Iterator
from typing import Final

from kzlabel.errors import LimitError
from kzlabel.files import Reader
from kzlabel.spans import Span

__all__ = ["BOM", "find_all", "is_text", "is_utf8"]

BOM: Final = b"\xef\xbb\xbf"
"""U+FEFF, which may begin a text in UTF-8."""

_CUT: Final = 3
"""So many bytes of a character may be missing at the end of a head."""


def is_text(head: bytes) -> bool:
    """Tell whether a file that begins with `head` may be text in UTF-8, or in an encoding that has ASCII in it."""
    return b"\0" not in head


def is_utf8(head: bytes) -> bool:
    """Tell whether a file that begins with `head` may be text in UTF-8."""
    if not is_text(head):
        return False
    try:
        head.decode()
    except UnicodeDecodeError as error:
        return error.start >= len(head) - _CUT and error.reason == "unexpected end of data"
    return True


def find_all(file: Reader, mark: bytes, most: int) -> Iterator[int]:
    """Yield the offset of every place at which `mark` occurs, overlaps aside; the file is read once, in pieces.

    Raises:
        LimitError: It occurs more than `most` times.
        MalformedError: The file became shorter while it was read.
    """
    before, at, found = b"", 0, 0
    for piece in file.chunks([Span(0, file.size)]):
        data = before + bytes(piece)
        start = at - len(before)
        spot = data.find(mark)
        while spot >= 0:
            found += 1
            if found > most:
                raise LimitError(f"more than {most} places that look like a manifest store")
            yield start + spot
            spot = data.find(mark, spot + len(mark))
        at += len(piece)
        keep = len(mark) - 1
        before = data[-keep:] if keep else b""
