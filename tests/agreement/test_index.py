"""Every third-party file: our verdict corresponds to what the reference engine's index says of it."""

import pytest

from kzlabel.status import Kind
from kzlabel.trust import Trust
from kzlabel.verifying import verify
from kzlabel.verifying.verdict import Status
from tests.conftest import CorpusFile, corpus, needs_corpora

CORRESPONDENCE = {
    "Valid": {Status.VALID},
    "Invalid": {Status.INVALID},
    "Trusted": {Status.TRUSTED},
    "-": {Status.UNLABELLED},
    # The engine was not asked, because it doesn't know the format; by content some are known formats all the same.
    "": {Status.UNSUPPORTED, Status.UNLABELLED, Status.ERROR},
    # There is a manifest, and the engine can't make sense of it.
    "ERR:_C2paVerify:Verify: invalid JUMBF header": {Status.INVALID},
    "ERR:_C2paOther:Other: unknown algorithm": {Status.INVALID},
    "ERR:_C2paOther:Other: prerelease content detected": {Status.INVALID},
    # There is none, and the container is broken.
    "ERR:_C2paOther:Other: asset could not be parsed": {Status.ERROR},
    "ERR:C2paError:Remote": {Status.REMOTE},
}
"""What the index says (or how it begins), and the statuses that this corresponds to."""


OTHERS = {"mutagen/tests/data/almostempty.mpc": {Status.UNSUPPORTED}}
"""Files that the engine was asked about as something that they are not: this one is Musepack, not MP3."""


def expected(row: CorpusFile) -> set[Status]:
    """Return the statuses that correspond to a row of the index."""
    if row.name in OTHERS:
        return OTHERS[row.name]
    if row.state in CORRESPONDENCE:
        return CORRESPONDENCE[row.state]
    return next(statuses for said, statuses in CORRESPONDENCE.items() if said and row.state.startswith(said))


@needs_corpora
@pytest.mark.parametrize("row", corpus(), ids=lambda row: row.name)
def test_the_verdict_corresponds_to_the_index(row: CorpusFile) -> None:
    verdict = verify(row.path, trust=Trust.none())
    assert verdict.status in expected(row), verdict.findings


@needs_corpora
@pytest.mark.parametrize(
    "row", [row for row in corpus() if row.state in {"Valid", "Invalid"}], ids=lambda row: row.name
)
def test_the_failure_codes_are_those_of_the_index(row: CorpusFile) -> None:
    verdict = verify(row.path, trust=Trust.none())
    active = {
        finding.code
        for finding in verdict.findings
        if finding.kind is Kind.FAILURE and not finding.ingredient and not finding.code.startswith("org.kzlabel.")
    }
    listed = {
        code
        for code in row.codes.split("|")[0].split(",")
        if code and not code.startswith(("info:", "ingredient:"))
    }
    assert active == listed


@needs_corpora
def test_the_test_roots_make_files_trusted_that_chain_to_them() -> None:
    from tests.conftest import SHARED

    trust = Trust.from_files([SHARED / "trust" / "c2pa-rs-test-roots.pem"])
    rows = [row for row in corpus() if row.state == "Valid"]
    statuses = [verify(row.path, trust=trust).status for row in rows]
    assert statuses.count(Status.TRUSTED) >= len(rows) // 2
    assert set(statuses) <= {Status.TRUSTED, Status.VALID, Status.INVALID}
