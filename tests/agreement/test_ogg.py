"""Labels in Ogg: held against a slow reading of the text, against an independent validator, against players."""

import io
import random
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import encypher_c2pa
import mutagen
import pytest
import soundfile

from kzlabel.credentials import Signer
from kzlabel.errors import SigningError
from kzlabel.files import BytesReader
from kzlabel.formats import Format, embedder, ogg
from kzlabel.labels import Label
from kzlabel.limits import DEFAULT_LIMITS
from kzlabel.signing import Labeler, embedding
from kzlabel.signing.bindings.data import DATA_HASH
from kzlabel.signing.composer import draft
from kzlabel.trust import Trust
from kzlabel.verifying import Verifier
from kzlabel.verifying.verdict import Status
from tests.agreement import slow_ogg as slow
from tests.agreement.slow_ogg import Page
from tests.conftest import CORPORA, needs_corpora

NO_END = (1 << 64) - 1
INTACT = {Status.TRUSTED, Status.VALID}
MUTANTS = 700


def stream(serial: int, mark: bytes, pages: int = 3) -> list[Page]:
    """Return a small bitstream: a first packet that begins with `mark`, then a packet a page."""
    body = [Page(0, number * 100, serial, number, [9], b"%06dabc" % number) for number in range(1, pages)]
    made = [Page(2, 0, serial, 0, [len(mark)], mark), *body]
    return [*made[:-1], made[-1]._replace(flags=made[-1].flags | 4)]


def one() -> bytes:
    return slow.joined(stream(7, b"\x01vorbis"))


def multiplexed() -> bytes:
    first, second = stream(1, b"OpusHead", 6), stream(0xFFFFFFFF, b"\x80theora", 5)
    turns = [first[1], second[1], second[2], first[2], first[3], second[3], first[4], second[4], first[5]]
    return slow.joined([first[0], second[0], *turns])


def chained() -> bytes:
    return one() + slow.joined(stream(8, b"OpusHead", 4)) + one()


SOURCES: dict[str, Callable[[], bytes]] = {"one": one, "multiplexed": multiplexed, "chained": chained}
each_source = pytest.mark.parametrize("name", SOURCES)


@pytest.fixture
def verifier(trust: Trust) -> Verifier:
    return Verifier(trust=trust)


def pages_of(data: bytes) -> list[Page]:
    pages = slow.cut(data)
    assert pages is not None
    return pages


def others(data: bytes) -> bytes:
    """Return a file without its manifest's bitstream."""
    streams = slow.streams_of(pages_of(data))
    store = [serial for serial, pages in streams.items() if pages[0].body.startswith(b"\0c2pa")]
    return slow.joined([page for page in pages_of(data) if page.serial not in store])


@each_source
def test_every_page_of_the_source_stays_and_the_slow_reading_agrees(
    name: str, labeler: Labeler, label: Label, verifier: Verifier
) -> None:
    source = SOURCES[name]()
    first = labeler.label(source, label)
    second = labeler.label(first, label.replace(level="ai-assisted"))
    for labelled in (first, second):
        assert others(labelled) == source
        assert slow.binding_holds(labelled)
        assert verifier.verify(labelled).status is Status.TRUSTED


@each_source
def test_all_streams_begin_before_any_goes_on(name: str, labeler: Labeler, label: Label) -> None:
    pages = pages_of(labeler.label(SOURCES[name](), label))
    began = 0
    while pages[began].flags & 2:
        began += 1
    assert pages[began - 1].body.startswith(b"\0c2pa")
    assert all(page.crc == slow.crc(page._replace(crc=0).write()) for page in pages)


def test_a_store_of_many_pages_is_one_packet_in_lacing_that_goes_on(
    labeler: Labeler, label: Label, verifier: Verifier
) -> None:
    data = one()
    for level in ("ai-generated", "ai-assisted") * 16:
        data = labeler.label(data, label.replace(level=level))
    made = next(p for p in slow.streams_of(pages_of(data)).values() if p[0].body.startswith(b"\0c2pa"))
    assert len(made) > 1
    assert [page.flags for page in made] == [2] + [1] * (len(made) - 2) + [5]
    assert [page.granule for page in made] == [NO_END] * (len(made) - 1) + [0]
    assert [page.number for page in made] == [*range(len(made))]
    assert all(page.lacing == [255] * 255 for page in made[:-1])
    assert verifier.verify(data).status is Status.TRUSTED


@pytest.mark.parametrize("length", [0, 1, 249, 250, 251, 65019, 65020, 65021, 130045])
def test_a_store_of_any_length_comes_back_whole(length: int) -> None:
    source = BytesReader(one())
    recipe = ogg.splice(source, ogg.locate(source, DEFAULT_LIMITS), length, DEFAULT_LIMITS)
    store = random.Random(length).randbytes(length)
    made = b"".join(
        part if isinstance(part, bytes) else source.read(*part) if isinstance(part, tuple) else part.make(store)
        for part in recipe.parts
    )
    file = BytesReader(made)
    (carrier,) = ogg.locate(file, DEFAULT_LIMITS).carriers
    assert b"".join(file.read(*span) for span in carrier.store) == store
    assert carrier.excluded == recipe.excluded
    stream = next(p for p in slow.streams_of(pages_of(made)).values() if p[0].body.startswith(b"\0c2pa"))
    assert slow.store_of(stream) == store


def test_the_serial_number_is_one_that_no_stream_of_the_file_has(labeler: Labeler, label: Label) -> None:
    source = slow.joined(stream(0x63327061, b"OpusHead") + stream(0x63327062, b"OpusHead"))
    serials = [*slow.streams_of(pages_of(labeler.label(source, label)))]
    assert serials == [0x63327061, 0x63327063, 0x63327062]


def mutants(data: bytes, chance: random.Random) -> Iterator[bytes]:
    """Yield damaged and rearranged copies, a third of them with checksums that are right again."""
    pages = pages_of(data)
    size = len(pages)
    for _ in range(MUTANTS):
        made, i, j = list(pages), chance.randrange(size), chance.randrange(size)
        page = made[i]
        match chance.randrange(13):
            case 0:
                at = chance.randrange(len(data))
                yield data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]
                continue
            case 1:
                at = chance.randrange(len(data))
                yield data[:at] + chance.randbytes(chance.randrange(1, 40)) + data[at:]
                continue
            case 2:
                yield data[: chance.randrange(len(data))]
                continue
            case 3:
                yield data + chance.choice((b"\0", b"OggS", one(), chance.randbytes(30)))
                continue
            case 4:
                del made[i]
            case 5:
                made.insert(j, page)
            case 6:
                made[i], made[j] = made[j], made[i]
            case 7:
                made.insert(j, made.pop(i))
            case 8:
                made[i] = page._replace(serial=chance.choice((made[j].serial, chance.getrandbits(32))), crc=None)
            case 9:
                made[i] = page._replace(flags=page.flags ^ 1 << chance.randrange(8), crc=None)
            case 10:
                made[i] = page._replace(granule=page.granule ^ 1 << chance.randrange(64), crc=None)
            case 11:
                extra = Page(chance.choice((0, 2, 4, 6)), 0, made[j].serial, page.number, [3], b"abc")
                made.insert(i, extra if chance.random() < 0.7 else extra._replace(lacing=[], body=b""))
            case _:
                spot = chance.randrange(len(page.body) or 1)
                body = page.body[:spot] + bytes([page.body[spot] ^ 4]) + page.body[spot + 1 :]
                made[i] = page._replace(body=body, crc=None)
        yield slow.joined(made)


@each_source
def test_no_mutant_is_intact_that_isnt_to_the_slow_reading(
    name: str, labeler: Labeler, label: Label, verifier: Verifier
) -> None:
    whole = labeler.label(SOURCES[name](), label)
    before = slow.streams_of(pages_of(others(whole)))
    counts = {True: 0, False: 0}
    for number, mutant in enumerate(mutants(whole, random.Random(name))):
        verdict = verifier.verify(mutant)
        intact = verdict.status in INTACT
        counts[intact] += 1
        if intact:
            assert slow.binding_holds(mutant), f"mutant {number} of {name}"
            assert slow.streams_of(pages_of(others(mutant))) == before
        elif mutant.startswith(b"OggS\0") and b"\0c2pa" in mutant:
            assert verdict.status in {Status.INVALID, Status.UNLABELLED, Status.ERROR}
    assert counts[False] > MUTANTS / 2


def test_streams_that_take_turns_otherwise_are_the_same_streams(
    labeler: Labeler, label: Label, verifier: Verifier
) -> None:
    pages = pages_of(labeler.label(multiplexed(), label))
    at = next(i for i in range(4, len(pages)) if pages[i].serial != pages[i + 1].serial)
    pages[at], pages[at + 1] = pages[at + 1], pages[at]
    assert slow.binding_holds(slow.joined(pages))
    assert verifier.verify(slow.joined(pages)).status is Status.TRUSTED


@each_source
def test_what_is_broken_after_labelling_is_invalid_and_not_an_error(
    name: str, labeler: Labeler, label: Label, verifier: Verifier
) -> None:
    whole = labeler.label(SOURCES[name](), label)
    for broken in (whole[:-1], whole + b"\0", whole + one()[:40], whole + slow.joined(stream(99, b"OpusHead"))):
        assert verifier.verify(broken).status is Status.INVALID


def test_a_data_hash_that_leaves_out_the_store_holds_too(
    signer: Signer, label: Label, verifier: Verifier, trust: Trust
) -> None:
    source, form = BytesReader(multiplexed()), embedder(cast("Format", ogg))
    assert form is not None
    embedding.embed(
        source,
        form,
        form.locate(source, DEFAULT_LIMITS),
        lambda binding, size: draft(label, signer, binding_label=binding, binding_size=size),
        made := io.BytesIO(),
        DEFAULT_LIMITS,
        binding=DATA_HASH,
    )
    whole = made.getvalue()
    assert verifier.verify(whole).status is Status.TRUSTED
    assert independent(whole, trust) == ("valid", "match")
    for at in (5, len(whole) - 1):
        broken = whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
        assert verifier.verify(broken).status in {Status.INVALID, Status.ERROR}
    pages = pages_of(whole)
    at = next(i for i, page in enumerate(pages) if page.body.startswith(b"\0c2pa"))
    store = pages[at]._replace(flags=2, crc=None)
    pages[at : at + 1] = [store, Page(4, 0, store.serial, 1, [], b"")]  # the range has grown
    assert verifier.verify(slow.joined(pages)).status is Status.INVALID


def test_two_manifests_or_a_second_packet_are_invalid(labeler: Labeler, label: Label, verifier: Verifier) -> None:
    pages = pages_of(labeler.label(one(), label))
    at = next(i for i, page in enumerate(pages) if page.body.startswith(b"\0c2pa"))
    store = pages[at]
    twice = [*pages[:at], store, store._replace(serial=5, crc=None), *pages[at + 1 :]]
    again = [*pages[:at], store, store, *pages[at + 1 :]]
    more = Page(4, 0, store.serial, 1, [3], b"abc")
    second = [*pages[:at], store._replace(flags=2, crc=None), more, *pages[at + 1 :]]
    for made in (twice, again, second):
        assert not slow.binding_holds(slow.joined(made))
        assert verifier.verify(slow.joined(made)).status is Status.INVALID


def test_a_stream_that_ends_in_an_empty_page_is_whole(labeler: Labeler, label: Label, verifier: Verifier) -> None:
    pages = pages_of(labeler.label(one(), label))
    at = next(i for i, page in enumerate(pages) if page.body.startswith(b"\0c2pa"))
    store = pages[at]._replace(flags=2, crc=None)
    pages[at : at + 1] = [store, Page(4, 0, store.serial, 1, [], b"")]
    assert slow.binding_holds(slow.joined(pages))
    assert verifier.verify(slow.joined(pages)).status is Status.TRUSTED


@pytest.mark.parametrize("broken", [b"OggS\0", one()[:-1], one() + b"junk", one()[:27], b"OggS\0" + b"\xff" * 40])
def test_a_broken_file_is_refused_and_left_alone(
    broken: bytes, labeler: Labeler, label: Label, verifier: Verifier
) -> None:
    assert verifier.verify(broken).status is Status.ERROR
    with pytest.raises(SigningError):
        labeler.label(broken, label)


def independent(data: bytes, trust: Trust) -> tuple[str, str]:
    report = encypher_c2pa.verify(
        data, "audio/ogg", trust_pem=trust.pem(), no_default_trust=True, telemetry=False, online=False
    )
    return report["integrity"], report["hard_binding"]


def played(path: Path) -> bytes:
    """Return digests of the decoded pictures and sounds."""
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-map", "0:v?", "-map", "0:a?", "-f", "streamhash", "-"]
    return subprocess.run(command, capture_output=True, check=True).stdout


OTHERS = {
    "speex": ["-f", "lavfi", "-i", "sine=duration=1", "-c:a", "libspeex", "-f", "ogg"],
    "flac": ["-f", "lavfi", "-i", "sine=duration=1", "-c:a", "flac", "-f", "ogg"],
    "theora": [
        *("-f", "lavfi", "-i", "testsrc=duration=1:size=64x48", "-f", "lavfi", "-i", "sine=duration=1"),
        *("-c:v", "libtheora", "-c:a", "libvorbis", "-f", "ogg"),
    ],
}


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
@pytest.mark.parametrize("kind", OTHERS)
def test_players_find_the_same_in_every_codec(
    kind: str, labeler: Labeler, label: Label, trust: Trust, tmp_path: Path
) -> None:
    source, out = tmp_path / "source.ogg", tmp_path / "labelled.ogg"
    if subprocess.run(["ffmpeg", "-v", "quiet", *OTHERS[kind], source], check=False).returncode:
        pytest.skip(f"this ffmpeg has no encoder for {kind}")
    labeler.label(source, label, out)
    assert played(out) == played(source) != b""
    assert independent(out.read_bytes(), trust) == ("valid", "match")
    assert Verifier(trust=trust).verify(out).status is Status.TRUSTED


@pytest.mark.parametrize("name", ["ogg", "opus"])
def test_the_codecs_own_libraries_decode_the_same_samples(
    name: str, samples: dict[str, Path], labeler: Labeler, label: Label
) -> None:
    source = samples[name].read_bytes()
    before, rate = soundfile.read(io.BytesIO(source))
    after, rate_after = soundfile.read(io.BytesIO(labeler.label(source, label)))
    assert (before.shape, rate) == (after.shape, rate_after)
    assert (before == after).all()


THIRD_PARTY = (
    *("empty.ogg", "empty.oggflac", "empty.spx", "example.opus", "multipage-setup.ogg"),
    *("multipagecomment.ogg", "multiplexed.spx", "sample.oggtheora"),
)


@needs_corpora
@pytest.mark.parametrize("name", THIRD_PARTY)
def test_files_of_others_keep_tags_and_lengths_and_verify_elsewhere(
    name: str, labeler: Labeler, label: Label, trust: Trust, tmp_path: Path
) -> None:
    source = CORPORA / "mutagen" / "tests" / "data" / name
    labelled = labeler.label(source.read_bytes(), label)
    out = tmp_path / name
    out.write_bytes(labelled)
    before, after = mutagen.File(source), mutagen.File(out)
    assert (type(before), before.info.length, before.tags) == (type(after), after.info.length, after.tags)
    assert independent(labelled, trust) == ("valid", "match")
    assert slow.binding_holds(labelled)
    assert others(labelled) == source.read_bytes()
