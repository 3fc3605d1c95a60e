"""Scans on a Ray cluster: workers killed, the scan itself killed, files that kill; each file is a row, once."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

from kzlabel.signing import Labeler
from kzlabel.trust import Trust
from tests.unit.scanning.archive import LABEL, ROOT, fill, misbehaving, rows_of, run, start, statuses

pytestmark = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray isn't installed")

LOOPBACK = {
    **os.environ,
    "PYTHONPATH": str(ROOT),
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_AUTH_MODE": "disabled",
}
TWO_NODES = """
import sys
from ray.cluster_utils import Cluster
node = {"num_cpus": 1, "num_gpus": 0, "object_store_memory": 80 * 1024 * 1024, "include_dashboard": False}
cluster = Cluster(initialize_head=True, head_node_args=node)
cluster.add_node(**node)
print(cluster.address, flush=True)
sys.stdin.read()
cluster.shutdown()
"""


class Nodes:
    """A running cluster of two nodes with one processor each."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        self.pid = process.pid
        self.engine = f"ray={process.stdout.readline().strip()}"

    def workers(self) -> list[int]:
        """Return the processes that are at a part now."""
        return [pid for pid in below(self.pid) if said_of(pid).startswith(b"ray::work")]


@pytest.fixture(scope="module")
def nodes() -> Iterator[Nodes]:
    with subprocess.Popen(
        [sys.executable, "-c", TWO_NODES],
        env=LOOPBACK,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        yield Nodes(process)
        process.communicate(timeout=60)


@pytest.fixture
def ca(tmp_path: Path, trust: Trust) -> Path:
    path = tmp_path / "ca.pem"
    path.write_text(trust.pem())
    return path


@pytest.fixture
def many(tmp_path: Path, samples: dict[str, Path], labeler: Labeler) -> dict[str, str]:
    """A few thousand small files, of which every third is labelled."""
    labelled = labeler.label(samples["webp"].read_bytes(), LABEL)
    plain = samples["webp"].read_bytes()
    expected = {}
    for number in range(3000):
        path = tmp_path / "in" / f"{number // 300}" / f"{number:05}.webp"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(plain if number % 3 else labelled)
        expected[str(path)] = "unlabelled" if number % 3 else "trusted"
    return expected


def said_of(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def below(pid: int) -> list[int]:
    """Return the processes that `pid` started, and theirs."""
    parents: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            after = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents.setdefault(int(after[1]), []).append(int(path.parent.name))
    found = []
    waiting = [pid]
    while waiting:
        children = parents.get(waiting.pop(), [])
        found += children
        waiting += children
    return found


def eventually(what: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 60
    while not (found := what()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return found


def parts_of(folder: Path) -> list[Path]:
    return sorted(folder.glob("part-*.parquet"))


def rows_in(folder: Path) -> list[dict[str, Any]]:
    return [row for part in parts_of(folder) for row in pyarrow.parquet.read_table(part).to_pylist()]


def timeless(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(({**row, "seconds": 0} for row in rows), key=lambda row: str(row["path"]))


def test_nothing_is_lost_or_doubled_when_workers_are_killed(
    many: dict[str, str], nodes: Nodes, ca: Path, tmp_path: Path
) -> None:
    parts, out, report = tmp_path / "parts", tmp_path / "rows.jsonl", tmp_path / "report.html"
    arguments = (tmp_path / "in", "--trust", ca, "--engine", "reference")
    spread = ("--engine", nodes.engine, "--parts", parts, "--batch", "50", "-o", out, "--report", report)
    process = start(*arguments, *spread, environment=LOOPBACK)
    killed: set[int] = set()
    for least in (3, 15):
        while len(parts_of(parts)) < least:
            time.sleep(0.01)
        pid = eventually(lambda: set(nodes.workers()) - killed).pop()
        os.kill(pid, signal.SIGKILL)
        killed.add(pid)
    said, err = process.communicate(timeout=100)
    assert process.returncode == 0, err
    assert "3,000 files" in said
    assert len(parts_of(parts)) == 60
    assert statuses(rows_in(parts)) == many
    assert not [path.name for path in parts.iterdir() if path.name.startswith((".", "_pieces"))]
    assert "3,000" in report.read_text()
    assert run(*arguments, "-o", tmp_path / "local.jsonl", "--workers", "2")[0] == 0
    assert timeless(rows_of(out)) == timeless(rows_of(tmp_path / "local.jsonl"))
    assert [row["path"] for row in rows_of(out)] == sorted(many)


def test_a_scan_that_is_killed_goes_on_and_one_of_other_settings_does_not(
    many: dict[str, str], nodes: Nodes, ca: Path, tmp_path: Path
) -> None:
    parts = tmp_path / "parts"
    spread = ("--engine", nodes.engine, "--parts", parts, "--batch", "50")
    arguments = (tmp_path / "in", "--engine", "reference", *spread)
    process = start(*arguments, "--trust", ca, environment=LOOPBACK)
    eventually(lambda: len(parts_of(parts)) >= 10)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    time.sleep(0.5)  # Ray notices, and ends the workers
    some = parts_of(parts)
    assert 10 <= len(some) < 60
    for more, words in ((("--trust", ca), "--resume"), (("--resume",), "other settings")):
        code, _, err = run(*arguments, *more, environment=LOOPBACK)
        assert code == 2
        assert words in err
    before = {path: path.stat().st_mtime_ns for path in some}
    code, said, err = run(*arguments, "--trust", ca, "--resume", "--json", environment=LOOPBACK)
    assert code == 0, err
    assert json.loads(said)["known"] >= 50 * len(some)
    assert {path: path.stat().st_mtime_ns for path in some} == before
    assert statuses(rows_in(parts)) == many
    gone = Path(sorted(many)[75])
    gone.unlink()
    code, _, err = run(*arguments, "--trust", ca, "--resume", environment=LOOPBACK)
    assert code == 0, err
    assert statuses(rows_in(parts)) == {path: status for path, status in many.items() if path != str(gone)}


def test_an_interrupted_scan_says_so_and_goes_on(
    many: dict[str, str], nodes: Nodes, ca: Path, tmp_path: Path
) -> None:
    parts = tmp_path / "parts"
    arguments = (tmp_path / "in", "--trust", ca, "--engine", nodes.engine, "--parts", parts, "--batch", "50")
    process = start(*arguments, "--engine", "reference", environment=LOOPBACK)
    eventually(lambda: len(parts_of(parts)) >= 3)
    process.send_signal(signal.SIGINT)
    said, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "go on with --resume" in said
    assert len(parts_of(parts)) < 60
    code, _, err = run(*arguments, "--engine", "reference", "--resume", environment=LOOPBACK)
    assert code == 0, err
    assert statuses(rows_in(parts)) == many


@pytest.mark.parametrize(("what", "words"), [("os.abort()", "worker died"), ("time.sleep(600)", "longer than")])
def test_a_file_that_kills_or_holds_its_worker_is_a_row_and_so_are_the_others(
    what: str, words: str, samples: dict[str, Path], labeler: Labeler, ca: Path, tmp_path: Path
) -> None:
    archive = fill(tmp_path / "in", samples, labeler, copies=3)
    poison, *others = sorted(path for path in archive if path.endswith(".png"))
    for path in others:
        Path(path).unlink()
        del archive[path]
    parts = tmp_path / "parts"
    arguments = (tmp_path / "in", "--trust", ca, "--engine", "reference", "--engine", "ray", "--parts", parts)
    code, said, err = run(*arguments, "--seconds", "3", environment=misbehaving(tmp_path / "site", f"{what}"))
    assert code == 2, err
    assert words in said
    assert statuses(rows_in(parts)) == archive | {poison: "error"}
    (lost,) = [row for row in rows_in(parts) if row["status"] == "error"]
    assert words in lost["explanation"]
    assert [path.name for path in parts_of(parts)] == [path.name for path in parts.glob("*.parquet")]


def test_a_cluster_of_its_own_is_heard_on_the_loopback_interface_alone_and_ends_with_the_scan(
    samples: dict[str, Path], labeler: Labeler, ca: Path, tmp_path: Path
) -> None:
    fill(tmp_path / "in", samples, labeler, copies=2)
    environment = misbehaving(tmp_path / "site", "time.sleep(1)")
    arguments = (tmp_path / "in", "--trust", ca, "--engine", "reference", "--engine", "ray")
    process = start(*arguments, "--parts", tmp_path / "parts", environment=environment)
    eventually(lambda: [pid for pid in below(process.pid) if said_of(pid).startswith(b"ray::work")])
    cluster = below(process.pid)
    heard = listening({process.pid, *cluster})
    process.communicate(timeout=60)
    assert process.returncode == 1
    assert heard
    assert {address for address, _ in heard} == {"0100007F"}
    eventually(lambda: not [pid for pid in cluster if b"ray" in said_of(pid)])


def listening(pids: set[int]) -> set[tuple[str, str]]:
    """Return the addresses and ports, in hexadecimal digits, at which processes wait for connections."""
    mine = set()
    for pid in pids:
        for link in Path(f"/proc/{pid}/fd").glob("*"):
            try:
                mine.add(str(link.readlink()))
            except OSError:
                continue
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            columns = line.split()
            if columns[3] == "0A" and f"socket:[{columns[9]}]" in mine:
                address, _, port = columns[1].partition(":")
                found.add((address.removeprefix("0000000000000000FFFF0000"), port))
    return found
