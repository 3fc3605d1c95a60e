"""Members of ZIP and tar archives, judged where they are: nothing is unpacked into the file system.

Their names are shown and never used as paths. What a member may weigh, how many there may be and how much all of
them together is bounded, whatever the archive says of itself.
"""

import io
import tarfile
import time
import zipfile
from collections.abc import Iterator
from typing import IO, Final

from kzlabel.errors import KzlabelError
from kzlabel.limits import Limits
from kzlabel.scanning.record import Record, of_verdict
from kzlabel.status import Code
from kzlabel.verifying import Verifier
from kzlabel.verifying.verdict import Status

__all__ = ["judge_members"]

_MOST: Final = 100_000
"""Members of one archive."""
_LARGEST: Final = 256 * 1024 * 1024
"""Bytes of one member."""
_ALL: Final = 4 * 1024 * 1024 * 1024
"""Bytes of all members of one archive together."""
_ZIPS: Final = ("application/zip",)
_Member = tuple[str, int, IO[bytes] | str]
"""Name, bytes, and content, or why there is none."""
_TARS: Final = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")


def judge_members(path: str, archive: Record, verifier: Verifier, limits: Limits) -> Iterator[Record]:
    """Yield a row for each member of the archive at `path`; nothing where it is none.

    A member that can't be read is a row that says so.
    """
    del limits  # those of the verifier hold for each member
    try:
        if path.lower().endswith(_TARS):
            yield from _judged(_tar(path), archive, verifier)
        elif archive.media_type in _ZIPS or (path.lower().endswith(".zip") and zipfile.is_zipfile(path)):
            yield from _judged(_zip(path), archive, verifier)
    except (OSError, zipfile.BadZipFile, tarfile.TarError, EOFError, ValueError, NotImplementedError) as error:
        yield _broken(archive, "", f"the archive can't be read: {error}")


def _judged(members: Iterator[_Member], archive: Record, verifier: Verifier) -> Iterator[Record]:
    left = _ALL
    for number, (name, size, stream) in enumerate(members):
        if number >= _MOST:
            yield _broken(archive, "", f"the archive has more than {_MOST} members")
            return
        if isinstance(stream, str):
            yield _broken(archive, name, stream)
            continue
        start = time.perf_counter()
        try:
            with stream:
                data = stream.read(min(_LARGEST, left) + 1)
        except (OSError, zipfile.BadZipFile, tarfile.TarError, EOFError, ValueError, RuntimeError) as error:
            yield _broken(archive, name, f"the member can't be read: {error}")
            continue
        left -= len(data)
        if len(data) > _LARGEST or left < 0:
            yield _broken(archive, name, "the archive's members are too large")
            if left < 0:
                return
            continue
        yield _verified(name, size, data, archive, verifier, start)


def _verified(name: str, size: int, data: bytes, archive: Record, verifier: Verifier, start: float) -> Record:
    path = f"{archive.path}!/{_printable(name)}"
    stream = io.BytesIO(data)
    stream.name = name  # its extension decides what text is
    try:
        verdict = verifier.verify(stream, path)
    except KzlabelError as error:
        return _broken(archive, name, str(error))
    return of_verdict(
        verdict, path, escaped=archive.escaped, size=size, modified=archive.modified,
        seconds=time.perf_counter() - start,
    )  # fmt: skip


def _zip(path: str) -> Iterator[_Member]:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            if info.is_dir():
                continue
            if info.flag_bits & 1:
                yield info.filename, info.file_size, "the member is encrypted"
                continue
            try:
                yield info.filename, info.file_size, archive.open(info)
            except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
                yield info.filename, info.file_size, f"the member can't be read: {error}"


def _tar(path: str) -> Iterator[_Member]:
    with tarfile.open(path) as archive:
        for info in archive:
            stream = archive.extractfile(info) if info.isreg() else None
            if stream is not None:
                yield info.name, info.size, stream


def _printable(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode()


def _broken(archive: Record, name: str, why: str) -> Record:
    return Record(
        path=f"{archive.path}!/{_printable(name)}" if name else archive.path,
        escaped=archive.escaped,
        modified=archive.modified,
        status=Status.ERROR.value,
        codes=(str(Code.KZLABEL_INPUT_UNREADABLE),),
        explanation=why,
    )
