"""The state of labelling by a table."""

import os
import sqlite3
from pathlib import Path

import pytest

from kzlabel.bulk import Result, state
from kzlabel.bulk.state import State
from kzlabel.errors import InputError, OutputError


def row(number: int) -> Result:
    return Result(path=f"out/{number}", status="trusted", row=number, source=f"in/{number}")


def test_what_is_done_is_remembered(tmp_path: Path) -> None:
    path = tmp_path / "state"
    first = State(path, resume=False)
    assert first.fresh
    first.remember(b"a", row(1), done=True)
    first.remember(b"b", row(2), done=False)
    first.close()
    second = State(path, resume=True)
    assert (second.fresh, second.seed, second.begun, second.run) == (False, first.seed, first.begun, 2)
    assert (second.known(b"a"), second.known(b"b"), second.known(b"c")) == (True, False, False)
    assert list(second.rows()) == []
    second.seen(b"a", 5)
    second.remember(b"b", row(3), done=True)
    assert [(one.row, one.source) for one in second.rows()] == [(3, "in/3"), (5, "in/1")]
    second.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["state"]


def test_a_run_isnt_begun_over_another(tmp_path: Path) -> None:
    State(tmp_path / "state", resume=False).close()
    with pytest.raises(InputError, match="remembers a run"):
        State(tmp_path / "state", resume=False)
    assert not (tmp_path / "state.lock").exists()


def test_one_run_at_a_time_has_a_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "_PATIENCE", 0.0)
    held = State(tmp_path / "state", resume=False)
    with pytest.raises(OutputError, match="another run"):
        State(tmp_path / "state", resume=True)
    inherited = os.dup(held.kept)
    os.close(held.kept)  # as if the process was killed, and a worker of it still worked
    with pytest.raises(OutputError, match="another run"):
        State(tmp_path / "state", resume=True)
    os.close(inherited)


def test_other_files_are_no_states(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("precious, and long enough for a head of a database" * 100)
    other = sqlite3.connect(tmp_path / "other")
    other.execute("create table precious (a)")
    other.close()
    for name in ("text", "other", "missing/state"):
        with pytest.raises(OutputError):
            State(tmp_path / name, resume=True)
    assert (tmp_path / "text").read_text().startswith("precious")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other", "text"]
