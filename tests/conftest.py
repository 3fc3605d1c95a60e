"""What all tests share: sample files, an identity of the session's own, the third-party files."""

import csv
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from fixtures.make import make_all
from kzlabel.credentials import Signer, development
from kzlabel.labels import Label, System
from kzlabel.signing import Labeler
from kzlabel.trust import Trust, default_trust

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"
CORPORA = SHARED / "corpora"
SAMPLES = ROOT / "build" / "fixtures"


class CorpusFile(NamedTuple):
    """A row of the corpora's index: a third-party file, and what the reference engine says of it."""

    path: Path
    name: str
    format: str
    has_c2pa: str
    state: str
    codes: str


def corpus() -> list[CorpusFile]:
    """Return the rows of the index; none where the corpora are missing."""
    index = CORPORA / "INDEX.tsv"
    if not index.exists():
        return []
    with index.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter="\t"))[1:]
    return [CorpusFile(CORPORA / row[0], row[0], row[2], row[5], row[6], row[8]) for row in rows]


needs_corpora = pytest.mark.skipif(
    not CORPORA.exists(), reason="the third-party files in ../shared/corpora are missing"
)


@pytest.fixture(scope="session", autouse=True)
def config_directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep the configuration of whoever runs the tests out of them, and theirs out of his."""
    directory = tmp_path_factory.mktemp("config")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KZLABEL_CONFIG_DIR", str(directory))
        patch.setenv("KZLABEL_LANG", "en")
        for name in ("KZLABEL_KEY", "KZLABEL_CERT", "KZLABEL_KEY_PASSWORD", "KZLABEL_DEBUG"):
            patch.delenv(name, raising=False)
        yield directory


@pytest.fixture(scope="session")
def signer(config_directory: Path) -> Signer:
    """Return the session's development signer."""
    identity, _ = development.load_or_create(config_directory / "development", now=datetime.now(UTC))
    return identity.signer


@pytest.fixture(scope="session")
def trust(signer: Signer) -> Trust:
    """Return trust in the session's development authority."""
    return default_trust()


@pytest.fixture(scope="session")
def labeler(signer: Signer, trust: Trust) -> Labeler:
    """Return a labeler that signs as the session's development identity."""
    return Labeler(signer, trust=trust)


@pytest.fixture
def label() -> Label:
    """Return a simple label."""
    return Label(level="ai-generated", system=System(name="Painter", version="2.1"))


@pytest.fixture(scope="session")
def samples() -> dict[str, Path]:
    """Return real files by format name."""
    return make_all(SAMPLES)
