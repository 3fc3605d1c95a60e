"""The members of a plain ZIP: stored, unencrypted, one after the other, with nothing around them.

    local header 30 | name | extra | data      for each member, from the first byte of the file on
    PK 01 02 ... name extra comment            the central directory, one entry for each
    PK 05 06 ...                               its end, without a comment, the last 22 bytes

An outdated central directory may stand before members that were appended (PKWARE APPNOTE 4.3). Two
readers of a ZIP that is stranger than this may see two different files.
"""

import struct
from typing import NamedTuple

from kzlabel.errors import LimitError
from kzlabel.files import Reader
from kzlabel.limits import Limits
from kzlabel.spans import Span
from kzlabel.verifying.abstain import Abstention

__all__ = ["Archive", "read_archive"]

_LOCAL = struct.Struct("<4s5H3I2H")
_ENTRY = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_UTF8 = 0x0800
_DIRECTORY_SIZE = 16 * 1024 * 1024


class Archive(NamedTuple):
    """What lies where in a ZIP."""

    members: dict[str, Span]
    """Local header and data of each member."""

    entries: dict[str, int]
    """Offset of each member's entry in the central directory."""

    checksums: dict[str, int]
    """CRC-32 of each member's data, as its headers say."""

    extended: frozenset[str]
    """Members whose local header has an extra field, or directories that have data."""

    directory: int
    """Offset of the central directory."""


class _Entry(NamedTuple):
    name: str
    at: int
    """Offset of the entry itself."""

    header: int
    """Offset of the local header."""

    shared: tuple[int, ...]
    """What the local header must repeat: flags, method, time, date, CRC and both sizes."""

    size: int


def read_archive(file: Reader, limits: Limits) -> Archive:
    """Return the places of the members of `file`.

    Raises:
        Abstention: The ZIP isn't plain.
        LimitError: It has more members than are allowed.
    """
    if file.size < _END.size:
        raise Abstention("the ZIP is too short")
    end = file.size - _END.size
    magic, disk, first_disk, here, count, size, start, comment = _END.unpack(file.read(end, _END.size))
    if magic != b"PK\5\6" or disk or first_disk or here != count or start + size != end or comment:
        raise Abstention("the end of the ZIP isn't plain")
    if count > limits.exclusions or size > _DIRECTORY_SIZE:
        raise LimitError(f"a ZIP with {count} members")
    entries = _entries(file.read(start, size), start)
    if len(entries) != count or len({entry.name.rstrip("/").lower() for entry in entries}) != count:
        raise Abstention("the central directory has other entries than it says, or two of one name")
    members, extended, at = {}, set(), 0
    for entry in sorted(entries, key=lambda entry: entry.header):
        span = _member(file, entry)
        if span.start != at:
            _check_old_directory(file, at, span.start)
        if span.end > start:
            raise Abstention("a member of the ZIP overlaps the central directory")
        members[entry.name], at = span, span.end
        if span.length != _LOCAL.size + len(entry.name) + (0 if entry.name.endswith("/") else entry.size):
            extended.add(entry.name)
    if at != start:
        raise Abstention("something lies between the members of the ZIP")
    places = {entry.name: entry.at for entry in entries}
    checksums = {entry.name: entry.shared[4] for entry in entries}
    return Archive(members, places, checksums, frozenset(extended), start)


def _entries(data: bytes, start: int) -> list[_Entry]:
    entries, at = [], 0
    while at < len(data):
        if at + _ENTRY.size > len(data):
            raise Abstention("the central directory ends inside an entry")
        (
            magic,
            _,
            _,
            flags,
            method,
            time,
            date,
            crc,
            packed,
            size,
            name_size,
            extra,
            comment,
            disk,
            _,
            _,
            header,
        ) = _ENTRY.unpack_from(data, at)
        if magic != b"PK\1\2" or flags & ~_UTF8 or method or packed != size or disk or extra or comment:
            raise Abstention("an entry of the central directory isn't plain")
        name = data[at + _ENTRY.size : at + _ENTRY.size + name_size]
        shared = (flags, method, time, date, crc, packed, size, name_size)
        entries.append(_Entry(_plain(name), start + at, header, shared, size))
        at += _ENTRY.size + name_size
    if at != len(data):
        raise Abstention("the central directory ends inside an entry")
    return entries


def _check_old_directory(file: Reader, at: int, end: int) -> None:
    """Check that a gap holds the central directory that a file had before members were appended.

    Writers leave its entries behind, without its end. No hash covers them, and nobody reads them: who reads a ZIP
    from its start stops there.
    """
    if not 0 < end - at <= _DIRECTORY_SIZE:
        raise Abstention("members of the ZIP overlap")
    _entries(file.read(at, end - at), at)


def _plain(name: bytes) -> str:
    if not name.isascii() or not name or b"\\" in name or b"\0" in name:
        raise Abstention("a member of the ZIP has an odd name")
    text = name.decode("ascii")
    if any(part in ("", ".", "..") for part in text.removesuffix("/").split("/")):
        raise Abstention("a member of the ZIP has an odd name")
    return text


def _member(file: Reader, entry: _Entry) -> Span:
    if entry.header + _LOCAL.size > file.size:
        raise Abstention("a member of the ZIP lies outside")
    magic, _, *shared, extra = _LOCAL.unpack(file.read(entry.header, _LOCAL.size))
    length = _LOCAL.size + len(entry.name) + extra + entry.size
    if magic != b"PK\3\4" or tuple(shared) != entry.shared or entry.header + length > file.size:
        raise Abstention("a local header of the ZIP isn't that of its entry")
    if file.read(entry.header + _LOCAL.size, len(entry.name)) != entry.name.encode():
        raise Abstention("a local header of the ZIP has another name than its entry")
    return Span(entry.header, length)
