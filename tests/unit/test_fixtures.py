"""The sample files are what they claim: each opens in a decoder and is the same each time."""

import struct
import subprocess
import sys
import tomllib
import wave
import zlib
from base64 import b64decode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import av
import numpy as np
import pillow_heif
import pillow_jxl  # noqa: F401 - registers the decoder
import pytest
from mutagen import flac, id3, mp3, mp4, oggopus, oggvorbis
from PIL import Image, ImageSequence
from pypdf import PdfReader

from fixtures import metadata
from fixtures.cases import CASES, Case, case
from fixtures.hostile import HOSTILE, HostileCase, truncations
from fixtures.landscape import photograph
from fixtures.make import main, make_all

pillow_heif.register_heif_opener()

ROOT = Path(__file__).parents[2]
FORMATS = [
    *("jpeg", "png", "webp", "webp-lossless", "gif", "tiff", "dng", "avif", "heic", "heif", "jxl", "svg"),
    *("wav", "mp3", "flac", "ogg", "opus", "m4a", "mp4", "mov", "avi", "pdf", "docx", "epub", "zip"),
]
FULL, SMALL = (1024, 683), (512, 342)
KAZAKH = metadata.TITLES["kk"]

MAGIC = {
    "jpeg": b"\xff\xd8\xff\xe0",
    "png": b"\x89PNG\r\n\x1a\n",
    "webp": b"RIFF....WEBPVP8X",
    "webp-lossless": b"RIFF....WEBPVP8L",
    "gif": b"GIF89a",
    "tiff": b"II*\0",
    "dng": b"MM\0*",
    "avif": b"....ftypavif",
    "heic": b"....ftypheic",
    "heif": b"....ftypmif1",
    "jxl": b"\0\0\0\x0cJXL \r\n\x87\n\0\0\0.ftypjxl ",
    "svg": b"<?xml",
    "wav": b"RIFF....WAVEfmt ",
    "mp3": b"ID3\x03",
    "flac": b"fLaC",
    "ogg": b"OggS",
    "opus": b"OggS",
    "m4a": b"....ftypM4A ",
    "mp4": b"....ftypisom",
    "mov": b"....ftypqt  ",
    "avi": b"RIFF....AVI LIST",
    "pdf": b"%PDF-1.7",
    "docx": b"PK\3\4",
    "epub": b"PK\3\4" + b"." * 26 + b"mimetypeapplication/epub+zip",
    "zip": b"PK\3\4",
}
"""The first bytes of each; a dot stands for any byte."""

PICTURES = {
    "jpeg": ("JPEG", FULL, 1),
    "png": ("PNG", FULL, 1),
    "webp": ("WEBP", FULL, 1),
    "webp-lossless": ("WEBP", SMALL, 1),
    "gif": ("GIF", (240, 160), 8),
    "tiff": ("TIFF", SMALL, 2),
    "avif": ("AVIF", FULL, 1),
    "heic": ("HEIF", FULL, 1),
    "heif": ("HEIF", SMALL, 2),
    "jxl": ("JXL", FULL, 1),
}
"""The decoder's name, the size and the number of frames of each picture."""

VIDEOS = {"mp4": ("h264", "aac"), "mov": ("mpeg4", "aac"), "avi": ("mpeg4", "mp3float")}

each_case = pytest.mark.parametrize("one", CASES, ids=lambda one: one.name)
each_hostile = pytest.mark.parametrize("one", HOSTILE, ids=lambda one: one.name)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    paths = make_all(tmp_path_factory.mktemp("fixtures"))
    return {name: path.read_bytes() for name, path in paths.items()}


def open_picture(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data))


def likeness(picture: Image.Image, box: tuple[int, int, int, int] | None = None) -> float:
    """Return how well a picture correlates with the landscape (or that part): 1 is the same, 0 no relation."""
    here = np.asarray(picture.convert("L").resize((96, 64)), np.float64)
    there = np.asarray(Image.fromarray(photograph()).convert("L").resize((96, 64), box=box), np.float64)
    return float(np.corrcoef(here.ravel(), there.ravel())[0, 1])


def seconds_of_sound(data: bytes) -> float:
    with av.open(BytesIO(data), "r") as container:
        return sum(int(frame.samples) for frame in container.decode(audio=0)) / 44_100


def boxes(data: bytes) -> list[bytes]:
    """Return the kinds of the top-level boxes of an ISO base media file."""
    kinds, at = [], 0
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        kinds.append(kind)
        at += size
    return kinds


def test_every_format_has_a_case_and_its_own_file_name() -> None:
    assert [one.name for one in CASES] == FORMATS
    assert len({one.file_name for one in CASES}) == len(CASES)
    with pytest.raises(KeyError, match="webp-lossless"):
        case("bmp")


@each_case
def test_the_first_bytes_are_the_formats(one: Case, made: dict[str, bytes]) -> None:
    magic = MAGIC[one.name]
    head = made[one.name][: len(magic)]
    assert all(expected in {ord("."), found} for found, expected in zip(head, magic, strict=True))


@each_case
def test_a_case_carries_no_label_and_no_marker(one: Case, made: dict[str, bytes]) -> None:
    data = made[one.name].lower()
    assert not any(word in data for word in (b"c2pa", b"jumb", b"digitalsourcetype", b"aigc", b"algorithmicmedia"))


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_show_the_landscape(name: str, made: dict[str, bytes]) -> None:
    decoder, size, frames = PICTURES[name]
    picture = open_picture(made[name])
    assert (picture.format, picture.size, getattr(picture, "n_frames", 1)) == (decoder, size, frames)
    assert likeness(picture, (0, 114, 683, 569) if name == "gif" else None) > 0.98
    assert all(frame.convert("RGB").getextrema() for frame in ImageSequence.Iterator(picture))


def test_the_landscape_is_not_flat_and_its_grain_is_not_smooth() -> None:
    grey = photograph().mean(axis=2)
    assert grey.std() > 40
    sky = grey[20:60, 100:300]
    assert 1 < np.abs(np.diff(sky, axis=1)).mean() < 12


@pytest.mark.parametrize("name", ["jpeg", "png", "webp", "avif", "heic", "jxl"])
def test_pictures_carry_camera_metadata(name: str, made: dict[str, bytes]) -> None:
    picture = open_picture(made[name])
    exif = picture.getexif()
    assert exif[271] == "kzlabel"
    assert exif.get_ifd(0x8769)[0x9003] == metadata.TAKEN
    assert exif.get_ifd(0x8825)[2] == (42, 59, 5)
    assert metadata.xmp() in made[name]
    if name != "jxl":  # its codestream has a profile of its own form
        assert picture.info["icc_profile"] == metadata.icc()


def test_jpeg_carries_every_kind_of_segment(made: dict[str, bytes]) -> None:
    picture = open_picture(made["jpeg"])
    assert picture.info["comment"].decode() == metadata.TITLES["ru"]
    assert KAZAKH.encode() in picture.info["photoshop"][0x0404]


def test_png_chunks_are_whole_and_of_many_kinds(made: dict[str, bytes]) -> None:
    data, kinds, at = made["png"], [], 8
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        crc = int.from_bytes(data[at + 8 + size : at + 12 + size], "big")
        assert crc == zlib.crc32(data[at + 4 : at + 8 + size])
        kinds.append(kind)
        at += size + 12
    assert kinds.count(b"IDAT") > 10
    assert {b"iCCP", b"tEXt", b"iTXt", b"eXIf", b"pHYs"} < set(kinds)


def test_dng_has_a_preview_and_a_mosaic_that_agree(made: dict[str, bytes]) -> None:
    preview = open_picture(made["dng"])
    assert preview.size == (128, 86)
    assert isinstance(preview, Image.Image)
    tags = preview.getexif()
    assert tags[50706] == bytes((1, 4, 0, 0))
    assert tags[50708] == "kzlabel Sample camera"
    raw = np.frombuffer(made["dng"][-384 * 256 * 2 :], ">u2").reshape(256, 384)
    assert raw.min() >= 512
    assert raw.max() <= 16_383
    green = ((raw[0::2, 1::2].astype(float) - 512) / 15_871) ** (1 / 2.2) * 255
    assert likeness(preview) > 0.98
    assert likeness(Image.fromarray(green.astype(np.uint8))) > 0.97


def test_svg_is_well_formed_and_has_text(made: dict[str, bytes]) -> None:
    root = ElementTree.fromstring(made["svg"])
    space = "{http://www.w3.org/2000/svg}"
    assert root.tag == space + "svg"
    assert root.findtext(space + "title") == KAZAKH
    assert len(list(root.iter(space + "text"))) == 2
    assert len(list(root.iter(space + "linearGradient"))) == 2


def test_wav_holds_three_seconds_of_the_melody(made: dict[str, bytes]) -> None:
    with wave.open(BytesIO(made["wav"])) as file:
        assert (file.getnchannels(), file.getframerate(), file.getnframes()) == (2, 44_100, 132_300)
        samples = np.frombuffer(file.readframes(132_300), "<i2").reshape(-1, 2)[:, 0]
    assert int.from_bytes(made["wav"][4:8], "little") == len(made["wav"]) - 8
    third_note = samples[round(0.64 * 44_100) : round(0.94 * 44_100)]
    spectrum = np.abs(np.fft.rfft(third_note * np.hanning(len(third_note))))
    above = round(300 * len(third_note) / 44_100)
    pitch = (above + spectrum[above:].argmax()) * 44_100 / len(third_note)
    assert pitch == pytest.approx(349.2, rel=0.02)  # F, after two times E


@pytest.mark.parametrize(
    ("name", "read", "title"),
    [
        ("mp3", lambda data: mp3.MP3(BytesIO(data)), lambda file: str(file.tags["TIT2"])),
        ("flac", lambda data: flac.FLAC(BytesIO(data)), lambda file: file["title"][0]),
        ("m4a", lambda data: mp4.MP4(BytesIO(data)), lambda file: file["\xa9nam"][0]),
    ],
)
def test_audio_is_tagged_and_lasts(
    name: str, read: Callable[[bytes], object], title: Callable[[object], str], made: dict[str, bytes]
) -> None:
    file = read(made[name])
    assert title(file) == KAZAKH
    assert file.info.length == pytest.approx(3, abs=0.1)  # type: ignore[attr-defined]
    assert metadata.cover() in made[name]
    assert seconds_of_sound(made[name]) == pytest.approx(3, abs=0.1)


@pytest.mark.parametrize(("name", "kind"), [("ogg", oggvorbis.OggVorbis), ("opus", oggopus.OggOpus)])
def test_ogg_is_tagged_and_lasts(
    name: str, kind: "type[oggvorbis.OggVorbis | oggopus.OggOpus]", made: dict[str, bytes]
) -> None:
    file = kind(BytesIO(made[name]))
    assert file["title"] == [KAZAKH]
    assert file.info.length == pytest.approx(3, abs=0.1)
    assert flac.Picture(b64decode(file["metadata_block_picture"][0])).data == metadata.cover()
    with av.open(BytesIO(made[name]), "r") as container:
        seconds = sum(frame.samples / frame.sample_rate for frame in container.decode(audio=0))
    assert seconds == pytest.approx(3, abs=0.1)


def test_mp3_has_a_tag_at_each_end(made: dict[str, bytes]) -> None:
    assert id3.ID3(BytesIO(made["mp3"])).version == (2, 3, 0)
    assert made["mp3"][-128:-125] == b"TAG"


@pytest.mark.parametrize("name", VIDEOS)
def test_videos_last_two_seconds_and_move(name: str, made: dict[str, bytes]) -> None:
    with av.open(BytesIO(made[name]), "r") as container:
        codecs = (
            container.streams.video[0].codec_context.name,
            container.streams.audio[0].codec_context.name,
        )
        pictures = [Image.fromarray(frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]
    assert codecs == VIDEOS[name]
    assert len(pictures) == 50
    assert {picture.size for picture in pictures} == {(320, 180)}
    assert seconds_of_sound(made[name]) == pytest.approx(2, abs=0.1)
    first, last = (np.asarray(pictures[i].convert("L"), np.float64) for i in (0, -1))
    assert np.abs(first - last).mean() > 5


def test_the_index_is_first_in_mp4_and_last_in_mov_and_m4a(made: dict[str, bytes]) -> None:
    assert boxes(made["mp4"]).index(b"moov") < boxes(made["mp4"]).index(b"mdat")
    for name in ("mov", "m4a"):
        assert boxes(made[name]).index(b"mdat") < boxes(made[name]).index(b"moov")


def test_pdf_has_text_bookmarks_and_the_picture(made: dict[str, bytes]) -> None:
    reader = PdfReader(BytesIO(made["pdf"]), strict=True)
    assert len(reader.pages) == 2
    assert "whose highest peaks keep their snow" in reader.pages[0].extract_text()
    assert "Water, °C" in reader.pages[1].extract_text()
    assert reader.metadata is not None
    assert KAZAKH in (reader.metadata.title or "")
    assert [str(entry["/Title"]) for entry in reader.outline] == ["Көл туралы", "Как велись наблюдения"]  # type: ignore[call-overload]
    picture = reader.pages[0].images[0].image
    assert picture is not None
    assert likeness(picture) > 0.98


def test_another_process_makes_the_same_bytes(made: dict[str, bytes], tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "fixtures" / "make.py"), str(tmp_path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=tmp_path)
    assert len(done.stdout.splitlines()) == len(CASES)
    assert {one.name: (tmp_path / one.file_name).read_bytes() for one in CASES} == made
    assert sum(map(len, made.values())) < 4_000_000


def test_a_second_run_makes_nothing_and_loads_no_encoder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path), "jpeg", "svg"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2
    command = [sys.executable, "-X", "importtime", "-m", "fixtures.make", str(tmp_path), "jpeg", "svg"]
    again = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    assert again.stdout == ""
    assert not any(name in again.stderr for name in ("| av", "numpy", "PIL", "pypdf"))


def test_a_missing_or_changed_file_is_made_again(tmp_path: Path) -> None:
    path = make_all(tmp_path, ["svg"])["svg"]
    for spoil in (path.unlink, lambda: path.write_bytes(b"changed")):
        spoil()
        assert make_all(tmp_path, ["svg"])["svg"].read_bytes().startswith(b"<?xml")


def test_a_broken_record_is_no_obstacle(tmp_path: Path) -> None:
    for record in (b"", b"[]", b'{"sources": 1}', b"\xff"):
        (tmp_path / ".made").write_bytes(record)
        assert make_all(tmp_path, ["svg"])["svg"].stat().st_size > 2000


def test_several_may_make_the_files_at_once(tmp_path: Path) -> None:
    names = ["svg", "wav", "gif"]
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: make_all(tmp_path, names), range(4)))
    assert all(result == results[0] for result in results)
    assert {path.name for path in tmp_path.iterdir()} == {case(name).file_name for name in names} | {".made"}


def test_an_unknown_name_is_told_in_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path), "bmp"]) == 2
    assert capsys.readouterr().err.startswith("no case 'bmp'; there are jpeg")


@each_hostile
def test_hostile_files_are_written_as_declared(one: HostileCase, tmp_path: Path) -> None:
    path = one.write(tmp_path / one.file_name)
    assert path.stat().st_size == (one.size or len(one.make()))
    if one.size:
        assert path.stat().st_blocks * 512 < 1_000_000


def test_encrypted_pdfs_are_encrypted_and_the_signed_one_covers_itself(tmp_path: Path) -> None:
    data = {one.name: one.make() for one in HOSTILE if one.name.startswith("pdf-")}
    locked = PdfReader(BytesIO(data["pdf-encrypted"]))
    assert locked.is_encrypted
    assert locked.decrypt("") == 0
    assert locked.decrypt("құпия") == 1
    assert PdfReader(BytesIO(data["pdf-owner-locked"])).decrypt("") == 1
    for name in ("pdf-signed", "pdf-certified"):
        fields = PdfReader(BytesIO(data[name])).get_fields()
        assert fields is not None
        start, first, second, rest = fields["Signature1"].value["/ByteRange"]
        assert (start, second + rest) == (0, len(data[name]))
        assert data[name][first:second][:2] + data[name][second - 1 : second] == b"<0>"
    root = PdfReader(BytesIO(data["pdf-certified"])).root_object
    assert "/DocMDP" in root["/Perms"]  # type: ignore[operator]


def test_floods_have_as_many_parts_as_they_say() -> None:
    data = {one.name: one.make() for one in HOSTILE if "flood" in one.name}
    assert len(boxes(data["mp4-box-flood"])) == 1_000_001
    assert data["png-chunk-flood"].count(b"noOp") == 1_000_000
    assert open_picture(data["gif-block-flood"]).size == (240, 160)


def test_truncations_are_every_tenth() -> None:
    assert [len(part) for part in truncations(bytes(1005))] == [
        0,
        100,
        201,
        301,
        402,
        502,
        603,
        703,
        804,
        904,
    ]


def test_the_readme_lists_every_case_and_the_extra_lists_every_encoder() -> None:
    readme = (ROOT / "fixtures" / "README.md").read_text(encoding="utf-8")
    for name in [one.name for one in CASES] + [one.name for one in HOSTILE]:
        assert f"| `{name}` |" in readme
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extra = " ".join(project["optional-dependencies"]["fixtures"])
    assert all(name in extra for name in ("av", "mutagen", "numpy", "pillow", "pillow-heif", "jxl", "reportlab"))
