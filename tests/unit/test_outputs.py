"""Writing: whole or not there, whatever happens."""

import errno
import os
import stat
from pathlib import Path

import pytest

from kzlabel.errors import OutputError
from kzlabel.outputs import remove_abandoned, staged


def names(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir()}


def write(destination: Path, data: bytes, *, replace: bool = False, like: Path | None = None) -> None:
    with staged(destination, replace=replace, like=like) as stage:
        stage.path.write_bytes(data)


def test_the_file_appears_whole_and_nothing_else_stays(tmp_path: Path) -> None:
    write(tmp_path / "out", b"new")
    assert names(tmp_path) == {"out"}
    assert (tmp_path / "out").read_bytes() == b"new"


def test_an_error_in_the_block_leaves_the_old_file_and_no_trace(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.write_bytes(b"old")
    with pytest.raises(KeyError), staged(out, replace=True) as stage:
        stage.path.write_bytes(b"half")
        raise KeyError
    assert out.read_bytes() == b"old"
    assert names(tmp_path) == {"out"}


def test_an_existing_file_is_kept_unless_replacing_was_asked_for(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.write_bytes(b"old")
    with pytest.raises(OutputError, match="exists already"):
        write(out, b"new")
    assert out.read_bytes() == b"old"
    write(out, b"new", replace=True)
    assert out.read_bytes() == b"new"


def test_a_file_that_appears_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(OutputError, match="exists already"), staged(out, replace=False) as stage:
        stage.path.write_bytes(b"ours")
        out.write_bytes(b"theirs")
    assert out.read_bytes() == b"theirs"
    assert names(tmp_path) == {"out"}


def test_permissions_are_those_of_the_source(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"")
    source.chmod(0o640)
    write(tmp_path / "out", b"x", like=source)
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o640


def test_times_are_kept_only_on_request(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"")
    os.utime(source, (1_000_000_000, 1_000_000_000))
    for keep in (False, True):
        with staged(tmp_path / f"out{keep}", replace=False, like=source, keep_times=keep) as stage:
            stage.path.write_bytes(b"x")
        assert ((tmp_path / f"out{keep}").stat().st_mtime == 1_000_000_000) is keep


def test_a_symbolic_link_is_followed_and_stays_a_link(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"old")
    link.symlink_to(target)
    write(link, b"new", replace=True)
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


def test_a_dangling_link_counts_as_existing(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "nowhere")
    with pytest.raises(OutputError, match="exists already"):
        write(link, b"x")


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "no space left"),
        (errno.EACCES, "no permission"),
        (errno.EROFS, "no permission"),
        (errno.EIO, "can't be written"),
    ],
)
def test_a_full_or_unwritable_disk_is_one_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, words: str
) -> None:
    def fail(_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("kzlabel.outputs.os.fsync", fail)
    with pytest.raises(OutputError, match=words):
        write(tmp_path / "out", b"x")
    assert names(tmp_path) == set()


def test_a_directory_and_a_missing_directory_are_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="is a directory"):
        write(tmp_path, b"x", replace=True)
    with pytest.raises(OutputError, match="there is no directory"):
        write(tmp_path / "none" / "out", b"x")


def test_a_file_system_without_hard_links_is_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr("kzlabel.outputs.os.link", refuse)
    write(tmp_path / "out", b"x")
    assert names(tmp_path) == {"out"}


def test_only_the_dead_process_s_leftovers_are_removed(tmp_path: Path) -> None:
    for name in (".kzlabel-12-aa.tmp", ".kzlabel-123-bb.tmp", "kept.tmp"):
        (tmp_path / name).write_bytes(b"")
    remove_abandoned(tmp_path, 12)
    assert names(tmp_path) == {".kzlabel-123-bb.tmp", "kept.tmp"}
