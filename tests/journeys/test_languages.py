"""What a person meets who speaks Russian or Kazakh; programs meet English whatever the person speaks."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from kzlabel.cli import _COMMANDS, cli
from kzlabel.cli.speech import take

Run = Callable[..., "subprocess.CompletedProcess[str]"]
GENERATED = ("--level", "ai-generated", "--system", "Painter/2.1")
RUSSIAN = {"LC_ALL": "ru_RU.UTF-8"}
KAZAKH = {"LC_ALL": "kk_KZ.UTF-8"}
KAZAKH_LETTERS = re.compile("[әғқңөұүһі]", re.IGNORECASE)
CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)
TIME = re.compile(r"\d+:\d+:\d+[.\d]*")
_ASIDE = ("LANG", "LC_ALL", "LC_MESSAGES", "KZLABEL_LANG")


@pytest.fixture
def run(tmp_path: Path, signer: object) -> Run:
    """Return a function that runs the command in an empty directory, as this session's identity."""

    def run(*arguments: object, **environment: str) -> "subprocess.CompletedProcess[str]":
        plain = {key: value for key, value in os.environ.items() if key not in _ASIDE}
        done = subprocess.run(
            [sys.executable, "-m", "kzlabel", *map(str, arguments)],
            cwd=tmp_path,
            env={"PYTHONPATH": str(Path(__file__).parents[2])} | plain | environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert "Traceback" not in done.stderr
        return done

    return run


@pytest.fixture
def photo(samples: dict[str, Path], tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    path.write_bytes(samples["jpeg"].read_bytes())
    return path


def commands() -> list[tuple[str, ...]]:
    """Return the name of every command, those in groups too."""
    found: list[tuple[str, ...]] = [()]
    context = click.Context(cli)
    for name in _COMMANDS:
        command = cli.get_command(context, name)
        found.append((name,))
        found += [(name, inner) for inner in getattr(command, "commands", {})]
    return found


@pytest.mark.parametrize("name", commands(), ids=" ".join)
def test_every_command_has_the_option_and_help_in_every_language(name: tuple[str, ...]) -> None:
    try:
        english, russian, kazakh = (
            CliRunner().invoke(cli, [*name, "--lang", lang, "--help"], prog_name="kzlabel").output
            for lang in ("en", "ru", "kk")
        )
    finally:
        take("en")
    assert "--lang [en|ru|kk]" in english
    assert not CYRILLIC.search(english)
    for said in (russian, kazakh):
        assert CYRILLIC.search(said)
        left = re.findall(r"(?m)^  [A-Z][a-z]+ [a-z]+ [a-z]+", said)
        assert left == []  # no paragraph has stayed English
        options = re.findall(r"--[a-z0-9-]+", english)
        assert set(re.findall(r"--[a-z0-9-]+", said)) == set(options)
    assert not KAZAKH_LETTERS.search(russian)


def test_a_file_is_labelled_and_verified_in_words_of_the_language(run: Run, photo: Path) -> None:
    done = run("label", photo.name, "-o", "out.jpg", *GENERATED, **RUSSIAN)
    assert (done.returncode, done.stdout) == (0, "маркировано: photo.jpg -> out.jpg\n")
    russian = run("verify", "out.jpg", photo.name, **RUSSIAN).stdout.splitlines()
    assert re.match("доверенная +создано ИИ +out.jpg$", russian[0])
    assert re.match("без маркировки +photo.jpg$", russian[-1])
    assert russian[0].index("out.jpg") == russian[-1].index("photo.jpg")
    kazakh = run("verify", "out.jpg", photo.name, **KAZAKH).stdout.splitlines()
    assert re.match("сенімді +ЖИ жасаған +out.jpg$", kazakh[0])
    assert kazakh[0].index("out.jpg") == kazakh[-1].index("photo.jpg")
    assert any("таңба: ai-generated, жүйе Painter 2.1" in line for line in kazakh)


def test_what_programs_read_is_the_same_in_every_language(run: Run, photo: Path) -> None:
    assert run("label", photo.name, "-o", "out.jpg", *GENERATED).returncode == 0
    broken = bytearray(Path(photo.parent, "out.jpg").read_bytes())
    broken[-200] ^= 1
    Path(photo.parent, "broken.jpg").write_bytes(broken)
    for arguments in (
        ("verify", "--json", "out.jpg", "broken.jpg", "photo.jpg", "gone.jpg"),
        ("verify", "--jsonl", "broken.jpg"),
        ("check", "--regime", "kz", "--json", "out.jpg"),
        ("markers", "--json", "photo.jpg"),
        ("inspect", "--json", "out.jpg"),
        ("formats", "--json"),
        ("trust", "list", "--json"),
        ("keys", "show", "--json"),
        ("schema", "label"),
        ("label", "gone.jpg", "-o", "x.jpg", "--json", *GENERATED),
    ):
        said = {TIME.sub("", run(*arguments, **environment).stdout) for environment in ({}, RUSSIAN, KAZAKH)}
        assert len(said) == 1, arguments
        assert said != {""} or arguments[0] == "label"
    for name, environment in (("en", {}), ("kk", KAZAKH)):
        assert run("scan", "broken.jpg", "photo.jpg", "-o", f"{name}.csv", **environment).returncode == 1
    rows = [
        re.sub(r"\d+\.\d+", "", Path(photo.parent, f"{name}.csv").read_text(encoding="utf-8"))
        for name in ("en", "kk")
    ]
    assert rows[0] == rows[1]


@pytest.mark.parametrize(
    ("arguments", "russian", "kazakh"),
    [
        (("verify", "gone.jpg"), "нет файла gone.jpg; проверьте путь", "gone.jpg файлы жоқ; жолын тексеріңіз"),
        (("verify", "."), ". — каталог; назовите файлы в нём", ". — каталог; ішіндегі файлдарды атаңыз"),
        (
            ("label", "photo.jpg", "-o", "photo.jpg", "--force", *GENERATED),
            "photo.jpg — это сам исходный файл; просите маркировать на месте (--in-place)",
            "photo.jpg бастапқы файлдың өзі; орнында таңбалауды сұраңыз (--in-place)",
        ),
        (
            ("label", "photo.jpg", "-o", "x.jpg", "--level", "ai-generated"),
            "нет поля system; его нужно указать",
            "system жоқ; оны көрсету керек",
        ),
        (
            ("check", "--regime", "atlantis", "photo.jpg"),
            "нет описания закона с именем 'atlantis'",
            "'atlantis' атты заң сипаттамасы жоқ",
        ),
        (("trust", "remove", "gone"), "нет хранилища доверия gone", "gone сенім қоймасы жоқ"),
        (("audit", "verify", "gone"), "журнал аудита gone не читается", "gone аудит журналы оқылмайды"),
        (("inspect", "photo.jpg"), "в файле photo.jpg нет читаемого манифеста", "photo.jpg файлында оқылатын"),
        (("keys", "check", "photo.jpg"), "сертификата нет, или он повреждён", "сертификат жоқ немесе бүлінген"),
        (("markers", "gone.png"), "нет файла gone.png", "gone.png файлы жоқ"),
        (("notice", "gone.png", "-o", "x.png"), "нет файла gone.png", "gone.png файлы жоқ"),
        (("detach", "photo.jpg", "--keep"), "в photo.jpg нет манифеста", "photo.jpg файлында манифест жоқ"),
    ],
    ids=lambda value: " ".join(value[:3]) if isinstance(value, tuple) else "",
)
def test_errors_and_remedies_are_said_in_the_language(
    arguments: tuple[str, ...], russian: str, kazakh: str, run: Run, photo: Path
) -> None:
    for environment, said in ((RUSSIAN, russian), (KAZAKH, kazakh)):
        done = run(*arguments, **environment)
        assert done.returncode in (1, 2)
        assert said in done.stderr
        assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("verify", "--lang", "ru"), "Ошибка: Не указан аргумент 'IN...'."),
        (("--lang", "ru", "verify", "--bogus"), "Ошибка: Нет опции «--bogus»."),
        (("verify", "--bogus", "--lang=kk"), "Қате: «--bogus» опциясы жоқ."),
        (("nonsense", "--lang", "kk"), "Қате: «nonsense» пәрмені жоқ."),
        (("verify", "x", "--json", "--jsonl", "--lang", "kk"), "Қате: --json мен --jsonl бірге қолданылмайды"),
        (
            ("verify", "x", "--require", "y", "--lang", "ru"),
            "Ошибка: Неверное значение '--require': 'y' — не одно из",
        ),
    ],
)
def test_wrong_usage_is_said_in_the_language(arguments: tuple[str, ...], said: str, run: Run) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


def test_the_command_line_wins_over_the_variable_and_that_over_the_locale(run: Run) -> None:
    asked = ("inspect", "gone.jpg")
    assert "нет файла" in run(*asked, "--lang", "ru", KZLABEL_LANG="kk", **KAZAKH).stderr
    assert "нет файла" in run("--lang", "ru", *asked, KZLABEL_LANG="kk", **KAZAKH).stderr
    assert "файлы жоқ" in run(*asked, KZLABEL_LANG="kk", **RUSSIAN).stderr
    assert "there is no file" in run(*asked, "--lang", "en", **RUSSIAN).stderr
    assert "there is no file" in run(*asked, LANG="de_DE.UTF-8").stderr


def test_what_no_catalog_knows_is_explained_by_its_code(run: Run, photo: Path) -> None:
    """The reference engine has words of its own."""
    assert run("label", photo.name, "-o", "out.jpg", *GENERATED).returncode == 0
    broken = bytearray(Path(photo.parent, "out.jpg").read_bytes())
    broken[-200] ^= 1
    Path(photo.parent, "broken.jpg").write_bytes(broken)
    done = run("verify", "--engine", "reference", "broken.jpg", **KAZAKH)
    (line,) = [line for line in done.stdout.splitlines() if "assertion.dataHash.mismatch" in line]
    assert "Файлдың байттары қол қойылғаннан кейін өзгертілген. (asset hash error" in line
    assert run("verify", "--json", "broken.jpg", **KAZAKH).stdout.isascii()


def test_english_reads_no_catalog() -> None:
    program = (
        "import sys\nfrom kzlabel.cli import main\n"
        "try:\n    main(['verify', 'gone.jpg'])\nexcept SystemExit:\n    pass\n"
        "print(sorted(name for name in sys.modules if name.startswith('kzlabel.languages.')))"
    )
    plain = {key: value for key, value in os.environ.items() if key not in _ASIDE}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(Path(__file__).parents[2])} | plain,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout.splitlines()[-1].replace("'", '"')) == ["kzlabel.languages.choice"]
