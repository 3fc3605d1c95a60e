"""Every third-party file: where the native engine answers, it says what the reference engine says."""

import re
from collections import Counter
from collections.abc import Iterator

import pytest

from kzlabel.trust import Trust
from tests.agreement.comparison import Comparison, compare
from tests.conftest import SHARED, CorpusFile, corpus, needs_corpora

FORMATS = ("jpeg", "png", "wav", "mp3", "mp4", "pdf")
SHARE = 0.85
"""Of the files that have no CAWG identity assertion, which is left to the reference engine."""

IDENTITY = b"cawg.identity"

Trusts = dict[str, Trust]
Answers = dict[tuple[str, str], Comparison]


def labelled() -> list[CorpusFile]:
    return [row for row in corpus() if row.has_c2pa == "yes" and row.format != "font"]


@pytest.fixture(scope="module")
def trusts() -> Trusts:
    stores = {
        "nobody": [],
        "test roots": ["c2pa-rs-test-roots.pem"],
        "official lists": ["C2PA-TRUST-LIST.pem", "C2PA-TSA-TRUST-LIST.pem"],
    }
    return {name: Trust.from_files([SHARED / "trust" / file for file in files]) for name, files in stores.items()}


@pytest.fixture(scope="module")
def answers(trusts: Trusts) -> Answers:
    return dict(_answers(trusts))


def _answers(trusts: Trusts) -> Iterator[tuple[tuple[str, str], Comparison]]:
    for row in labelled():
        data = row.path.read_bytes()
        for name, trust in trusts.items():
            result = compare(data, trust)
            if result is not None:
                yield (row.name, name), result


@needs_corpora
@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
@pytest.mark.parametrize("row", labelled(), ids=lambda row: row.name)
def test_the_engines_agree(row: CorpusFile, answers: Answers, trusts: Trusts) -> None:
    for name in trusts:
        result = answers[row.name, name]
        assert not result.unsafe, (name, result)
        assert result.agrees, (name, result)


@needs_corpora
def test_the_native_engine_answers_where_it_can(answers: Answers, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [row for row in labelled() if row.format in FORMATS]
    abstained = {row.name: answers[row.name, "nobody"].abstained for row in rows}
    known = [row for row in rows if IDENTITY not in row.path.read_bytes()]
    with capsys.disabled():
        for line in _table(rows, known, abstained):
            print(line)  # noqa: T201 - the table is asked for
    answered = sum(not abstained[row.name] for row in known)
    assert answered >= SHARE * len(known)


def _table(rows: list[CorpusFile], known: list[CorpusFile], abstained: dict[str, str]) -> Iterator[str]:
    answered = sum(not why for why in abstained.values())
    yield ""
    yield f"native answers: {answered} of {len(rows)}, of those without CAWG identity {len(known)}"
    reasons = Counter(re.sub(r"[0-9]{3,}", "N", why) for why in abstained.values() if why)
    for why, count in reasons.most_common():
        yield f"{count:5}  {why}"
