"""The audit log: every change to it shows, and writing it loses nothing."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from kzlabel.cli import cli
from kzlabel.credentials import Signer
from kzlabel.errors import InputError, MalformedError, OutputError
from kzlabel.labels import Label
from kzlabel.signing import AuditLog, Labeler
from kzlabel.signing.audit import verify_log
from kzlabel.trust import Trust

AT = datetime(2026, 11, 1, 12, tzinfo=UTC)


def append(log: AuditLog, number: int = 0) -> None:
    log.append(
        content_id=f"urn:uuid:{number}",
        output_sha256="0" * 64,
        label_sha256="1" * 64,
        level="ai-generated",
        signer="2" * 64,
        at=AT,
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    place = tmp_path / "log.jsonl"
    for number in range(10):
        append(AuditLog(place), number)
    return place


def test_a_log_is_a_chain_of_lines(path: Path) -> None:
    assert verify_log(path) == (10, ())
    lines = path.read_bytes().splitlines()
    for number, (line, before) in enumerate(zip(lines[1:], lines, strict=False), 2):
        entry = json.loads(line)
        assert entry["previous"] == hashlib.sha256(before).hexdigest()
        assert entry["sequence"] == number
    assert AuditLog(path).last == hashlib.sha256(lines[-1]).hexdigest()
    assert path.stat().st_mode & 0o777 == 0o600


CHANGES: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "a line removed": lambda lines: lines[:4] + lines[5:],
    "the first line removed": lambda lines: lines[1:],
    "two lines exchanged": lambda lines: [*lines[:3], lines[4], lines[3], *lines[5:]],
    "a line doubled": lambda lines: [*lines[:3], lines[3], *lines[3:]],
    "a value changed": lambda lines: [line.replace(b"urn:uuid:4", b"urn:uuid:X") for line in lines],
    "white space put in": lambda lines: [*lines[:3], lines[3].replace(b",", b", "), *lines[4:]],
    "a field put in": lambda lines: [*lines[:3], lines[3].replace(b"{", b'{"x":1,'), *lines[4:]],
    "rubbish put in": lambda lines: [*lines[:3], b"rubbish", *lines[3:]],
    "an empty line": lambda lines: [*lines[:3], b"", *lines[3:]],
}


@pytest.mark.parametrize("name", CHANGES)
def test_every_change_shows(name: str, path: Path) -> None:
    path.write_bytes(b"\n".join(CHANGES[name](path.read_bytes().splitlines())) + b"\n")
    _, flaws = verify_log(path)
    assert flaws


def test_lines_that_were_cut_off_show_when_the_last_hash_was_kept(path: Path) -> None:
    kept = AuditLog(path).last
    append(AuditLog(path), 10)
    assert verify_log(path, last=kept) == (11, ())
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:5]))
    assert verify_log(path) == (5, ())
    assert verify_log(path, last=kept)[1]
    path.write_bytes(b"")
    assert verify_log(path, last=kept)[1]


@given(st.integers(0, 3000), st.integers(1, 255))
@settings(max_examples=80, deadline=None)
def test_every_changed_byte_shows(at: int, mask: int) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory, "log")
        for number in range(8):
            append(AuditLog(place), number)
        data = bytearray(place.read_bytes())
        # The last line is in no later one: what was kept of it elsewhere shows its change.
        kept = AuditLog(place).last
        data[at % len(data)] ^= mask
        place.write_bytes(bytes(data))
        assert verify_log(place, last=kept)[1]


def test_a_log_whose_end_is_damaged_takes_no_more_lines(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(MalformedError, match="audit verify"):
        append(AuditLog(path))
    path.write_bytes(b"rubbish\n")
    with pytest.raises(MalformedError):
        append(AuditLog(path))


def test_threads_and_processes_append_to_one_log(path: Path) -> None:
    log = AuditLog(path)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: append(log, number), range(40)))
    script = (
        "import sys; from kzlabel.signing import AuditLog\n"
        "for n in range(20): AuditLog(sys.argv[1]).append(content_id=str(n), output_sha256='', label_sha256='',"
        " level='', signer='')"
    )
    running = [subprocess.Popen([sys.executable, "-c", script, str(path)]) for _ in range(3)]
    assert [process.wait() for process in running] == [0, 0, 0]
    assert verify_log(path) == (110, ())


def test_a_log_that_can_t_be_written_fails_the_label_and_leaves_no_file(
    tmp_path: Path, samples: dict[str, Path], signer: Signer, label: Label
) -> None:
    labeler = Labeler(signer, trust=Trust.none(), audit=AuditLog(tmp_path / "missing" / "log"))
    with pytest.raises(OutputError, match="audit log"):
        labeler.label(samples["png"], label, tmp_path / "out.png")
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_whole_lines(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: real(descriptor, data[: len(data) // 2]))
    with pytest.raises(OutputError, match="no space"):
        append(AuditLog(path))
    monkeypatch.undo()
    assert verify_log(path) == (10, ())


def test_each_labelling_is_logged(tmp_path: Path, samples: dict[str, Path], signer: Signer, label: Label) -> None:
    place = tmp_path / "log"
    labeler = Labeler(signer, trust=Trust.none(), audit=AuditLog(place))
    labeler.label(samples["png"], label, tmp_path / "out.png")
    data = labeler.label(samples["gif"].read_bytes(), label)
    text = labeler.label_text("text", label)
    entries = [json.loads(line) for line in place.read_text().splitlines()]
    made = [(tmp_path / "out.png").read_bytes(), data, text.encode()]
    assert [entry["output_sha256"] for entry in entries] == [hashlib.sha256(one).hexdigest() for one in made]
    assert {entry["content_id"] for entry in entries} == {label.content_id}
    assert [entry["media_type"] for entry in entries] == ["image/png", "image/gif", "text/plain"]
    assert str(tmp_path) not in place.read_text()


def test_the_command_line_writes_and_checks_a_log(tmp_path: Path, samples: dict[str, Path]) -> None:
    environ = {"KZLABEL_CONFIG_DIR": str(tmp_path / "config")}
    log = tmp_path / "log.jsonl"

    def run(*words: str) -> tuple[int, str]:
        done = CliRunner(env=environ).invoke(cli, list(words))
        return done.exit_code, done.output

    for name in ("png", "jpeg"):
        code, output = run(
            "label", str(samples[name]), "-o", str(tmp_path / f"out.{name}"), "--level", "ai-generated",
            "--system", "P", "--audit", str(log),
        )  # fmt: skip
        assert code == 0, output
    assert run("audit", "verify", str(log))[0] == 0
    last = run("audit", "last", str(log))[1].strip()
    log.write_bytes(log.read_bytes().splitlines(keepends=True)[0])
    assert run("audit", "verify", str(log))[0] == 0
    assert run("audit", "verify", str(log), "--last", last)[0] == 1
    with pytest.raises(InputError):
        verify_log(tmp_path / "none")
