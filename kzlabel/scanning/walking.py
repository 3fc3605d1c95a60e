"""Files of a directory tree, one after the other, whatever is in it.

Names are bytes. Symbolic links are left out unless they are to be followed, and then no directory is entered
twice, so that circles end. Devices, sockets and FIFOs are never opened.
"""

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Final

import msgspec

from kzlabel.scanning.items import Item, Trouble

__all__ = ["Tree"]

_KINDS: Final = (
    (stat.S_ISFIFO, "a FIFO"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


class Tree(msgspec.Struct, frozen=True, kw_only=True):
    """Files and directories, given by their paths."""

    roots: tuple[bytes, ...]
    """What is walked; a root inside another one is walked with it and not again."""

    follow: bool = False
    """Whether symbolic links are followed; a root that is one always is."""

    hidden: bool = True
    """Whether names that begin with a dot count."""

    exclude: tuple[str, ...] = ()
    """Patterns of names, or with a slash in them of paths below the root, that are left out."""

    include: tuple[str, ...] = ()
    """Patterns of which a file must fit one; none lets all pass."""

    def items(self) -> Iterator[Item | Trouble]:
        """See `Source.items`."""
        entered: set[tuple[int, int]] = set()
        for root in _outermost(self.roots):
            try:
                about = os.stat(root)  # noqa: PTH116 - names are bytes
            except (OSError, ValueError) as error:
                yield _trouble(root, error)
                continue
            if stat.S_ISDIR(about.st_mode):
                yield from self._directory(root, root, about, entered)
            else:
                yield _item(root, about)

    def _directory(
        self, root: bytes, top: bytes, about: os.stat_result, entered: set[tuple[int, int]]
    ) -> Iterator[Item | Trouble]:
        """Walk without recursion: trees may be deeper than Python's stack."""
        pending = [(top, about)]
        while pending:
            path, about = pending.pop()
            place = (about.st_dev, about.st_ino)
            if self.follow:
                if place in entered:
                    yield Trouble(path, "a directory that was walked already", False)
                    continue
                entered.add(place)
            try:
                with os.scandir(path) as listing:
                    entries = sorted(listing, key=lambda entry: entry.name)
            except OSError as error:
                yield _trouble(path, error)
                continue
            below: list[tuple[bytes, os.stat_result]] = []
            for entry in entries:
                if self._left_out(root, entry):
                    continue
                try:
                    if not self.follow and entry.is_symlink():
                        yield Trouble(entry.path, "a symbolic link", False)
                        continue
                    found = entry.stat(follow_symlinks=self.follow)
                except OSError as error:
                    yield _trouble(entry.path, error)
                    continue
                if stat.S_ISDIR(found.st_mode):
                    below.append((entry.path, found))
                elif self._wanted(root, entry):
                    yield _item(entry.path, found)
            pending += reversed(below)

    def _left_out(self, root: bytes, entry: "os.DirEntry[bytes]") -> bool:
        if not self.hidden and entry.name.startswith(b"."):
            return True
        return bool(self.exclude) and _fits(self.exclude, root, entry)

    def _wanted(self, root: bytes, entry: "os.DirEntry[bytes]") -> bool:
        return not self.include or _fits(self.include, root, entry)


def _fits(patterns: Sequence[str], root: bytes, entry: "os.DirEntry[bytes]") -> bool:
    name = os.fsdecode(entry.name)
    below = os.fsdecode(entry.path[len(root) :].lstrip(b"/"))
    return any(fnmatchcase(below if "/" in pattern else name, pattern) for pattern in patterns)


def _outermost(roots: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the roots that lie in no other one, in order and each once."""
    named = {root: os.path.realpath(root) for root in roots}
    directories = {real.rstrip(b"/") + b"/" for real in named.values() if os.path.isdir(real)}  # noqa: PTH112 - as above
    seen: set[bytes] = set()
    for root, real in named.items():
        inside = any(real != outer[:-1] and real.startswith(outer) for outer in directories)
        if real not in seen and not inside:
            seen.add(real)
            yield root


def _item(path: bytes, about: os.stat_result) -> Item | Trouble:
    if stat.S_ISREG(about.st_mode):
        inode = b"%x.%x" % (about.st_dev, about.st_ino)
        return Item(path, about.st_size, about.st_mtime_ns, inode, about.st_nlink)
    kind = next((name for test, name in _KINDS if test(about.st_mode)), "no regular file")
    return Trouble(path, kind, False)


def _trouble(path: bytes, error: Exception) -> Trouble:
    why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return Trouble(path, why.lower() if why.isascii() else why, True)
