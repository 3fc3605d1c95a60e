"""A few of the many damaged files of `mutation.py`, the same ones each time."""

import pytest

from tests.agreement import mutation

SEED = 20261123
COUNT = 2_000


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
def test_no_damaged_file_is_intact_to_one_engine_only() -> None:
    tally = mutation.run(list(mutation.subjects()), SEED, count=COUNT)
    assert not tally.unsafe
    assert not tally.different
    assert tally.counts.total() == COUNT


def test_the_search_finds_an_engine_that_believes_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    from kzlabel.verifying import native, outcome

    monkeypatch.setattr(native, "state_of", lambda entries: outcome.state_of(()) and "Trusted")
    tally = mutation.run([next(mutation.subjects())], SEED, count=200)
    assert tally.unsafe
