"""Every text for people is found in the code and is in every catalog, and no catalog has one that nobody says."""

import ast
from pathlib import Path

import pytest

from kzlabel.languages import LANGUAGES, Language, patterns, reworded, translate
from schemas import messages, sentences

OTHERS = [language for language in LANGUAGES if language is not Language.EN]
WITH_VALUES = sorted(
    text
    for text in sentences.patterns()
    if "{0" in text and sum(map(str.isalpha, text.replace(":said", ""))) >= patterns.WEAK
)


def test_no_translation_is_missing_stale_or_of_other_values() -> None:
    assert messages.faults() == []


def test_texts_of_every_kind_are_found() -> None:
    assert "signed by {name}" in sentences.fixed()
    assert "{0} is a directory" in sentences.patterns()
    assert "--json and --jsonl exclude each other" in sentences.wrong_usage()
    assert "Certificates of authorities whose signers you accept; may be repeated." in sentences.helps()
    assert "The file has no bytes." in sentences.meanings()
    assert any("machine-readable" in text for text in sentences.regimes())


def found(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    room = tmp_path / "kzlabel" / "cli"
    room.mkdir(parents=True)
    (room / "x.py").write_text(code, encoding="utf-8")
    for name, value in (("ROOT", tmp_path), ("PACKAGE", tmp_path / "kzlabel")):
        monkeypatch.setattr(sentences, name, value)
    return set(sentences.patterns()) - set(sentences.SYSTEM) - set(sentences.JOINED)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ('raise InputError(f"{name} is bad: {error}", "try again")', {"{0} is bad: {1:said}", "try again"}),
        ('raise InputError(f"{name!r} is {x.size} long")', {"{0} is {1} long"}),
        ('raise InputError("it is " + ("old" if x else f"of {y}"))', {"it is old", "it is of {0}"}),
        ("raise InputError(f\"a {'key' if x else 'token'} is bad\")", {"a key is bad", "a token is bad"}),
        ('raise InputError("bad input", _FIX)\n_FIX: Final = "mend it"', {"bad input", "mend it"}),
        ('def f(x):\n    why = "it is old"\n    raise InputError(f"no: {why}")', {"no: {0:said}", "it is old"}),
        ('def g():\n    return "a thing", "mend it"\nraise InputError(*g())', {"a thing", "mend it"}),
        ('def g():\n    return "a thing"\nraise InputError(f"no {g()}")', {"no {0:said}", "a thing"}),
        ('def g(why):\n    raise InputError(f"no: {why}")\ng("it is old")', {"no: {0:said}", "it is old"}),
        ('Finding.of(Code.X, reason or "it is old", uri=uri)', {"it is old"}),
        ('raise ValueError("for programmers")', set()),
        ('raise click.UsageError("in another catalog")', set()),
        ('raise InputError(f"{a}: {b}")', set()),
    ],
)
def test_a_sentence_is_followed_to_where_it_is_made(
    code: str, expected: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ast.parse(code)
    assert found(code, tmp_path, monkeypatch) == expected


def test_a_new_text_is_missed_and_a_text_that_is_gone_is_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    known = sentences.patterns()
    monkeypatch.setattr(messages, "patterns", lambda: {"a new sentence": "x.py"} | dict(list(known.items())[1:]))
    faults = messages.faults()
    gone = next(iter(known))
    for language in messages.LANGUAGES:
        assert f"{language}/errors.po: 'a new sentence' is missing" in faults
        assert f"{language}/errors.po: {gone!r} is stale" in faults
    assert len(faults) == 2 * len(messages.LANGUAGES)


def test_writing_the_catalogs_anew_changes_nothing(tmp_path: Path) -> None:
    messages.write(tmp_path)
    written = sorted(tmp_path.glob("*/*.po"))
    assert len(written) == 4 * len(messages.LANGUAGES)
    for path in written:
        there = messages.CATALOGS / path.relative_to(tmp_path)
        assert path.read_text(encoding="utf-8") == there.read_text(encoding="utf-8")


@pytest.mark.parametrize("language", OTHERS)
def test_every_pattern_is_found_again_from_a_sentence_made_by_it(language: Language) -> None:
    """Values that no pattern has come through as they are, and nothing of the English words is left."""
    lost = []
    for pattern in WITH_VALUES:
        values = [f"<{'abcdefgh'[number]}>" for number in range(8)]
        sentence, expected = pattern, translate(pattern, language, "errors")
        for number, value in enumerate(values):
            for place in (f"{{{number}}}", f"{{{number}:said}}"):
                sentence, expected = sentence.replace(place, value), expected.replace(place, value)
        if reworded(sentence, language) != expected:
            lost.append((pattern, reworded(sentence, language)))
    assert lost == []
