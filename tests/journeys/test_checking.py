"""What a person meets who checks files against laws, and who records data libraries."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from kzlabel.regimes.schema import check_schema
from tests.unit.languages.test_languages import FORBIDDEN

Run = Callable[..., "subprocess.CompletedProcess[str]"]
GENERATED = ("--level", "ai-generated", "--system", "Painter/2.1")
NOTICE = ("--notice-kind", "page", "--notice-language", "kk", "--notice-text", "ЖИ жасаған")
PRODUCER = ("--operator", "Example LLP", "--operator-role", "owner")


@pytest.fixture
def run(tmp_path: Path, signer: object) -> Run:
    """Return a function that runs the command in an empty directory, as this session's identity."""

    def run(*arguments: object, **environment: str) -> "subprocess.CompletedProcess[str]":
        plain = {key: value for key, value in os.environ.items() if key not in ("LANG", "LC_ALL", "KZLABEL_LANG")}
        done = subprocess.run(
            [sys.executable, "-m", "kzlabel", *map(str, arguments)],
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
            cwd=tmp_path,
            env=plain | {"PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONIOENCODING": "utf-8"} | environment,
        )
        assert "Traceback" not in done.stderr
        assert arguments[0] != "check" or not FORBIDDEN.search(done.stdout)
        return done

    return run


@pytest.fixture
def photo(samples: dict[str, Path], tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    path.write_bytes(samples["jpeg"].read_bytes())
    return path


@pytest.fixture
def library(tmp_path: Path) -> Path:
    root = tmp_path / "corpus"
    (root / "train").mkdir(parents=True)
    (root / "train" / "1.txt").write_text("one", encoding="utf-8")
    (root / "readme").write_text("two", encoding="utf-8")
    return root


def reports(done: "subprocess.CompletedProcess[str]") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(done.stdout)
    validator = jsonschema.Draft202012Validator(check_schema())
    for one in found:
        validator.validate(one)
    return found


def test_an_unlabelled_file_lacks_the_mark_and_the_remedy_is_told(run: Run, photo: Path) -> None:
    done = run("check", "--regime", "kz", "photo.jpg")
    assert done.returncode == 1
    assert "photo.jpg: kz-230-viii/2026-01" in done.stdout
    assert "remedy: kzlabel label photo.jpg --in-place" in done.stdout


def test_a_file_labelled_for_kazakhstan_has_nothing_missing(run: Run, photo: Path) -> None:
    labelled = run(
        "label", "photo.jpg", "-o", "out.jpg", "--regime", "kz", "--simulates", "event", *GENERATED, *NOTICE
    )
    assert labelled.returncode == 0
    done = run("check", "--regime", "kz", "--json", "out.jpg", LC_ALL="ru_RU.UTF-8", KZLABEL_LANG="kk")
    assert done.returncode == 0
    (report,) = reports(done)
    outcomes = {one["requirement"]: one["outcome"] for one in report["results"]}
    assert outcomes["kz-21-2-mark"] == "met"
    assert outcomes["kz-21-2-warning"] == "not checkable"
    assert report["title"].startswith("Kazakhstan")


def test_several_regimes_and_files_are_reported_each_for_itself(run: Run, photo: Path) -> None:
    run("label", "photo.jpg", "-o", "out.jpg", *GENERATED)
    done = run("check", "--regime", "kz", "--regime", "us-ca", "--regime", "kz", "--json", "photo.jpg", "out.jpg")
    assert done.returncode == 1
    found = reports(done)
    assert [(one["uri"], one["regime"].partition("/")[0]) for one in found] == [
        ("photo.jpg", "kz-230-viii"), ("photo.jpg", "us-ca-22757"),
        ("out.jpg", "kz-230-viii"), ("out.jpg", "us-ca-22757"),
    ]  # fmt: skip
    missing = [one["requirement"] for one in found[3]["results"] if one["outcome"] == "missing"]
    assert missing == ["us-ca-provider"]


@pytest.mark.parametrize(
    ("arguments", "environment", "word"),
    [
        ((), {}, "missing"),
        (("--lang", "ru"), {}, "нет"),
        (("--lang", "kk"), {"LC_ALL": "ru_RU.UTF-8"}, "жоқ"),
        ((), {"KZLABEL_LANG": "kk", "LC_ALL": "ru_RU.UTF-8"}, "жоқ"),
        ((), {"LC_ALL": "ru_RU.UTF-8"}, "нет"),
        ((), {"LANG": "kk_KZ.UTF-8"}, "жоқ"),
        ((), {"LANG": "fr_FR.UTF-8"}, "missing"),
    ],
)
def test_people_are_told_in_their_language(
    arguments: tuple[str, ...], environment: dict[str, str], word: str, run: Run, photo: Path
) -> None:
    done = run("check", "--regime", "kz", "-v", *arguments, "photo.jpg", **environment)
    assert done.returncode == 1
    assert f"  {word} " in done.stdout


def test_a_language_that_is_not_spoken_is_wrong_usage(run: Run, photo: Path) -> None:
    assert run("check", "--regime", "kz", "--lang", "fr", "photo.jpg").returncode == 2
    assert run("check", "--regime", "kz", "photo.jpg", KZLABEL_LANG="fr").returncode == 2


def test_wrong_names_and_files_are_one_line(run: Run, photo: Path) -> None:
    unknown = run("check", "--regime", "atlantis", "photo.jpg")
    assert (unknown.returncode, unknown.stderr.count("\n")) == (2, 1)
    assert "use one of cn, eu, in, kr, kz, us-ca" in unknown.stderr
    absent = run("check", "--regime", "kz", "--json", "absent.jpg", "photo.jpg")
    assert absent.returncode == 2
    assert [one["status"] for one in reports(absent)] == ["error", "unlabelled"]


def test_a_regime_of_one_s_own_is_a_toml_file(run: Run, photo: Path, tmp_path: Path) -> None:
    text = """
        id = "house/2026-11"
        name = "house"
        title = "House rules"
        note = "Ours."

        [[requirements]]
        id = "house-provider"
        article = "7"
        asks = "The label names the provider."
        source = "the house rules"
        date = 2026-11-01
        since = 2026-11-01
        standing = "text"
        applies_to = ["image"]
        predicate = { is = "label-says", field = "system.provider" }
    """
    (tmp_path / "house.toml").write_text(text, encoding="utf-8")
    run("label", "photo.jpg", "-o", "out.jpg", *GENERATED, "--provider", "Example")
    assert run("check", "--regime", "house.toml", "out.jpg").returncode == 0
    assert run("check", "--regime", "house.toml", "photo.jpg").returncode == 1
    (tmp_path / "house.toml").write_text(text.replace("label-says", "labels-say"), encoding="utf-8")
    wrong = run("check", "--regime", "house.toml", "photo.jpg")
    assert (wrong.returncode, wrong.stderr.count("\n")) == (2, 1)
    assert run("check", "--regime", "absent.toml", "photo.jpg").returncode == 2


def test_a_hostile_file_name_stays_on_its_line(run: Run, photo: Path) -> None:
    name = "a\n  met  \x1b[31m.jpg"
    photo.rename(photo.with_name(name))
    done = run("check", "--regime", "us-ca", name)
    assert done.returncode == 1
    assert "\x1b" not in done.stdout
    assert "a\\n  met  \\x1b[31m.jpg: us-ca" in done.stdout


def test_the_human_contribution_is_printed_as_evidence(run: Run, photo: Path) -> None:
    said = ("--human-who", "artist", "--human-step", "editing", "--human-what", "drew the sketch")
    run("label", "photo.jpg", "-o", "out.jpg", *GENERATED, *said)
    done = run("check", "--regime", "kz", "--copyright", "out.jpg")
    assert "What a person contributed" in done.stdout
    assert "what: drew the sketch" in done.stdout
    assert "steps: editing" in done.stdout
    (report,) = reports(run("check", "--regime", "kz", "--copyright", "--json", "out.jpg"))
    assert report["contribution"]["recorded"] is True
    nothing = run("check", "--regime", "kz", "--copyright", "photo.jpg")
    assert "nothing is recorded in an intact label" in nothing.stdout


@pytest.mark.parametrize(
    ("regime", "options", "field"),
    [
        ("kz", (), "notice (article 21(1))"),
        ("us-ca", (), "system.provider (article 22757.3(a)(1)(A))"),
        ("us-ca", ("--provider", "X", "--system", "Painter"), "system.version (article 22757.3(a)(1)(B))"),
        ("in", ("--simulates", "event", *NOTICE, "--notice-kind", "image-badge"), "system.provider (article 3(3))"),
        ("cn", NOTICE, "operator.name"),
        ("eu", ("--simulates", "event"), "notice (article 50(4))"),
    ],
)
def test_a_label_that_the_regime_would_fail_is_not_written(
    regime: str, options: tuple[str, ...], field: str, run: Run, photo: Path, tmp_path: Path
) -> None:
    done = run("label", "photo.jpg", "-o", "out.jpg", *GENERATED, "--regime", regime, *options)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert f"a label for the regime {regime} lacks {field}" in done.stderr
    assert not (tmp_path / "out.jpg").exists()


def test_a_regime_that_is_not_known_here_may_be_named(run: Run, photo: Path) -> None:
    assert run("label", "photo.jpg", "-o", "out.jpg", *GENERATED, "--regime", "vn").returncode == 0


def test_a_data_library_is_recorded_verified_and_checked(run: Run, library: Path) -> None:
    before = run("check", "--regime", "kz", "corpus")
    assert before.returncode == 1
    assert "kzlabel label --dataset corpus --force" in before.stdout
    labelled = run("label", "--dataset", "corpus", "--regime", "kz", *GENERATED, *PRODUCER)
    assert (labelled.returncode, labelled.stdout) == (0, "labelled corpus -> corpus/kzlabel-dataset.c2pa\n")
    verified = run("verify", "corpus")
    assert verified.returncode == 0
    assert "producer: Example LLP" in verified.stdout
    assert run("check", "--regime", "kz", "corpus").returncode == 0
    (library / "train" / "2.txt").write_text("three", encoding="utf-8")
    broken = run("verify", "--json", "corpus")
    assert broken.returncode == 1
    (verdict,) = json.loads(broken.stdout)
    assert verdict["status"] == "invalid"
    assert "org.kzlabel.dataset.added" in {one["code"] for one in verdict["findings"]}
    again = run("label", "--dataset", "corpus", *GENERATED, *PRODUCER)
    assert (again.returncode, "exists already" in again.stderr) == (2, True)
    assert run("label", "--dataset", "corpus", "--force", *GENERATED, *PRODUCER).returncode == 0
    assert run("verify", "corpus").returncode == 0


def test_a_data_library_that_ai_did_not_make_is_recorded_without_saying_so(run: Run, library: Path) -> None:
    done = run("label", "--dataset", "corpus", "--regime", "kz", "--json", *PRODUCER)
    assert done.returncode == 0
    (verdict,) = json.loads(run("verify", "--json", "corpus").stdout)
    assert (verdict["status"], verdict["ai"], "label" in verdict) == ("trusted", "unknown", False)
    assert verdict["producer"] == {"role": "owner", "name": "Example LLP"}
    (report,) = reports(run("check", "--regime", "kz", "--json", "corpus"))
    assert {one["outcome"] for one in report["results"]} == {"met", "not applicable"}


def test_a_data_library_without_a_producer_or_with_a_destination_is_refused(run: Run, library: Path) -> None:
    nameless = run("label", "--dataset", "corpus", *GENERATED)
    assert (nameless.returncode, "names its producer" in nameless.stderr) == (2, True)
    assert run("label", "--dataset", "corpus").stderr == nameless.stderr
    assert run("label", "--dataset", "corpus", *PRODUCER, *NOTICE).returncode == 2
    for where in (("-o", "x"), ("--out-dir", "x"), ("--in-place",), ("--sidecar",), ("--audit", "log")):
        assert run("label", "--dataset", "corpus", *GENERATED, *PRODUCER, *where).returncode == 2
    assert sorted(path.name for path in library.iterdir()) == ["readme", "train"]


def test_a_directory_without_a_record_is_no_source_of_a_verdict(run: Run, library: Path) -> None:
    done = run("verify", "corpus")
    assert (done.returncode, "directory" in done.stderr) == (2, True)


def test_the_schema_of_reports_is_printed(run: Run) -> None:
    assert json.loads(run("schema", "check").stdout) == json.loads(json.dumps(check_schema()))
