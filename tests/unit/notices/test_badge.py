"""The badge: how large it is, where it is, and whether it can be read over anything."""

import numpy as np
import pytest
from PIL import Image

from kzlabel.notices import NoticeError, Wanted
from kzlabel.notices.badge import draw, lay_out
from kzlabel.notices.contrast import BLACK, ENOUGH, WHITE, luminance, ratio
from kzlabel.notices.pictures import below
from kzlabel.notices.wanted import CORNERS

SIZES = [(1024, 683), (683, 1024), (300, 300), (1920, 1080), (4000, 500)]


def backgrounds() -> dict[str, Image.Image]:
    rng = np.random.default_rng(7)
    size = (640, 480)
    ramp = np.tile(np.linspace(0, 255, 640).astype(np.uint8), (480, 1))
    return {
        "black": Image.new("RGB", size, "black"),
        "white": Image.new("RGB", size, "white"),
        "grey": Image.new("RGB", size, (118, 118, 118)),
        "red": Image.new("RGB", size, "red"),
        "yellow": Image.new("RGB", size, "yellow"),
        "noise": Image.fromarray(rng.integers(0, 256, (480, 640, 3), dtype=np.uint8)),
        "gradient": Image.fromarray(np.stack([ramp] * 3, axis=-1)),
    }


@pytest.mark.parametrize("name", backgrounds())
@pytest.mark.parametrize("alpha", [0.0, 0.3, 0.8, 1.0])
@pytest.mark.parametrize("form", ["text", "icon"])
def test_letters_stand_out_from_every_pixel_of_their_ground(name: str, alpha: float, form: str) -> None:
    picture = backgrounds()[name]
    wanted = Wanted(alpha=alpha, form=form)
    layout = lay_out(*picture.size, wanted)
    badge = draw(layout, below([picture.crop(layout.box)]), wanted)
    shades = np.asarray(badge)
    shown = np.asarray(Image.alpha_composite(picture.crop(layout.box).convert("RGBA"), badge).convert("RGB"))
    opaque = shades[:, :, 3]
    ground_shade = (
        int(shades[3 * layout.height // 4, 2, 0]) if form == "text" else int(shades[0, layout.width // 2, 0])
    )
    ground = (shades[:, :, 0] == ground_shade) & (opaque == np.bincount(opaque[opaque > 0].ravel()).argmax())
    letters = (shades[:, :, 0] == 255 - ground_shade) & (opaque == 255)
    assert letters.sum() > 100
    assert ground.sum() > 100
    letter = tuple(int(part) for part in shown[letters][0])
    colours = {tuple(int(part) for part in colour) for colour in shown[ground]}
    assert min(ratio(letter, colour) for colour in colours) >= ENOUGH  # type: ignore[arg-type]


def test_the_ground_is_light_over_what_is_dark_and_dark_over_what_is_bright() -> None:
    for colour, ground in (("black", WHITE), ("white", BLACK)):
        picture = Image.new("RGB", (640, 480), colour)
        layout = lay_out(640, 480, Wanted())
        badge = draw(layout, below([picture.crop(layout.box)]), Wanted(alpha=1))
        assert badge.getpixel((layout.width - 3, layout.height // 2)) == (*ground, 255)


def test_nothing_shines_through_where_the_picture_is_transparent() -> None:
    picture = Image.new("RGBA", (640, 480), (0, 0, 0, 0))
    layout = lay_out(640, 480, Wanted())
    badge = draw(layout, below([picture.crop(layout.box)]), Wanted(alpha=0.1))
    assert badge.getpixel((layout.width // 2, layout.height - 3))[3] == 255  # type: ignore[index]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("place", CORNERS)
@pytest.mark.parametrize("form", ["text", "icon"])
def test_a_badge_lies_inside_the_picture_at_its_place(size: tuple[int, int], place: str, form: str) -> None:
    layout = lay_out(*size, Wanted(place=place, form=form))
    left, top, right, bottom = layout.box
    assert 0 <= left < right <= size[0]
    assert 0 <= top < bottom <= size[1]
    middle_across, middle_down = (left + right) / 2 / size[0], (top + bottom) / 2 / size[1]
    if "left" in place:
        assert middle_across <= 0.52
    if "right" in place:
        assert middle_across >= 0.48
    if "top" in place:
        assert middle_down < 0.5
    if "bottom" in place:
        assert middle_down > 0.5


@pytest.mark.parametrize("size", SIZES)
def test_letters_are_a_twentieth_of_the_shorter_side(size: tuple[int, int]) -> None:
    assert lay_out(*size, Wanted()).size >= round(min(size) * 0.05)


def test_letters_follow_the_scale() -> None:
    assert lay_out(1000, 1000, Wanted(scale=0.02)).size == 20
    assert lay_out(1000, 1000, Wanted(scale=0.03, languages=("en",))).size == 30


def test_words_are_wrapped_and_none_is_lost() -> None:
    for size in SIZES:
        layout = lay_out(*size, Wanted())
        expected = " ".join(line.text for line in Wanted().lines())
        assert " ".join(layout.rows) == expected


def test_letters_shrink_before_a_badge_covers_more_than_half() -> None:
    layout = lay_out(260, 200, Wanted(scale=0.2))
    assert layout.size < 40
    assert layout.height <= 100


@pytest.mark.parametrize("size", [(1, 1), (40, 30), (100, 60), (5000, 12), (12, 5000)])
def test_a_picture_that_is_too_small_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(NoticeError, match="too small"):
        lay_out(*size, Wanted())


def test_an_acronym_fits_where_words_do_not() -> None:
    assert lay_out(100, 60, Wanted(form="icon", languages=("en",))).rows == ("AI",)
    assert lay_out(300, 200, Wanted(form="icon")).rows == ("ЖИ · ИИ",)


def test_a_place_on_a_page_is_none_in_a_picture() -> None:
    with pytest.raises(NoticeError, match="every"):
        lay_out(640, 480, Wanted(place="every"))


def test_luminance_and_ratio_are_those_of_the_guidelines() -> None:
    assert luminance(WHITE) == pytest.approx(1)
    assert ratio(BLACK, WHITE) == pytest.approx(21)
    assert ratio((118, 118, 118), WHITE) == pytest.approx(4.54, abs=0.01)
