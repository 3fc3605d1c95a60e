"""Writing a file so that it is whole or not there: beside its place, synced, then moved into it."""

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from os import PathLike
from pathlib import Path

from kzlabel.errors import OutputError
from kzlabel.sources import display_name

__all__ = ["Staged", "check_destination", "remove_abandoned", "staged"]


class Staged:
    """A temporary file beside a destination, which becomes the destination when the block ends well."""

    def __init__(self, path: Path, destination: Path) -> None:
        self.path = path
        """The temporary file: open it by name to write it."""

        self.destination = destination
        """Where it will be."""


def check_destination(destination: str | PathLike[str], *, replace: bool) -> Path:
    """Return the file that `destination` names, symbolic links followed.

    Raises:
        OutputError: It exists and `replace` is false, or it is something that can't be replaced by a file.
    """
    name = display_name(destination)
    path = Path(os.path.realpath(destination))
    if os.path.lexists(destination) and not replace:
        raise OutputError(f"{name} exists already", "choose another name, or replace it with --force")
    if path.is_dir():
        raise OutputError(f"{name} is a directory", "name a file in it, or pass it as --out-dir")
    if path.exists() and not path.is_file():
        raise OutputError(f"{name} is not a regular file", "choose another name")
    if not path.parent.is_dir():
        raise OutputError(f"there is no directory {display_name(path.parent)}", "make it first")
    return path


@contextmanager
def staged(
    destination: str | PathLike[str], *, replace: bool, like: Path | None = None, keep_times: bool = False
) -> Iterator[Staged]:
    """Offer a temporary file in the directory of `destination`, and move it there when the block ends well.

    Whatever goes wrong in the block or afterwards, the temporary file is removed and a file that was there
    before is untouched. The new file has the permissions of `like`, or those that a new file gets.

    Args:
        destination: Where the file is to be; a symbolic link is followed.
        replace: Whether a file that is there already may be replaced.
        like: File whose permission bits are kept; with `keep_times` its access and modification times too.
        keep_times: See `like`.

    Raises:
        OutputError: See `check_destination`; or the disk is full, or the directory can't be written.
    """
    path = check_destination(destination, replace=replace)
    temporary = _create_beside(path, 0o666 if like is None else 0o600)
    try:
        with _write_errors(path):
            yield Staged(temporary, path)
            _take_attributes(temporary, like, keep_times=keep_times)
            _sync(temporary)
            _move(temporary, path, replace=replace)
            _sync(path.parent)
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()


def _create_beside(path: Path, mode: int) -> Path:
    temporary = path.parent / f"{_prefix(os.getpid())}{secrets.token_hex(8)}.tmp"
    with _write_errors(path):
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, mode))
    return temporary


def _prefix(pid: int) -> str:
    return f".kzlabel-{pid}-"


@contextmanager
def _write_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        name = display_name(path)
        match error.errno:
            case errno.ENOSPC | errno.EDQUOT | errno.EFBIG:
                raise OutputError(f"no space left to write {name}", "free some space, or write elsewhere") from None
            case errno.EACCES | errno.EPERM | errno.EROFS:
                raise OutputError(
                    f"no permission to write {name}", "write elsewhere with -o or --out-dir"
                ) from None
            case errno.EEXIST:
                raise OutputError(
                    f"{name} exists already", "choose another name, or replace it with --force"
                ) from None
            case errno.ENAMETOOLONG:
                raise OutputError(f"the name {name[:40]}... is too long", "choose a shorter one") from None
            case _:
                raise OutputError(f"{name} can't be written: {error.strerror}") from None


def _take_attributes(temporary: Path, like: Path | None, *, keep_times: bool) -> None:
    if like is not None:
        (shutil.copystat if keep_times else shutil.copymode)(like, temporary)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _move(temporary: Path, path: Path, *, replace: bool) -> None:
    """Give the file its name; without `replace`, in a way that fails if the name was taken meanwhile."""
    if replace:
        temporary.replace(path)
        return
    try:
        os.link(temporary, path)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK):
            raise
        # A file system without hard links: check and rename, the best that it can do.
        check_destination(path, replace=False)
        temporary.rename(path)


def remove_abandoned(directory: Path, pid: int) -> None:
    """Remove temporary files in `directory` that process `pid`, which has ended, left behind."""
    for temporary in directory.glob(f"{_prefix(pid)}*.tmp"):
        with suppress(OSError):
            temporary.unlink()
