"""A validator that shares no code with the reference engine calls our labels intact and trusted."""

from pathlib import Path

import encypher_c2pa
import pytest

from fixtures.cases import CASES
from kzlabel.labels import Label
from kzlabel.signing import Labeler
from kzlabel.trust import Trust
from kzlabel.verifying import verify


@pytest.mark.parametrize("name", [case.name for case in CASES])
def test_an_independent_validator_trusts_our_labels(
    name: str,
    samples: dict[str, Path],
    labeler: Labeler,
    label: Label,
    trust: Trust,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))  # it remembers that telemetry was declined
    first = labeler.label(samples[name].read_bytes(), label)
    for labelled in (first, labeler.label(first, label.replace(level="ai-assisted"))):
        report = encypher_c2pa.verify(
            labelled,
            "application/zip" if name == "zip" else verify(labelled).media_type,
            trust_pem=trust.pem(),
            no_default_trust=True,
            telemetry=False,
            online=False,
        )
        assert report["integrity"] == "valid"
        assert report["hard_binding"] == "match"
        assert report["validation_state"] == "Trusted"
