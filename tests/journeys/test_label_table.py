"""Labelling by a table: killed, crashed and stopped, with every file labelled once."""

import csv
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

import kzlabel
from kzlabel.trust import Trust

ROOT = Path(__file__).parents[2]
BROKEN = "broken.jpg"


@pytest.fixture
def folder(tmp_path: Path, samples: dict[str, Path]) -> Path:
    """Return a folder with files of several formats below `in` and a table of them."""
    kinds = ("jpeg", "png", "wav", "pdf", "svg", "mp3")
    lines = ["path,level,system,simulates"]
    for number in range(20):
        for kind in kinds:
            path = tmp_path / "in" / str(number) / f"{kind}{samples[kind].suffix}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(samples[kind].read_bytes())
            lines.append(f"{path.relative_to(tmp_path)},ai-{'assisted' if number % 2 else 'generated'},P/{number},")
    (tmp_path / "table.csv").write_text("\n".join(lines))
    return tmp_path


def start(folder: Path, *arguments: str, environment: dict[str, str] | None = None) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "kzlabel", "label", "--from-csv", "table.csv", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(folder: Path, *arguments: str, environment: dict[str, str] | None = None) -> tuple[int, str, str]:
    process = start(folder, *arguments, environment=environment)
    out, err = process.communicate(timeout=240)
    return process.returncode, out, err


def rows(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "rows.jsonl").read_text().splitlines()]


def spoilt(folder: Path, when: str, what: str) -> dict[str, str]:
    """Return an environment in which workers do `what` before or after they label PNG pictures."""
    site = folder / "site"
    site.mkdir()
    call = "done = label(self, source, *rest, **more)\n"
    spoil = f"if str(source).endswith('.png') and '/3/' in str(source):\n            {what}\n        "
    before, after = (spoil, "") if when == "before" else ("", spoil)
    (site / "sitecustomize.py").write_text(
        "import os, sys, time\n"
        "def install():\n"
        "    from kzlabel.signing.labeler import Labeler\n"
        "    for name in ('label', 'label_in_place'):\n"
        "        setattr(Labeler, name, wrapped(getattr(Labeler, name)))\n"
        "def wrapped(label):\n"
        "    def spoilt(self, source, *rest, **more):\n"
        f"        {before}{call}        {after}return done\n"
        "    return spoilt\n"
        "class Finder:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'kzlabel.bulk.labelling' and '-c' in sys.argv[:1]:\n"
        "            sys.meta_path.remove(self)\n"
        "            install()\n"
        "sys.meta_path.insert(0, Finder())\n"
    )
    return {"PYTHONPATH": f"{site}:{ROOT}"}


def check_all(folder: Path, trust: Trust, where: str) -> None:
    """Check that every file has one label, its own, and that nothing else is there."""
    with (folder / "table.csv").open() as file:
        wanted = {row["path"]: row for row in csv.DictReader(file)}
    found = rows(folder)
    assert [row["source"] for row in found] == list(wanted)
    assert {row["status"] for row in found} == {"trusted"}
    assert len({row["content_id"] for row in found}) == len(found)
    verifier = kzlabel.Verifier(trust=trust)
    for row in found:
        verdict = verifier.verify(folder / where / row["source"])
        assert verdict.label is not None
        assert (verdict.label.content_id, verdict.label.level.value) == (
            row["content_id"],
            wanted[row["source"]]["level"],
        )
        assert f"P/{verdict.label.system.version}" == wanted[row["source"]]["system"]
        assert not [one for one in verdict.assertions if "ingredient" in one]  # labelled once
    files = [path for path in (folder / where / "in").rglob("*") if path.is_file()]
    assert len(files) == len(wanted)
    assert not list(folder.rglob("*.tmp"))


def test_files_are_labelled_and_told_of(folder: Path, trust: Trust) -> None:
    code, said, _ = run(folder, "--out-dir", "out", "--rows", "rows.jsonl", "--report", "report.html")
    assert code == 0
    assert "120 of 120 files are labelled" in said
    check_all(folder, trust, "out")
    assert "Content-Security-Policy" in (folder / "report.html").read_text()
    assert {path.name for path in folder.iterdir()} == {"in", "out", "table.csv", "rows.jsonl", "report.html"}
    code, _, said = run(folder, "--out-dir", "out")
    assert code == 2
    assert "exists already" in said


def test_rows_are_tables_of_all_kinds(folder: Path) -> None:
    for name in ("rows.csv", "rows.parquet"):
        assert run(folder, "--in-place", "--rows", name)[0] == 0
    with (folder / "rows.csv").open(newline="") as file:
        read = list(csv.DictReader(file))
    table = pyarrow.parquet.read_table(folder / "rows.parquet").to_pylist()
    assert [row["source"] for row in read] == [row["source"] for row in table]
    assert {row["parent"] for row in table} == {"trusted"}  # the second time
    assert [row["row"] for row in table] == list(range(1, 121))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("where", ["--out-dir", "--in-place"])
def test_a_run_that_is_killed_goes_on_and_labels_each_file_once(
    seed: int, where: str, folder: Path, trust: Trust
) -> None:
    arguments = ["--out-dir", "out"] if where == "--out-dir" else ["--in-place"]
    arguments += ["--state", "state", "--rows", "rows.jsonl", "--workers", "2"]
    moments = random.Random(seed)
    for attempt in range(4):
        process = start(folder, *arguments, *(["--resume"] if attempt else []))
        time.sleep(0.4 + moments.random() * 0.7)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    code, _, said = run(folder, *arguments, "--resume")
    assert code == 0, said
    check_all(folder, trust, "out" if where == "--out-dir" else ".")


@pytest.mark.parametrize("where", ["--out-dir", "--in-place"])
def test_a_worker_that_dies_after_it_wrote_labels_nothing_twice(where: str, folder: Path, trust: Trust) -> None:
    arguments = ["--out-dir", "out"] if where == "--out-dir" else ["--in-place"]
    spoils = spoilt(folder, "after", "os.kill(os.getpid(), 9)")
    code, said, wrong = run(folder, *arguments, "--rows", "rows.jsonl", "--workers", "2", environment=spoils)
    assert code == 0, said + wrong
    check_all(folder, trust, "out" if where == "--out-dir" else ".")


@pytest.mark.parametrize(("what", "why"), [("os.kill(os.getpid(), 9)", "SIGKILL"), ("time.sleep(99)", "longer")])
def test_a_file_that_kills_or_holds_its_worker_is_one_error(what: str, why: str, folder: Path) -> None:
    spoils = spoilt(folder, "before", what)
    arguments = ("--out-dir", "out", "--rows", "rows.jsonl", "--workers", "2", "--seconds", "1")
    code, said, wrong = run(folder, *arguments, "--state", "state", environment=spoils)
    assert code == 2
    assert "119 of 120" in said
    assert "in/3/png.png" in wrong
    counted = Counter(row["status"] for row in rows(folder))
    assert counted == {"trusted": 119, "error": 1}
    (lost,) = [row for row in rows(folder) if row["status"] == "error"]
    assert why in lost["explanation"]
    code, said, _ = run(folder, *arguments, "--state", "state", "--resume")
    assert code == 0
    assert "119 of them by an earlier run" in said
    assert len(rows(folder)) == 120


def test_an_interrupted_run_says_so_and_goes_on(folder: Path, trust: Trust) -> None:
    spoils = spoilt(folder, "before", "time.sleep(2)")
    arguments = ("--out-dir", "out", "--rows", "rows.jsonl", "--workers", "1", "--state", "state")
    process = start(folder, *arguments, environment=spoils)
    deadline = time.monotonic() + 60
    while not (folder / "out" / "in" / "3" / "jpeg.jpg").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "--resume" in said
    assert not (folder / "rows.jsonl").exists()
    assert run(folder, *arguments, "--resume")[0] == 0
    check_all(folder, trust, "out")


def test_a_repaired_table_is_gone_on_with(folder: Path) -> None:
    table = folder / "table.csv"
    whole = table.read_text()
    table.write_text(whole + "\nin/missing.jpg,ai-generated,P,\n")
    (folder / "in" / BROKEN).write_bytes((folder / "in/0/jpeg.jpg").read_bytes()[:100] + b"\xff\xd8")
    table.write_text(table.read_text() + f"in/{BROKEN},ai-generated,P,\n")
    arguments = ("--out-dir", "out", "--state", "state", "--rows", "rows.jsonl")
    code, said, wrong = run(folder, *arguments)
    assert code == 2
    assert "row 121, in/missing.jpg: there is no file" in wrong
    assert f"row 122, in/{BROKEN}" in wrong
    assert not (folder / "out" / "in" / BROKEN).exists()
    assert run(folder, *arguments)[0] == 2  # the state has a run already
    table.write_text(whole)
    code, said, _ = run(folder, *arguments, "--resume", "--json")
    assert code == 0
    assert json.loads(said) == {
        "rows": 120,
        "labelled": 120,
        "known": 120,
        "refused": 0,
        "errors": 0,
        "size": 0,
        "statuses": {},
        "complete": True,
    }
    assert len(rows(folder)) == 120


def test_regimes_notices_markers_and_sidecars_go_with_tables(folder: Path) -> None:
    code, said, wrong = run(folder, "--out-dir", "a", "--regime", "kz", "--rows", "rows.jsonl")
    assert code == 1
    assert "0 of 120" in said
    assert "regime kz lacks" in wrong
    (folder / "few.csv").write_text("path\nin/0/jpeg.jpg\nin/0/wav.wav\n")
    few = ("--from-csv", "few.csv", "--level", "ai-generated", "--system", "P", "--rows", "rows.jsonl", "--force")
    assert run(folder, "--out-dir", "b", "--notice", "kk,ru", "--markers", "--audit", "log", *few)[0] == 0
    assert run(folder, "--sidecar", *few)[0] == 0
    assert [row["path"] for row in rows(folder)] == ["in/0/jpeg.jpg.c2pa", "in/0/wav.wav.c2pa"]
    assert {row["status"] for row in rows(folder)} == {"trusted"}
    assert len((folder / "log").read_text().splitlines()) == 2


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("x.jpg", "--out-dir", "out"), "--from-csv"),
        (("-o", "out"), "--out-dir"),
        (("--in-place", "--out-dir", "out"), "--out-dir"),
        (("--resume", "--out-dir", "out"), "--state"),
        (("--out-dir", "out", "--rows", "rows.xls"), "extension"),
        ((), "not clear"),
    ],
)
def test_wrong_usage_writes_nothing(arguments: tuple[str, ...], word: str, folder: Path) -> None:
    code, _, said = run(folder, *arguments)
    assert code == 2
    assert word in said
    assert {path.name for path in folder.iterdir()} == {"in", "table.csv"}
