"""`kzlabel notice`: what it writes, says and refuses."""

import json
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from kzlabel.cli.notice import command
from kzlabel.errors import KzlabelError
from tests.unit.notices.putting import DEFAULT_TEXT, encoded, photo


def called(*arguments: object) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    path.write_bytes(encoded(photo(), "PNG"))
    return path


def test_a_copy_is_written_and_told(picture: Path, tmp_path: Path) -> None:
    before = picture.read_bytes()
    done = called(picture, "-o", tmp_path / "shown.png")
    assert done.exit_code == 0, done.output
    assert f"{DEFAULT_TEXT} (image-badge, bottom-left)" in done.output
    assert picture.read_bytes() == before
    with Image.open(tmp_path / "shown.png") as shown:
        assert shown.size == (480, 320)


def test_json_has_what_a_label_says(picture: Path, tmp_path: Path) -> None:
    done = called(picture, "-o", tmp_path / "x.png", "-l", "en", "--form", "icon", "--place", "top-right", "--json")
    assert json.loads(done.output) == {
        "kind": "image-badge", "language": "en", "text": "AI", "place": "top-right", "languages": ["en"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.txt", "some words\n"), ("a.md", "# words\n"), ("a.html", "<!doctype html><meta charset=utf-8><p>words")],
)
def test_texts_are_known_by_their_names(name: str, content: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content)
    done = called(tmp_path / name, "-o", tmp_path / f"shown-{name}")
    assert done.exit_code == 0, done.output
    assert DEFAULT_TEXT.split(" / ")[0] in unescape((tmp_path / f"shown-{name}").read_text())


def test_a_file_that_is_there_is_replaced_only_by_force(picture: Path, tmp_path: Path) -> None:
    target = tmp_path / "there.png"
    target.write_bytes(b"mine")
    assert isinstance(called(picture, "-o", target).exception, KzlabelError)
    assert target.read_bytes() == b"mine"
    assert called(picture, "-o", target, "--force").exit_code == 0
    assert target.read_bytes() != b"mine"


@pytest.mark.parametrize("arguments", [("--place", "every"), ("-l", "fr"), ("--scale", "3"), ("--text", "人")])
def test_what_cannot_be_leaves_nothing_behind(arguments: tuple[str, ...], picture: Path, tmp_path: Path) -> None:
    done = called(picture, "-o", tmp_path / "shown.png", *arguments)
    assert isinstance(done.exception, KzlabelError)
    assert {path.name for path in tmp_path.iterdir()} == {"photo.png"}


def test_a_label_is_not_broken_unasked(picture: Path, tmp_path: Path, labeler: Any, label: Any) -> None:
    labelled = tmp_path / "labelled.png"
    labeler.label(picture, label, labelled)
    done = called(labelled, "-o", tmp_path / "shown.png")
    assert isinstance(done.exception, KzlabelError)
    assert "signed label" in str(done.exception)
    assert called(labelled, "-o", tmp_path / "shown.png", "--despite-label").exit_code == 0


def test_a_file_of_no_known_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / "what.bin").write_bytes(bytes(range(256)))
    assert isinstance(called(tmp_path / "what.bin", "-o", tmp_path / "x").exception, KzlabelError)
