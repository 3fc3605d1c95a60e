"""What is shown while a scan goes on."""

import threading
from collections import Counter
from collections.abc import Iterator

from kzlabel.cli.scan_progress import Ahead, progress_line
from kzlabel.scanning import Item, Summary, Trouble


class Endless:
    def items(self) -> Iterator[Item | Trouble]:
        while True:
            yield Item(b"x", 1, 0, b"")


class Few:
    def __init__(self) -> None:
        self.asked = threading.Event()

    def items(self) -> Iterator[Item | Trouble]:
        yield Item(b"x", 1, 0, b"")
        yield Trouble(b"y", "a symbolic link", error=False)
        yield Item(b"z", 1, 0, b"")
        self.asked.set()


def test_files_are_counted_ahead() -> None:
    few = Few()
    with Ahead(few) as ahead:
        assert few.asked.wait(30)
        ahead._thread.join(30)
        assert (ahead.files, ahead.whole) == (2, True)


def test_counting_ends_with_the_scan() -> None:
    with Ahead(Endless()) as ahead:
        pass
    assert not ahead.whole


def test_the_rest_is_told_once_the_whole_is_known() -> None:
    done = Summary(files=3000, size=2_000_000_000, statuses=Counter(invalid=2, error=1))
    assert progress_line(done, 10, 0) == "3,000 files, 300/s, 2.0 GB, 10 s, 2 invalid, 1 errors"
    assert progress_line(done, 10, 12_000) == (
        "3,000 of 12,000 files, 300/s, 2.0 GB, 30 s left, 2 invalid, 1 errors"
    )
    assert progress_line(Summary(), 0, 12_000).startswith("0 files")
    assert ", 0 s left" in progress_line(done, 10, 2_000)
