"""Parts of a scan without a cluster: how listings are cut, what directories are refused, what a death leads to."""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet
import pytest

import kzlabel
from kzlabel.errors import InputError, OutputError
from kzlabel.regimes import regime
from kzlabel.scanning import Item, Settings, Trouble
from kzlabel.scanning.jobs import Job, after_death, join
from kzlabel.scanning.outputs import batch_of, write_output
from kzlabel.scanning.parts import Directory, Part, Plan, cut, read_rows, read_tally, write_rows
from kzlabel.scanning.record import Record
from kzlabel.scanning.remote import Late, late_note, work
from kzlabel.trust import Trust
from kzlabel.version import __version__
from tests.unit.scanning.archive import rows_of

NOBODY = Settings(trust=Trust.none())


class Given:
    """A listing that is given."""

    def __init__(self, *items: Item | Trouble) -> None:
        self.given = items

    def items(self) -> Iterator[Item | Trouble]:
        yield from self.given


def item(number: int, size: int = 1) -> Item:
    return Item(f"/in/{number:04}".encode(), size, 5, b"v")


def some(count: int) -> tuple[Item, ...]:
    return tuple(item(number) for number in range(count))


def row(path: str) -> Record:
    return Record(path=path, status="unlabelled")


def test_a_listing_is_cut_by_count_and_by_bytes_and_keeps_its_order() -> None:
    left_out: Counter[str] = Counter()
    listed = (
        item(1),
        Trouble(b"link", "a symbolic link", False),
        Trouble(b"bad", "denied", True),
        item(2),
        item(3),
    )
    parts = list(cut(Given(*listed), 2, left_out))
    assert [[one.name for one in part.items] for part in parts] == [
        [b"/in/0001", b"bad"],
        [b"/in/0002", b"/in/0003"],
    ]
    assert left_out == {"a symbolic link": 1}
    heavy = list(cut(Given(item(1, 1 << 30), item(2), item(3, 1 << 29), item(4, 1 << 29), item(5)), 500, left_out))
    assert [len(part.items) for part in heavy] == [1, 3, 1]
    assert list(cut(Given(), 500, left_out)) == []


def test_a_part_s_name_tells_its_items_apart() -> None:
    names = {
        Part(0, (item(1),)).name,
        Part(1, (item(1),)).name,
        Part(0, (item(1, 2),)).name,
        Part(0, (item(1), item(2))).name,
        Part(0, (msgspec.structs.replace(item(1), modified=6),)).name,
        Part(0, (msgspec.structs.replace(item(1), version=b"w"),)).name,
        Part(0, (Trouble(b"/in/0001", "denied", True),)).name,
    }
    assert len(names) == 7
    assert Part(0, (item(1),)).name == Part(0, (item(1),)).name


def test_rows_are_read_as_they_were_written_and_a_part_that_is_cut_off_is_none(tmp_path: Path) -> None:
    told = Record(path="a", status="invalid", ai="generated", codes=("x", "y"), size=7, seconds=0.5, lacks=("z",))
    path = tmp_path / "part-000000000-x.parquet"
    tally = write_rows(path, [batch_of([told, row("b")])], 2, 9)
    assert list(read_rows(path)) == [told, row("b")]
    assert read_tally(path) == tally
    assert (tally.statuses, tally.ai) == ({"invalid": 1, "unlabelled": 1}, {"generated": 1, "unknown": 1})
    assert (tally.rows, tally.size, tally.lacking) == (2, 9, 1)
    write_output(read_rows(path), tmp_path / "rows.jsonl", replace=False)
    assert rows_of(tmp_path / "rows.jsonl")[1] == {"path": "b", "status": "unlabelled"}
    data = path.read_bytes()
    for length in (0, 3, len(data) // 2, len(data) - 1):
        path.write_bytes(data[:length])
        assert read_tally(path) is None
    with pytest.raises(OutputError, match="resume"):
        list(read_rows(path))
    pyarrow.parquet.write_table(pyarrow.table({"other": [1]}), path)
    assert read_tally(path) is None


def test_an_output_that_breaks_off_is_not_there(tmp_path: Path) -> None:
    def rows() -> Iterator[Record]:
        yield row("a")
        raise OutputError("a part is gone")

    for name in ("rows.jsonl", "rows.csv", "rows.parquet"):
        (tmp_path / name).write_text("precious")
        with pytest.raises(OutputError, match="gone"):
            write_output(rows(), tmp_path / name, replace=True)
        assert (tmp_path / name).read_text() == "precious"
    assert len(list(tmp_path.iterdir())) == 3


def open_directory(path: Path, plan: Plan, *, resume: bool = False, replace: bool = False) -> None:
    Directory(path, plan, resume=resume, replace=replace).close()


def test_a_directory_is_of_one_scan(tmp_path: Path, trust: Trust) -> None:
    path = tmp_path / "parts"
    plan = Plan.of(NOBODY, (b"in",), 500)
    open_directory(path, plan)
    open_directory(path, plan)
    (path / "part-000000000-x.parquet").write_bytes(b"rows")
    (path / "notes.txt").write_text("precious")
    with pytest.raises(OutputError, match="--resume"):
        open_directory(path, plan)
    open_directory(path, plan, resume=True)
    for settings, roots, batch, word in (
        (Settings(trust=trust), (b"in",), 500, "trust"),
        (Settings(trust=Trust.none(), regimes=(regime("kz"),)), (b"in",), 500, "regimes"),
        (Settings(trust=Trust.none(), members=True), (b"in",), 500, "policy"),
        (NOBODY, (b"other",), 500, "roots"),
        (NOBODY, (b"in",), 501, "batch"),
    ):
        with pytest.raises(InputError, match=word):
            open_directory(path, Plan.of(settings, roots, batch), resume=True)
    with pytest.raises(InputError, match="kzlabel"):
        open_directory(path, msgspec.structs.replace(plan, kzlabel="0.0.1"), resume=True)
    assert list(path.glob("part-*"))
    open_directory(path, Plan.of(NOBODY, (b"other",), 500), replace=True)
    assert not list(path.glob("part-*"))
    assert (path / "notes.txt").read_text() == "precious"


def test_a_directory_is_for_one_scan_at_a_time_and_a_damaged_plan_is_refused(tmp_path: Path) -> None:
    plan = Plan.of(NOBODY, (b"in",), 500)
    held = Directory(tmp_path, plan, resume=False, replace=False)
    with pytest.raises(OutputError, match="another scan"):
        open_directory(tmp_path, plan, resume=True)
    held.close()
    for damaged in (b"", b"[]", b"{}", b'{"kzlabel": 1}', b"\xff"):
        (tmp_path / "_scan.json").write_bytes(damaged)
        with pytest.raises(InputError, match="can't be read"):
            open_directory(tmp_path, plan, resume=True)
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        open_directory(tmp_path / "file", plan)


def test_what_a_killed_scan_left_is_swept_and_a_former_listing_s_parts_go(tmp_path: Path) -> None:
    plan = Plan.of(NOBODY, (b"in",), 500)
    open_directory(tmp_path, plan)
    (tmp_path / "_pieces").mkdir()
    for name in (
        ".kzlabel-1-x.tmp",
        "_pieces/late-x.json",
        "_pieces/piece-x.parquet",
        "part-1.parquet",
        "part-2.parquet",
    ):
        (tmp_path / name).write_bytes(b"")
    directory = Directory(tmp_path, plan, resume=True, replace=False)
    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {"_scan.json", "_lock", "_pieces/piece-x.parquet", "part-1.parquet", "part-2.parquet"}
    directory.finish({"part-2.parquet"}, b"{}")
    directory.close()
    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")}
    assert left == {"_scan.json", "_summary.json", "_lock", "part-2.parquet"}


@pytest.mark.parametrize("count", [1, 2, 3, 7, 64])
@pytest.mark.parametrize("poisoned", [(), (0,), (-1,), (0, 1), (0, -1)])
def test_a_part_that_kills_is_cut_until_the_file_is_found(
    count: int, poisoned: tuple[int, ...], tmp_path: Path
) -> None:
    """Stand in for the workers: one dies whenever its items have a poisoned one among them."""
    items = some(count)
    deadly = {items[at].name for at in poisoned if -count <= at < count}
    part = Part(3, items)
    waiting = [Job(part, 0, items, tmp_path / part.name)]
    deaths = 0
    while waiting:
        job = waiting.pop()
        if deadly & {one.name for one in job.items}:
            deaths += 1
            waiting += after_death(job, "it was ended", tmp_path)
            continue
        write_rows(job.path, [batch_of([row(os.fsdecode(one.name)) for one in job.items])], len(job.items), 0)
        if job.whole is not None:
            job.whole.done[job.start] = job.path
            job.whole.left -= 1
    path = tmp_path / part.name
    if job.whole is not None:
        assert job.whole.left == 0
        tally = join(job.whole, path)
        assert (tally.files, tally.rows) == (count, count)
    found = list(read_rows(path))
    assert [one.path for one in found] == [os.fsdecode(one.name) for one in items]
    assert {os.fsencode(one.path) for one in found if one.status == "error"} == deadly
    assert all("worker died: it was ended" in one.explanation for one in found if one.status == "error")
    assert [one.name for one in tmp_path.iterdir()] == [part.name]
    assert deaths <= len(deadly) * 12


def test_a_file_that_was_noted_as_late_is_given_up_at_once(tmp_path: Path) -> None:
    items = some(5)
    job = Job(Part(0, items), 0, items, tmp_path / "part-0.parquet")
    late_note(job.path).parent.mkdir()
    late_note(job.path).write_bytes(msgspec.json.encode(Late(2, 61.2)))
    rest = after_death(job, "it was ended", tmp_path / "_pieces")
    assert [one.items for one in rest] == [items[:2], items[3:]]
    assert job.whole is not None
    lost = job.whole.done[2]
    assert isinstance(lost, Record)
    assert lost.explanation == "it took longer than 61 seconds"
    assert not late_note(job.path).exists()


def test_notes_that_make_no_sense_accuse_nobody(tmp_path: Path) -> None:
    items = some(5)
    for note in (b"", b"[]", msgspec.json.encode(Late(5, 1.0)), b'{"at": -1}'):
        job = Job(Part(0, items), 0, items, tmp_path / "part-0.parquet")
        late_note(job.path).parent.mkdir(exist_ok=True)
        late_note(job.path).write_bytes(note)
        assert after_death(job, "it was ended", tmp_path / "_pieces") == [job]
        assert job.whole is None


def test_a_worker_writes_a_part_once_and_refuses_another_version(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    listed: list[Item | Trouble] = [
        Item(os.fsencode(tmp_path / "file"), 1, 0, b""),
        Trouble(b"locked", "permission denied", True),
    ]
    path = tmp_path / "part-0.parquet"
    tally = work(listed, NOBODY, path, 60.0, __version__)
    assert (tally.files, tally.rows) == (1, 2)
    assert [one.status for one in read_rows(path)] == ["unsupported", "error"]
    written = path.stat().st_mtime_ns
    assert work(listed, NOBODY, path, 60.0, __version__) == tally
    assert path.stat().st_mtime_ns == written
    with pytest.raises(InputError, match="install"):
        work(listed, NOBODY, path, 60.0, "0.0.1")
    with pytest.raises(InputError, match="share"):
        work(listed, NOBODY, tmp_path / "missing" / "part-0.parquet", 60.0, __version__)


def test_a_call_that_makes_no_sense_is_refused(tmp_path: Path) -> None:
    calls: tuple[dict[str, Any], ...] = (
        {"cluster": "ray"},
        {"cluster": "spark", "parts": tmp_path},
        {"cluster": "ray", "parts": tmp_path, "state": tmp_path / "state"},
        {"cluster": "ray", "parts": tmp_path, "batch": 0},
    )
    for how in calls:
        with pytest.raises(InputError, match="cluster"):
            kzlabel.scan(tmp_path, **how)
