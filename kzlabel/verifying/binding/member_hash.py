"""`c2pa.hash.collection.data` as the specification has it: an array of members (C2PA 2.4 18.8, 15.12.5 and A.6).

    {alg, uris: [{uri: "word/document.xml", hash}, ...], zip_central_directory_hash}

A member's hash covers its local header, what is stored of it, and its descriptor: nothing is decompressed. Another
one covers the entries of the central directory, but for the CRC of the manifest's own, and its end. Every file must
be listed, directories need not be; and nothing may lie between members. An archive in which two readers could see
two different things doesn't match.
"""

import zlib
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from kzlabel.errors import LimitError, MalformedError
from kzlabel.files import Reader
from kzlabel.formats import Located
from kzlabel.formats.zip import STORE_MEMBER, Archive, directory_spans, read_archive
from kzlabel.limits import Limits
from kzlabel.spans import Span
from kzlabel.status import Code, Finding
from kzlabel.verifying.abstain import Abstention
from kzlabel.verifying.binding import fields
from kzlabel.verifying.binding.digest import ALGORITHMS, algorithm_of, digest, same

__all__ = ["check_member_hashes"]

_HEADER = 30
"""Bytes of a local header before the name."""


def check_member_hashes(
    file: Reader,
    located: Located,
    content: Mapping[str, Any],
    *,
    default_algorithm: str | None,
    uri: str,
    limits: Limits,
) -> Iterator[Finding]:
    """Check the members of a ZIP against an array of hashes.

    Raises:
        Abstention: A field has another type than it should.
        LimitError: It lists more members than are allowed.
    """
    entries = list(map(fields.mapping, fields.array(content["uris"])))
    if len(entries) > limits.exclusions:
        raise LimitError(f"a collection hash with {len(entries)} members")
    algorithm = algorithm_of(content, default_algorithm or "")
    if algorithm not in ALGORITHMS:
        said = f"{algorithm or 'nothing'} is no known hash algorithm"
        yield Finding.of(Code.ALGORITHM_UNSUPPORTED, said, uri=uri)
        return
    if len(located.carriers) != 1:
        raise Abstention("the manifest store that the collection hash leaves out isn't in the file exactly once")
    fault = _fault(entries, content)
    if fault is None:
        stated = {entry["uri"]: fields.octets(entry["hash"]) for entry in entries}
        fault = _compare(file, located, stated, content["zip_central_directory_hash"], algorithm, limits)
    if fault is None:
        said = "the collection hashes are those of the members"
        yield Finding.of(Code.ASSERTION_COLLECTION_HASH_MATCH, said, uri=uri)
    else:
        code, said = fault
        yield Finding.of(code, said, uri=uri)


def _fault(entries: list[Mapping[str, Any]], content: Mapping[str, Any]) -> tuple[Code, str] | None:
    """Return what is wrong with the assertion itself."""
    malformed = Code.ASSERTION_COLLECTION_HASH_MALFORMED
    if not entries or any(entry.get("uri") is None or entry.get("hash") is None for entry in entries):
        return malformed, "the collection hash lists nothing, or something without name or hash"
    names = [fields.text(entry["uri"]) for entry in entries]
    if any({".", ".."} & {*unquote(name).split("/")} for name in names):
        return Code.ASSERTION_COLLECTION_HASH_INVALID_URI, "the collection hash leads out of the archive"
    if len({*names}) != len(names):
        return malformed, "the collection hash lists a member twice"
    if content.get("zip_central_directory_hash") is None:
        return malformed, "the collection hash has none of the archive's directory"
    return None


def _compare(
    file: Reader, located: Located, stated: Mapping[str, bytes], directory: object, algorithm: str, limits: Limits
) -> tuple[Code, str] | None:
    """Return why the archive isn't what was signed."""
    mismatch = Code.ASSERTION_COLLECTION_HASH_MISMATCH
    try:
        archive = read_archive(file, limits)
        _check_store(file, archive, located)
    except LimitError:
        raise
    except MalformedError as error:
        return mismatch, error.message
    fault = _compare_members(file, archive, stated, algorithm)
    if fault is not None:
        return fault
    own = fields.octets(directory)
    if not any(same(own, digest(file, algorithm, spans)) for spans in _directories(archive, file.size)):
        return mismatch, "the hash of the archive's directory is another"
    return None


def _compare_members(
    file: Reader, archive: Archive, stated: Mapping[str, bytes], algorithm: str
) -> tuple[Code, str] | None:
    """Return why the members aren't those that are listed, each with its hash."""
    mismatch = Code.ASSERTION_COLLECTION_HASH_MISMATCH
    members = {member.name: member for member in archive.members if member.name != STORE_MEMBER}
    hashes: dict[str, bytes] = {}
    for name, expected in stated.items():
        known = name if name in members else unquote(name)
        if known not in members:
            return Code.ASSERTION_COLLECTION_HASH_INCORRECT_FILE_COUNT, f"{name!r} is not in the archive"
        if known in hashes:
            return mismatch, f"{name!r} stands for a member that is listed already"
        hashes[known] = expected
    for name, member in members.items():
        if name not in hashes:
            if not member.is_directory:
                return mismatch, f"the collection hash knows nothing of {name!r}"
        elif not same(hashes[name], digest(file, algorithm, (member.span,))):
            return mismatch, f"the hash of {name!r} is another"
    return None


def _check_store(file: Reader, archive: Archive, located: Located) -> None:
    """Check the member that no hash covers.

    Raises:
        MalformedError: It isn't plain, not the store that was read, or has a checksum of something else.
    """
    member = archive.find(STORE_MEMBER)
    if member is None or (member.data,) != located.carriers[0].store:
        raise MalformedError("the manifest isn't in the archive under its name")
    if member.method or member.flags or member.size != member.data.length:
        raise MalformedError("the manifest in the archive is compressed, encrypted or described")
    if member.span.length != _HEADER + len(member.raw) + member.size:
        raise MalformedError("the manifest in the archive has more around it than a header")
    summed = 0
    for piece in file.chunks((member.data,)):
        summed = zlib.crc32(piece, summed)
    if summed != member.crc and member.crc:
        raise MalformedError("the manifest in the archive has another checksum")


def _directories(archive: Archive, size: int) -> Iterator[tuple[Span, ...]]:
    """Yield what the directory's hash may cover.

    Those of ZIP64 have records between entries and end of which the specification says nothing. They repeat what
    the rest of the file says, or the archive wouldn't have been read: whether they are hashed makes no difference.
    """
    spans = directory_spans(archive)
    yield spans
    if archive.wide:
        yield (*spans[:-2], Span(spans[-2].start, size - spans[-2].start))
