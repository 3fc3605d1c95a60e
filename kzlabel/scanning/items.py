"""What a scan looks at: an item has a name, a size and a version, by which it is known again."""

from collections.abc import Iterator
from typing import Protocol

import msgspec

__all__ = ["Item", "Source", "Trouble"]


class Item(msgspec.Struct, frozen=True, array_like=True):
    """One file or object."""

    name: bytes
    """Its path, or the address of an object."""

    size: int
    """Bytes."""

    modified: int
    """Time of its last change in nanoseconds since 1970; 0 if unknown."""

    version: bytes
    """What changes whenever it does, beside size and time: the inode of a file, the ETag of an object."""

    links: int = 1
    """How many names the file has."""


class Trouble(msgspec.Struct, frozen=True, array_like=True):
    """Something that can't be scanned, or isn't meant to be."""

    name: bytes
    """Its path."""

    reason: str
    """Why, for a person."""

    error: bool
    """Whether it is a failure; else it is left out on purpose."""


class Source(Protocol):
    """Where items come from."""

    def items(self) -> Iterator[Item | Trouble]:
        """Yield what there is, each once, without holding the list."""
