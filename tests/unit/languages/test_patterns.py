"""Finished sentences are found again by their pattern; values come through untouched, whatever they hold."""

import pytest

from kzlabel.languages import Language, reworded
from kzlabel.languages.patterns import Patterns

KNOWN = Patterns(
    {
        "the file is empty": "ФАЙЛ ПУСТ",
        "{0} is a directory": "КАТАЛОГ {0}",
        "name the files in it": "НАЗОВИТЕ ФАЙЛЫ",
        "{0} is not JSON: {1:said}": "НЕ JSON {1:said}: {0}",
        "{0} is not JSON: {1:said} twice": "ДВАЖДЫ {0} {1:said}",
        "{0}- {1:said}": "{0} - {1:said}",
        "{0} and {1} would both be written to {2}": "В {2}: {0}, {1}",
        "took {0} s": "{0} С",
    }
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("the file is empty", "ФАЙЛ ПУСТ"),
        ("a/b.jpg is a directory", "КАТАЛОГ a/b.jpg"),
        ("a/b.jpg is a directory; name the files in it", "КАТАЛОГ a/b.jpg; НАЗОВИТЕ ФАЙЛЫ"),
        ("x is not JSON: the file is empty", "НЕ JSON ФАЙЛ ПУСТ: x"),
        ("x is not JSON: nobody knows", "НЕ JSON nobody knows: x"),
        ("x is not JSON: nobody knows twice", "ДВАЖДЫ x nobody knows"),
        ("x: took 5 s", "x: 5 С"),
        ("x: y: took 5 s", "x: y: 5 С"),
        ("x: y is a directory; name the files in it", "КАТАЛОГ x: y; НАЗОВИТЕ ФАЙЛЫ"),
        ("x- took 5 s", "x - 5 С"),
        ("x- nobody knows", "x- nobody knows"),
        ("x: nobody knows", "x: nobody knows"),
        ("a and b would both be written to c", "В c: a, b"),
        ("nobody knows", "nobody knows"),
        ("nobody knows; name the files in it", "nobody knows; name the files in it"),
        ("", ""),
        ("took  s", " С"),
        ("took s", "took s"),
    ],
)
def test_a_sentence_is_said_by_the_pattern_that_says_most(text: str, said: str) -> None:
    assert KNOWN.said(text) == said


@pytest.mark.parametrize(
    "name",
    [
        "{0}",
        "{1:said}",
        "{2}",
        "the file is empty",
        "a; b",
        "a is a directory",
        "\\1",
        "\n",
        "%s",
        "таңба",
        "{x!r}",
        "",
    ],
)
def test_a_value_is_never_a_template_nor_translated(name: str) -> None:
    assert KNOWN.said(f"{name} is a directory") == f"КАТАЛОГ {name}"


def test_a_remedy_is_not_taken_for_a_part_of_the_last_value() -> None:
    said = reworded("no space left to write x; free some space, or write elsewhere", Language.RU)
    assert said == "нет места, чтобы записать x; освободите место или пишите в другое"


def test_sentences_that_nest_without_end_are_not_followed_without_end() -> None:
    assert KNOWN.said("x is not JSON: " * 2000 + "y")


@pytest.mark.parametrize(
    "text",
    ["and would both be written to " * 600, " is not JSON: " * 1400, "; " * 9_000, "x is a directory" * 1200],
)
def test_hostile_values_come_to_an_end(text: str) -> None:
    """Each pattern is tried once, from left to right, however often its words come."""
    assert reworded(text, Language.KK)


def test_what_is_far_too_long_is_not_looked_up() -> None:
    text = "x" * 10_000_000 + " is a directory"
    assert reworded(text, Language.KK) == text


def test_english_stays_as_it_is() -> None:
    assert reworded("x is a directory", Language.EN) == "x is a directory"
