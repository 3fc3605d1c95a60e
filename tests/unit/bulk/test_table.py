"""Tables of files to label: what is read, and what is refused before anything is written."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kzlabel.bulk import Column, Orders, Places, Table
from kzlabel.errors import InputError, KzlabelError

COLUMNS = {
    "level": Column(("level",)),
    "system": Column(("system", "name"), versioned=True),
    "operator-bin": Column(("operator", "bin")),
    "simulates": Column(("simulates",), many=True),
    "no-training": Column(("training",), constant={"cawg.data_mining": {"use": "notAllowed"}}),
}
LABEL: Mapping[str, Any] = {"level": "ai-generated", "system": {"name": "Painter"}}


def table(tmp_path: Path, content: str | bytes, defaults: Mapping[str, Any] = LABEL) -> Table:
    path = tmp_path / "table.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return Table(path, defaults, COLUMNS)


def orders(tmp_path: Path, content: str | bytes, **places: Any) -> Orders:
    return Orders(table(tmp_path, content), Places(**(places or {"directory": tmp_path / "out"})))


def test_cells_fill_the_label_over_what_is_said_of_all(tmp_path: Path) -> None:
    content = (
        "Path,level,system,operator_bin,simulates,no-training,operator.name,human_contribution.steps\n"
        'a.jpg,ai-assisted,Composer/3,990840000013,"event; person-voice",yes,"Example, LLP",editing;selecting\n'
        "\n"
        "b.jpg,,,,,no,,\n"
    )
    first, second = table(tmp_path, content, {**LABEL, "regimes": ["kz"]}).rows()
    assert (first.number, first.line, first.path) == (1, 2, "a.jpg")
    assert first.template == {
        "level": "ai-assisted",
        "system": {"name": "Composer", "version": "3"},
        "operator": {"bin": "990840000013", "name": "Example, LLP"},
        "simulates": ["event", "person-voice"],
        "training": {"cawg.data_mining": {"use": "notAllowed"}},
        "human_contribution": {"steps": ["editing", "selecting"]},
        "regimes": ["kz"],
    }
    assert (second.number, second.line, second.template) == (2, 4, {**LABEL, "regimes": ["kz"]})
    assert LABEL == {"level": "ai-generated", "system": {"name": "Painter"}}


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_tables_of_all_programs_are_read(separator: str, start: bytes, end: str, tmp_path: Path) -> None:
    lines = [("path", "level"), ("фото 1.jpg", "ai-assisted"), ("b.jpg", "")]
    content = start + "".join(separator.join(line) + end for line in lines).encode()
    rows = list(table(tmp_path, content).rows())
    assert [row.path for row in rows] == ["фото 1.jpg", "b.jpg"]
    assert [row.template["level"] for row in rows] == ["ai-assisted", "ai-generated"]


def test_names_that_are_no_text_survive(tmp_path: Path) -> None:
    (order,) = orders(tmp_path, b"path\n\xff\xfe.jpg\n", in_place=True)
    assert order.name == b"\xff\xfe.jpg"


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ("", "empty"),
        ("\n\n", "empty"),
        ("level\nai-generated\n", "no column path"),
        ("path,colour\na,b\n", "'colour', which fills nothing"),
        ("path,path\na,b\n", "twice"),
        ("path,operator.bin,operator-bin\na,b,c\n", "twice"),
        ("path,level\na\n", "line 2: 1 cells under a header of 2"),
        ("path\na,b\n", "2 cells"),
        ('path\n"a\n', "line"),
        ('path\n"a"b\n', "line 2"),
        ("path,level\n,ai-generated\n", "path is empty"),
        ("path\na\0b\n", "no path"),
        ("path,no-training\na,perhaps\n", "neither yes nor no"),
        ("path,system\na,\udcff\n".encode(errors="surrogateescape"), "UTF-8"),
        ("path\na\n".encode("utf-16"), "UTF-8"),
        ("path\nа.jpg\n".encode("utf-16-be"), "UTF-8"),
        (",".join(["path", *(f"c{number}" for number in range(2000))]), "columns"),
        ("path\n" + "a" * 2_000_000, "line 2"),
    ],
)
def test_tables_that_make_no_sense_are_refused(content: str | bytes, word: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=word) as refused:
        list(table(tmp_path, content).rows())
    assert refused.value.remedy


def test_a_table_that_is_none_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing.csv"):
        with pytest.raises(InputError, match="can't be read"):
            Table(path, LABEL, COLUMNS)
    os.mkfifo(tmp_path / "pipe")
    writer = os.open(tmp_path / "pipe", os.O_RDWR)
    with pytest.raises(InputError, match="twice"):
        Table(tmp_path / "pipe", LABEL, COLUMNS)
    os.close(writer)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_table_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    folder = tmp_path_factory.mktemp("table")
    for content in (data, b"path,level,simulates\n" + data):
        try:
            found = orders(folder, content)
            found.check()
            assert len({order.destination for order in found}) == len(list(found))
        except KzlabelError as error:
            assert error.message


def test_files_go_where_the_table_or_the_options_say(tmp_path: Path) -> None:
    out = tmp_path / "out"
    content = "path,output\na/b.jpg,\n/elsewhere/c.jpg,\n../d.jpg,\nx.jpg,deep/y.jpg\n"
    made = [os.fsdecode(order.destination) for order in orders(tmp_path, content)]
    assert made == [str(out / name) for name in ("a/b.jpg", "c.jpg", "d.jpg", "deep/y.jpg")]
    plain = "path\na/b.jpg\n"
    assert [order.destination for order in orders(tmp_path, plain, in_place=True)] == [b"a/b.jpg"]
    assert [order.destination for order in orders(tmp_path, plain, sidecar=True)] == [b"a/b.jpg.c2pa"]
    (beside,) = orders(tmp_path, plain, sidecar=True, directory=out)
    assert os.fsdecode(beside.destination) == f"{out}/a/b.jpg.c2pa"
    (named,) = orders(tmp_path, "path,output\na,../b\n", sidecar=False)
    assert named.destination == b"../b"


@pytest.mark.parametrize(
    ("content", "places", "word"),
    [
        ("path\na\n", {"sidecar": False}, "not clear"),
        ("path,output\na,b\n", {"in_place": True}, "in its place"),
        ("path,output\na,../b\n", {}, "leads out"),
        ("path,output\na,/b\n", {}, "leads out"),
        ("path\na/x\n/b/x\n../x\n", {}, "another row"),
        ("path\nx\n./x\n", {}, "another row"),
        ("path,output\na,b\nb,c\n", {"sidecar": False}, "reads"),
        ("path,level\na,ai-genrated\n", {}, "line 2: level"),
        ("path,operator.bn\na,1\n", {}, "no field 'bn'"),
        ("path,content_id\na,not one\n", {}, "UUID"),
        (
            "path,content_id\n" + "".join(f"{name},0199e2a0-7c3a-7d11-8a51-3f9b0c6f2e10\n" for name in "ab"),
            {},
            "same",
        ),
    ],
)
def test_rows_are_checked_before_anything_is_written(
    content: str, places: dict[str, Any], word: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=word):
        orders(tmp_path, content, **places).check()


def test_many_mistakes_are_counted(tmp_path: Path) -> None:
    content = "path,level\n" + "".join(f"{number},wrong\n" for number in range(50))
    with pytest.raises(InputError, match=r"line 2: .*line 21: .*and 30 more"):
        orders(tmp_path, content).check()


def test_orders_are_known_again(tmp_path: Path) -> None:
    first = list(orders(tmp_path, "path,level,system\na,ai-assisted,P\nb,,\n"))
    again = list(orders(tmp_path, "path,system,level\nb,,\na,P,ai-assisted\n"))
    other = list(orders(tmp_path, "path,level,system\na,ai-generated,P\n"))
    assert [one.identity for one in first] == [again[1].identity, again[0].identity]
    assert [one.number for one in again] == [1, 2]
    assert other[0].identity != first[0].identity
