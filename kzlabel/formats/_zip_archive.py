"""What lies where in a ZIP archive, told strictly (PKWARE APPNOTE 4.3 to 4.5).

    local header 30 | name | extra | data | [descriptor]     for each member, from the first byte of the file on
    "PK" 01 02 ... name | extra | comment                    the central directory, an entry for each
    ["PK" 06 06 ... | "PK" 06 07 ...]                        in ZIP64: sizes of 64 bits, and where they are
    "PK" 05 06 ... comment                                   the end

Integers are little-endian. Readers that trust the local headers and those that trust the directory must see the
same: members lie one after the other with nothing between, and both headers of a member say the same.
"""

from collections.abc import Iterator
from struct import Struct
from typing import Final, NamedTuple

from kzlabel.errors import LimitError, MalformedError
from kzlabel.files import Reader
from kzlabel.formats._window import Walk
from kzlabel.limits import Limits
from kzlabel.spans import Span

__all__ = ["END", "ENTRY", "LOCAL", "STORE_MEMBER", "WIDE_END", "WIDE_PLACE", "Archive", "Member"]
__all__ += ["directory_spans", "lists_store", "read_archive"]

STORE_MEMBER: Final = "META-INF/content_credential.c2pa"
"""Name of the member that is the manifest store (C2PA 2.4 A.6.3)."""

LOCAL: Final = Struct("<4s5H3I2H")
ENTRY: Final = Struct("<4s6H3I5H2I")
END: Final = Struct("<4s4H2IH")
WIDE_END: Final = Struct("<4sQ2H2I4Q")
WIDE_PLACE: Final = Struct("<4sIQI")
_CRC: Final = Span(16, 4)
"""Where an entry has the checksum of its member."""
_FULL: Final = 0xFFFFFFFF
_FULL_SHORT: Final = 0xFFFF
_LONGEST_COMMENT: Final = 0xFFFF
_DIRECTORY_SIZE: Final = 64 * 1024 * 1024
"""Bytes of a directory in which a name is looked for."""
_READ_SIZE: Final = 16 * 1024 * 1024
"""Bytes of one that is taken apart."""
_DESCRIBED: Final = 0x0008
_MASKED: Final = 0x2000
_DEFLATED_NOTHING: Final = 2
"""Bytes that no bytes are when they are deflated."""
_UTF8: Final = 0x0800
_WIDE: Final = 1


class Member(NamedTuple):
    """One file or directory of an archive."""

    name: str
    raw: bytes
    """The name as stored."""

    flags: int
    method: int
    crc: int
    size: int
    """Bytes of its content, uncompressed."""

    span: Span
    """Local header, data and descriptor."""

    data: Span
    """What is stored of its content."""

    entry: Span
    """Its entry in the central directory."""

    wide_offset: int | None
    """Where in the entry the offset of the local header is, if it has 64 bits."""

    @property
    def is_directory(self) -> bool:
        """Whether it is a folder, which has a name and no content: no file in the sense of C2PA 2.4 A.6.2.1."""
        return self.name.endswith("/") and not self.size and self.data.length <= _DEFLATED_NOTHING


class Archive(NamedTuple):
    """An archive."""

    members: tuple[Member, ...]
    """In the order of the central directory."""

    directory: Span
    """The entries of the central directory."""

    wide: bool
    """Whether it is a ZIP64."""

    end: Span
    """The record that ends it, comment included."""

    def find(self, name: str) -> Member | None:
        """Return the member of this name, or None."""
        return next((member for member in self.members if member.name == name), None)

    def files(self) -> tuple[Member, ...]:
        """Return what a collection hash lists: all files but the manifest store."""
        return tuple(one for one in self.members if one.name != STORE_MEMBER and not one.is_directory)


def directory_spans(archive: Archive) -> tuple[Span, ...]:
    """Return what the hash of the central directory covers (C2PA 2.4 A.6.2.2).

    That is every entry, but for the CRC in the manifest's own, and the end; a ZIP64's further records are no part
    of it.
    """
    store = archive.find(STORE_MEMBER)
    if store is None:
        return archive.directory, archive.end
    start, crc = archive.directory.start, store.entry.start + _CRC.start
    after = crc + _CRC.length
    return Span(start, crc - start), Span(after, archive.directory.end - after), archive.end


class _End(NamedTuple):
    members: int
    size: int
    start: int
    at: int
    wide: bool


class _Entry(NamedTuple):
    raw: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    header: int
    span: Span
    wide_offset: int | None


def read_archive(file: Reader, limits: Limits) -> Archive:
    """Return what lies where in `file`; nothing is decompressed.

    Raises:
        MalformedError: Two readers could see two different archives, or some bytes belong to no member.
        LimitError: There are more members than are allowed.
    """
    walk = Walk(file, limits)
    end, data = _directory(walk, limits)
    if end.size > _READ_SIZE:
        raise LimitError(f"a ZIP with a directory of {end.size} bytes")
    entries = list(_entries(data, end.start))
    if len(entries) != end.members:
        raise MalformedError("the central directory of the ZIP has other entries than its end says")
    ordered = sorted(entries, key=lambda entry: entry.header)
    begin = ordered[0].header if ordered else end.start
    if begin:
        raise MalformedError(f"{begin} bytes are before the first member of the ZIP")
    stops = [entry.header for entry in ordered[1:]] + [end.start] * bool(ordered)
    found = {entry.span: _member(walk, entry, stop) for entry, stop in zip(ordered, stops, strict=True)}
    members = tuple(found[entry.span] for entry in entries)
    if len({member.name for member in members}) != len(members):
        raise MalformedError("two members of the ZIP have one name")
    at = walk.size - END.size - int.from_bytes(walk.read(_end_at(walk) + 20, 2), "little")
    return Archive(members, Span(end.start, end.size), end.wide, Span(at, walk.size - at))


def lists_store(file: Reader, limits: Limits) -> bool:
    """Return whether the central directory may list a manifest store; no member is looked at.

    Raises:
        MalformedError, LimitError: As `read_archive`.
    """
    return STORE_MEMBER.encode() in _directory(Walk(file, limits), limits)[1]


def _directory(walk: Walk, limits: Limits) -> tuple["_End", bytes]:
    """Return where the archive ends, and its central directory."""
    end = _end(walk)
    if end.members > limits.boxes_for(walk.size) or end.size > _DIRECTORY_SIZE:
        raise LimitError(f"a ZIP with {end.members} members, in a directory of {end.size} bytes")
    if end.start + end.size != end.at:
        raise MalformedError("the central directory of the ZIP isn't where its end says")
    return end, walk.read(end.start, end.size)


def _end_at(walk: Walk) -> int:
    """Return where the end of the central directory is: the only record that reaches to the end of the file."""
    start = max(0, walk.size - END.size - _LONGEST_COMMENT)
    tail = walk.read(start, walk.size - start)
    found, at = [], tail.find(b"PK\5\6")
    while at >= 0:
        comment = tail[at + 20 : at + END.size]
        if len(comment) == 2 and at + END.size + int.from_bytes(comment, "little") == len(tail):
            found.append(start + at)
        at = tail.find(b"PK\5\6", at + 1)
    if len(found) != 1:
        raise MalformedError("the ZIP has no end of a central directory" if not found else "the ZIP has two ends")
    return found[0]


def _end(walk: Walk) -> _End:
    at = _end_at(walk)
    _, disk, first_disk, here, count, size, start, _ = END.unpack(walk.read(at, END.size))
    place = at - WIDE_PLACE.size
    wide = place >= WIDE_END.size and walk.read(place, 4) == b"PK\6\7"
    full = _FULL_SHORT in {disk, first_disk, here, count} or _FULL in {size, start}
    if not wide:
        if full or disk or first_disk or here != count:
            raise MalformedError("the ZIP has several parts, or too many members for what its end can say")
        return _End(count, size, start, at, wide=False)
    _, record_disk, record, disks = WIDE_PLACE.unpack(walk.read(place, WIDE_PLACE.size))
    if record != place - WIDE_END.size or record_disk or disks != 1:
        raise MalformedError("the end of the ZIP64 isn't plain")
    magic, length, _, _, wide_disk, wide_first, wide_here, wide_count, wide_size, wide_start = WIDE_END.unpack(
        walk.read(record, WIDE_END.size)
    )
    if magic != b"PK\6\6" or length != WIDE_END.size - 12 or wide_disk or wide_first or wide_here != wide_count:
        raise MalformedError("the end of the ZIP64 isn't plain")
    told = (
        *((here, _FULL_SHORT, wide_here), (count, _FULL_SHORT, wide_count)),
        *((size, _FULL, wide_size), (start, _FULL, wide_start)),
    )
    if any(short not in {most, long} for short, most, long in told) or {disk, first_disk} - {0, _FULL_SHORT}:
        raise MalformedError("the two ends of the ZIP64 contradict each other")
    return _End(wide_count, wide_size, wide_start, record, wide=True)


def _entries(data: bytes, start: int) -> Iterator[_Entry]:
    at = 0
    while at < len(data):
        if at + ENTRY.size > len(data):
            raise MalformedError("the central directory of the ZIP ends inside an entry")
        (
            magic, _, _, flags, method, _, _, crc, packed, size, name_size, extra_size, comment, disk, _, _, header
        ) = ENTRY.unpack_from(data, at)  # fmt: skip
        name_end = at + ENTRY.size + name_size
        end = name_end + extra_size + comment
        if magic != b"PK\1\2" or end > len(data) or flags & _MASKED:
            raise MalformedError("an entry of the central directory is damaged or encrypted")
        wide_offset = None
        for kind, place, length in _extra(data[name_end : name_end + extra_size]):
            if kind != _WIDE:
                continue
            if wide_offset is not None or _FULL not in {packed, size, header}:
                raise MalformedError("a member of the ZIP64 has sizes that contradict each other")
            spot, stop = name_end + place, name_end + place + length
            wide_offset = -1
            size, spot = _wide(data, spot, stop, size)
            packed, spot = _wide(data, spot, stop, packed)
            if header == _FULL:
                wide_offset = spot - at
            header, spot = _wide(data, spot, stop, header)
        if disk not in {0, _FULL_SHORT}:
            raise MalformedError("the ZIP has several parts")
        yield _Entry(
            data[at + ENTRY.size : name_end], flags, method, crc, packed, size, header,
            Span(start + at, end - at), None if wide_offset == -1 else wide_offset,
        )  # fmt: skip
        at = end


def _wide(data: bytes, at: int, stop: int, short: int) -> tuple[int, int]:
    """Return a number that may be too large for 32 bits, and where the next one is."""
    if short != _FULL:
        return short, at
    if at + 8 > stop:
        raise MalformedError("a member of the ZIP64 lacks one of its sizes")
    return int.from_bytes(data[at : at + 8], "little"), at + 8


def _extra(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield kind, place and length of each extra field; bytes that are none at the end are padding."""
    at = 0
    while at + 4 <= len(data):
        kind, length = int.from_bytes(data[at : at + 2], "little"), int.from_bytes(data[at + 2 : at + 4], "little")
        if at + 4 + length > len(data):
            return
        yield kind, at + 4, length
        at += 4 + length


def _member(walk: Walk, entry: _Entry, stop: int) -> Member:
    """Return the member of an entry; it must fill the file up to `stop`."""
    at = entry.header
    if at + LOCAL.size > stop:
        raise MalformedError("members of the ZIP overlap, or lie outside")
    header = walk.read(at, LOCAL.size)
    magic, _, flags, method, _, _, crc, packed, size, name_size, extra_size = LOCAL.unpack(header)
    start = at + LOCAL.size + name_size + extra_size
    data = Span(start, entry.packed)
    if magic != b"PK\3\4" or data.end > stop:
        raise MalformedError("members of the ZIP overlap, or a local header is damaged")
    names = walk.read(at + LOCAL.size, name_size + extra_size)
    if names[:name_size] != entry.raw or (flags, method) != (entry.flags, entry.method):
        raise MalformedError("a local header of the ZIP isn't that of its entry")
    for kind, place, length in _extra(names[name_size:]):
        if kind == _WIDE:
            spot, end = name_size + place, name_size + place + length
            size, spot = _wide(names, spot, end, size)
            packed, _ = _wide(names, spot, end, packed)
    said = (crc, packed, size)
    true = (entry.crc, entry.packed, entry.size)
    if said != true and not (flags & _DESCRIBED and all(a in {0, b} for a, b in zip(said, true, strict=True))):
        raise MalformedError("a local header of the ZIP says other sizes than its entry")
    _check_descriptor(walk.read(data.end, min(stop - data.end, 25)), entry)
    return Member(
        _text(entry), entry.raw, flags, method, entry.crc, entry.size, Span(at, stop - at), data,
        entry.span, entry.wide_offset,
    )  # fmt: skip


def _check_descriptor(found: bytes, entry: _Entry) -> None:
    """Check that what follows a member's data is its descriptor if it has one, and else nothing."""
    if not entry.flags & _DESCRIBED:
        if found:
            raise MalformedError("something lies between the members of the ZIP")
        return
    for width in (4, 8):
        if max(entry.packed, entry.size) < 1 << width * 8:
            sizes = entry.packed.to_bytes(width, "little") + entry.size.to_bytes(width, "little")
            plain = entry.crc.to_bytes(4, "little") + sizes
            if found in {plain, b"PK\7\x08" + plain}:
                return
    raise MalformedError("a member of the ZIP isn't followed by the sizes that its entry says")


def _text(entry: _Entry) -> str:
    """Return a member's name: UTF-8 where it says so or can't be told from it, else the first PC's characters."""
    try:
        return entry.raw.decode()
    except UnicodeDecodeError:
        if entry.flags & _UTF8:
            raise MalformedError("a member of the ZIP has a name that is no text") from None
        return entry.raw.decode("cp437")
