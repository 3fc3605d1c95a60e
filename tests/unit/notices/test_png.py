"""PNG: depths and filters that Pillow doesn't write, chunks, transparency, animation."""

import shutil
import struct
import subprocess
import zlib
from io import BytesIO

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin

from fixtures.landscape import photograph
from kzlabel.notices import NoticeError, Wanted
from kzlabel.notices.badge import lay_out
from tests.unit.notices.putting import changed_box, encoded, photo, put

WIDTH, HEIGHT = 320, 240


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    found, at = [], 8
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        found.append((kind, data[at + 8 : at + 8 + length]))
        at += 12 + length
    return found


def filtered(plain: NDArray[np.uint8], step: int) -> bytes:
    """Return rows filtered in each of the five ways in turn (PNG 9.2)."""
    wide = plain.astype(np.int16)
    left = np.zeros_like(wide)
    left[:, step:] = wide[:, :-step]
    up = np.zeros_like(wide)
    up[1:] = wide[:-1]
    corner = np.zeros_like(wide)
    corner[1:, step:] = wide[:-1, :-step]
    guess = left + up - corner
    away = [np.abs(guess - one) for one in (left, up, corner)]
    paeth = np.where((away[0] <= away[1]) & (away[0] <= away[2]), left, np.where(away[1] <= away[2], up, corner))
    ways = [np.zeros_like(wide), left, up, (left + up) // 2, paeth]
    rows = [
        bytes([n % 5]) + ((wide[n] - ways[n % 5][n]) & 255).astype(np.uint8).tobytes() for n in range(len(wide))
    ]
    return b"".join(rows)


def made(samples: NDArray[np.uint16] | NDArray[np.uint8], depth: int, colour: int, *before: bytes) -> bytes:
    height, width, channels = samples.shape
    plain = np.ascontiguousarray(samples.astype(">u2" if depth == 16 else "u1")).view(np.uint8).reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    stream = zlib.compress(filtered(plain, channels * depth // 8))
    half = len(stream) // 2
    pixels = chunk(b"IDAT", stream[:half]) + chunk(b"IDAT", stream[half:])
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(before) + pixels + chunk(b"IEND", b"")


def deep(channels: int) -> NDArray[np.uint16]:
    rng = np.random.default_rng(5)
    colours = np.asarray(photograph(WIDTH, HEIGHT), np.uint16)[:, :, :3] * 257
    samples = np.concatenate([colours, np.full((HEIGHT, WIDTH, 1), 65535, np.uint16)], axis=2)
    samples[:, :, :3] ^= rng.integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint16)  # low bytes that matter
    return samples[:, :, {1: [0], 2: [0, 3], 3: [0, 1, 2], 4: [0, 1, 2, 3]}[channels]]


def decoded(data: bytes, form: str, channels: int) -> NDArray[np.uint16]:
    command = ["ffmpeg", "-v", "error", "-f", "png_pipe", "-i", "-", "-f", "rawvideo", "-pix_fmt", form, "-"]
    done = subprocess.run(command, input=data, capture_output=True, check=True)
    return np.frombuffer(done.stdout, ">u2").reshape(HEIGHT, WIDTH, channels).astype(np.uint16)


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg decodes 16 bits, and isn't installed")
@pytest.mark.parametrize(
    ("channels", "colour", "form"), [(1, 0, "gray16be"), (3, 2, "rgb48be"), (4, 6, "rgba64be")]
)
def test_sixteen_bits_stay_sixteen_bits(channels: int, colour: int, form: str) -> None:
    data = made(deep(channels), 16, colour)
    result, _ = put("image/png", data)
    before, after = decoded(data, form, channels), decoded(result, form, channels)
    left, top, right, bottom = lay_out(WIDTH, HEIGHT, Wanted()).box
    outside = np.ones((HEIGHT, WIDTH), bool)
    outside[top:bottom, left:right] = False
    assert np.array_equal(before, deep(channels))
    assert np.array_equal(before[outside], after[outside])
    assert (before[~outside] != after[~outside]).mean() > 0.5


@pytest.mark.parametrize(("channels", "colour"), [(1, 0), (2, 4), (3, 2), (4, 6)])
def test_rows_in_every_filter_are_read_and_kept(channels: int, colour: int) -> None:
    data = made((deep(channels) >> 8).astype(np.uint8), 8, colour)
    result, _ = put("image/png", data, place="center")
    before, after = Image.open(BytesIO(data)), Image.open(BytesIO(result))
    box = lay_out(WIDTH, HEIGHT, Wanted(place="center")).box
    found = changed_box(before, after)
    assert found[0] >= box[0]
    assert found[1] >= box[1]
    assert found[2] <= box[2]
    assert found[3] <= box[3]


def test_rows_away_from_the_badge_stay_as_they_were_filtered() -> None:
    data = made((deep(3) >> 8).astype(np.uint8), 8, 2)
    result, _ = put("image/png", data, place="center")
    _, top, _, bottom = lay_out(WIDTH, HEIGHT, Wanted(place="center")).box
    size = WIDTH * 3 + 1
    old, new = (zlib.decompress(b"".join(c for k, c in chunks(d) if k == b"IDAT")) for d in (data, result))
    assert new[: top * size] == old[: top * size]
    assert new[(bottom + 1) * size :] == old[(bottom + 1) * size :]


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "1"])
def test_interlaced_pictures_are_read(mode: str) -> None:
    if shutil.which("ffmpeg") is None:
        pytest.skip("no encoder for interlaced PNG")
    plain = photo(WIDTH, HEIGHT, "RGB" if mode == "P" else mode)
    still = encoded(plain.quantize(9) if mode == "P" else plain, "PNG", **({"bits": 4} if mode == "P" else {}))
    data = interlaced(still)
    with Image.open(BytesIO(data)) as check:
        assert check.info["interlace"] == 1
    result, _ = put("image/png", data)
    expected, _ = put("image/png", still)
    one, other = Image.open(BytesIO(result)), Image.open(BytesIO(expected))
    assert one.mode == other.mode
    assert np.array_equal(np.asarray(one.convert("RGB")), np.asarray(other.convert("RGB")))


def interlaced(data: bytes) -> bytes:
    """Return a PNG with its rows in Adam7's passes (PNG 8.1), none of them filtered."""
    parts = dict(chunks(data))
    header = bytearray(parts[b"IHDR"])
    depth, colour = header[8], header[9]
    picture = Image.open(BytesIO(data))
    width, height = picture.size
    channels = {0: 1, 2: 3, 3: 1}[colour]
    samples = np.asarray(picture).astype(np.uint8).reshape(height, width, channels)
    stream = b""
    for x, y, across, down in [
        (0, 0, 8, 8),
        (4, 0, 8, 8),
        (0, 4, 4, 8),
        (2, 0, 4, 4),
        (0, 2, 2, 4),
        (1, 0, 2, 2),
        (0, 1, 1, 2),
    ]:
        part = samples[y::down, x::across]
        bits = np.unpackbits(part.reshape(len(part), -1, 1), axis=2)[:, :, 8 - depth :]
        rows = np.packbits(bits.reshape(len(part), -1), axis=1)
        stream += b"".join(b"\0" + row.tobytes() for row in rows)
    header[12] = 1
    kept = b"".join(chunk(kind, parts[kind]) for kind in (b"PLTE", b"tRNS") if kind in parts)
    pixels = chunk(b"IDAT", zlib.compress(stream))
    return data[:8] + chunk(b"IHDR", bytes(header)) + kept + pixels + chunk(b"IEND", b"")


def test_chunks_that_nobody_knows_stay_in_their_places() -> None:
    private = chunk(b"prVt", b"private \0 bytes"), chunk(b"tEXt", b"Title\0lake"), chunk(b"sBIT", b"\5\6\5")
    result, _ = put("image/png", made((deep(3) >> 8).astype(np.uint8), 8, 2, *private))
    kinds = [kind for kind, _ in chunks(result)]
    assert kinds == [b"IHDR", b"prVt", b"tEXt", b"sBIT", b"IDAT", b"IEND"]
    assert dict(chunks(result))[b"prVt"] == b"private \0 bytes"


def test_a_colour_that_stands_for_transparency_is_not_in_the_badge() -> None:
    white = (255).to_bytes(2) * 3
    samples = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    result, _ = put("image/png", made(samples, 8, 2, chunk(b"tRNS", white)))
    after = Image.open(BytesIO(result))
    assert after.info["transparency"] == (255, 255, 255)
    assert after.convert("RGBA").getchannel("A").getextrema() == (255, 255)


def test_the_badge_is_opaque_over_a_transparent_picture() -> None:
    result, _ = put("image/png", encoded(Image.new("RGBA", (WIDTH, HEIGHT), (10, 20, 30, 0)), "PNG"))
    after = Image.open(BytesIO(result))
    left, top, right, bottom = lay_out(WIDTH, HEIGHT, Wanted()).box
    assert after.crop((left + 6, top + 6, right - 6, bottom - 6)).getchannel("A").getextrema() == (255, 255)
    assert after.getpixel((WIDTH - 1, 0)) == (10, 20, 30, 0)


def test_transparent_entries_of_a_table_are_not_in_the_badge() -> None:
    picture = photo(WIDTH, HEIGHT).quantize(20)
    data = encoded(picture, "PNG", transparency=bytes(20))
    result, _ = put("image/png", data)
    left, top, right, bottom = lay_out(WIDTH, HEIGHT, Wanted()).box
    after = Image.open(BytesIO(result)).convert("RGBA")
    assert after.crop((left + 6, top + 6, right - 6, bottom - 6)).getchannel("A").getextrema() == (255, 255)
    assert after.getchannel("A").getextrema()[0] == 0


def animation() -> bytes:
    pictures = [photo(WIDTH, HEIGHT, "RGBA").rotate(9 * turn) for turn in range(4)]
    text = PngImagePlugin.PngInfo()
    text.add_text("Title", "turning")
    return encoded(
        pictures[0],
        "PNG",
        save_all=True,
        append_images=pictures[1:],
        duration=[40, 80, 120, 160],
        loop=2,
        pnginfo=text,
    )


def test_every_frame_of_an_animation_has_the_badge() -> None:
    data = animation()
    result, _ = put("image/png", data)
    before, after = Image.open(BytesIO(data)), Image.open(BytesIO(result))
    assert (after.n_frames, after.info["loop"], after.text) == (4, 2, {"Title": "turning"})  # type: ignore[attr-defined]
    box = lay_out(WIDTH, HEIGHT, Wanted()).box
    for number in range(4):
        before.seek(number)
        after.seek(number)
        assert after.info["duration"] == before.info["duration"]
        found = changed_box(before.convert("RGBA"), after.convert("RGBA"))
        assert found[0] >= box[0]
        assert found[1] >= box[1]
        assert found[2] <= box[2]
        assert found[3] <= box[3]


def test_few_greys_with_a_transparent_one_are_refused() -> None:
    data = encoded(photo(WIDTH, HEIGHT, "1"), "PNG", transparency=0)
    with pytest.raises(NoticeError, match="transparent"):
        put("image/png", data)
