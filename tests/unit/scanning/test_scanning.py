"""A scan's rows, its memory of former scans, and its outputs."""

import csv
import io
import json
import os
import sqlite3
import tarfile
import zipfile
from pathlib import Path

import msgspec
import pyarrow.parquet
import pytest

import kzlabel
from kzlabel.errors import InputError, OutputError
from kzlabel.limits import Limits
from kzlabel.markers import rules as marker_rules
from kzlabel.regimes import regime
from kzlabel.scanning import Judge, Options, Record, Scan, Settings, Tree, engine
from kzlabel.scanning.engine import policy_of
from kzlabel.scanning.outputs import COLUMNS, schema
from kzlabel.scanning.partition import scan_partition
from kzlabel.signing import Labeler
from kzlabel.trust import Revocations, Trust
from kzlabel.verifying import Engine, Verifier
from tests.conftest import CORPORA
from tests.unit.scanning.archive import LABEL, fill, rows_of, statuses


def rows(*roots: Path, trust: Trust, **how: object) -> dict[str, Record]:
    found = list(kzlabel.scan(*roots, trust=trust, workers=2, **how))  # type: ignore[arg-type]
    assert len({row.path for row in found}) == len(found)
    return {row.path: row for row in found}


def test_every_file_gets_its_row(tmp_path: Path, samples: dict[str, Path], labeler: Labeler, trust: Trust) -> None:
    expected = fill(tmp_path / "in", samples, labeler)
    out = tmp_path / "rows.jsonl"
    found = rows(tmp_path / "in", trust=trust, out=out)
    assert {path: row.status for path, row in found.items()} == expected
    assert statuses(rows_of(out)) == expected
    labelled = next(row for row in found.values() if row.path.endswith("labelled.jpg"))
    assert (labelled.ai, labelled.system, labelled.content_id) == ("generated", "Painter 2", LABEL.content_id)
    broken = next(row for row in found.values() if row.path.endswith("broken.jpg"))
    assert "assertion.dataHash.mismatch" in broken.codes
    assert "hash" in broken.explanation


def test_a_scan_agrees_with_verify_file_by_file(trust: Trust) -> None:
    if not CORPORA.is_dir():
        pytest.skip("the third-party files are not here")
    found = rows(CORPORA, trust=trust)
    verifier = Verifier(trust=trust)
    assert len(found) > 300
    for path, row in found.items():
        verdict = verifier.verify(path)
        assert (row.status, row.ai) == (verdict.status.value, verdict.ai.value), path


def test_what_is_as_it_was_is_not_read_again(
    tmp_path: Path, samples: dict[str, Path], labeler: Labeler, trust: Trust
) -> None:
    expected = fill(tmp_path / "in", samples, labeler)
    state = tmp_path / "state"
    first = rows(tmp_path / "in", trust=trust, state=state)
    assert {row.change for row in first.values()} == {"new"}
    plain, changed, gone = (Path(path) for path in sorted(expected) if path.endswith(("plain.jpg",)))
    about = plain.stat()
    data = bytearray(plain.read_bytes())
    data[:4] = b"????"  # nobody who looks at size and time alone sees it
    plain.write_bytes(data)
    os.utime(plain, ns=(about.st_atime_ns, about.st_mtime_ns))
    changed.write_bytes(labeler.label(changed.read_bytes(), LABEL))
    gone.unlink()
    added = tmp_path / "in" / "new.jpg"
    added.write_bytes(samples["jpeg"].read_bytes())
    second = rows(tmp_path / "in", trust=trust, state=state)
    assert second[str(plain)].change == "same"
    assert second[str(plain)].status == "unlabelled"
    assert (second[str(changed)].change, second[str(changed)].status) == ("changed", "trusted")
    assert second[str(gone)].change == "vanished"
    assert second[str(added)].change == "new"
    assert sum(row.change == "same" for row in second.values()) == len(expected) - 2
    third = rows(tmp_path / "in", trust=trust, state=state)
    assert {row.change for row in third.values()} == {"same"}


def test_another_trust_judges_anew_without_hashing_again(
    tmp_path: Path, samples: dict[str, Path], labeler: Labeler, trust: Trust
) -> None:
    fill(tmp_path / "in", samples, labeler, copies=1)
    state = tmp_path / "state"
    first = rows(tmp_path / "in", trust=trust, state=state)
    path = next(Path(path) for path in first if path.endswith("labelled.jpg"))
    about = path.stat()
    data = bytearray(path.read_bytes())
    data[-3] ^= 1  # would be found by whoever hashed it
    path.write_bytes(data)
    os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))
    second = rows(tmp_path / "in", trust=Trust.none(), state=state)
    assert (second[str(path)].status, second[str(path)].change) == ("valid", "changed")
    assert second[str(path.with_name("broken.jpg"))].status == "invalid"
    back = rows(tmp_path / "in", trust=trust, state=state)
    assert back[str(path)].status == "trusted"


def test_a_complete_scan_of_one_folder_forgets_nothing_of_another(tmp_path: Path, trust: Trust) -> None:
    for name in ("one", "one2"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_bytes(b"x")
    state = tmp_path / "state"
    rows(tmp_path / "one", tmp_path / "one2", trust=trust, state=state)
    assert set(rows(tmp_path / "one", trust=trust, state=state)) == {str(tmp_path / "one" / "file")}
    assert rows(tmp_path / "one2", trust=trust, state=state)[str(tmp_path / "one2" / "file")].change == "same"


def test_a_scan_that_was_left_is_gone_on_with(
    tmp_path: Path, samples: dict[str, Path], labeler: Labeler, trust: Trust
) -> None:
    expected = fill(tmp_path / "in", samples, labeler, copies=8)
    for suffix in ("jsonl", "csv", "parquet"):
        state, out = tmp_path / f"{suffix}.state", tmp_path / f"rows.{suffix}"
        begun = kzlabel.scan(tmp_path / "in", trust=trust, state=state, out=out, workers=1)
        for _ in range(5):
            next(begun)
        begun.close()  # type: ignore[attr-defined]
        list(kzlabel.scan(tmp_path / "in", trust=trust, state=state, out=out, resume=True))
        assert read(out) == expected


def read(out: Path) -> dict[str, str]:
    if out.suffix == ".jsonl":
        return statuses(rows_of(out))
    if out.suffix == ".csv":
        with out.open(newline="") as file:
            return statuses(list(csv.DictReader(file)))
    return statuses(pyarrow.parquet.read_table(out).to_pylist())


def test_another_scan_is_not_gone_on_with(tmp_path: Path, trust: Trust) -> None:
    (tmp_path / "in").mkdir()
    for number in range(3):
        (tmp_path / "in" / f"{number}").write_bytes(b"x")
    state = tmp_path / "state"
    begun = kzlabel.scan(tmp_path / "in", trust=trust, state=state, out=tmp_path / "a.jsonl")
    next(begun)
    begun.close()  # type: ignore[attr-defined]
    with pytest.raises(InputError, match="resume"):
        list(kzlabel.scan(tmp_path, trust=trust, state=state, resume=True))


def test_outputs_are_tables_of_the_same_columns(
    tmp_path: Path, samples: dict[str, Path], labeler: Labeler, trust: Trust
) -> None:
    folder = tmp_path / "in"
    expected = fill(folder, samples, labeler, copies=1)
    odd = folder / '=cmd|\' \n,"quoted".jpg'
    odd.write_bytes(b"")
    raw = os.fsencode(folder) + b"/\xff\\name"
    Path(os.fsdecode(raw)).write_bytes(b"")
    shown = os.fsdecode(os.fsencode(folder)) + "/\\xff\\\\name"
    expected |= {str(odd): "unsupported", shown: "unsupported"}
    for suffix in ("jsonl", "csv", "parquet"):
        out = tmp_path / f"rows.{suffix}"
        rows(folder, trust=trust, out=out)
        assert read(out) == expected, suffix
    table = pyarrow.parquet.read_table(tmp_path / "rows.parquet")
    assert table.schema.equals(schema())
    with (tmp_path / "rows.csv").open(newline="") as file:
        assert tuple(next(csv.reader(file))) == COLUMNS
    assert next(row for row in rows_of(tmp_path / "rows.jsonl") if row["path"] == shown)["escaped"] is True


def test_a_cell_is_no_formula(tmp_path: Path, trust: Trust, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("=1+1").write_bytes(b"")
    list(kzlabel.scan("=1+1", trust=trust, out="rows.csv"))
    with Path("rows.csv").open(newline="") as file:
        assert [row["path"] for row in csv.DictReader(file)] == ["'=1+1"]


def test_outputs_that_can_t_be_are_refused(tmp_path: Path, trust: Trust) -> None:
    (tmp_path / "there.csv").write_text("precious")
    (tmp_path / "state").write_text("no database, but a text that is precious, too")
    for how in ({"out": "rows.txt"}, {"out": "missing/rows.csv"}, {"out": "there.csv"}, {"state": "state"}):
        arguments = {key: tmp_path / value for key, value in how.items()}
        with pytest.raises(OutputError) as caught:
            list(kzlabel.scan(tmp_path, trust=trust, **arguments))  # type: ignore[arg-type]
        assert str(caught.value)
    assert (tmp_path / "there.csv").read_text() == "precious"
    with pytest.raises(InputError):
        kzlabel.scan(trust=trust)


def test_two_scans_do_not_share_a_state(tmp_path: Path, trust: Trust) -> None:
    (tmp_path / "file").write_bytes(b"x")
    state = tmp_path / "state"
    first = kzlabel.scan(tmp_path / "file", trust=trust, state=state)
    next(first)
    with pytest.raises(OutputError, match="state"):
        next(kzlabel.scan(tmp_path / "file", trust=trust, state=state))
    first.close()  # type: ignore[attr-defined]


def test_members_of_archives_have_rows(
    tmp_path: Path, samples: dict[str, Path], labeler: Labeler, trust: Trust
) -> None:
    photo = samples["jpeg"].read_bytes()
    labelled = labeler.label(photo, LABEL)
    folder = tmp_path / "in"
    folder.mkdir()
    with zipfile.ZipFile(folder / "a.zip", "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("x/labelled.jpg", labelled)
        made.writestr("../../escape.jpg", photo)
        made.writestr("dir/", b"")
    with tarfile.open(folder / "b.tar.gz", "w:gz") as tar:
        for name, data in (("labelled.jpg", labelled), ("plain.jpg", photo)):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    (folder / "cut.zip").write_bytes((folder / "a.zip").read_bytes()[:-40])
    (folder / "cut.tar.gz").write_bytes((folder / "b.tar.gz").read_bytes()[:200])
    assert len(list(kzlabel.scan(folder, trust=trust))) == 4
    found = list(kzlabel.scan(folder, trust=trust, members=True))
    named = {row.path.removeprefix(f"{folder}/"): row.status for row in found if "!/" in row.path}
    assert named == {
        "a.zip!/x/labelled.jpg": "trusted",
        "a.zip!/../../escape.jpg": "unlabelled",
        "b.tar.gz!/labelled.jpg": "trusted",
        "b.tar.gz!/plain.jpg": "unlabelled",
        "cut.tar.gz!/labelled.jpg": "error",
    }
    assert not (tmp_path / "escape.jpg").exists()


def test_a_member_that_swells_is_an_error(tmp_path: Path, trust: Trust, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kzlabel.scanning.members._LARGEST", 10_000)
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("zeros.jpg", bytes(100_000))
        made.writestr("small.jpg", b"x")
    judge = Judge(Settings(trust=trust, members=True))
    (item,) = Tree(roots=(os.fsencode(tmp_path / "bomb.zip"),)).items()
    found = {row.path.rpartition("/")[2]: row for row in judge.judge(item)}  # type: ignore[arg-type]
    assert found["zeros.jpg"].status == "error"
    assert "large" in found["zeros.jpg"].explanation
    assert found["small.jpg"].status == "unsupported"


def test_files_are_held_against_laws(
    tmp_path: Path, samples: dict[str, Path], labeler: Labeler, trust: Trust
) -> None:
    fill(tmp_path / "in", samples, labeler, copies=1)
    found = rows(tmp_path / "in", trust=trust, regimes=["kz"])
    lacking = {Path(path).name for path, row in found.items() if row.lacks}
    assert "plain.jpg" in lacking
    assert all(name.startswith("kz-") for row in found.values() for name in row.lacks)


def test_a_partition_is_a_table(tmp_path: Path, samples: dict[str, Path], labeler: Labeler, trust: Trust) -> None:
    expected = fill(tmp_path / "in", samples, labeler, copies=1)
    batch = scan_partition([*expected, tmp_path / "missing"], Settings(trust=trust))
    assert batch.schema.equals(schema())
    found = statuses(batch.to_pylist())
    assert found == expected | {str(tmp_path / "missing"): "error"}


def test_a_state_is_a_database_that_others_can_read(
    tmp_path: Path, samples: dict[str, Path], labeler: Labeler, trust: Trust
) -> None:
    expected = fill(tmp_path / "in", samples, labeler, copies=1)
    rows(tmp_path / "in", trust=trust, state=tmp_path / "state")
    with sqlite3.connect(tmp_path / "state") as base:
        assert base.execute("select count(*) from files").fetchone()[0] == len(expected)
        assert base.execute("select finished from runs").fetchall() == [(1,)]


def test_the_summary_counts(tmp_path: Path, samples: dict[str, Path], labeler: Labeler, trust: Trust) -> None:
    expected = fill(tmp_path / "in", samples, labeler, copies=2)
    first = next(iter(expected))
    os.link(first, tmp_path / "in" / "again")
    (tmp_path / "in" / "link").symlink_to(first)
    root = (os.fsencode(tmp_path / "in"),)
    scan = Scan(Tree(roots=root), Settings(trust=trust), Options(workers=1), root)
    found = list(scan.run())
    summary = scan.summary
    assert (summary.files, summary.rows, summary.hard_links) == (13, len(found), 1)
    assert summary.left_out == {"a symbolic link": 1}
    assert sum(summary.statuses.values()) == 13
    assert summary.complete
    assert json.loads(json.dumps(summary.statuses))


def test_whatever_a_judgement_depends_on_is_part_of_what_is_remembered(
    trust: Trust, monkeypatch: pytest.MonkeyPatch
) -> None:
    law = regime("kz")
    fewer = msgspec.structs.replace(law, requirements=law.requirements[1:])
    settings = Settings(trust=trust)
    policies = {
        policy_of(msgspec.structs.replace(settings, **change))
        for change in (
            {},
            {"trust": Trust.none()},
            {"engine": Engine.REFERENCE},
            {"online": True},
            {"sidecars": False},
            {"members": True},
            {"limits": Limits(depth=31)},
            {"regimes": (law,)},
            {"regimes": (fewer,)},
            {"revocations": Revocations(lists=(b"one",))},
            {"policies": ("trusted = true",)},
        )
    }
    monkeypatch.setattr(engine, "load", lambda: msgspec.structs.replace(marker_rules.load(), version="another"))
    assert len({*policies, policy_of(settings)}) == 12


def test_labels_are_held_against_a_policy_and_other_files_are_not(
    tmp_path: Path, samples: dict[str, Path], labeler: Labeler, trust: Trust
) -> None:
    expected = fill(tmp_path / "in", samples, labeler, copies=1)
    wanted = ['label-level = ["assisted"]', "time-stamped = true"]
    found = rows(tmp_path / "in", trust=trust, policies=wanted)
    for path, status in expected.items():
        assert len(found[path].lacks) == (2 if status == "trusted" else len(found[path].lacks))
        assert all(lack.startswith("policy: ") for lack in found[path].lacks)
        assert bool(found[path].lacks) is (status in ("trusted", "invalid"))
    passed = rows(tmp_path / "in", trust=trust, policies=["any-of = [{trusted = true}, {time-stamped = true}]"])
    assert not any(row.lacks for row in passed.values() if row.status == "trusted")
    with pytest.raises(kzlabel.TrustError):
        rows(tmp_path / "in", trust=trust, policies=["colour = 5"])
