"""Broken and hostile files: a notice, or one exception that says what is wrong; never another."""

import random
import shutil
import struct
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from fixtures import documents, pictures, sounds
from fixtures.hostile import HOSTILE, HostileCase, truncations
from kzlabel.files import BytesReader
from kzlabel.notices import Applied, NoticeError, check
from kzlabel.notices.applying import apply
from kzlabel.notices.wanted import Wanted
from tests.unit.notices.putting import encoded, photo, put
from tests.unit.notices.test_gif import moving
from tests.unit.notices.test_pdf import tagged
from tests.unit.notices.test_png import animation, chunk

SMALL = photo(160, 120)
WORDS = {"languages": ("en",), "text": "AI"}
FILES: dict[str, tuple[str, bytes]] = {
    "jpeg": ("image/jpeg", encoded(SMALL, "JPEG", exif=pictures._carried()["exif"])),
    "png": ("image/png", encoded(SMALL, "PNG")),
    "png-palette": ("image/png", encoded(SMALL.quantize(30), "PNG")),
    "apng": ("image/png", animation()),
    "webp": ("image/webp", encoded(SMALL, "WEBP")),
    "webp-lossless": ("image/webp", encoded(SMALL, "WEBP", lossless=True)),
    "gif": ("image/gif", moving(2, size=(160, 120))),
    "tiff": ("image/tiff", encoded(SMALL, "TIFF")),
    "tiff-lzw": ("image/tiff", encoded(SMALL, "TIFF", compression="tiff_lzw")),
    "tiff-deflate": ("image/tiff", encoded(SMALL, "TIFF", compression="tiff_adobe_deflate")),
    "pdf": ("application/pdf", documents.pdf()),
    "pdf-tagged": ("application/pdf", tagged(b"<< /Kids [ 23 0 R ] >>", b"/StructParents 0")),
    "wav": ("audio/wav", sounds.wav()[:20_000]),
    "flac": ("audio/flac", sounds.flac()),
    "html": ("text/html", b"<!doctype html><html><head><title>t</title></head><body><p>Hi</p></body></html>"),
    "markdown": ("text/markdown", "---\na: 1\n---\n# Сәлем\n```\nx\n".encode()),
}


def tried(media_type: str, data: bytes) -> None:
    """Put a notice in; a file that can't have it is refused, and then nothing was written."""
    out = BytesIO()
    fields = {} if media_type.startswith("audio") else WORDS
    form = "tone" if media_type.startswith("audio") else ""
    try:
        applied = apply(BytesReader(data), media_type, Wanted(form=form, **fields), out)  # type: ignore[arg-type]
    except NoticeError as error:
        assert error.message
        assert out.getvalue() == b""
        return
    assert out.getvalue()
    check(BytesReader(out.getvalue()), media_type, applied)


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_cut_gives_a_notice_or_a_refusal(name: str) -> None:
    media_type, data = FILES[name]
    for part in truncations(data):
        tried(media_type, part)
    for length in (0, 1, 2, 7, 8, 12, 20, 40):
        tried(media_type, data[:length])


def damaged(data: bytes, seed: int, count: int) -> Iterator[bytes]:
    """Yield the file with bytes changed, most of them near the start, where its structure is."""
    chance = random.Random(seed)
    for _ in range(count):
        broken = bytearray(data)
        for _ in range(chance.randint(1, 4)):
            near = chance.random() < 0.7
            at = chance.randrange(min(len(data), 400) if near else len(data))
            broken[at] = chance.choice((0, 1, 0x7F, 0x80, 0xFE, 0xFF, broken[at] ^ 1 << chance.randrange(8)))
        yield bytes(broken)


@pytest.mark.parametrize("name", FILES)
def test_changed_bytes_give_a_notice_or_a_refusal(name: str) -> None:
    media_type, data = FILES[name]
    for broken in damaged(data, 2026, 60):
        tried(media_type, broken)


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_another_kind_gives_a_notice_or_a_refusal(name: str) -> None:
    _, data = FILES[name]
    for media_type, _ in FILES.values():
        tried(media_type, data[:60_000])


TYPES = {
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".gif": "image/gif",
    ".tiff": "image/tiff",
    ".webp": "image/webp",
    ".pdf": "application/pdf",
    ".wav": "audio/wav",
    ".flac": "audio/flac",
    ".mp3": "audio/mpeg",
}


@pytest.mark.parametrize(
    "case", [case for case in HOSTILE if Path(case.file_name).suffix in TYPES], ids=lambda c: c.name
)
def test_hostile_files_are_refused_within_bounds(case: HostileCase, tmp_path: Path) -> None:
    path = tmp_path / case.file_name
    case.write(path)
    if path.stat().st_size < 50_000_000:
        tried(TYPES[path.suffix], path.read_bytes())


def bomb(width: int, height: int, depth: int = 8, colour: int = 2) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + pixels + chunk(b"IEND", b"")


def test_pictures_of_too_many_pixels_are_refused_before_they_are_decoded() -> None:
    with pytest.raises(NoticeError, match="too large"):
        put("image/png", bomb(100_000, 100_000))
    with pytest.raises(NoticeError, match="fewer pixels"):
        put("image/png", bomb(9_000, 9_000))
    gif = bytearray(encoded(Image.new("P", (200, 200)), "GIF"))
    struct.pack_into("<HH", gif, 6, 65535, 65535)
    with pytest.raises(NoticeError, match="too large"):
        put("image/gif", bytes(gif))
    tiff = encoded(Image.new("L", (300, 200)), "TIFF")
    at = tiff.index(struct.pack("<HHI", 256, 4, 1)) if struct.pack("<HHI", 256, 4, 1) in tiff else 0
    at = at or tiff.index(struct.pack("<HHI", 256, 3, 1))
    lying = tiff[: at + 2] + struct.pack("<HII", 4, 1, 4_000_000_000) + tiff[at + 12 :]
    with pytest.raises(NoticeError, match="too large"):
        put("image/tiff", lying)


def test_small_frames_of_a_huge_animation_are_refused_before_they_are_widened() -> None:
    head = b"GIF89a" + struct.pack("<HHBBB", 9000, 9000, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    with pytest.raises(NoticeError, match="too large"):
        put("image/gif", head + frame * 2000 + b"\x3b")


def test_a_stream_that_holds_more_than_its_picture_is_not_unpacked() -> None:
    header = struct.pack(">IIBBBBB", 300, 200, 8, 0, 0, 0, 0)
    pixels = zlib.compress(bytes(300_000_000), 9)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    assert len(data) < 400_000
    result, _ = put("image/png", data)
    assert len(result) < 100_000


def test_strips_that_lie_outside_or_lead_in_circles_are_refused() -> None:
    tiff = encoded(Image.new("L", (300, 200)), "TIFF")
    at = struct.unpack_from("<I", tiff, 4)[0]
    count = struct.unpack_from("<H", tiff, at)[0]
    circle = bytearray(tiff)
    struct.pack_into("<I", circle, at + 2 + 12 * count, at)
    with pytest.raises(NoticeError, match="themselves"):
        put("image/tiff", bytes(circle))
    outside = bytearray(tiff)
    for number in range(count):
        place = at + 2 + 12 * number
        if struct.unpack_from("<H", outside, place)[0] == 273:
            struct.pack_into("<I", outside, place + 8, 4_000_000_000)
    with pytest.raises(NoticeError, match="outside"):
        put("image/tiff", bytes(outside))


@pytest.mark.skipif(shutil.which("ffprobe") is None, reason="ffmpeg isn't installed")
@pytest.mark.parametrize(("media_type", "make"), [("audio/mpeg", sounds.mp3), ("audio/mp4", sounds.m4a)])
def test_broken_sound_gives_a_notice_or_a_refusal(media_type: str, make: object) -> None:
    data: bytes = make()  # type: ignore[operator]
    for part in (b"", data[:10], data[: len(data) // 2], bytes(5000), *damaged(data, 5, 3)):
        tried(media_type, part)


def test_a_document_that_only_opens_tags_takes_no_time() -> None:
    _, applied = put("text/html", b"")
    for piece in (b"<", b"<!", b"<!--", b"<a ", b"</", b"<?", b"<![CDATA[", b"<body", b"&#", b"<title>"):
        tried("text/html", piece * 20_000)
        assert check(BytesReader(piece * 20_000), "text/html", applied) == "absent"


def test_words_are_looked_for_in_a_broken_text_without_harm() -> None:
    applied = Applied.of(put("text/plain", b"")[1].kind, Wanted().lines(), "first")
    assert check(BytesReader(b"\xff\xfe\x00\xd8"), "text/plain", applied) == "not checkable"
    assert check(BytesReader(b""), "text/plain", applied) == "absent"
