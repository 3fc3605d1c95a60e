"""Text in a label: what it may consist of, and in which form it is kept."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kzlabel.errors import LabelError
from kzlabel.labels import HumanContribution, Level, Notice, Operator, System
from kzlabel.labels.text import FREE_TEXT_LIMIT, NAME_LIMIT, free_text, optional_name
from tests.unit.labels.strategies import allowed_characters, forbidden, lines

FORBIDDEN = [chr(code) for code in range(sys.maxunicode + 1) if forbidden(chr(code))]


def test_exactly_the_characters_that_hide_something_are_refused() -> None:
    refused = []
    for code in range(sys.maxunicode + 1):
        try:
            optional_name("name", f"a{chr(code)}")
        except LabelError:
            refused.append(chr(code))
    assert refused == FORBIDDEN


@given(lines, st.sampled_from(FORBIDDEN), lines)
def test_a_forbidden_character_is_named_with_its_field_and_place(before: str, bad: str, after: str) -> None:
    with pytest.raises(LabelError) as caught:
        System(name=before + bad + after)
    assert caught.value.message.startswith("system.name has a")
    assert f"U+{ord(bad):04X}, at position {len(before)}" in caught.value.message
    assert caught.value.remedy == "remove it"


@pytest.mark.parametrize(
    ("character", "kind"),
    [
        ("\n", "a line break"),
        ("\u2029", "a line break"),
        ("\0", "a control character"),
        ("\t", "a control character"),
        ("\x7f", "a control character"),
        ("\x9f", "a control character"),
        ("\u202e", "a bidirectional control"),
        ("\u2066", "a bidirectional control"),
        ("\ufeff", "a byte order mark"),
        ("\udc80", "a surrogate"),
        ("\ufdd0", "a noncharacter"),
        ("\U0010ffff", "a noncharacter"),
    ],
)
def test_a_forbidden_character_is_called_what_it_is(character: str, kind: str) -> None:
    with pytest.raises(LabelError, match=f"provider has {kind}, U\\+"):
        System(name="X", provider=f"a{character}b")


@given(st.sampled_from([c for c in FORBIDDEN if c != "\n"]))
def test_free_text_has_line_feeds_and_nothing_else_that_is_forbidden(bad: str) -> None:
    assert HumanContribution(what="a\nb").what == "a\nb"
    with pytest.raises(LabelError, match=r"human_contribution\.what has a"):
        HumanContribution(what=f"a\n{bad}b")


def test_a_carriage_return_in_free_text_gets_its_own_advice() -> None:
    with pytest.raises(LabelError, match=r"U\+000D, at position 1; end lines with a line feed alone"):
        Notice(kind="page", language="ru", text="a\r\nb")


@given(st.text(allowed_characters, max_size=60))
def test_text_is_kept_in_normal_form_c(given_text: str) -> None:
    kept = free_text("what", given_text)
    assert kept in ("", unicodedata.normalize("NFC", given_text))
    assert free_text("what", kept) == kept


def test_texts_that_look_equal_are_equal() -> None:
    assert System(name="Қазақстан\u0438\u0306") == System(name="Қазақстан\u0439")


@pytest.mark.parametrize("blank", ["", " ", "\u3000\u00a0", "\u200b\u200d", "\u00ad"])
def test_a_name_that_shows_nothing_is_refused_and_an_optional_one_is_absent(blank: str) -> None:
    with pytest.raises(LabelError, match=r"operator\.name is empty; say what it is"):
        Operator(role="owner", name=blank)
    assert System(name="X", version=blank) == System(name="X")


def test_length_is_counted_in_characters_after_normalisation() -> None:
    assert len(System(name="и\u0306" * NAME_LIMIT).name) == NAME_LIMIT
    with pytest.raises(LabelError, match=r"system\.name has 257 characters; shorten it to 256"):
        System(name="𝄞" * (NAME_LIMIT + 1))
    assert HumanContribution(what="x" * FREE_TEXT_LIMIT).what
    with pytest.raises(LabelError, match="has 4001 characters"):
        HumanContribution(what="x" * (FREE_TEXT_LIMIT + 1))


def test_a_subclass_of_str_is_kept_as_its_text() -> None:
    class Shouting(str):
        __slots__ = ()

        def __str__(self) -> str:
            return "other"

    assert type(System(name=Shouting("Сурет")).name) is str
    assert System(name=Shouting("Сурет")).name == "Сурет"
    assert System(name=Level.GENERATED).name == "ai-generated"


def test_letters_of_kazakh_and_joiners_of_emoji_are_welcome() -> None:
    for text in ("Әңгіме ғұрып қөше һҮ", "👩\u200d🎨", "می\u200cخواهم", "שלום\u200f"):
        assert System(name=text).name == text
