"""Languages: each message is in each language, and a locale leads to the right one."""

import ast
import re
import shutil
import string
import subprocess
from pathlib import Path

import pytest

from kzlabel.languages import LANGUAGES, Language, Message, catalog, entries, language_of, translate
from kzlabel.languages.catalogs import APART
from kzlabel.languages.catalogs.po import read_po
from kzlabel.regimes import regimes

PACKAGE = Path(__file__).parents[3] / "kzlabel"
CATALOGS = sorted((PACKAGE / "languages" / "catalogs").glob("*/*.po"))
OTHERS = [language for language in LANGUAGES if language is not Language.EN]
FORBIDDEN = re.compile(
    r"complian|complies|\blegal|\billegal|certifi(?!cat)|certificat(?!e)|certify"
    r"|законно|легальн|сертифи|соответствует закон|соответствует требован"
    r"|\bзаңды|сертификат|заңға сәйкес|талаптарға сай",
    re.IGNORECASE,
)


def in_sources(*makers: str) -> set[str]:
    """Return every message that the code makes: the first argument of `makers`, by default of all that speak."""
    makers = makers or ("Message", "translate", "say", "marked")
    found = set()
    for path in PACKAGE.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
                first = node.args[0]
                if node.func.id in makers and isinstance(first, ast.Constant):
                    found.add(str(first.value))
    return found


def in_regimes() -> set[str]:
    texts = {text for law in regimes() for text in (law.title, law.note)}
    for law in regimes():
        for one in law.requirements:
            texts |= {one.asks, one.note} - {""}
    return texts


MESSAGES = sorted(in_sources() | in_regimes())
ABOUT_LAWS = sorted(in_sources("Message", "translate") | in_regimes())
"""What a check and a report say; elsewhere certificates have to be called by their name."""


def test_there_are_messages_of_both_sources() -> None:
    assert "the file carries no signed label" in in_sources()
    assert any("machine-readable" in text for text in in_regimes())


@pytest.mark.parametrize("language", OTHERS)
def test_no_translation_is_missing(language: Language) -> None:
    assert [message for message in MESSAGES if message not in catalog(language)] == []


@pytest.mark.parametrize("language", OTHERS)
def test_no_translation_is_unsure_or_empty(language: Language) -> None:
    assert [entry.place for entry in entries(language) if entry.fuzzy or not entry.translation] == []


@pytest.mark.parametrize("language", OTHERS)
def test_translations_have_the_places_of_the_message(language: Language) -> None:
    def places(text: str) -> list[str]:
        return sorted(f"{name}:{how}" for _, name, how, _ in string.Formatter().parse(text) if name is not None)

    for subject in ("", *APART):
        wrong = [text for text, said in catalog(language, subject).items() if places(text) != places(said)]
        assert wrong == []


def test_translations_are_in_their_letters() -> None:
    mixed = re.compile("[a-z][а-яёәғқңөұүһі]|[а-яёәғқңөұүһі][a-z]", re.IGNORECASE)
    for language in OTHERS:
        for subject in ("", *APART):
            for said in catalog(language, subject).values():
                assert not mixed.search(said), said
    for subject in ("", *APART):
        russian = "".join(catalog(Language.RU, subject).values())
        assert not set("әғқңөұүһі") & set(russian.lower())
        assert set("әғқңөұүі") <= set("".join(catalog(Language.KK, subject).values()).lower())


def test_the_law_s_own_words_are_used() -> None:
    producer = (
        "The producer of a data library is named in machine-readable form when it is made and when it is passed on."
    )
    assert "Изготовитель библиотеки данных" in translate(producer, Language.RU)
    assert "Дерекнаманы әзірлеуші" in translate(producer, Language.KK)
    synthetic = "Synthetic results are spread only if they are marked in machine-readable form."
    assert "маркировки в машиночитаемой форме" in translate(synthetic, Language.RU)


@pytest.mark.parametrize("text", ABOUT_LAWS)
def test_no_message_gives_an_opinion_on_the_law(text: str) -> None:
    for language in LANGUAGES:
        assert not FORBIDDEN.search(translate(text, language))


@pytest.mark.parametrize("path", CATALOGS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_gettext_itself_accepts_the_catalogs(path: Path, tmp_path: Path) -> None:
    msgfmt = shutil.which("msgfmt")
    if msgfmt is None:
        pytest.skip("gettext is not installed")
    done = subprocess.run(
        [msgfmt, "--check-format", "-o", str(tmp_path / "x.mo"), str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    import gettext

    with (tmp_path / "x.mo").open("rb") as compiled:
        theirs = gettext.GNUTranslations(compiled)
    ours = catalog(Language(path.parent.name), path.stem if path.stem in APART else "")
    for entry in read_po(path.read_text(encoding="utf-8"), path.name):
        assert theirs.gettext(entry.message) == ours[entry.message]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('msgid "a"\nmsgstr "b"\n\nmsgid "a"\nmsgstr "c"\n', "twice"),
        ('msgid "a"\nmsgid_plural "as"\nmsgstr[0] "b"\n', "no line"),
        ('msgctxt "x"\nmsgid "a"\nmsgstr "b"\n', "no line"),
        ('msgid "a"\n', "one msgid and one msgstr"),
        ('msgid "a"\nmsgstr "b"\nmsgid "c"\nmsgstr "d"\n', "no line"),
        ('"a"\n', "no line"),
        ('msgid "a\nmsgstr "b"\n', "no line"),
        ('msgid "\\x"\nmsgstr "b"\n', "no line"),
        ('#~ msgid "a"\n#~ msgstr "b"\n', "comments"),
        ('msgid "a"\n# note\nmsgstr "b"\n', "comments"),
    ],
)
def test_a_catalog_that_is_not_as_it_should_be_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        list(read_po(text, "x.po"))


def test_an_entry_over_several_lines_with_escapes_is_read() -> None:
    text = '# who\n#, fuzzy\nmsgid ""\n"one \\"two\\"\\n"\n"three"\nmsgstr "\\\\ \\t"\n'
    (entry,) = read_po(text, "x.po")
    assert (entry.message, entry.translation, entry.fuzzy) == ('one "two"\nthree', "\\ \t", True)
    assert entry.place == "x.po:3"


def test_what_has_no_translation_is_said_in_english() -> None:
    assert translate("no catalog has this", Language.KK) == "no catalog has this"
    assert Message("no {x}", {"x": "catalog"}).read(Language.RU) == "no catalog"


def test_values_are_put_in_as_they_are_and_never_as_templates() -> None:
    message = Message("the label says {field}: {value}", {"field": "{value.__class__}", "value": "x" * 5000})
    assert message.read().startswith("the label says {value.__class__}: xxx")
    assert len(message.read()) < 300


@pytest.mark.parametrize(
    ("environment", "asked", "language"),
    [
        ({}, "", Language.EN),
        ({"LANG": "ru_RU.UTF-8"}, "", Language.RU),
        ({"LANG": "ru_RU.UTF-8", "LC_MESSAGES": "kk_KZ"}, "", Language.KK),
        ({"LANG": "ru_RU.UTF-8", "LC_MESSAGES": "ru", "LC_ALL": "kk_KZ.UTF-8@x"}, "", Language.KK),
        ({"LANG": "ru_RU.UTF-8", "LC_ALL": "C"}, "", Language.EN),
        ({"LANG": "ru_RU.UTF-8", "LC_ALL": ""}, "", Language.RU),
        ({"LANG": "de_DE.UTF-8"}, "", Language.EN),
        ({"LANG": "C.UTF-8"}, "", Language.EN),
        ({"LC_ALL": "ru_RU"}, "en", Language.EN),
        ({"LC_ALL": "ru_RU"}, "kk", Language.KK),
        ({"LANG": "RU"}, "", Language.RU),
        ({"LANG": "/../ru"}, "", Language.EN),
    ],
)
def test_a_locale_leads_to_a_language(environment: dict[str, str], asked: str, language: Language) -> None:
    assert language_of(environment, asked) is language
