"""`kzlabel markers`: rules listed, files shown, exit codes."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kzlabel.cli import cli
from kzlabel.markers import load
from tests.unit.markers.test_traces import png
from tests.unit.markers.writing import FULL, written


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, ["markers", *map(str, arguments)])


@pytest.fixture
def declared(samples: dict[str, Path], tmp_path: Path) -> Path:
    path = tmp_path / "declared.jpg"
    path.write_bytes(written(samples["jpeg"].read_bytes(), FULL)[0])
    return path


def test_every_rule_is_listed_with_its_version() -> None:
    done = run()
    assert done.exit_code == 0
    assert load().version in done.output
    listed = json.loads(run("--json").output)
    assert [entry["id"] for entry in listed] == [rule.id for rule in load().rule]
    assert not any(name.startswith("@") for entry in listed for name in entry["fields"])


def test_the_markers_of_a_file_are_shown_with_field_and_rule(declared: Path) -> None:
    done = run(declared)
    assert done.exit_code == 0
    assert "AI: generated" in done.output
    assert "XMP Iptc4xmpExt:DigitalSourceType" in done.output
    assert "rule tc260-aigc" in done.output


def test_a_file_without_a_marker_is_said_to_have_none(samples: dict[str, Path], declared: Path) -> None:
    done = run(declared, samples["png"])
    assert done.exit_code == 1
    assert f"{samples['png']}: no marker" in done.output


def test_lines_of_json_are_printed_for_each_file(samples: dict[str, Path], declared: Path) -> None:
    done = run("--json", declared, samples["png"])
    first, second = map(json.loads, done.output.splitlines())
    assert (first["ai"], second["ai"], second["markers"]) == ("generated", "unknown", [])
    assert first["markers"][0].keys() == {"rule", "field", "value", "ai", "source"}


def test_a_file_that_cannot_be_read_is_an_error_and_the_others_are_shown(declared: Path, tmp_path: Path) -> None:
    done = run(tmp_path / "nothing.jpg", declared, tmp_path)
    assert done.exit_code == 2
    assert "AI: generated" in done.output


def test_what_a_file_says_cannot_change_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "evil\n.png"
    path.write_bytes(png({"parameters": "\x1b[31m Steps: 20, Sampler: x"}))
    done = run(path)
    assert "\x1b" not in done.output
    assert done.output.splitlines()[0].endswith("AI: generated")
