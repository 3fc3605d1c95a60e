"""Scans that are killed, crashed, stopped and starved: every file is reported once."""

import json
import os
import random
import signal
import time
from pathlib import Path

import pytest

from kzlabel.scanning import Options, Scan, Settings, Tree
from kzlabel.signing import Labeler
from kzlabel.trust import Trust
from tests.unit.scanning.archive import fill, misbehaving, rows_of, run, start, statuses


@pytest.fixture
def archive(tmp_path: Path, samples: dict[str, Path], labeler: Labeler) -> dict[str, str]:
    return fill(tmp_path / "in", samples, labeler, copies=40)


@pytest.fixture
def ca(tmp_path: Path, trust: Trust) -> Path:
    path = tmp_path / "ca.pem"
    path.write_text(trust.pem())
    return path


def test_a_scan_ends_with_a_summary_and_a_code(archive: dict[str, str], ca: Path, tmp_path: Path) -> None:
    out = tmp_path / "rows.jsonl"
    code, said, _ = run(tmp_path / "in", "-o", out, "--trust", ca)
    assert code == 1
    assert "240 files" in said
    assert "broken.jpg" in said
    assert statuses(rows_of(out)) == archive
    assert run(tmp_path / "in", "--trust", ca, "--require", "nothing", "-q") == (0, "", "")
    code, said, _ = run(tmp_path / "in", "--trust", ca, "--exclude", "broken.jpg", "--json")
    assert code == 0
    assert json.loads(said)["statuses"]["trusted"] == 80
    assert run(tmp_path / "in", "--trust", ca, "--exclude", "broken.jpg", "--require", "labelled")[0] == 1
    assert run(tmp_path / "in", "-o", out, "--trust", ca)[0] == 2
    assert run(tmp_path / "missing")[0] == 2


def test_a_list_is_scanned(archive: dict[str, str], ca: Path, tmp_path: Path) -> None:
    listing = tmp_path / "list"
    wanted = sorted(archive)[:7]
    listing.write_bytes(b"\0".join(os.fsencode(path) for path in wanted))
    out = tmp_path / "rows.jsonl"
    run("--from-file", listing, "-o", out, "--trust", ca)
    assert set(statuses(rows_of(out))) == set(wanted)


def test_changes_are_told(archive: dict[str, str], ca: Path, tmp_path: Path, samples: dict[str, Path]) -> None:
    state = tmp_path / "state"
    run(tmp_path / "in", "--trust", ca, "--state", state)
    lost = next(Path(path) for path in archive if path.endswith("labelled.jpg"))
    lost.write_bytes(samples["jpeg"].read_bytes())
    _, said, _ = run(tmp_path / "in", "--trust", ca, "--state", state, "--diff")
    told = [line for line in said.splitlines() if line.startswith(("changed", "new", "vanished"))]
    assert told == [f"changed   unlabelled   {lost}"]


@pytest.mark.parametrize("seed", range(4))
def test_a_scan_that_is_killed_goes_on_and_reports_each_file_once(
    seed: int, archive: dict[str, str], ca: Path, tmp_path: Path
) -> None:
    out, state = tmp_path / "rows.jsonl", tmp_path / "state"
    arguments = (
        tmp_path / "in",
        "-o",
        out,
        "--state",
        state,
        "--trust",
        ca,
        "--workers",
        "2",
        "--engine",
        "reference",
    )
    moments = random.Random(seed)
    for attempt in range(6):
        process = start(*arguments, *(["--resume"] if attempt else []))
        time.sleep(0.5 + moments.random() * 1.2)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    code, _, said = run(*arguments, "--resume")
    assert code in (0, 1), said
    assert statuses(rows_of(out)) == archive


def test_an_interrupted_scan_saves_what_it_has_and_says_so(
    archive: dict[str, str], ca: Path, tmp_path: Path
) -> None:
    out, state = tmp_path / "rows.jsonl", tmp_path / "state"
    arguments = (
        tmp_path / "in",
        "-o",
        out,
        "--state",
        state,
        "--trust",
        ca,
        "--workers",
        "1",
        "--engine",
        "reference",
    )
    environment = misbehaving(tmp_path / "site", "time.sleep(0.2)")
    process = start(*arguments, environment=environment)
    deadline = time.monotonic() + 60
    while not (out.exists() and state.exists()) and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    some = statuses(rows_of(out))
    assert len(some) < len(archive)
    assert run(*arguments, "--resume")[0] == 1
    assert statuses(rows_of(out)) == archive


def test_workers_that_are_killed_cost_nothing(archive: dict[str, str], tmp_path: Path, trust: Trust) -> None:
    root = (os.fsencode(tmp_path / "in"),)
    scan = Scan(Tree(roots=root), Settings(trust=trust), Options(workers=2), root)
    found = []
    for number, row in enumerate(scan.run()):
        found.append({"path": row.path, "status": row.status})
        if number in (5, 125):  # a file that three workers die at is given up
            for pid in scan.workers:
                os.kill(pid, signal.SIGKILL)
    assert statuses(found) == archive


@pytest.mark.parametrize(
    ("what", "words"),
    [("os.abort()", "worker died"), ("os._exit(3)", "worker died"), ("time.sleep(600)", "longer than")],
)
def test_a_file_that_kills_or_holds_its_worker_is_reported_and_the_rest_is_scanned(
    what: str, words: str, samples: dict[str, Path], labeler: Labeler, ca: Path, tmp_path: Path
) -> None:
    archive = fill(tmp_path / "in", samples, labeler, copies=1)
    out = tmp_path / "rows.jsonl"
    environment = misbehaving(tmp_path / "site", what)
    code, _, said = run(
        tmp_path / "in",
        "-o",
        out,
        "--trust",
        ca,
        "--engine",
        "reference",
        "--seconds",
        "5",
        environment=environment,
    )
    assert code == 2, said
    rows = rows_of(out)
    expected = {path: "error" if path.endswith(".png") else status for path, status in archive.items()}
    assert statuses(rows) == expected
    (lost,) = [row for row in rows if row["status"] == "error"]
    assert words in lost["explanation"]


def test_files_that_change_or_go_while_they_are_scanned_are_rows(tmp_path: Path, trust: Trust) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(600):
        (folder / f"{number:03}").write_bytes(b"x" * number)
    root = (os.fsencode(folder),)
    scan = Scan(Tree(roots=root), Settings(trust=trust), Options(workers=1), root)
    found = []
    for row in scan.run():
        found.append({"path": row.path, "status": row.status})
        if len(found) == 1:
            for number in range(500, 600):
                (folder / f"{number:03}").unlink()
    assert len(statuses(found)) == 600
    assert {row["status"] for row in found} <= {"unsupported", "error"}
    assert [row for row in found if row["status"] == "error"]
