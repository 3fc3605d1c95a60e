"""A scan's report: what it counts, what it escapes, what it leaves out and says so."""

import html
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kzlabel.errors import OutputError
from kzlabel.languages import LANGUAGES, Language
from kzlabel.report import totals, write_report
from kzlabel.report.charts import bars
from kzlabel.report.texts import number, texts
from kzlabel.scanning.record import Record
from tests.unit.report.rows import rows


def page_of(records: list[Record], path: Path, **how: str) -> str:
    write_report(records, path, **how)  # type: ignore[arg-type]
    return path.read_text()


def data_of(page: str) -> list[list[str]]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    data: list[list[str]] = json.loads(found[1])
    return data


class Tags(HTMLParser):
    """Collects tags and attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


def test_it_counts_what_there_is(tmp_path: Path) -> None:
    records = list(rows(2000))
    page = page_of(records, tmp_path / "report.html")
    added = totals.add_up(records)
    assert sum(added.statuses.values()) == 2000
    assert f">{added.statuses['unlabelled']:,}<" in page
    wanted = [row for row in records if row.status in ("invalid", "declared", "error")]
    assert len(data_of(page)) == len(wanted)
    assert "<b>2,000</b>" in page


def test_nothing_comes_from_elsewhere_and_no_script_but_ours_may_run(tmp_path: Path) -> None:
    page = page_of(list(rows(50)), tmp_path / "report.html")
    tags = Tags(page)
    assert not [tag for tag, about in tags.seen if {"src", "href", "style"} & set(about)]
    assert not [name for _, about in tags.seen for name in about if name.startswith("on")]
    policy = next(about["content"] for tag, about in tags.seen if tag == "meta" and "http-equiv" in about)
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy


NASTY = (
    "<script>window.hurt=1</script>.jpg",
    "</script><script>window.hurt=1</script>",
    "<!--<script>",
    "]]><img src=x onerror=window.hurt=1>",
    '"><svg onload=window.hurt=1>',
    "{{ 1234567*7 }}{% raw %}",
    "a\u202egpj.exe",
    "line\nbreak\x1b[31m\x00",
)


@pytest.mark.parametrize("name", NASTY)
def test_names_are_text(name: str, tmp_path: Path) -> None:
    plain = Tags(page_of([Record(path="/a/b", status="invalid")], tmp_path / "plain.html"))
    row = Record(
        path=f"/{name}/{name}", status="invalid", signer=name, system=name, explanation=name, codes=(name,)
    )
    page = page_of([row], tmp_path / "report.html", title=name)
    assert {tag for tag, _ in Tags(page).seen} <= {tag for tag, _ in plain.seen}
    assert name not in page.replace("{{ 1234567*7 }}{% raw %}", name) or "{" in name
    assert "8641969" not in page
    shown = data_of(page)[0][1]
    assert "\u202e" not in shown
    assert "\x1b" not in shown


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=60), st.text(max_size=20))
def test_any_text_is_a_page_with_the_same_tags(path: str, signer: str) -> None:
    made = totals.add_up([Record(path=path, status="invalid", signer=signer)])
    assert made.rows == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_all_texts(language: Language, tmp_path: Path) -> None:
    said = texts(language)
    assert all(said.values())
    if language is not Language.EN:
        same = [key for key, text in said.items() if text == texts(Language.EN)[key]]
        assert not same
    page = page_of(list(rows(100)), tmp_path / "report.html", language=language.value)
    assert f'<html lang="{language.value}">' in page
    assert said["by_status"] in page
    assert said["opinion"] in page


def test_numbers_are_grouped_as_in_the_language() -> None:
    assert number(1234567, Language.EN) == "1,234,567"
    assert number(1234567, Language.RU) == "1\u00a0234\u00a0567"


def test_many_findings_are_cut_and_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(totals, "_MOST", 10)
    page = page_of([Record(path=f"/{n}", status="invalid") for n in range(25)], tmp_path / "report.html")
    assert len(data_of(page)) == 10
    assert texts(Language.EN)["cut"] in html.unescape(page)
    assert "<small>25</small>" in page


def test_what_there_is_much_of_ends_in_others() -> None:
    added = totals.add_up([Record(path=f"/{n}/x", status="invalid", signer=f"S{n}") for n in range(40)])
    chart = bars("x", "x", added.signers, str, Language.EN, "others")
    assert chart.bars[-1].name == "others"
    assert sum(int(bar.value) for bar in chart.bars) == 40


def test_an_archive_without_findings_has_a_report(tmp_path: Path) -> None:
    page = page_of([], tmp_path / "report.html")
    assert texts(Language.EN)["none"] in page
    assert data_of(page) == []


def test_vanished_files_are_told_and_not_counted() -> None:
    added = totals.add_up([Record(path="/x", status="invalid", change="vanished")])
    assert (added.rows, added.changes["vanished"]) == (0, 1)


def test_a_report_that_can_t_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        write_report([], tmp_path / "missing" / "report.html")
