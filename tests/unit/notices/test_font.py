"""The font and the recordings that the notices carry with them."""

import struct
from importlib.resources import files
from io import BytesIO

import pytest
from PIL import Image, ImageDraw, ImageFont

from kzlabel.notices import NoticeError
from kzlabel.notices.truetype import Font, bundled
from kzlabel.notices.wording import LANGUAGES, LEVELS, wording

KAZAKH = "әғқңөұүһіӘҒҚҢӨҰҮҺІ"
DATA = files("kzlabel.notices").joinpath("data")


def drawn(letter: str) -> bytes:
    return drawn_by(bundled().data, letter)


def drawn_by(data: bytes, letter: str) -> bytes:
    picture = Image.new("L", (60, 60))
    font = ImageFont.truetype(BytesIO(data), 40)
    ImageDraw.Draw(picture).text((5, 42), letter, fill=255, font=font, anchor="ls")
    return picture.tobytes()


@pytest.mark.parametrize("letter", KAZAKH)
def test_every_letter_that_only_kazakh_has_has_a_glyph_of_its_own(letter: str) -> None:
    assert bundled().glyphs[ord(letter)] != 0
    assert drawn(letter) != drawn("\U0010fffd"), "that is the box for a missing letter"
    assert any(drawn(letter))


def test_no_two_kazakh_letters_look_alike() -> None:
    assert len({drawn(letter) for letter in KAZAKH}) == len(KAZAKH)


def test_every_wording_can_be_written() -> None:
    for level in LEVELS:
        for language in LANGUAGES:
            bundled().check(wording(level, language))


def test_a_letter_that_the_font_lacks_is_named() -> None:
    with pytest.raises(NoticeError, match="人"):
        bundled().check("人工智能")


def test_a_subset_draws_its_letters_as_the_whole_font_does() -> None:
    text = "Жасанды көмегімен й"
    whole = bundled()
    cut = whole.subset({whole.glyph(letter) for letter in text})
    assert len(cut) < len(whole.data) / 2
    small = Font(with_characters(cut))
    assert small.units == whole.units
    for letter in text.replace(" ", ""):
        number = whole.glyph(letter)
        assert small._outline(number).rstrip(b"\0") == whole._outline(number).rstrip(b"\0") != b""
        assert small.advance(number) == whole.advance(number)
        assert any(drawn_by(with_characters(cut), letter))
    assert small._outline(whole.glyph("Q")) == b""


def with_characters(cut: bytes) -> bytes:
    """Return a subset with the whole font's table of characters, so that its letters can be asked for."""
    tables = {}
    for data in (bundled().data, cut):
        for number in range(struct.unpack_from(">H", data, 4)[0]):
            tag, _, at, length = struct.unpack_from(">4sIII", data, 12 + 16 * number)
            if data is cut or tag == b"cmap":
                tables[tag] = data[at : at + length]
    head, body = struct.pack(">IHHHH", 0x10000, len(tables), 0, 0, 0), b""
    for tag, content in sorted(tables.items()):
        head += struct.pack(">4sIII", tag, 0, 12 + 16 * len(tables) + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    return head + body


def test_what_is_carried_is_small_and_has_its_licence() -> None:
    assert len(bundled().data) < 100_000
    for level in LEVELS:
        for language in LANGUAGES:
            assert 5_000 < len(DATA.joinpath(f"{level}-{language}.opus").read_bytes()) < 40_000
    assert "SIL OPEN FONT LICENSE" in DATA.joinpath("OFL.txt").read_text()
