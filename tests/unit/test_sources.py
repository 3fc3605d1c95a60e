"""Opening sources: what is refused, and that nothing blocks."""

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kzlabel.errors import InputError
from kzlabel.sources import display_name, look_ahead, opened


def read_all(source: object) -> bytes:
    with opened(source) as file:  # type: ignore[arg-type]
        return file.reader.read(0, file.reader.size)


def test_paths_bytes_and_streams_give_the_same_bytes(tmp_path: Path) -> None:
    path = tmp_path / "A.JPG"
    path.write_bytes(b"content")
    assert read_all(path) == read_all(str(path)) == read_all(b"content") == read_all(bytearray(b"content"))
    assert read_all(io.BytesIO(b"content")) == b"content"
    with opened(path) as file:
        assert (file.uri, file.suffix) == (str(path), ".jpg")


def test_a_stream_is_read_from_its_position_and_needs_no_seek() -> None:
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as pipe:
        pipe.write(b"skip" + b"x" * 5000)
    with os.fdopen(reading, "rb") as pipe:
        assert pipe.read(4) == b"skip"
        assert read_all(pipe) == b"x" * 5000


def test_a_long_stream_is_spooled_to_disk() -> None:
    data = os.urandom(1 << 20) * 20
    with opened(io.BytesIO(data)) as file:
        assert file.reader.size == len(data)
        assert file.reader.read(len(data) - 9, 9) == data[-9:]


def test_a_missing_file_a_directory_and_a_bad_path_are_told_apart(tmp_path: Path) -> None:
    for path, words in (
        (tmp_path / "none", "there is no file"),
        (tmp_path, "is a directory"),
        (tmp_path / "none" / "deeper", "there is no file"),
        (Path("/dev/null"), "not a regular file"),
        (tmp_path / ("x" * 300), "too long"),
    ):
        with pytest.raises(InputError, match=words):
            read_all(path)
    with pytest.raises(InputError, match="not a path"):
        read_all("a\0b")


def test_a_fifo_is_refused_at_once(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with pytest.raises(InputError, match="not a regular file"):
        read_all(fifo)


def test_a_link_that_leads_to_itself_is_refused(tmp_path: Path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    with pytest.raises(InputError, match="leads to itself"):
        read_all(loop)


def test_a_file_without_permission_is_refused(tmp_path: Path) -> None:
    secret = tmp_path / "secret.jpg"
    secret.write_bytes(b"x")
    secret.chmod(0)
    for directory in (tmp_path, *tmp_path.parents):
        if directory.stat().st_uid == os.getuid() and directory != Path("/"):
            directory.chmod(directory.stat().st_mode | 0o111)
    script = (
        "import os, sys\n"
        "from kzlabel.errors import InputError\n"
        "from kzlabel.sources import opened\n"
        "os.getuid() == 0 and os.setuid(65534)\n"
        "try:\n"
        "    opened(sys.argv[1]).__enter__()\n"
        "except InputError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(secret)], capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"no permission to read {secret}")


def test_a_name_that_is_not_utf8_can_be_shown() -> None:
    assert display_name(os.fsdecode(b"caf\xe9.jpg")) == "caf\\xe9.jpg"
    assert display_name("снимок.jpg") == "снимок.jpg"


def test_looking_ahead_keeps_order_and_stumbles_over_nothing(tmp_path: Path) -> None:
    paths = []
    for number in range(50):
        paths.append(tmp_path / f"{number}")
        paths[-1].write_bytes(bytes(number))
    os.mkfifo(tmp_path / "pipe")
    odd = [tmp_path, tmp_path / "missing", tmp_path / "pipe", Path("nul\0"), Path("-")]
    assert list(look_ahead(paths + odd, depth=7)) == paths + odd
    assert list(look_ahead([])) == []


def test_looking_ahead_asks_for_no_more_than_its_depth(tmp_path: Path) -> None:
    asked: list[int] = []

    def counting() -> Iterator[Path]:
        for number in range(20):
            asked.append(number)
            yield tmp_path / str(number)

    walk = look_ahead(counting(), depth=3)
    next(walk)
    assert len(asked) == 4
