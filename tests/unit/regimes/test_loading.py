"""Regimes as data: what is in the folder is read, and what isn't as it should be is refused."""

import re
from datetime import date
from pathlib import Path
from typing import get_args

import pytest
from click.testing import CliRunner

import kzlabel.regimes
from kzlabel.cli.label import command as label_command
from kzlabel.errors import InputError
from kzlabel.regimes import PREDICATES, Standing, read_regime, regime, regimes
from kzlabel.regimes.predicates import Predicate

FOLDER = Path(kzlabel.regimes.__file__).parent
REGIME = """
id = "xx-law/2026-01"
name = "xx"
title = "A law"
note = "Read in a book."

[[requirements]]
id = "xx-1"
article = "1"
asks = "Something."
source = "a book"
date = 2026-01-01
since = 2026-01-01
standing = "text"
applies_to = ["image"]
predicate = { is = "marked" }
"""


def test_every_file_is_a_regime_of_its_own_name() -> None:
    assert [one.name for one in regimes()] == ["cn", "eu", "in", "kr", "kz", "us-ca"]
    for law in regimes():
        assert read_regime((FOLDER / f"{law.name}.toml").read_bytes()) == law


def test_a_regime_is_known_by_its_name_and_by_its_id() -> None:
    assert regime("kz") is regime("kz-230-viii/2026-01")
    with pytest.raises(InputError, match="use one of cn, eu, in, kr, kz, us-ca"):
        regime("../kz")


def test_ids_are_unique_across_regimes() -> None:
    ids = [one.id for law in regimes() for one in law.requirements]
    assert len(ids) == len(set(ids))
    assert len({law.id for law in regimes()}) == len(regimes())


def test_nothing_applies_before_it_was_in_force() -> None:
    starts = {"kz": date(2026, 1, 18), "cn": date(2025, 9, 1), "us-ca": date(2026, 9, 30), "in": date(2026, 2, 20),
              "kr": date(2026, 1, 22), "eu": date(2026, 8, 2)}  # fmt: skip
    for law in regimes():
        assert {one.since for one in law.requirements} == {starts[law.name]}


def test_only_what_was_read_in_the_law_is_said_to_be() -> None:
    for law in regimes():
        standings = {one.standing for one in law.requirements}
        assert (Standing.TEXT in standings) is (law.name == "kz")


def test_unsettled_requirements_are_remarks() -> None:
    unsettled = [one for law in regimes() for one in law.requirements if one.standing is Standing.UNSETTLED]
    assert unsettled
    assert all(one.remark for one in unsettled)


def test_the_fields_of_kazakhstan_s_mark_are_said_to_be_ours() -> None:
    (fields,) = [one for one in regime("kz").requirements if one.article == "22(3)"]
    assert fields.standing is Standing.UNSETTLED
    assert "our own" in fields.note
    assert "not found" in fields.note


def test_every_predicate_is_used_and_listed() -> None:
    assert set(get_args(Predicate)) == set(PREDICATES)
    used = {type(one.predicate) for law in regimes() for one in law.requirements}
    assert used == set(PREDICATES)


def test_remedies_name_options_that_exist() -> None:
    help_text = CliRunner().invoke(label_command, ["--help"]).output
    for law in regimes():
        for one in law.requirements:
            if one.remedy:
                assert one.remedy.startswith("kzlabel label ")
                assert "{file}" in one.remedy
                for option in re.findall(r"--[a-z-]+", one.remedy):
                    assert option in help_text, (one.id, option)


def test_a_regime_can_be_added_as_a_document() -> None:
    law = read_regime(REGIME)
    assert (law.id, law.requirements[0].predicate) == ("xx-law/2026-01", PREDICATES[0]())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('is = "marked"', 'is = "unheard-of"'),
        ('is = "marked"', 'is = "marked", more = 1'),
        ('is = "marked"', 'is = "label-says"'),
        ('is = "marked"', 'is = "label-says", field = "system.nme"'),
        ('is = "marked"', 'is = "label-says", field = "system.name.__class__"'),
        ('is = "marked"', 'is = "told", kinds = ["balloon"]'),
        ('standing = "text"', 'standing = "unsettled"'),
        ('standing = "text"', 'standing = "certain"'),
        ('["image"]', "[]"),
        ('["image"]', '["image", "image"]'),
        ('["image"]', '["smell"]'),
        ("since = 2026-01-01", 'since = "soon"'),
        ('id = "xx-1"', 'id = "yy-1"'),
        ('id = "xx-law/2026-01"', 'id = "xx"'),
        ('title = "A law"', 'titel = "A law"'),
        ('asks = "Something."', 'asks = ""'),
        ('source = "a book"\n', ""),
        ("[[requirements]]", "[[requirements"),
    ],
)
def test_a_document_that_is_wrong_anywhere_is_refused(old: str, new: str) -> None:
    assert old in REGIME
    with pytest.raises(InputError, match="this is no regime"):
        read_regime(REGIME.replace(old, new))


def test_two_requirements_of_one_id_are_refused() -> None:
    body = REGIME[REGIME.index("[[") :]
    with pytest.raises(InputError, match="the same id"):
        read_regime(REGIME + body)


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(InputError, match="this is no regime"):
        read_regime(b"\xff\xfe")
