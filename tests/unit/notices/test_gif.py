"""GIF: every frame of an animation, its times and loops, frames that are smaller than the picture, full tables."""

import struct
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fixtures import pictures as samples
from kzlabel.notices import NoticeError, Wanted
from kzlabel.notices.badge import lay_out
from tests.unit.notices.putting import changed_box, encoded, put


def frames(data: bytes) -> list[tuple[Image.Image, dict[Any, Any], int]]:
    found: list[tuple[Image.Image, dict[Any, Any], int]] = []
    with Image.open(BytesIO(data)) as picture:
        for number in range(getattr(picture, "n_frames", 1)):
            picture.seek(number)
            found.append((picture.convert("RGBA"), dict(picture.info), picture.disposal_method))  # type: ignore[attr-defined]
    return found


def moving(disposal: int, *, size: tuple[int, int] = (320, 240)) -> bytes:
    """Return a square that moves over a field, by frames of its own size."""
    pictures = []
    for step in range(6):
        picture = Image.new("RGBA", size, (0, 0, 0, 0) if step else (30, 60, 90, 255))
        picture.paste((200, 40, 40, 255), (40 * step, 30 * step, 40 * step + 60, 30 * step + 60))
        pictures.append(picture)
    return encoded(
        pictures[0], "GIF", save_all=True, append_images=pictures[1:], duration=[50, 70, 90, 110, 130, 150], loop=3,
        disposal=disposal,
    )  # fmt: skip


@pytest.mark.parametrize("data", [samples.gif(), moving(0), moving(1), moving(2), moving(3)], ids=range(5))
def test_every_frame_has_the_badge_and_keeps_its_time(data: bytes) -> None:
    result, _ = put("image/gif", data)
    before, after = frames(data), frames(result)
    assert len(after) == len(before)
    box = lay_out(*before[0][0].size, Wanted()).box
    badges = {picture.crop(box).convert("RGB").tobytes() for picture, _, _ in after}
    middle = {picture.crop((box[0] + 8, box[1] + 8, box[2] - 8, box[3] - 8)).tobytes() for picture, _, _ in after}
    assert len(middle) == 1, "the badge is the same in all frames"
    assert len(badges) <= len(after)
    for (old, told, kept), (new, says, keeps) in zip(before, after, strict=True):
        found = changed_box(old, new)
        assert found[0] >= box[0]
        assert found[1] >= box[1]
        assert found[2] <= box[2]
        assert found[3] <= box[3]
        assert (says.get("duration"), says.get("loop"), says.get("comment")) == (
            told.get("duration"), told.get("loop"), told.get("comment")
        )  # fmt: skip
        assert keeps == kept


def test_a_still_picture_of_the_old_version_gets_its_badge() -> None:
    data = b"GIF87a" + encoded(Image.new("P", (320, 240), 3), "GIF")[6:]
    result, _ = put("image/gif", data)
    assert frames(result)[0][0].crop(lay_out(320, 240, Wanted()).box).getcolors(1) is None


def test_a_full_table_takes_its_nearest_colours() -> None:
    rng = np.random.default_rng(3)
    picture = Image.fromarray(rng.permutation(np.arange(320 * 256) % 256).astype(np.uint8).reshape(256, 320))
    result, _ = put("image/gif", encoded(picture, "GIF"))
    badge = frames(result)[0][0].convert("L").crop(lay_out(320, 256, Wanted()).box)
    low, high = badge.getextrema()
    assert low <= 4  # type: ignore[operator]
    assert high >= 251  # type: ignore[operator]


def test_a_full_table_without_contrast_is_refused() -> None:
    picture = Image.fromarray((np.arange(320 * 256) % 256).astype(np.uint8).reshape(256, 320)).convert("P")
    picture.putpalette(bytes(part for step in range(256) for part in (100 + step // 8, 100, 100)))
    with pytest.raises(NoticeError, match="full"):
        put("image/gif", encoded(picture, "GIF"))


def test_interlaced_frames_come_out_in_order() -> None:
    picture = Image.fromarray(np.repeat(np.arange(240, dtype=np.uint8)[:, None], 320, axis=1))
    data = encoded(picture, "GIF", interlace=1)
    result, _ = put("image/gif", data)
    top = lay_out(320, 240, Wanted()).box[1]
    assert np.array_equal(np.asarray(frames(result)[0][0])[:top], np.asarray(frames(data)[0][0])[:top])


def test_a_frame_beyond_the_picture_is_refused() -> None:
    data = bytearray(encoded(Image.new("P", (320, 240), 3), "GIF"))
    struct.pack_into("<HH", data, 6, 300, 200)
    with pytest.raises(NoticeError, match="beyond"):
        put("image/gif", bytes(data))
