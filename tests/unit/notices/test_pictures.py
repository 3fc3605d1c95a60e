"""Each format of picture with each form of badge: pixels elsewhere, metadata, turned pictures, sizes."""

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps

from fixtures import pictures as samples
from kzlabel.labels.vocabulary import NoticeKind
from kzlabel.notices import NoticeError, Wanted
from kzlabel.notices.badge import lay_out
from kzlabel.notices.contrast import ENOUGH, luminance
from tests.contract.payload import payload
from tests.unit.notices.putting import changed_box, encoded, photo, put

LOSSLESS: dict[str, tuple[str, bytes]] = {
    "png": ("image/png", samples.png()),
    "png-rgba": ("image/png", encoded(photo(mode="RGBA"), "PNG")),
    "png-grey": ("image/png", encoded(photo(mode="L"), "PNG")),
    "png-grey-alpha": ("image/png", encoded(photo(mode="LA"), "PNG")),
    "png-grey-16": ("image/png", encoded(Image.fromarray(np.asarray(photo(mode="L"), np.uint16) * 251), "PNG")),
    "png-palette": ("image/png", encoded(photo().quantize(200), "PNG")),
    "png-palette-full": ("image/png", encoded(photo().quantize(256), "PNG")),
    "png-palette-4-bit": ("image/png", encoded(photo().quantize(16), "PNG", bits=4)),
    "png-palette-2-bit": ("image/png", encoded(photo().quantize(3), "PNG", bits=2)),
    "png-1-bit": ("image/png", encoded(photo(mode="1"), "PNG")),
    "webp": ("image/webp", samples.webp_lossless()),
    "webp-rgba": ("image/webp", encoded(photo(mode="RGBA"), "WEBP", lossless=True)),
    "gif": ("image/gif", encoded(photo().quantize(64), "GIF")),
    "gif-full": ("image/gif", encoded(photo().quantize(256), "GIF")),
    "tiff": ("image/tiff", samples.tiff()),
    **{
        f"tiff-{mode}-{compression}": (
            "image/tiff",
            encoded(photo().quantize(200) if mode == "P" else photo(mode=mode), "TIFF", compression=compression),
        )
        for mode in ("RGB", "L", "RGBA", "CMYK", "1", "P")
        for compression in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits")
    },
    "tiff-16": ("image/tiff", encoded(Image.fromarray(np.asarray(photo(mode="L"), np.uint16) * 251), "TIFF")),
    "tiff-predictor": (
        "image/tiff",
        encoded(photo(), "TIFF", compression="tiff_adobe_deflate", tiffinfo={317: 2}),
    ),
}
LOSSY: dict[str, tuple[str, bytes]] = {
    "jpeg": ("image/jpeg", samples.jpeg()),
    "jpeg-grey": ("image/jpeg", encoded(photo(mode="L"), "JPEG")),
    "jpeg-cmyk": ("image/jpeg", encoded(photo(mode="CMYK"), "JPEG", quality=90)),
    "jpeg-progressive": ("image/jpeg", encoded(photo(), "JPEG", progressive=True, quality=60)),
    "jpeg-444": ("image/jpeg", encoded(photo(), "JPEG", subsampling=0, quality=95)),
    "jpeg-422": ("image/jpeg", encoded(photo(), "JPEG", subsampling=1, quality=80)),
    "jpeg-rgb": ("image/jpeg", encoded(photo(), "JPEG", keep_rgb=True, quality=90)),
    "webp": ("image/webp", samples.webp()),
    "webp-rgba": ("image/webp", encoded(photo(mode="RGBA"), "WEBP", quality=70)),
}
FORMS: list[dict[str, Any]] = [
    {},
    {"form": "icon", "languages": ("en",), "place": "top-right"},
    {"text": "Сурет ЖИ көмегімен салынған", "languages": ("kk",), "place": "center", "alpha": 0.5},
]


def opened(data: bytes) -> Image.Image:
    picture = Image.open(BytesIO(data))
    picture.load()
    return picture


def inside(inner: tuple[int, int, int, int], outer: tuple[int, int, int, int]) -> bool:
    return inner[0] >= outer[0] and inner[1] >= outer[1] and inner[2] <= outer[2] and inner[3] <= outer[3]


@pytest.mark.parametrize("name", LOSSLESS)
@pytest.mark.parametrize("fields", FORMS, ids=["words", "acronym", "own"])
def test_only_the_badge_changes_in_a_lossless_picture(name: str, fields: dict[str, Any]) -> None:
    media_type, data = LOSSLESS[name]
    result, applied = put(media_type, data, **fields)
    before, after = opened(data), opened(result)
    assert applied.kind is NoticeKind.IMAGE_BADGE
    assert (after.mode, after.size, after.format) == (before.mode, before.size, before.format)
    box = lay_out(*before.size, Wanted(**fields)).box
    if before.mode == "P":  # numbers of colours may change, colours mayn't
        before, after = before.convert("RGB"), after.convert("RGB")
    changed = changed_box(before, after)
    assert inside(changed, box)
    assert changed[2] - changed[0] > 0.8 * (box[2] - box[0])


@pytest.mark.parametrize("name", LOSSY)
def test_a_lossy_picture_keeps_its_blocks_elsewhere(name: str) -> None:
    media_type, data = LOSSY[name]
    result, _ = put(media_type, data)
    before, after = opened(data), opened(result)
    assert (after.mode, after.size, after.format) == (before.mode, before.size, before.format)
    left, top, right, bottom = lay_out(*before.size, Wanted()).box
    differs = np.abs(np.asarray(before, np.int16) - np.asarray(after, np.int16))
    touched = np.zeros(differs.shape[:2], bool)
    touched[
        max(0, top // 16 * 16 - 16) : bottom // 16 * 16 + 32, max(0, left // 16 * 16 - 16) : right // 16 * 16 + 32
    ] = True
    elsewhere = differs[~touched]
    assert elsewhere.mean() < (0.2 if "jpeg" in name else 2.5)
    assert np.percentile(elsewhere, 99.9) <= (4 if "jpeg" in name else 24)
    assert differs[top:bottom, left:right].mean() > 20


@pytest.mark.parametrize("name", ["jpeg", "jpeg-progressive", "jpeg-444", "jpeg-422", "jpeg-cmyk", "jpeg-rgb"])
def test_a_jpeg_keeps_its_tables_and_sampling(name: str) -> None:
    media_type, data = LOSSY[name]
    result, _ = put(media_type, data)
    before, after = opened(data), opened(result)
    assert after.quantization == before.quantization  # type: ignore[attr-defined]
    assert after.layer == before.layer  # type: ignore[attr-defined]
    assert bool(after.info.get("progressive")) == bool(before.info.get("progressive"))
    assert 0.5 < len(result) / len(data) < 1.5


@pytest.mark.parametrize("name", ["jpeg", "png", "webp", "tiff"])
def test_metadata_stays(name: str, tmp_path: Path) -> None:
    data: bytes = getattr(samples, name)()
    media_type = f"image/{name}"
    result, _ = put(media_type, data)
    before, after = opened(data), opened(result)
    for key in ("icc_profile", "exif", "xmp", "dpi", "comment", "photoshop"):
        assert after.info.get(key) == before.info.get(key), key
    assert before.info["icc_profile"]
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_bytes(data)
    other.write_bytes(result)
    assert payload(name, one)[1] == payload(name, other)[1]  # type: ignore[index]


def test_segments_and_comments_of_a_jpeg_stay_byte_for_byte() -> None:
    data = samples.jpeg()
    result, _ = put("image/jpeg", data)
    before, after = opened(data), opened(result)
    assert after.applist == before.applist  # type: ignore[attr-defined]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_a_badge_stands_upright_in_a_picture_that_is_turned(orientation: int, form: str) -> None:
    upright = Image.new("RGB", (480, 320), (90, 120, 150))
    tags = Image.Exif()
    tags[0x0112] = orientation
    back = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # Pillow's numbers of transpositions, each the inverse
    stored = upright.transpose(Image.Transpose(back[orientation])) if orientation > 1 else upright
    options: dict[str, Any] = {"exif": tags} | ({"quality": 95} if form == "JPEG" else {})
    options |= {"lossless": True} if form == "WEBP" else {}
    result, _ = put(f"image/{form.lower()}", encoded(stored, form, **options))
    straight, _ = put("image/png", encoded(upright, "PNG"))
    seen = ImageOps.exif_transpose(opened(result)).convert("RGB")
    expected = opened(straight)
    assert seen.size == expected.size
    differs = np.abs(np.asarray(seen, np.int16) - np.asarray(expected, np.int16))
    assert differs.max() <= (0 if form != "JPEG" else 40)
    assert differs.mean() < (1.5 if form == "JPEG" else 0.5)


@pytest.mark.parametrize("colour", ["black", "white", "#777777"])
@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP", "TIFF"])
def test_letters_are_legible_in_the_written_file(form: str, colour: str) -> None:
    result, _ = put(f"image/{form.lower()}", encoded(Image.new("RGB", (640, 480), colour), form))
    shown = opened(result).convert("RGB").crop(lay_out(640, 480, Wanted()).box)
    pixels = np.asarray(shown).reshape(-1, 3)
    levels = sorted(luminance((int(r), int(g), int(b))) for r, g, b in pixels)
    dark, light = levels[len(levels) // 20], levels[-len(levels) // 20]
    assert (light + 0.05) / (dark + 0.05) >= ENOUGH


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP", "TIFF"])
def test_a_picture_too_small_for_any_badge_is_refused(form: str) -> None:
    with pytest.raises(NoticeError, match="too small"):
        put(f"image/{form.lower()}", encoded(Image.new("RGB", (24, 16)), form))


def test_a_jpeg_without_markers_of_its_colours_keeps_them() -> None:
    data = encoded(photo(), "JPEG", quality=90)
    bare = data[:2] + data[20:]  # without JFIF
    result, _ = put("image/jpeg", bare)
    _, top, _, _ = lay_out(480, 320, Wanted()).box
    differs = np.abs(np.asarray(opened(bare), np.int16) - np.asarray(opened(result), np.int16))
    assert differs[: top - 32].max() < 16


def test_a_label_in_a_picture_is_left_out(labeler: Any, label: Any) -> None:
    for name in ("jpeg", "png", "gif", "tiff", "webp"):
        out = BytesIO()
        labeler.label(getattr(samples, name)(), label, out)
        from kzlabel.verifying import verify

        assert verify(out.getvalue()).status.value in {"valid", "trusted"}
        result, _ = put(f"image/{name}", out.getvalue())
        assert verify(result).status.value == "unlabelled", name


@pytest.mark.parametrize("quality", [20, 50, 75, 90, 98])
def test_the_quality_of_a_webp_is_found_and_never_less(quality: int) -> None:
    from kzlabel.notices import webp

    data = encoded(photo(), "WEBP", quality=quality)
    assert data[12:16] == b"VP8 "
    assert quality - 1 <= webp.quality(data[20:84]) <= quality + 20
    result, _ = put("image/webp", data)
    assert 0.8 < len(result) / len(data) < 1.6


def test_the_quality_of_a_broken_webp_is_guessed() -> None:
    from kzlabel.notices import webp

    assert webp.quality(b"") == 90
    assert 0 <= webp.quality(b"\0\0\0\x9d\x01\x2a" + b"\xff" * 20) <= 100
