"""`c2pa.hash.collection.data`: the members of a ZIP, each with a hash (C2PA 2.4 sections 18.8, 15.12.5 and A.6).

The specification lists members in an array, see `member_hash`; the reference engine writes, and reads, a map only.
A member's hash covers its local header and its data; another one covers the central directory and its end, but
for the CRC of the manifest's own entry. `zip_members` reads the ZIP, and takes only plain ones.
"""

import zlib
from collections.abc import Iterator, Mapping
from typing import Any

from kzlabel.errors import LimitError
from kzlabel.files import Reader
from kzlabel.formats import Located
from kzlabel.limits import Limits
from kzlabel.spans import Span
from kzlabel.status import Code, Finding
from kzlabel.verifying.abstain import Abstention
from kzlabel.verifying.binding import fields
from kzlabel.verifying.binding.digest import ALGORITHMS, digest, same
from kzlabel.verifying.binding.member_hash import check_member_hashes
from kzlabel.verifying.binding.zip_members import Archive, read_archive

__all__ = ["check_collection_hash"]

_STORE = "META-INF/content_credential.c2pa"
_HEADER = 30
"""Bytes of a local header before the name."""

_CRC = Span(16, 4)
"""Where an entry of the central directory has the member's CRC."""


def check_collection_hash(
    file: Reader,
    located: Located,
    content: Mapping[str, Any],
    *,
    default_algorithm: str | None,
    uri: str,
    limits: Limits,
) -> Iterator[Finding]:
    """Check the members of a ZIP against a collection data hash assertion."""
    if type(content.get("uris")) is list:
        yield from check_member_hashes(
            file, located, content, default_algorithm=default_algorithm, uri=uri, limits=limits
        )
        return
    algorithm = fields.text(content.get("alg"))
    if algorithm not in ALGORITHMS or (default_algorithm or algorithm) != algorithm:
        raise Abstention("the collection hash has another algorithm than its claim")
    stated = _stated(content, limits)
    archive = read_archive(file, limits)
    if located.damage or len(located.carriers) != 1 or _STORE not in archive.members:
        raise Abstention("the file is damaged or has not one manifest store")
    if zlib.crc32(_store(file, archive, limits)) != archive.checksums[_STORE]:
        # No hash covers it; a reader that checks it finds no manifest store.
        raise Abstention("the manifest store in the ZIP has another checksum")
    places = _places(archive, {name.rstrip("/") for name in stated})
    directory = fields.octets(content.get("zip_central_directory_hash"))
    if same(directory, digest(file, algorithm, _directory(archive, file.size))) and all(
        same(expected, digest(file, algorithm, (places[name.rstrip("/")],))) for name, expected in stated.items()
    ):
        yield Finding.of(
            Code.ASSERTION_COLLECTION_HASH_MATCH, "the collection hashes are those of the members", uri=uri
        )
    else:
        yield Finding.of(Code.ASSERTION_COLLECTION_HASH_MISMATCH, "a member has another hash", uri=uri)


def _store(file: Reader, archive: Archive, limits: Limits) -> bytes:
    span = archive.members[_STORE]
    if span.length > limits.store_size:
        raise LimitError(f"a manifest store of {span.length} bytes")
    head = _HEADER + len(_STORE)
    return file.read(span.start + head, span.length - head)


def _stated(content: Mapping[str, Any], limits: Limits) -> dict[str, bytes]:
    """Return the hash of each member that is named."""
    entries = fields.mapping(content.get("uris"))
    if len(entries) > limits.exclusions:
        raise LimitError(f"a collection hash with {len(entries)} members")
    stated = {name: fields.octets(fields.mapping(entry).get("hash")) for name, entry in entries.items()}
    if len({name.rstrip("/") for name in stated}) != len(stated):
        raise Abstention("the collection hash names a member twice")
    return stated


def _places(archive: Archive, stated: set[str]) -> dict[str, Span]:
    """Return the members without the slash of a directory, when they are those that are named.

    Directories need not be named: all that is said of them stands in the central directory, too.
    """
    places = {}
    for name, span in archive.members.items():
        if name.rstrip("/") in stated:
            places[name.rstrip("/")] = span
        elif name in archive.extended or not (name == _STORE or name.endswith("/")):
            raise Abstention("the collection hash leaves out a member of the ZIP")
    if len(places) != len(stated) or _STORE in stated:
        raise Abstention("the collection hash names other members than the ZIP has")
    return places


def _directory(archive: Archive, size: int) -> tuple[Span, Span]:
    at = archive.entries[_STORE] + _CRC.start
    after = at + _CRC.length
    return Span(archive.directory, at - archive.directory), Span(after, size - after)
