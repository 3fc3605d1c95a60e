"""Opening what is to be read: a path, bytes or a stream, never something that would block or surprise."""

import errno
import io
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import PurePath
from typing import TYPE_CHECKING, BinaryIO

import msgspec

from kzlabel.errors import InputError
from kzlabel.files import BytesReader, FileReader, Reader

if TYPE_CHECKING:
    import tempfile

__all__ = ["Opened", "Source", "display_name", "opened"]

Source = str | PathLike[str] | bytes | bytearray | memoryview | BinaryIO
"""What can be verified or labelled. A `str` is a path; streams are read from their present position."""

_SPOOL = 16 * 1024 * 1024
_PIECE = 1024 * 1024


class Opened(msgspec.Struct, frozen=True):
    """A source, open for reading."""

    reader: Reader
    """Its bytes."""

    uri: str
    """What to call it in a verdict: the path as it was given, or `<bytes>`, `<stream>`."""

    suffix: str
    """Extension of its name in lower case with the dot; empty without one."""

    path: str = ""
    """The path that was opened, where the source is one."""


@contextmanager
def opened(source: Source, uri: str = "") -> Iterator[Opened]:
    """Open `source` for the length of a `with` block.

    Only regular files are opened by path: a directory, a FIFO or a device raises instead of blocking. A
    stream that can't seek is copied to a temporary file first (to memory below 16 MiB).

    Raises:
        InputError: There is no such file, it can't be read, or it is not a regular file.
    """
    if isinstance(source, str | PathLike):
        with _open_path(os.fspath(source)) as file:
            name = display_name(source)
            yield Opened(FileReader(file), uri or name, PurePath(name).suffix.lower(), os.fspath(source))
    elif isinstance(source, bytes | bytearray | memoryview):
        yield Opened(BytesReader(bytes(source)), uri or "<bytes>", "")
    else:
        import tempfile  # noqa: PLC0415 - slow to import, and needed for streams only

        with tempfile.SpooledTemporaryFile(_SPOOL) as spool:
            yield Opened(_read_stream(source, spool), uri or "<stream>", "")


def display_name(path: str | PathLike[str]) -> str:
    """Return `path` as text that can always be printed: bytes that are not UTF-8 are written in hexadecimal."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _open_path(path: str) -> BinaryIO:
    name = display_name(path)
    try:
        # O_NONBLOCK: opening a FIFO for reading must not wait for a writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except ValueError:
        raise InputError(f"{name!r} is not a path") from None
    except OSError as error:
        raise InputError(*_why(error, name)) from None
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        if stat.S_ISDIR(mode):
            raise InputError(f"{name} is a directory", "name the files in it")
        raise InputError(f"{name} is not a regular file", "pipe its content to standard input and pass -")
    return os.fdopen(descriptor, "rb", buffering=0)


def _why(error: OSError, name: str) -> tuple[str, str]:
    match error.errno:
        case errno.ENOENT | errno.ENOTDIR:
            return f"there is no file {name}", "check the path"
        case errno.EACCES | errno.EPERM:
            return f"no permission to read {name}", "run as a user who may read it"
        case errno.ELOOP:
            return f"{name} is a symbolic link that leads to itself", "remove or repair the link"
        case errno.ENAMETOOLONG:
            return f"the name {name[:40]}... is too long", ""
        case errno.ENXIO:
            return f"{name} is not a regular file", "pipe its content to standard input and pass -"
        case _:
            return f"{name} can't be opened: {error.strerror}", ""


def _read_stream(stream: BinaryIO, spool: "tempfile.SpooledTemporaryFile[bytes]") -> Reader:
    try:
        while piece := stream.read(_PIECE):
            spool.write(piece)
    except (OSError, io.UnsupportedOperation) as error:
        raise InputError(f"the stream can't be read: {error}") from None
    spool.flush()
    if spool.name is None:  # still in memory
        spool.seek(0)
        return BytesReader(spool.read())
    return FileReader(spool)  # type: ignore[arg-type]
