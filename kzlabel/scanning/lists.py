"""Lists of paths: one a line, or separated by NUL, as `find -print0` writes them."""

import os
from collections.abc import Iterator
from typing import BinaryIO, Final

from kzlabel.errors import InputError
from kzlabel.scanning.items import Item, Trouble
from kzlabel.scanning.walking import Tree

__all__ = ["Listed", "read_list"]

_LONGEST: Final = 65_536
_PIECE: Final = 1 << 20


def read_list(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the paths in a list, empty ones left out. It is NUL-separated if there is a NUL in its first piece.

    Raises:
        InputError: A path is longer than any system allows, so that this is no list.
    """
    rest = stream.read(_PIECE)
    separator = b"\0" if b"\0" in rest else b"\n"
    while True:
        *whole, rest = rest.split(separator)
        yield from filter(None, whole)
        if len(rest) > _LONGEST:
            raise InputError("the list has a path of more than 64 KiB", "separate paths by line ends or by NUL")
        piece = stream.read(_PIECE)
        if not piece:
            break
        rest += piece
    if rest:
        yield rest


class Listed:
    """The files that a list names; a directory in it is walked."""

    def __init__(self, stream: BinaryIO, **walked: object) -> None:
        """Read the list when it is asked for; `walked` are the options of `Tree`."""
        self._stream = stream
        self._walked = walked

    def items(self) -> Iterator[Item | Trouble]:
        """See `Source.items`."""
        for path in read_list(self._stream):
            yield from Tree(roots=(os.fsencode(path),), **self._walked).items()  # type: ignore[arg-type]
