"""Normalisation is what Unicode says, and bounded."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kzlabel.errors import LabelError, LimitError
from kzlabel.files import BytesReader
from kzlabel.formats import text as text_format
from kzlabel.labels import System
from kzlabel.limits import DEFAULT_LIMITS
from kzlabel.normal import is_normal, normalised
from kzlabel.trust import Trust
from kzlabel.verifying import Verifier
from kzlabel.verifying.verdict import Status

MARKS = "\u0301\u0323"
FLOOD = "a" + MARKS * 400_000


@given(st.text(max_size=50))
def test_it_is_the_standard_s(text: str) -> None:
    assert normalised(text) == unicodedata.normalize("NFC", text)
    assert is_normal(text) == unicodedata.is_normalized("NFC", text)


@pytest.mark.parametrize(
    "flood", [FLOOD, "\u0344" * 2000, "\U0001d16d\U0001d165" * 2000, "x\u093c" + "\u05b0\u05b1" * 900]
)
def test_a_flood_of_marks_is_a_limit(flood: str) -> None:
    for function in (normalised, is_normal):
        with pytest.raises(LimitError):
            function(flood)


@pytest.mark.parametrize("text", ["a" + "\u0301" * 1024, "e\u0301" * 100_000, "\u0431\u0306" * 5000, "각" * 5000])
def test_marks_on_letters_are_no_flood(text: str) -> None:
    assert normalised(text) == unicodedata.normalize("NFC", text)


def test_a_hidden_label_in_a_flood_is_answered_at_once() -> None:
    store = b"\x00\x00\x00\x10jumb" + bytes(8)
    hidden = text_format._written(store).decode()
    data = ("a text" + FLOOD + hidden).encode()
    assert len(text_format.locate(BytesReader(data), DEFAULT_LIMITS).carriers) == 1
    verdict = Verifier(trust=Trust.none()).verify(data)
    assert verdict.status in {Status.ERROR, Status.INVALID, Status.UNSUPPORTED}


def test_a_label_s_text_has_no_flood() -> None:
    for value in (FLOOD, "a" + MARKS * 600, "e\u0301" * 1_000_000):
        with pytest.raises(LabelError):
            System(name=value)
