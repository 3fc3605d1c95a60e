"""Finding files: links, circles, names of any bytes, and what is no file."""

import io
import os
import socket
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kzlabel.errors import InputError
from kzlabel.scanning import Item, Tree, Trouble
from kzlabel.scanning.lists import Listed, read_list
from kzlabel.scanning.names import bytes_of, modified_at, shown


def names(tree: Tree | Listed) -> list[str]:
    return [os.fsdecode(found.name) for found in tree.items() if isinstance(found, Item)]


def troubles(tree: Tree) -> dict[str, str]:
    return {Path(os.fsdecode(t.name)).name: t.reason for t in tree.items() if isinstance(t, Trouble)}


def tree(*roots: Path, **how: object) -> Tree:
    return Tree(roots=tuple(os.fsencode(root) for root in roots), **how)  # type: ignore[arg-type]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b/x.jpg", "a/y.png", "a/.hidden/z.jpg", ".dot", "top.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    return tmp_path


def below(folder: Path, found: list[str]) -> list[str]:
    return [str(Path(name).relative_to(folder)) for name in found]


def test_every_file_comes_once(folder: Path) -> None:
    expected = [".dot", "top.txt", "a/y.png", "a/.hidden/z.jpg", "b/x.jpg"]
    assert sorted(below(folder, names(tree(folder)))) == sorted(expected)
    assert sorted(below(folder, names(tree(folder / "a", folder, folder / "a" / "y.png")))) == sorted(expected)


def test_patterns_and_hidden_names_choose(folder: Path) -> None:
    assert below(folder, names(tree(folder, hidden=False))) == ["top.txt", "a/y.png", "b/x.jpg"]
    assert below(folder, names(tree(folder, include=("*.jpg",)))) == ["a/.hidden/z.jpg", "b/x.jpg"]
    assert below(folder, names(tree(folder, exclude=("a", "*.txt")))) == [".dot", "b/x.jpg"]
    assert below(folder, names(tree(folder, exclude=("a/*",), hidden=False))) == ["top.txt", "b/x.jpg"]


def test_links_are_left_out_or_followed_and_circles_end(folder: Path) -> None:
    (folder / "a" / "up").symlink_to(folder)
    (folder / "link.jpg").symlink_to(folder / "b" / "x.jpg")
    (folder / "nowhere").symlink_to(folder / "missing")
    assert len(names(tree(folder))) == 5
    assert troubles(tree(folder)) == dict.fromkeys(("up", "link.jpg", "nowhere"), "a symbolic link")
    followed = below(folder, names(tree(folder, follow=True)))
    assert len(followed) == 6
    assert "link.jpg" in followed
    assert set(troubles(tree(folder, follow=True))) == {"up", "nowhere"}


def test_a_root_that_is_a_link_is_walked(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    link = tmp_path_factory.mktemp("links") / "link"
    link.symlink_to(folder)
    assert len(names(tree(link))) == 5


def test_what_is_no_file_is_never_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "fifo")
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
        assert troubles(tree(tmp_path)) == {"fifo": "a FIFO", "socket": "a socket"}
    assert troubles(tree(Path("/dev/null"))) == {"null": "a device"}


def test_a_missing_root_is_an_error_and_the_others_are_walked(folder: Path) -> None:
    found = list(tree(folder / "missing", folder / "b").items())
    assert isinstance(found[0], Trouble)
    assert found[0].error
    assert len(found) == 2


def test_hard_links_are_known_by_their_number_and_place(folder: Path) -> None:
    os.link(folder / "top.txt", folder / "again.txt")
    found = [item for item in tree(folder).items() if isinstance(item, Item) and item.links > 1]
    assert len(found) == 2
    assert found[0].version == found[1].version


def test_deep_trees_need_no_stack(tmp_path: Path) -> None:
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("d", dir_fd=here)
        deeper = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = deeper
    os.close(here)
    try:
        assert list(tree(tmp_path).items()) == []
    finally:
        subprocess.run(["rm", "-rf", tmp_path / "d"], check=True)  # the library's own way recurses


@given(st.binary(min_size=1, max_size=40).filter(lambda name: b"\0" not in name))
def test_names_of_any_bytes_can_be_shown_and_found_again(name: bytes) -> None:
    text, escaped = shown(name)
    assert bytes_of(text, escaped=escaped) == name
    text.encode()


@pytest.mark.parametrize("time", [0, -1, 1 << 62, 1_700_000_000_123_456_789])
def test_any_time_can_be_shown(time: int) -> None:
    assert modified_at(time) == "" or modified_at(time).endswith("Z")


def test_lists_are_of_lines_or_of_nuls(folder: Path) -> None:
    paths = [os.fsencode(folder / "top.txt"), os.fsencode(folder / "b")]
    for separator in (b"\n", b"\0"):
        listed = Listed(io.BytesIO(separator.join(paths) + separator))
        assert below(folder, names(listed)) == ["top.txt", "b/x.jpg"]
    assert list(read_list(io.BytesIO(b"a\nb"))) == [b"a", b"b"]
    assert list(read_list(io.BytesIO(b"a\nb\0c"))) == [b"a\nb", b"c"]
    assert list(read_list(io.BytesIO(b""))) == []
    with pytest.raises(InputError):
        list(read_list(io.BytesIO(b"x" * 200_000)))


@given(st.lists(st.binary(min_size=1, max_size=300).filter(lambda name: b"\0" not in name), max_size=50))
def test_any_list_of_names_is_read(paths: list[bytes]) -> None:
    data = b"".join(path + b"\0" for path in paths)
    assert list(read_list(io.BytesIO(data))) == paths
