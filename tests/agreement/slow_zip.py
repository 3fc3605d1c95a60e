"""The hard binding of ZIP archives once more, slowly and from the text alone (C2PA 2.4 A.6.2; APPNOTE 4.3).

Shares no code with the package, nor with the standard library's reader.
"""

import hashlib
from typing import NamedTuple
from urllib.parse import unquote

from tests.agreement.slow_store import assertion

__all__ = ["NAME", "binding_holds"]

NAME = "META-INF/content_credential.c2pa"


class Member(NamedTuple):
    """An entry of the central directory, and what it points at."""

    name: str
    entry: bytes
    local: bytes
    """Local header, data and data descriptor."""

    data: bytes
    start: int


def number(data: bytes, at: int, size: int) -> int:
    """Return a little-endian number."""
    return int.from_bytes(data[at : at + size], "little")


def binding_holds(data: bytes) -> bool:
    """Return whether the archive is what its collection hash says, and consists of nothing but that."""
    try:
        members, directory, end = _read(data)
    except ValueError:
        return False
    stores = [member for member in members if member.name == NAME]
    if len(stores) != 1 or len({member.name for member in members}) != len(members):
        return False
    content = assertion(stores[0].data, "c2pa.hash.collection.data")
    if content is None:
        return False
    at = 0
    for member in sorted(members, key=lambda member: member.start):
        if member.start != at:
            return False
        at += len(member.local)
    if at != directory:
        return False
    hashed = hashlib.new(content["alg"])
    for member in members:
        hashed.update(member.entry[:16] + member.entry[20:] if member in stores else member.entry)
    hashed.update(end)
    listed = {unquote(one["uri"]): one["hash"] for one in content["uris"]}
    there = {
        member.name: hashlib.new(content["alg"], member.local).digest()
        for member in members
        if member not in stores and not member.name.endswith("/")
    }
    return (
        len(listed) == len(content["uris"])
        and listed == there
        and hashed.digest() == content["zip_central_directory_hash"]
    )


def _read(data: bytes) -> tuple[list[Member], int, bytes]:
    """Return the members, where the central directory begins, and the record that ends it."""
    at = data.rfind(b"PK\5\6")
    while at >= 0 and at + 22 + number(data, at + 20, 2) != len(data):
        at = data.rfind(b"PK\5\6", 0, at)
    if at < 0:
        raise ValueError("no end")
    end = data[at:]
    size, start, stop = number(end, 12, 4), number(end, 16, 4), at
    if start == 0xFFFFFFFF or size == 0xFFFFFFFF:
        place = number(data, at - 20 + 8, 8)
        if data[at - 20 : at - 16] != b"PK\6\7" or data[place : place + 4] != b"PK\6\6":
            raise ValueError("no ZIP64")
        size, start, stop = number(data, place + 40, 8), number(data, place + 48, 8), place
    if start + size != stop:
        raise ValueError("the directory is elsewhere")
    members, here = [], start
    while here < stop:
        length = 46 + number(data, here + 28, 2) + number(data, here + 30, 2) + number(data, here + 32, 2)
        members.append(_member(data, data[here : here + length]))
        here += length
    if here != stop:
        raise ValueError("the directory ends inside an entry")
    return members, start, end


def _member(data: bytes, entry: bytes) -> Member:
    if entry[:4] != b"PK\1\2":
        raise ValueError("no entry")
    name = entry[46 : 46 + number(entry, 28, 2)]
    packed, start = number(entry, 20, 4), number(entry, 42, 4)
    if data[start : start + 4] != b"PK\3\4":
        raise ValueError("no local header")
    body = start + 30 + number(data, start + 26, 2) + number(data, start + 28, 2)
    if data[start + 30 : start + 30 + len(name)] != name:
        raise ValueError("another name")
    after = body + packed
    if number(entry, 8, 2) & 8:
        after += 16 if data[after : after + 4] == b"PK\7\x08" else 12
    if after > len(data):
        raise ValueError("outside")
    return Member(name.decode(), entry, data[start:after], data[body : body + packed], start)
