"""Comments of Ogg: written into the pages where they are, for every codec that ffmpeg has."""

import io
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import mutagen
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mutagen.oggvorbis import OggVorbis

from kzlabel import markers
from kzlabel.errors import KzlabelError
from kzlabel.files import BytesReader
from kzlabel.formats import FORMATS
from kzlabel.formats._ogg_pages import Page, checksum, pages
from kzlabel.formats._window import Walk
from kzlabel.limits import DEFAULT_LIMITS
from kzlabel.markers import Declaration, NoPlaceError
from tests.unit.markers.writing import FULL, GENERATED, PLAIN, values, written

ENCODERS = {
    "vorbis.ogg": ["-f", "lavfi", "-i", "sine=duration=2", "-c:a", "libvorbis"],
    "opus.opus": ["-f", "lavfi", "-i", "sine=duration=2", "-c:a", "libopus"],
    "speex.spx": ["-f", "lavfi", "-i", "sine=duration=2", "-ar", "16000", "-ac", "1", "-c:a", "libspeex"],
    "flac.oga": ["-f", "lavfi", "-i", "sine=duration=2", "-c:a", "flac", "-f", "ogg"],
    "theora.ogv": ["-f", "lavfi", "-i", "testsrc=duration=1:size=64x64", "-c:v", "libtheora"],
    "both.ogv": [
        "-f", "lavfi", "-i", "testsrc=duration=1:size=64x64", "-f", "lavfi", "-i", "sine=duration=1",
        "-c:v", "libtheora", "-c:a", "libvorbis",
    ],
}  # fmt: skip


@pytest.fixture(scope="module", params=ENCODERS)
def ogg(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("ogg") / request.param
    if not shutil.which("ffmpeg"):
        pytest.skip("ffmpeg isn't installed")
    command = ["ffmpeg", "-v", "quiet", *ENCODERS[request.param], "-metadata", "title=Тау", str(path)]
    if subprocess.run(command, check=False).returncode:
        pytest.skip("ffmpeg has no such encoder")
    return path


def cut(data: bytes) -> list[Page]:
    return list(pages(Walk(BytesReader(data), DEFAULT_LIMITS)))


def sound(path: Path) -> bytes:
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-map", "0", "-f", "framemd5", "-"]
    return subprocess.run(command, check=True, capture_output=True).stdout


def tags_of(path: Path) -> Any:
    """Return the tags of the sound, if there is sound."""
    if path.name.endswith("both.ogv"):
        return OggVorbis(path)
    return mutagen.File(path)


def test_every_codec_takes_a_declaration(ogg: Path, tmp_path: Path) -> None:
    data, names = written(ogg.read_bytes(), FULL, ogg.suffix)
    assert "Vorbis AISYSTEMUSED" in names
    path = tmp_path / ogg.name
    path.write_bytes(data)
    assert sound(path) == sound(ogg)
    tags = tags_of(path).tags
    assert tags["digitalsourcetype"] == [GENERATED]
    assert tags["aisystemused"] == [FULL.system]
    assert {name.lower(): value for name, value in values(data, ogg.suffix).items()}["vorbis title"] == "Тау"
    assert written(data, FULL, ogg.suffix) == (data, ())


def test_no_other_page_changes_and_all_add_up(ogg: Path) -> None:
    before = ogg.read_bytes()
    after, _ = written(before, FULL, ogg.suffix)
    old, new = cut(before), cut(after)
    assert [(one.serial, one.number, one.flags, one.granule) for one in old] == [
        (one.serial, one.number, one.flags, one.granule) for one in new
    ]
    changed = [
        number
        for number, (one, other) in enumerate(zip(old, new, strict=True))
        if before[one.start : one.end] != after[other.start : other.end]
    ]
    assert len(changed) == 1
    assert all(checksum(after[one.start : one.end]) == one.crc for one in new)


def with_picture(ogg: Path, tmp_path: Path, size: int) -> bytes:
    path = tmp_path / ogg.name
    path.write_bytes(ogg.read_bytes())
    file = tags_of(path)
    file["metadata_block_picture"] = "A" * size
    file.save(padding=lambda _: 0)
    return path.read_bytes()


@pytest.mark.parametrize("size", [10, 60_000, 64_000, 65_025, 200_000, 1_000_000])
def test_comments_of_several_pages_grow(ogg: Path, size: int, tmp_path: Path) -> None:
    before = with_picture(ogg, tmp_path, size)
    try:
        after, _ = written(before, FULL, ogg.suffix)
    except NoPlaceError as error:
        assert "full" in error.message
        return
    path = tmp_path / f"after-{ogg.name}"
    path.write_bytes(after)
    tags = tags_of(path).tags
    assert tags["metadata_block_picture"] == ["A" * size]
    assert json.loads(tags["aigc"][0])
    assert sound(path) == sound(ogg)


def test_full_pages_are_an_error_that_says_so(tmp_path: Path, samples: dict[str, Path]) -> None:
    full = 0
    for size in range(63_000, 65_300, 50):
        before = with_picture(samples["opus"], tmp_path, size)
        try:
            after, _ = written(before, FULL, ".opus")
        except NoPlaceError:
            full += 1
        else:
            assert all(checksum(after[one.start : one.end]) == one.crc for one in cut(after))
    assert full


@pytest.mark.parametrize("name", ["ogg", "opus"])
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_damage_is_survived(name: str, samples: dict[str, Path], data: st.DataObject) -> None:
    source = bytearray(samples[name].read_bytes()[:6000])
    for _ in range(data.draw(st.integers(1, 4))):
        source[data.draw(st.integers(0, len(source) - 1))] = data.draw(st.integers(0, 255))
    spoilt = bytes(source[: data.draw(st.integers(0, len(source)))])
    reader = BytesReader(spoilt)
    (form,) = (form for form in FORMATS if form.NAME == "ogg")
    list(markers.fields(reader, form))
    out = io.BytesIO()
    try:
        markers.write(reader, form, PLAIN, out)
    except KzlabelError:
        return
    list(markers.fields(BytesReader(out.getvalue()), form))


def test_a_file_without_comments_has_no_place() -> None:
    nothing = b"OggS\0\2" + bytes(20) + b"\1\x08fishead\0"
    with pytest.raises(KzlabelError, match="comments"):
        written(nothing, Declaration(source_type=GENERATED), ".ogg")
