"""`[Content_Types].xml` of Office documents: what the parts of a package are (ECMA-376 part 2, section 7.2.3).

Every part must have a content type there, by its file name extension at least; an office suite may take a document
with a part that has none for damaged.
"""

import zlib
from typing import Final
from xml.parsers import expat

from kzlabel.errors import MalformedError
from kzlabel.files import Reader
from kzlabel.formats._zip_archive import Member

__all__ = ["CONTENT_TYPES", "declared", "read_member"]

CONTENT_TYPES: Final = "[Content_Types].xml"
_EXTENSION: Final = "c2pa"
_TYPE: Final = "application/c2pa"
_LARGEST: Final = 1 << 20
_ENCRYPTED: Final = 0x0001


def read_member(file: Reader, member: Member) -> bytes:
    """Return a small member's content.

    Raises:
        MalformedError: It is damaged, encrypted, or not small.
    """
    if member.flags & _ENCRYPTED or member.method not in {0, 8}:
        raise MalformedError(f"{member.name} is encrypted, or compressed in an unusual way")
    if max(member.size, member.data.length) > _LARGEST:
        raise MalformedError(f"{member.name} has {member.size} bytes")
    data = file.read(*member.data)
    if member.method:
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            data = inflater.decompress(data, _LARGEST)
        except zlib.error as error:
            raise MalformedError(f"{member.name} can't be decompressed: {error}") from None
        if not inflater.eof or inflater.unused_data:
            raise MalformedError(f"{member.name} has another size than the ZIP says")
    if len(data) != member.size or zlib.crc32(data) != member.crc:
        raise MalformedError(f"{member.name} is damaged")
    return data


def declared(document: bytes) -> bytes | None:
    """Return the types with one for manifests among them; None if there is one.

    Raises:
        MalformedError: It isn't such a document, or not in UTF-8.
    """
    seen: list[str] = []
    found = False
    place = -1
    depth = 0
    parser = expat.ParserCreate()

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal found, depth
        depth += 1
        seen.append(name)
        local = name.rpartition(":")[2]
        if depth == 2 and local == "Default" and attributes.get("Extension", "").lower() == _EXTENSION:
            found = True

    def end(_name: str) -> None:
        nonlocal place, depth
        depth -= 1
        if not depth:
            place = parser.CurrentByteIndex

    def refuse(*_: object) -> None:
        raise MalformedError(f"{CONTENT_TYPES} has a document type")

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.StartDoctypeDeclHandler = refuse
    try:
        document.decode()
        parser.Parse(document, True)
    except (expat.ExpatError, UnicodeDecodeError) as error:
        raise MalformedError(f"{CONTENT_TYPES} can't be read: {error}") from None
    prefix, _, root = seen[0].rpartition(":")
    if root != "Types" or not document.startswith(b"</", place):
        raise MalformedError(f"{CONTENT_TYPES} has nothing in it")
    if found:
        return None
    name = f"{prefix}:Default" if prefix else "Default"
    new = f'<{name} Extension="{_EXTENSION}" ContentType="{_TYPE}"/>'.encode()
    return document[:place] + new + document[place:]
