"""Opening what is to be read: a path, bytes or a stream, never something that would block or surprise."""

import errno
import io
import os
import stat
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from os import PathLike
from typing import TYPE_CHECKING, BinaryIO, TypeVar

import msgspec

from kzlabel.errors import InputError
from kzlabel.files import BytesReader, FileReader, Reader

if TYPE_CHECKING:
    import tempfile

__all__ = ["Opened", "Source", "display_name", "look_ahead", "opened"]

_P = TypeVar("_P", bound=str | PathLike[str])

Source = str | PathLike[str] | bytes | bytearray | memoryview | BinaryIO
"""What can be verified or labelled. A `str` is a path; streams are read from their present position."""

_SMALL = 1024 * 1024
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


class opened:  # noqa: N801 - read as a verb: `with opened(source) as file`
    """Opens a source for the length of a `with` block, and offers it as an `Opened`.

    Only regular files are opened by path: a directory, a FIFO or a device raises instead of blocking. A
    stream that can't seek is copied to a temporary file first (to memory below 16 MiB).

    Entering the block raises:
        InputError: There is no such file, it can't be read, or it is not a regular file.
    """

    __slots__ = ("_descriptor", "_source", "_spool", "_uri")

    def __init__(self, source: Source, uri: str = "") -> None:
        self._source, self._uri = source, uri
        self._descriptor = -1
        self._spool: tempfile.SpooledTemporaryFile[bytes] | None = None

    def __enter__(self) -> Opened:
        source = self._source
        if isinstance(source, str | PathLike):
            path = os.fspath(source)
            name = display_name(path)
            descriptor, size = _open_path(path, name)
            try:
                reader = FileReader(descriptor, size)
            except OSError as error:
                os.close(descriptor)
                raise InputError(*_why(error, name)) from None
            self._descriptor = descriptor
            return Opened(reader, self._uri or name, _suffix(name), path)
        if isinstance(source, bytes | bytearray | memoryview):
            return Opened(BytesReader(bytes(source)), self._uri or "<bytes>", "")
        import tempfile  # noqa: PLC0415 - slow to import, and needed for streams only

        spool = tempfile.SpooledTemporaryFile(_SPOOL)
        self._spool = spool
        try:
            return Opened(_read_stream(source, spool), self._uri or "<stream>", "")
        except BaseException:
            spool.close()
            raise

    def __exit__(self, *_: object) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
        if self._spool is not None:
            self._spool.close()


def _suffix(name: str) -> str:
    """Return the extension of a file name as `Opened.suffix` has it."""
    # PurePath(name).suffix, in a tenth of its time
    base = name[name.rfind("/") + 1 :]
    dot = base.rfind(".")
    return base[dot:].lower() if 0 < dot < len(base) - 1 else ""


def display_name(path: str | PathLike[str]) -> str:
    """Return `path` as text that can always be printed: bytes that are not UTF-8 are written in hexadecimal."""
    if type(path) is str and path.isascii():
        return path  # the usual case, quickly
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def look_ahead(paths: Iterable[_P], depth: int = 32) -> Iterator[_P]:
    """Yield `paths`, each after the system was asked to read the next `depth` small files from the disk.

    A disk, or a network behind it, answers many requests at once; a program that asks for one file after another
    waits for each. Files over 1 MiB are left alone: the system reads ahead in them by itself. What can't be opened
    is left to whoever opens it.
    """
    waiting: deque[_P] = deque()
    for path in paths:
        _ask_for(path)
        waiting.append(path)
        if len(waiting) > depth:
            yield waiting.popleft()
    yield from waiting


def _ask_for(path: str | PathLike[str]) -> None:
    if not hasattr(os, "posix_fadvise"):
        return
    with suppress(OSError, ValueError):
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            found = os.fstat(descriptor)
            if stat.S_ISREG(found.st_mode) and found.st_size <= _SMALL:
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_WILLNEED)
        finally:
            os.close(descriptor)


def _open_path(path: str, name: str) -> tuple[int, int]:
    """Open a regular file and return its descriptor and its size."""
    try:
        # O_NONBLOCK: opening a FIFO for reading must not wait for a writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except ValueError:
        raise InputError(f"{name!r} is not a path") from None
    except OSError as error:
        raise InputError(*_why(error, name)) from None
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        os.close(descriptor)
        if stat.S_ISDIR(found.st_mode):
            raise InputError(f"{name} is a directory", "name the files in it")
        raise InputError(f"{name} is not a regular file", "pipe its content to standard input and pass -")
    return descriptor, found.st_size


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
