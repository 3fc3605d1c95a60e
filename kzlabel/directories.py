"""A directory as a collection of files: every file under it with its hash, and whatever is no plain file.

Files are opened relative to their directory and never through a symbolic link, so that nothing outside is read even
if somebody changes the tree meanwhile. Files are hashed in pieces; what is kept is a path and a hash for each.
"""

import hashlib
import os
import stat
from collections.abc import Iterator
from os import PathLike
from typing import Final, NamedTuple
from urllib.parse import quote, unquote_to_bytes

from kzlabel.errors import InputError, MalformedError
from kzlabel.files import FileReader
from kzlabel.sources import display_name
from kzlabel.spans import Span

__all__ = [
    "ALGORITHM",
    "DATASET_TYPE",
    "MOST",
    "RECORD",
    "Member",
    "Odd",
    "is_dataset",
    "members",
    "path_of",
    "uri_of",
]

RECORD: Final = "kzlabel-dataset.c2pa"
"""Name of the signed record in a directory that is a data library."""

DATASET_TYPE: Final = "inode/directory"
"""Media type of a directory."""

ALGORITHM: Final = "sha256"
"""The hash algorithm of records, by its name in C2PA."""

MOST: Final = 200_000
"""Files of one record."""

_DEPTH: Final = 64
_SAFE: Final = "/-._~!$&'()*+,;=@"
"""What a relative URI may have unescaped in a path (RFC 3986 section 3.3); a colon would look like a scheme's."""


class Member(NamedTuple):
    """A file under a directory."""

    path: str
    """Where it is, relative to the directory, with `/`."""

    size: int
    """Its bytes."""

    digest: bytes
    """Its SHA-256."""


class Odd(NamedTuple):
    """Something under a directory that no record can stand for."""

    path: str
    """Where it is, as it can be printed."""

    reason: str
    """Why, a clause such as `is a symbolic link`."""


def is_dataset(path: str | PathLike[str]) -> bool:
    """Tell whether `path` is a directory with a record in it."""
    return os.path.isdir(path) and os.path.lexists(os.path.join(path, RECORD))  # noqa: PTH112, PTH118 - names of any bytes


def members(directory: str | PathLike[str]) -> Iterator[Member | Odd]:
    """Yield everything under `directory` but its record, hidden files too; in no particular order.

    Raises:
        InputError: It is no directory that can be read, or has too many files or levels.
    """
    name, count = display_name(directory), 0
    root = os.fsencode(os.path.realpath(directory))  # whoever names a link means where it leads
    if not os.path.isdir(root):  # noqa: PTH112 - as above
        raise InputError(f"{name} is not a directory", "name the directory that holds the data library")
    unreadable: list[OSError] = []
    for place, folders, files, descriptor in os.fwalk(root, onerror=unreadable.append):
        below = os.path.relpath(place, root)
        head = b"" if below == b"." else below + b"/"
        if head.count(b"/") > _DEPTH:
            raise InputError(f"{name} has more than {_DEPTH} levels of directories")
        for folder in folders:
            if _is_link(folder, descriptor):
                yield Odd(display_name(os.fsdecode(head + folder)), "is a symbolic link")
        for file in files:
            count += 1
            if count > MOST:
                raise InputError(f"{name} has more than {MOST} files", "make a record for each of its parts")
            found = _member(head + file, file, descriptor)
            if found is not None:
                yield found
    for error in unreadable:
        if error.filename == root:
            raise InputError(f"{name} can't be read: {error.strerror}")
        yield Odd(display_name(os.fsdecode(error.filename or b"?")), "is a directory that can't be read")


def uri_of(path: str) -> str:
    """Return the relative URI (RFC 3986) of a file that is at `path`."""
    return quote(path, safe=_SAFE)


def path_of(uri: str) -> str | None:
    """Return the path that a relative URI stands for; None for one that could lead elsewhere, or isn't canonical.

    Neither `.` nor `..` may be part of it (C2PA 2.4 section 15.12.5.1), in whatever disguise.
    """
    try:
        path = unquote_to_bytes(uri).decode("utf-8")
    except UnicodeError:
        return None
    if "\0" in path or any(part in ("", ".", "..") for part in path.split("/")) or path == RECORD:
        return None
    return path if uri_of(path) == uri else None


def _member(path: bytes, name: bytes, directory: int) -> Member | Odd | None:
    """Open and hash one file; None for the record itself."""
    shown = display_name(os.fsdecode(path))
    try:
        text = path.decode("utf-8")
        _check_plain(os.stat(name, dir_fd=directory, follow_symlinks=False))
        if text == RECORD:
            return None
        descriptor = os.open(name, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=directory)
        try:
            _check_plain(os.fstat(descriptor))
            reader = FileReader(descriptor)
            return Member(text, reader.size, _digest(reader))
        finally:
            os.close(descriptor)
    except UnicodeDecodeError:
        return Odd(shown, "has a name that is no UTF-8")
    except OSError as error:
        return Odd(shown, f"can't be read: {error.strerror}")
    except MalformedError as error:
        return Odd(shown, error.message)


def _is_link(name: bytes, directory: int) -> bool:
    try:
        return stat.S_ISLNK(os.stat(name, dir_fd=directory, follow_symlinks=False).st_mode)
    except OSError:
        return False  # it is gone


def _check_plain(found: os.stat_result) -> None:
    """Refuse everything but regular files.

    Raises:
        MalformedError: It is something else.
    """
    if stat.S_ISLNK(found.st_mode):
        raise MalformedError("is a symbolic link")
    if not stat.S_ISREG(found.st_mode):
        raise MalformedError("is no regular file")


def _digest(reader: FileReader) -> bytes:
    digest = hashlib.sha256()
    for piece in reader.chunks((Span(0, reader.size),)):
        digest.update(piece)
    return digest.digest()
