"""ISO media, ID3, PDF and ZIP: what every walk must do, and what is particular to each."""

from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kzlabel.credentials import Signer
from kzlabel.errors import LimitError
from kzlabel.formats import Format, bmff, c2pa, flac, mp3, pdf, zip  # noqa: A004
from kzlabel.labels import Label, System
from kzlabel.limits import Limits
from kzlabel.trust import Trust
from tests.building import build
from tests.conftest import CorpusFile, needs_corpora
from tests.unit.formats.walks import (
    Seen,
    agree,
    box,
    check_anything,
    check_flips,
    check_third_party,
    check_truncations,
    corpus_of,
    gather,
    is_one_box,
    reference,
    stated_exclusions,
    store_of,
    walk,
)

SAMPLES: dict[str, Format] = {
    "mp4": bmff,
    "mov": bmff,
    "m4a": bmff,
    "heic": bmff,
    "heif": bmff,
    "avif": bmff,
    "mp3": mp3,
    "flac": flac,
    "pdf": pdf,
}  # fmt: skip
HEAD = box(b"ftyp", b"isom\0\0\2\0isommp41")
USER_TYPE = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
STORE = store_of(100)


def carrier_box(purpose: bytes = b"manifest", store: bytes = STORE, after: bytes = b"") -> bytes:
    return box(b"uuid", USER_TYPE + bytes(4) + purpose + b"\0" + bytes(8) + store + after)


@pytest.fixture(scope="module")
def labelled(samples: dict[str, Path], signer: Signer, trust: Trust) -> dict[str, bytes]:
    label = Label(level="ai-generated", system=System(name="Painter"))
    return {name: build(samples[name].read_bytes(), label, signer, trust) for name in SAMPLES}


def head(row: CorpusFile) -> bytes:
    with row.path.open("rb") as file:
        return file.read(65536)


def rows() -> list[tuple[Format, CorpusFile]]:
    families = {bmff: ("mp4", "mov", "m4a", "m4s", "heif", "avif"), mp3: ("mp3",), flac: ("flac",), pdf: ("pdf",)}
    return [(form, row) for form, names in families.items() for row in corpus_of(*names) if form.sniff(head(row))]


@needs_corpora
@pytest.mark.parametrize(("form", "row"), rows(), ids=lambda value: getattr(value, "name", ""))
def test_third_party_files_are_walked_like_the_reference_engine_does(form: Format, row: CorpusFile) -> None:
    check_third_party(form, row)


@pytest.mark.parametrize("name", SAMPLES)
def test_what_the_reference_engine_embeds_is_found(name: str, labelled: dict[str, bytes]) -> None:
    form, data = SAMPLES[name], labelled[name]
    located = walk(form, data)
    (carrier,) = located.carriers
    assert is_one_box(gather(data, carrier))
    assert not located.damage
    stated = stated_exclusions(form.sniff(data[:65536]) or "", data)
    if stated is not None:
        assert list(carrier.excluded) == stated


@pytest.mark.parametrize("name", ["mp4", "heic", "mp3", "flac", "pdf"])
def test_truncations_and_flips_are_damage_at_most(name: str, labelled: dict[str, bytes]) -> None:
    form, data = SAMPLES[name], labelled[name]
    start = walk(form, data).carriers[0].excluded[0].start
    step = 40 if name == "pdf" else 7
    check_truncations(form, data, range(0, len(data), len(data) // (20 if name == "pdf" else 200)))
    check_flips(form, data, range(max(0, start - 100), start + 200, step))


@pytest.mark.parametrize("name", ["mp4", "avif", "mp3", "flac"])
def test_mutants_are_walked_like_the_reference_engine_does(name: str, labelled: dict[str, bytes]) -> None:
    form, data = SAMPLES[name], labelled[name]
    place = walk(form, data).carriers[0].excluded[0]
    spots = [
        *range(max(0, place.start - 60), place.start + 60),
        *range(place.end - 24, min(place.end + 60, len(data))),
    ]
    random = Random(name)
    for _ in range(150):
        changed = bytearray(data)
        for _ in range(random.randint(1, 3)):
            at = min(random.choice(spots), len(changed) - 1)
            match random.randint(0, 3):
                case 0:
                    changed[at] = random.choice([0, 1, 0x7F, 0xFF, 0x20, 0x61])
                case 1:
                    del changed[at : at + random.choice([1, 2, 4, 12])]
                case 2:
                    changed[at:at] = random.choice([b"\0", b"\xff", bytes(12)])
                case _:
                    changed[at:at] = data[place.start : place.end]
        media_type = form.sniff(bytes(changed[:65536]))
        if media_type is None:
            continue
        located, seen = walk(form, bytes(changed)), reference(media_type, bytes(changed))
        if form is not bmff and not (
            len(located.carriers) == 1 and is_one_box(gather(bytes(changed), located.carriers[0]))
        ):
            continue  # of several ID3 objects, or of one that is no store, the reference engine takes none
        assert seen is Seen.BROKEN or agree(located, seen), (located, seen)


@pytest.mark.parametrize("form", [bmff, mp3, flac, pdf, zip, c2pa], ids=lambda form: form.NAME)
@settings(max_examples=80, deadline=None)
@given(data=st.binary(max_size=300))
def test_bytes_of_any_kind_give_a_result(form: Format, data: bytes) -> None:
    heads = {"bmff": HEAD, "mp3": b"ID3\4\0\0", "flac": b"ID3\3\0\0", "pdf": b"%PDF-1.7\n", "zip": b"PK\3\4"}
    check_anything(form, heads.get(form.NAME, STORE[:30]) + data)


def test_each_purpose_but_merkle_carries_a_store() -> None:
    for purpose in (b"manifest", b"original", b"update"):
        (carrier,) = walk(bmff, HEAD + carrier_box(purpose) + box(b"mdat", b"x")).carriers
        assert is_one_box(gather(HEAD + carrier_box(purpose), carrier))
    assert walk(bmff, HEAD + carrier_box(b"merkle")).carriers == ()


def test_zeros_after_the_store_are_no_part_of_it() -> None:
    data = HEAD + carrier_box(after=bytes(50))
    (carrier,) = walk(bmff, data).carriers
    assert gather(data, carrier) == STORE
    assert carrier.excluded[0].length == len(carrier_box(after=bytes(50)))


def test_two_boxes_are_two_carriers() -> None:
    assert len(walk(bmff, HEAD + carrier_box() + carrier_box()).carriers) == 2


@pytest.mark.parametrize(
    "bad",
    [
        box(b"free", b"")[:4] + b"free" + b"x",
        b"\0\0\0\4free",
        b"\0\0\0\1free" + (8).to_bytes(8),
        b"\0\0\0\1free" + (2**64 - 1).to_bytes(8),
        b"\xff\xff\xff\xfffree",
        b"\0\0\0",
    ],
)
def test_lying_sizes_are_damage(bad: bytes) -> None:
    located = walk(bmff, HEAD + carrier_box() + bad)
    assert located.damage
    assert len(located.carriers) == 1


def test_a_box_of_size_0_reaches_the_end() -> None:
    assert not walk(bmff, HEAD + b"\0\0\0\0mdat" + b"x" * 100).damage


def test_a_flood_of_boxes_and_a_store_too_large_reach_a_limit() -> None:
    with pytest.raises(LimitError):
        walk(bmff, HEAD + box(b"free", b"") * 5000, Limits(boxes=100))
    with pytest.raises(LimitError):
        walk(bmff, HEAD + carrier_box(), Limits(store_size=100))


def test_nested_families_are_damage() -> None:
    nest = b""
    for _ in range(100):
        nest = box(b"moov", nest)
    assert walk(bmff, HEAD + nest).damage


@pytest.mark.parametrize(
    ("brands", "media_type"),
    [
        (b"qt  ", "video/quicktime"),
        (b"M4A ", "audio/mp4"),
        (b"avif", "image/avif"),
        (b"heic", "image/heic"),
        (b"mif1", "image/heif"),
        (b"mp42", "video/mp4"),
    ],
)
def test_brands_decide_the_media_type(brands: bytes, media_type: str) -> None:
    assert bmff.sniff(box(b"ftyp", brands + bytes(4))) == media_type


def test_a_general_brand_gives_way_to_a_compatible_one() -> None:
    assert bmff.sniff(box(b"ftyp", b"mif1\0\0\0\0mif1avif")) == "image/avif"


def frame(kind: bytes, body: bytes, version: int = 4) -> bytes:
    size = len(body)
    seven = bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))
    return kind + (seven if version == 4 else size.to_bytes(4)) + b"\0\0" + body


def tag(*frames: bytes, version: int = 4, padding: int = 20) -> bytes:
    body = b"".join(frames) + bytes(padding)
    return b"ID3" + bytes([version, 0, 0]) + bytes(len(body) >> shift & 0x7F for shift in (21, 14, 7, 0)) + body


def geob(encoding: int = 3, media_type: bytes = b"application/c2pa\0") -> bytes:
    end = b"\0\0" if encoding in {1, 2} else b"\0"
    return bytes([encoding]) + media_type + end + end + STORE


@pytest.mark.parametrize("version", [3, 4])
@pytest.mark.parametrize("encoding", [0, 1, 2, 3])
@pytest.mark.parametrize("media_type", [b"application/c2pa\0", b"application/x-c2pa-manifest-store\0"])
def test_the_object_of_a_geob_frame_is_the_store(version: int, encoding: int, media_type: bytes) -> None:
    data = tag(
        frame(b"TIT2", b"\3x", version), frame(b"GEOB", geob(encoding, media_type), version), version=version
    )
    (carrier,) = walk(mp3, data + b"\xff\xfb\x90\0").carriers
    assert gather(data, carrier) == STORE
    assert carrier.excluded == carrier.store


def test_a_size_with_eight_bits_in_a_version_4_tag_is_understood() -> None:
    long = geob() + b"x" * 200
    data = tag(frame(b"GEOB", long, 3), frame(b"TIT2", b"\3x"))
    (carrier,) = walk(mp3, data).carriers
    assert carrier.store[0].length == len(STORE) + 200


def test_other_objects_are_no_carriers_and_two_stores_are_two() -> None:
    assert walk(mp3, tag(frame(b"GEOB", geob(media_type=b"text/plain\0")))).carriers == ()
    assert len(walk(mp3, tag(frame(b"GEOB", geob()), frame(b"GEOB", geob()))).carriers) == 2


def test_a_tag_or_frame_past_the_end_is_damage() -> None:
    assert walk(mp3, tag(frame(b"GEOB", geob()))[:50]).damage
    assert walk(mp3, tag(b"GEOB\0\0\x7f\x7f\0\0")).damage


def test_garbage_of_ff_is_no_mp3() -> None:
    assert mp3.sniff(b"\xff" * 65536) is None
    assert mp3.sniff(b"ID3\4\0\0\0\0\0\0fLaC") is None
    assert flac.sniff(b"ID3\4\0\0\0\0\0\0fLaC") == "audio/flac"


def test_pdfs_say_whether_they_are_sealed(samples: dict[str, Path]) -> None:
    from fixtures.hostile import HOSTILE
    from kzlabel.files import BytesReader

    cases = {case.name: BytesReader(case.make()) for case in HOSTILE if case.name.startswith("pdf-")}
    plain = BytesReader(samples["pdf"].read_bytes())
    seen = {name: pdf.protection(file) for name, file in cases.items() if name != "pdf-revision-loop"}
    assert pdf.protection(plain) == pdf.Protection()
    assert seen["pdf-encrypted"] == pdf.Protection(encrypted=True, opened=False)
    assert pdf.protection(cases["pdf-encrypted"], "құпия") == pdf.Protection(encrypted=True)
    assert seen["pdf-owner-locked"] == pdf.Protection(encrypted=True, changeable=False)
    assert pdf.protection(cases["pdf-owner-locked"], "owner") == pdf.Protection(encrypted=True)
    assert seen["pdf-signed"] == pdf.Protection(signed=True)
    assert seen["pdf-certified"] == pdf.Protection(signed=True, certified=1)


def test_the_stored_member_of_a_zip_is_the_store(tmp_path: Path) -> None:
    import zipfile

    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "a")
        archive.writestr("META-INF/content_credential.c2pa", STORE)
    data = path.read_bytes()
    (carrier,) = walk(zip, data).carriers
    assert gather(data, carrier) == STORE
    check_truncations(zip, data, range(len(data)))
    check_flips(zip, data, range(0, len(data), 3))


def test_a_store_of_its_own_is_found_whole_and_cut() -> None:
    assert gather(STORE, walk(c2pa, STORE).carriers[0]) == STORE
    assert walk(c2pa, STORE[:60]).damage
