"""Labels in archives: held against a slow reading of the text, the standard library and LibreOffice."""

import io
import random
import shutil
import subprocess
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import encypher_c2pa
import pytest

from fixtures import packages
from kzlabel.credentials import Signer
from kzlabel.errors import SigningError
from kzlabel.files import BytesReader
from kzlabel.formats import Format, embedder
from kzlabel.formats import zip as zip_format
from kzlabel.labels import Label
from kzlabel.limits import DEFAULT_LIMITS
from kzlabel.signing import Labeler, embedding
from kzlabel.signing.bindings.members import MemberHash
from kzlabel.signing.composer import draft
from kzlabel.signing.precheck import NoPlaceError
from kzlabel.trust import Trust
from kzlabel.verifying import Verifier
from kzlabel.verifying.verdict import Status
from tests.agreement.slow_zip import NAME, binding_holds
from tests.conftest import CORPORA, needs_corpora

INTACT = {Status.TRUSTED, Status.VALID}
MUTANTS = 900


class Pipe(io.BytesIO):
    """A stream that can't be gone back in: whoever writes a ZIP to it must use data descriptors."""

    def seekable(self) -> bool:
        return False

    def seek(self, *_: int) -> int:
        raise io.UnsupportedOperation

    def tell(self) -> int:
        raise io.UnsupportedOperation


def archive(
    *members: tuple[str, bytes], out: io.BytesIO | None = None, comment: bytes = b"", wide: bool = False
) -> bytes:
    out = io.BytesIO() if out is None else out
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in members:
            info = zipfile.ZipInfo(name, (2024, 3, 1, 8, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            with made.open(info, "w", force_zip64=wide) as member:
                member.write(content)
        made.comment = comment
    return out.getvalue()


def small() -> bytes:
    return archive(("a.txt", b"first " * 9), ("b/c.txt", b"second " * 9), ("d.txt", b""))


def streamed() -> bytes:
    return archive(("a.txt", b"first " * 9), ("b.txt", b"second " * 9), out=Pipe())


def encrypted() -> bytes:
    """Return an archive in which a member is marked as encrypted, which its stored bytes can't contradict."""
    data = bytearray(archive(("secret.txt", b"x" * 30), ("open.txt", b"y" * 30)))
    data[6] |= 1
    data[data.index(b"PK\1\2") + 8] |= 1
    return bytes(data)


def wide() -> bytes:
    """Return a ZIP64: sizes of 64 bits in members and at the end."""
    data = archive(("a.txt", b"first " * 9), wide=True)
    end = data.rindex(b"PK\5\6")
    size, start = (int.from_bytes(data[end + at : end + at + 4], "little") for at in (12, 16))
    record = b"PK\6\6" + (44).to_bytes(8, "little") + b"\x2d\0\x2d\0" + bytes(8)
    record += b"".join(value.to_bytes(8, "little") for value in (1, 1, size, start))
    place = b"PK\6\7" + bytes(4) + end.to_bytes(8, "little") + b"\1\0\0\0"
    return data[:end] + record + place + data[end : end + 8] + b"\xff" * 12 + b"\0\0"


SOURCES: dict[str, Callable[[], bytes]] = {
    "small": small,
    "streamed": streamed,
    "encrypted": encrypted,
    "wide": wide,
    "docx": packages.docx,
    "epub": packages.epub,
    "comment": lambda: archive(("a.txt", b"1"), ("көл b#.txt", b"2"), ("README", b"3"), comment=b"PK and more"),
    "folders": packages.archive,
    "empty member": lambda: archive(("a", b"")),
}
each_source = pytest.mark.parametrize("name", SOURCES)


@pytest.fixture
def verifier(trust: Trust) -> Verifier:
    return Verifier(trust=trust)


def contents(data: bytes) -> list[tuple[str, int, bytes]]:
    """Return name, method and stored bytes of each member but the manifest, in the order of the directory."""
    with zipfile.ZipFile(io.BytesIO(data)) as made:
        found = []
        for one in made.infolist():
            start = one.header_offset + 30
            start += sum(int.from_bytes(data[start - at : start - at + 2], "little") for at in (4, 2))
            if one.filename != NAME:
                found.append((one.filename, one.compress_type, data[start : start + one.compress_size]))
    return found


def independent(data: bytes, trust: Trust) -> str:
    report = encypher_c2pa.verify(
        data, "application/zip", trust_pem=trust.pem(), no_default_trust=True, telemetry=False, online=False
    )
    return str(report["integrity"])


@each_source
def test_members_stay_as_they_are_and_the_slow_reading_agrees(
    name: str, labeler: Labeler, label: Label, verifier: Verifier, trust: Trust
) -> None:
    source = SOURCES[name]()
    first = labeler.label(source, label)
    second = labeler.label(first, label.replace(level="ai-assisted"))
    for labelled in (first, second):
        kept = [one for one in contents(labelled) if one[0] != "[Content_Types].xml"]
        assert kept == [one for one in contents(source) if one[0] != "[Content_Types].xml"]
        assert binding_holds(labelled)
        assert verifier.verify(labelled).status is Status.TRUSTED
        if name != "wide":  # which the independent validator doesn't read
            assert independent(labelled, trust) == "valid"
        with zipfile.ZipFile(io.BytesIO(labelled)) as made:
            last = made.infolist()[-1]
            assert (last.filename, last.compress_type, last.flag_bits) == (NAME, zipfile.ZIP_STORED, 0)
            assert zlib.crc32(made.read(last)) == last.CRC
            assert made.infolist()[0].filename == zipfile.ZipFile(io.BytesIO(source)).infolist()[0].filename


@pytest.mark.parametrize("name", ["small", "streamed", "wide"])
def test_local_headers_and_order_stay_byte_for_byte(name: str, labeler: Labeler, label: Label) -> None:
    source = SOURCES[name]()
    start = source.index(b"PK\1\2")
    assert labeler.label(source, label)[:start] == source[:start]


def mutants(data: bytes, chance: random.Random) -> Iterator[bytes]:
    """Yield damaged and rearranged copies of an archive."""
    directory = data.index(b"PK\1\2", data.index(NAME.encode()))
    for _ in range(MUTANTS):
        at = chance.randrange(len(data))
        spot = chance.choice((at, chance.randrange(directory, len(data)), chance.randrange(min(80, len(data)))))
        match chance.randrange(8):
            case 0 | 1 | 2:
                yield data[:spot] + bytes([data[spot] ^ 1 << chance.randrange(8)]) + data[spot + 1 :]
            case 3:
                yield data[:spot] + chance.randbytes(chance.randrange(1, 9)) + data[spot:]
            case 4:
                yield data[:spot] + data[spot + chance.randrange(1, 30) :]
            case 5:
                yield chance.choice((data[:at], data + b"\0", data + small(), b"MZ" + data, small() + data))
            case 6:
                other = io.BytesIO(data)
                with zipfile.ZipFile(other, "a") as made:
                    made.writestr(
                        chance.choice(("new.txt", "b/new.txt", "new/", "A.TXT")), chance.choice((b"", b"x"))
                    )
                yield other.getvalue()
            case _:
                length = chance.choice((2, 4, 8))
                yield data[:spot] + chance.choice((b"\0", b"\xff")) * length + data[spot + length :]


@pytest.mark.parametrize("name", ["small", "streamed", "wide", "folders", "epub"])
def test_no_mutant_is_intact_that_isnt_to_the_slow_reading(
    name: str, labeler: Labeler, label: Label, verifier: Verifier
) -> None:
    whole = labeler.label(SOURCES[name](), label)
    before = contents(whole)
    intact = 0
    for number, mutant in enumerate(mutants(whole, random.Random(name))):
        if verifier.verify(mutant).status in INTACT:
            intact += 1
            assert binding_holds(mutant), f"mutant {number} of {name}"
            assert contents(mutant) == before
    assert intact < MUTANTS / 20


def rebuilt(data: bytes, change: Callable[[list[bytes], list[bytes]], None]) -> bytes:
    """Return an archive whose local members and directory entries were changed, with ends that are right again."""
    with zipfile.ZipFile(io.BytesIO(data)) as made:
        starts = sorted(one.header_offset for one in made.infolist())
        start = made.start_dir
    members = [data[a:b] for a, b in zip(starts, [*starts[1:], start], strict=True)]
    entries, at = [], start
    while data[at : at + 4] == b"PK\1\2":
        size = 46 + sum(int.from_bytes(data[at + field : at + field + 2], "little") for field in (28, 30, 32))
        entries.append(data[at : at + size])
        at += size
    change(members, entries)
    body, listed = b"".join(members), b"".join(entries)
    end = bytearray(data[at:])
    end[8:20] = (
        len(entries).to_bytes(2, "little") * 2 + len(listed).to_bytes(4, "little") + len(body).to_bytes(4, "little")
    )
    return body + listed + bytes(end)


def dropped(members: list[bytes], entries: list[bytes]) -> None:
    entries.pop(0)


def doubled(members: list[bytes], entries: list[bytes]) -> None:
    entries.insert(0, entries[0])


def swapped(members: list[bytes], entries: list[bytes]) -> None:
    entries[0], entries[1] = entries[1], entries[0]


def renamed(members: list[bytes], entries: list[bytes]) -> None:
    members[0], entries[0] = (part.replace(b"a.txt", b"z.txt") for part in (members[0], entries[0]))


def hidden(members: list[bytes], entries: list[bytes]) -> None:
    """Put a member between others that the directory doesn't list."""
    members.insert(-1, small()[: small().index(b"PK\3\4", 4)])
    where = sum(map(len, members[:-1]))
    entries[-1] = entries[-1][:42] + where.to_bytes(4, "little") + entries[-1][46:]


@pytest.mark.parametrize("change", [dropped, doubled, swapped, renamed, hidden])
def test_rearranged_archives_are_invalid(
    change: Callable[[list[bytes], list[bytes]], None], labeler: Labeler, label: Label, verifier: Verifier
) -> None:
    whole = labeler.label(small(), label)
    assert rebuilt(whole, lambda *_: None) == whole
    verdict = verifier.verify(rebuilt(whole, change))
    assert verdict.status is Status.INVALID
    assert not binding_holds(rebuilt(whole, change))


def test_a_member_put_in_its_place_is_invalid(labeler: Labeler, label: Label, verifier: Verifier) -> None:
    whole = labeler.label(archive(("a.txt", b"x" * 40)), label)
    assert verifier.verify(whole.replace(b"a.txt", b"b.txt")).status is Status.INVALID


def named(name: str) -> bytes:
    """Return an archive with a member of any name; the standard library would mend some."""
    plain = "n" * len(name.encode())
    return archive(("a", b"1"), (plain, b"2")).replace(plain.encode(), name.encode())


REFUSED = {
    "a folder above": named("../../x"),
    "this folder": named("x/./y"),
    "absolute": named("/etc/x"),
    "backslash": named("a\\b"),
    "drive": named("c:x"),
    "no name": named("a//b"),
    "the manifest in another case": named(NAME.upper()),
    "folders only": archive(("a/", b"")),
    "nothing listed": small()[: small().index(b"PK\1\2")] + b"PK\5\6" + bytes(18),
    "before the first": b"#!/bin/sh\n" + small(),
    "after the end": small() + b"x",
    "two of a name": archive(("ab", b"1"), ("cd", b"2")).replace(b"cd", b"ab"),
    "OpenDocument": archive(("content.xml", b"<a/>"), ("META-INF/manifest.xml", b"<m/>")),
    "cut": small()[:-1],
    "two ends": archive(("a", b"1"), comment=b"PK\5\6" + bytes(16) + b"\2\0xx"),
    "types that are none": archive(("[Content_Types].xml", b"<a>")),
    "types with entities": archive(
        ("[Content_Types].xml", b'<!DOCTYPE Types [<!ENTITY a "b">]><Types>&a;</Types>')
    ),
    "types like a bomb": archive(("[Content_Types].xml", b"<Types>" + b" " * (1 << 22) + b"</Types>")),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_two_readers_could_see_differently_is_refused(name: str, labeler: Labeler, label: Label) -> None:
    with pytest.raises(SigningError):
        labeler.label(REFUSED[name], label)


def test_opendocument_gets_a_sidecar_because_office_suites_would_take_it_for_damaged(
    labeler: Labeler, label: Label
) -> None:
    with zipfile.ZipFile(out := io.BytesIO(), "w") as made:
        made.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        made.writestr("content.xml", "<a/>")
    with pytest.raises(NoPlaceError, match="--sidecar"):
        labeler.label(out.getvalue(), label)


def test_a_label_that_someone_put_into_opendocument_is_verified(
    signer: Signer, label: Label, verifier: Verifier
) -> None:
    with zipfile.ZipFile(out := io.BytesIO(), "w") as made:
        made.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        made.writestr("content.xml", "<a/>" * 50, zipfile.ZIP_DEFLATED)
    source, form = BytesReader(out.getvalue()), embedder(cast("Format", zip_format))
    assert form is not None
    embedding.embed(
        source,
        form,
        form.locate(source, DEFAULT_LIMITS),
        lambda binding, size: draft(label, signer, binding_label=binding, binding_size=size),
        labelled := io.BytesIO(),
        DEFAULT_LIMITS,
        binding=MemberHash(),
    )
    verdict = verifier.verify(labelled.getvalue())
    assert (verdict.status, verdict.media_type) == (Status.TRUSTED, "application/vnd.oasis.opendocument.text")
    assert verifier.verify(labelled.getvalue().replace(b"content.xml", b"kontent.xml")).status is Status.INVALID


def test_what_the_reference_engine_cannot_read_is_no_failure_when_a_network_is_allowed(
    labeler: Labeler, label: Label, trust: Trust
) -> None:
    verdict = Verifier(trust=trust, online=True).verify(labeler.label(small(), label))
    assert verdict.status is Status.ERROR
    assert [finding.code for finding in verdict.findings] == ["org.kzlabel.engine.abstained"]


def test_a_bomb_is_hashed_as_it_is_stored(labeler: Labeler, label: Label, verifier: Verifier) -> None:
    bomb = bytearray(archive(("bomb", bytes(1 << 20))))
    for at in (22, bomb.index(b"PK\1\2") + 24):
        bomb[at : at + 4] = b"\xfe\xff\xff\xff"  # it says four gigabytes
    assert verifier.verify(labeler.label(bytes(bomb), label)).status is Status.TRUSTED


@pytest.mark.parametrize(
    "types",
    [
        b'<?xml version="1.0"?>\r\n<Types xmlns="x"><Default Extension="xml" ContentType="y"/></Types>',
        b'\xef\xbb\xbf<c:Types xmlns:c="x"><c:Default Extension="xml" ContentType="y"/></c:Types>\n',
        b'<Types xmlns="x"><!-- </Types> --><Default Extension="C2PA" ContentType="z"/></Types>',
    ],
)
def test_office_documents_say_what_kind_of_part_the_manifest_is(
    types: bytes, labeler: Labeler, label: Label
) -> None:
    from xml.etree import ElementTree

    source = archive(("[Content_Types].xml", types), ("word/document.xml", b"<a/>"))
    labelled = labeler.label(labeler.label(source, label), label)
    with zipfile.ZipFile(io.BytesIO(labelled)) as made:
        root = ElementTree.fromstring(made.read("[Content_Types].xml"))
    extensions = [one.get("Extension", "").lower() for one in root]
    assert extensions.count("c2pa") == 1
    assert {one.tag for one in root} == {"{x}Default"}


def test_office_signatures_are_of_parts_that_stay(labeler: Labeler, label: Label) -> None:
    signed = packages.docx()
    with zipfile.ZipFile(out := io.BytesIO(signed), "a") as made:
        made.writestr("_xmlsignatures/sig1.xml", "<Signature/>")
    before, after = contents(out.getvalue()), contents(labeler.label(out.getvalue(), label))
    assert [one for one in before if one not in after] == [before[0]]
    assert before[0][0] == "[Content_Types].xml"  # which is no part, and which no signature can cover


@needs_corpora
@pytest.mark.parametrize(
    "path", ["919cb20c/sdk/tests/fixtures/sample1.docx", "18c5dd36/sdk/tests/fixtures/sample1.zip"]
)
def test_archives_of_others_are_labelled(
    path: str, labeler: Labeler, label: Label, verifier: Verifier, trust: Trust
) -> None:
    labelled = labeler.label((CORPORA / "c2pa-rs-branches" / path).read_bytes(), label)
    assert verifier.verify(labelled).status is Status.TRUSTED
    assert binding_holds(labelled)
    assert independent(labelled, trust) == "valid"


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
@pytest.mark.timeout(180)
def test_libreoffice_opens_a_labelled_document(labeler: Labeler, label: Label, tmp_path: Path) -> None:
    texts = []
    for name, data in (("plain", packages.docx()), ("labelled", labeler.label(packages.docx(), label))):
        (tmp_path / f"{name}.docx").write_bytes(data)
        profile = f"-env:UserInstallation=file://{tmp_path}/profile"
        subprocess.run(
            ["soffice", profile, "--headless", "--convert-to", "txt:Text", f"{name}.docx"],
            cwd=tmp_path, check=True, capture_output=True,
        )  # fmt: skip
        texts.append((tmp_path / f"{name}.txt").read_bytes())
    assert texts[0] == texts[1] != b""
