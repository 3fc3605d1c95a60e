"""`c2pa.hash.collection.data`: plain ZIP files are judged, all others left to the reference engine."""

import io
import random
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from kzlabel.errors import MalformedError
from kzlabel.files import BytesReader
from kzlabel.limits import DEFAULT_LIMITS, Limits
from kzlabel.verifying.abstain import Abstention
from kzlabel.verifying.binding.zip_members import read_archive
from tests.unit.verifying.binding.forging import UnreadableError, native, rebind, reference, sign

TYPE = "application/x-zip"


def _zip(*members: tuple[str, bytes], **options: Any) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", **options) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return out.getvalue()


@pytest.fixture(scope="module")
def archive() -> bytes:
    return sign(_zip(("a.txt", b"first"), ("folder/b.txt", b"second" * 50)), TYPE)


def _rebind(file: bytes, edit: Callable[[dict[str, Any]], Any]) -> bytes:
    """Change the binding, and put the checksum of the store's member right."""
    forged = bytearray(rebind(file, edit))
    with zipfile.ZipFile(io.BytesIO(file)) as zipped:
        member = zipped.getinfo("META-INF/content_credential.c2pa")
    start = member.header_offset + 30 + len(member.filename)
    checksum = zlib.crc32(forged[start : start + member.file_size]).to_bytes(4, "little")
    entry = forged.rindex(b"META-INF/content") - 46
    forged[member.header_offset + 14 : member.header_offset + 18] = checksum
    forged[entry + 16 : entry + 20] = checksum
    return bytes(forged)


def test_signed_archive_matches_in_both_engines(archive: bytes) -> None:
    assert native(archive) == reference(archive, TYPE) == ["collectionHash.match"]


def test_other_hash_is_a_mismatch(archive: bytes) -> None:
    for edit in (
        lambda content: content["uris"]["a.txt"].update(hash=bytes(32)),
        lambda content: content.update(zip_central_directory_hash=bytes(32)),
    ):
        file = _rebind(archive, edit)

        assert native(file) == reference(file, TYPE) == ["collectionHash.mismatch"]


@pytest.mark.parametrize(
    "edit",
    [
        lambda content: content["uris"].pop("a.txt") and None,
        lambda content: content["uris"].update({"c.txt": content["uris"]["a.txt"]}),
        lambda content: content["uris"].update({"a.txt/": content["uris"]["a.txt"]}),
        lambda content: content.update(alg="sha512"),
        lambda content: content.update(alg=None),
        lambda content: content.update(zip_central_directory_hash=None),
        lambda content: content["uris"]["a.txt"].update(hash=None),
    ],
    ids=["dropped", "absent", "twice", "alg", "no-alg", "no-directory", "no-hash"],
)
def test_binding_that_is_not_plain_is_left_to_the_reference_engine(
    archive: bytes, edit: Callable[[dict[str, Any]], Any]
) -> None:
    with pytest.raises(Abstention):
        native(_rebind(archive, edit))


def test_changed_byte_is_never_a_match_that_the_reference_engine_denies(archive: bytes) -> None:
    dice = random.Random(2)
    store = archive.index(b"jumb") - 4
    for _ in range(300):
        changed = bytearray(archive)
        changed[dice.choice([dice.randrange(store), dice.randrange(len(archive) - 300, len(archive))])] ^= (
            1 << dice.randrange(8)
        )
        try:
            ours = native(bytes(changed))
        except (Abstention, MalformedError, UnreadableError):
            continue
        assert ours == (reference(bytes(changed), TYPE) or ["collectionHash.mismatch"])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK",
        b"x" + _zip(("a", b"1")),
        _zip(("a", b"1")) + b"x",
        _zip(("a", b"1" * 99), compression=zipfile.ZIP_DEFLATED),
        _zip(("../a", b"1")),
        _zip(("/a", b"1")),
        _zip(("a\\b", b"1")),
        _zip(("é", b"1")),
        _zip(("a", b"1"), ("A", b"2")),
        _zip(("a", b"1")).replace(b"PK\1\2", b"PK\1\3"),
        _zip(("ab", b"1"))[:30] + b"xy" + _zip(("ab", b"1"))[32:],
    ],
    ids=range(12),
)
def test_archive_that_two_readers_may_read_differently_is_left_alone(data: bytes) -> None:
    with pytest.raises(Abstention):
        read_archive(BytesReader(data), DEFAULT_LIMITS)


def test_too_many_members_reach_a_limit() -> None:
    data = _zip(*((f"{n}", b"") for n in range(30)))

    with pytest.raises(MalformedError):
        read_archive(BytesReader(data), Limits(exclusions=20))
