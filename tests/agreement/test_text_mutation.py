"""A few of the many damaged texts of `text_mutation.py`, the same ones each time."""

import hashlib
import random
import unicodedata

import pytest

from kzlabel.files import BytesReader
from kzlabel.formats import text
from kzlabel.limits import DEFAULT_LIMITS
from kzlabel.trust import Trust
from kzlabel.verifying.binding.text_hash import check_text_hash
from kzlabel.verifying.verdict import Status
from tests.agreement import text_mutation
from tests.agreement.text_changes import CHANGES

SEED = 20261124
COUNT = 3_000


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[text_mutation.Subject], Trust]:
    return text_mutation.subjects(tmp_path_factory.mktemp("signer") / "development")


def test_no_damaged_text_is_intact_that_is_not_by_the_specification(
    labelled: tuple[list[text_mutation.Subject], Trust],
) -> None:
    chosen, trust = labelled
    tally = text_mutation.run(chosen, trust, SEED, count=COUNT)
    assert not tally.unsafe
    assert tally.counts.total() == COUNT
    for subject in chosen:
        assert tally.counts[subject.name, Status.TRUSTED.value]
        assert tally.counts[subject.name, Status.INVALID.value]


def test_every_change_changes_some_text(labelled: tuple[list[text_mutation.Subject], Trust]) -> None:
    chosen, _ = labelled
    for name, change in CHANGES.items():
        rng = random.Random(name)
        made = [change(s.data, s.start, s.end, rng) != s.data for s in chosen for _ in range(20)]
        assert any(made) == (name != "nothing"), name


def test_the_search_finds_a_verifier_that_believes_too_much(
    labelled: tuple[list[text_mutation.Subject], Trust], monkeypatch: pytest.MonkeyPatch
) -> None:
    from kzlabel.verifying.binding import data_hash, text_hash

    monkeypatch.setattr(data_hash, "same", lambda *_: True)
    monkeypatch.setattr(text_hash, "same", lambda *_: True)
    chosen, trust = labelled
    tally = text_mutation.run(chosen, trust, SEED, count=300)
    assert tally.unsafe


@pytest.mark.parametrize(
    ("before", "after"), [("cafe", "\u0301"), ("A\u030a e", "\u0301 x"), ("\u1112\u1161", "\u11ab")]
)
def test_what_meets_where_the_wrapper_was_is_composed_before_it_is_hashed(before: str, after: str) -> None:
    hidden = "\ufeff" + text.encode(b"C2PATXT\0\1\0\0\0\4abcd").decode()
    stored = (before + hidden + after).encode()
    located = text.locate(BytesReader(stored), DEFAULT_LIMITS)
    rest = unicodedata.normalize("NFC", before + after).encode()
    for form in ("NFC", None):  # where offsets count in the normalised text, and where they count in the stored one
        start = len((unicodedata.normalize("NFC", before) if form else before).encode())
        content = {
            "alg": "sha256",
            "hash": hashlib.sha256(rest).digest(),
            "exclusions": [{"start": start, "length": len(hidden.encode())}],
        }
        (finding,) = check_text_hash(
            BytesReader(stored), located, content, default_algorithm=None, uri="x", limits=DEFAULT_LIMITS
        )
        assert finding.code == "assertion.dataHash.match", (form, finding)
