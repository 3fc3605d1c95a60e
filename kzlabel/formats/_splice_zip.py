"""Putting a manifest store into a ZIP archive (C2PA 2.4 A.6): as its last member, stored as it is.

All other members are copied as they are, compressed or encrypted, in their order: a `mimetype` that comes first
stays first. In Office documents one line is added to the list of content types.
"""

import zlib
from struct import pack
from typing import Final

from kzlabel.errors import MalformedError
from kzlabel.files import Reader
from kzlabel.formats._content_types import CONTENT_TYPES, declared, read_member
from kzlabel.formats._zip_archive import (
    END,
    ENTRY,
    LOCAL,
    STORE_MEMBER,
    WIDE_END,
    WIDE_PLACE,
    Archive,
    Member,
    read_archive,
)
from kzlabel.formats.base import Derived, Located, Splice
from kzlabel.limits import Limits
from kzlabel.spans import Span

__all__ = ["splice", "without_member"]

Part = Span | bytes | Derived
_FULL: Final = 0xFFFFFFFF
_FULL_SHORT: Final = 0xFFFF
_VERSION: Final = 20
_VERSION_WIDE: Final = 45
_NAME: Final = STORE_MEMBER.encode()
_OPEN_DOCUMENT: Final = "META-INF/manifest.xml"
_DEFLATED: Final = 8
_NO_DESCRIPTOR: Final = 0xFFFF & ~0x000F
"""Flags that stay when a member is written anew: neither encryption, level nor descriptor."""


def splice(file: Reader, located: Located, store_size: int, limits: Limits) -> Splice:
    """See `Embedder.splice`."""
    if located.damage:
        raise MalformedError(located.damage)
    archive = read_archive(file, limits)
    _check(archive)
    kept = [member for member in archive.members if member.name != STORE_MEMBER]
    parts: list[Part] = []
    places: dict[Span, tuple[int, bytes | None]] = {}
    at = 0
    for member in sorted(kept, key=lambda member: member.span.start):
        made = _with_type(file, member) if member.name == CONTENT_TYPES else None
        places[member.entry] = at, made[0] if made else None
        parts.append(made[1] if made else member.span)
        at += len(made[1]) if made else member.span.length
    store_at = at
    head = LOCAL.pack(b"PK\3\4", _VERSION, 0, 0, 0, 0, 0, store_size, store_size, len(_NAME), 0)
    parts += [head[:14], _checksum(), head[18:] + _NAME, Derived(store_size, bytes)]
    at += LOCAL.size + len(_NAME) + store_size
    directory, entries = at, [_moved(file, member, *places[member.entry]) for member in kept]
    before, after = _entry(store_at, store_size)
    parts += [b"".join(entries) + before, _checksum(), after]
    size = sum(map(len, entries)) + len(before) + 4 + len(after)
    parts.append(_end(file, archive, len(kept) + 1, size, directory))
    return Splice(tuple(parts), ())


def without_member(file: Reader, limits: Limits) -> tuple[Part, ...]:
    """Return the parts of an archive without the manifest store; the other members stay as they are.

    Raises:
        MalformedError: It is one in which nothing is written.
    """
    archive = read_archive(file, limits)
    _check(archive)
    kept = [member for member in archive.members if member.name != STORE_MEMBER]
    parts: list[Part] = []
    places: dict[Span, int] = {}
    at = 0
    for member in sorted(kept, key=lambda member: member.span.start):
        places[member.entry] = at
        parts.append(member.span)
        at += member.span.length
    entries = b"".join(_moved(file, member, places[member.entry], None) for member in kept)
    return (*parts, entries, _end(file, archive, len(kept), len(entries), at))


def _checksum() -> Derived:
    return Derived(4, lambda store: zlib.crc32(store).to_bytes(4, "little"))


def _check(archive: Archive) -> None:
    """Refuse an archive whose members can't be named in a binding, or would be harmed.

    Raises:
        MalformedError: It is one.
    """
    for member in archive.members:
        name = member.name
        if name == _OPEN_DOCUMENT:
            raise MalformedError("it is an OpenDocument file, which would be taken for damaged; use --sidecar")
        if name != STORE_MEMBER and name.lower() == STORE_MEMBER.lower():
            raise MalformedError(f"it has a member {name}, which some readers take for the manifest")
        parts = name.removesuffix("/").split("/")
        if "\\" in name or "\0" in name or {"", ".", ".."} & {*parts} or ":" in parts[0]:
            raise MalformedError(f"it has a member whose name leads elsewhere: {name!r}")


def _with_type(file: Reader, member: Member) -> tuple[bytes, bytes] | None:
    """Return entry and member of the content types with that of manifests; None if they have it."""
    document = declared(read_member(file, member))
    if document is None:
        return None
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    data = packer.compress(document) + packer.flush()
    local = LOCAL.unpack(file.read(member.span.start, LOCAL.size))
    fields = (member.flags & _NO_DESCRIPTOR, _DEFLATED, *local[4:6])
    sizes = (zlib.crc32(document), len(data), len(document), len(member.raw))
    header = LOCAL.pack(local[0], _VERSION, *fields, *sizes, 0) + member.raw
    entry = ENTRY.unpack(file.read(member.entry.start, ENTRY.size))
    comment = file.read(member.entry.end - entry[12], entry[12])
    new = ENTRY.pack(entry[0], entry[1], _VERSION, *fields, *sizes, 0, entry[12], 0, *entry[14:16], 0)
    return new + member.raw + comment, header + data


def _moved(file: Reader, member: Member, at: int, made: bytes | None) -> bytes:
    """Return the entry of a member whose local header is at `at` now; `made` is a new one."""
    data = file.read(*member.entry) if made is None else made
    if made is None and member.wide_offset is not None:
        spot = member.wide_offset
        return data[:spot] + at.to_bytes(8, "little") + data[spot + 8 :]
    if at >= _FULL:
        raise MalformedError("a member would lie where its entry can't say")
    return data[:42] + at.to_bytes(4, "little") + data[46:]


def _entry(at: int, size: int) -> tuple[bytes, bytes]:
    """Return the store's entry before and after its checksum."""
    wide = at >= _FULL
    extra = pack("<HHQ", 1, 8, at) if wide else b""
    version = _VERSION_WIDE if wide else _VERSION
    where = _FULL if wide else at
    entry = ENTRY.pack(
        b"PK\1\2", version, version, 0, 0, 0, 0, 0, size, size, len(_NAME), len(extra), 0, 0, 0, 0, where
    )  # fmt: skip
    return entry[:16], entry[20:] + _NAME + extra


def _end(file: Reader, archive: Archive, count: int, size: int, start: int) -> bytes:
    """Return the end of the archive: a ZIP64's if it was one or has to be."""
    old = END.unpack(file.read(archive.end.start, END.size))
    comment = file.read(archive.end.start + END.size, archive.end.length - END.size)
    wide = b""
    if archive.wide or count >= _FULL_SHORT or max(size, start) >= _FULL:
        record = WIDE_END.pack(
            b"PK\6\6", WIDE_END.size - 12, _VERSION_WIDE, _VERSION_WIDE, 0, 0, count, count, size, start
        )
        wide = record + WIDE_PLACE.pack(b"PK\6\7", 0, start + size, 1)
    counts = _FULL_SHORT if old[4] == _FULL_SHORT or count >= _FULL_SHORT else count
    sizes = _FULL if old[5] == _FULL or size >= _FULL else size
    starts = _FULL if old[6] == _FULL or start >= _FULL else start
    return wide + END.pack(b"PK\5\6", 0, 0, counts, counts, sizes, starts, len(comment)) + comment
