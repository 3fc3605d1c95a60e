"""Unsigned fields beside the signed label: written before it, covered by it, and read where there is none."""

from pathlib import Path

import pytest

import kzlabel
from fixtures.cases import CASES
from kzlabel import markers
from kzlabel.credentials import Signer
from kzlabel.errors import LabelError, SigningError
from kzlabel.labels import AI, Label, Operator, System
from kzlabel.regimes import Outcome
from kzlabel.signing import Labeler
from kzlabel.signing.marking import declaration_of
from kzlabel.trust import Trust
from kzlabel.verifying import Engine, Verifier
from kzlabel.verifying.verdict import Status

WITHOUT = {"epub", "zip"}
"""Formats that have no place for unsigned fields, or one into which nothing here writes."""
LABEL = Label(
    level="ai-generated", system=System(name="Painter", version="2", provider="Example LLP"), regimes=["cn"]
)


@pytest.fixture(scope="module")
def declaring(signer: Signer, trust: Trust) -> Labeler:
    return Labeler(signer, trust=trust, markers=True)


@pytest.mark.parametrize("case", [case for case in CASES if case.name not in WITHOUT], ids=lambda case: case.name)
def test_a_declared_file_is_trusted_and_says_the_same_unsigned(
    case: object, samples: dict[str, Path], declaring: Labeler, trust: Trust
) -> None:
    name = case.name  # type: ignore[attr-defined]
    first = declaring.label(samples[name].read_bytes(), LABEL)
    again = declaring.label(first, LABEL.replace(level="ai-assisted"))
    engines = (Engine.AUTO, Engine.REFERENCE) if case.reference else (Engine.AUTO,)  # type: ignore[attr-defined]
    for data in (first, again):
        assert {Verifier(trust=trust, engine=engine).verify(data).status for engine in engines} == {Status.TRUSTED}
    found = markers.read_source(first)
    assert markers.level(found) is AI.GENERATED
    assert any("AIGC" in one.field for one in found)
    assert [one.field for one in markers.read_source(again)] == [one.field for one in found]


@pytest.mark.parametrize("name", sorted(WITHOUT))
def test_a_format_without_a_place_is_refused_with_the_way_out(
    name: str, samples: dict[str, Path], declaring: Labeler
) -> None:
    with pytest.raises(SigningError, match="unsigned") as caught:
        declaring.label(samples[name].read_bytes(), LABEL)
    assert "without --markers" in caught.value.remedy


@pytest.mark.parametrize("name", ["jpeg", "png", "webp", "wav", "mp3", "mp4", "pdf", "svg"])
def test_a_file_that_lost_its_label_is_still_declared(
    name: str, samples: dict[str, Path], declaring: Labeler, trust: Trust, tmp_path: Path
) -> None:
    from kzlabel.formats import recognise
    from kzlabel.limits import DEFAULT_LIMITS
    from kzlabel.sources import opened

    source = samples[name]
    bare = tmp_path / source.name
    with opened(source) as file, bare.open("wb") as out:
        recognised = recognise(file.reader, file.suffix, DEFAULT_LIMITS)
        assert recognised is not None
        assert markers.write(file.reader, recognised[0], declaration_of(LABEL), out)
    verdict = Verifier(trust=trust).verify(bare)
    assert (verdict.status, verdict.ai) == (Status.DECLARED, AI.GENERATED)
    assert verdict.markers
    assert verdict.label is None
    quiet = Verifier(trust=trust, markers=False).verify(bare)
    assert (quiet.status, quiet.ai) == (Status.UNLABELLED, AI.UNKNOWN)
    (row,) = kzlabel.scan(bare, trust=trust, workers=1)
    assert (row.status, row.ai) == ("declared", "generated")
    assert row.marker.partition(": ")[0] in [one.field for one in verdict.markers]
    labelled = declaring.label(bare.read_bytes(), LABEL)
    assert Verifier(trust=trust).verify(labelled).status is Status.TRUSTED


def test_a_label_outweighs_markers(samples: dict[str, Path], declaring: Labeler, trust: Trust) -> None:
    data = bytearray(declaring.label(samples["jpeg"].read_bytes(), LABEL))
    data[-3] ^= 1
    verdict = Verifier(trust=trust).verify(bytes(data))
    assert verdict.status is Status.INVALID
    assert verdict.markers == ()


def test_plain_files_declare_nothing(samples: dict[str, Path], trust: Trust) -> None:
    for name, path in samples.items():
        verdict = Verifier(trust=trust).verify(path)
        assert verdict.status is not Status.DECLARED, name


def test_china_s_rules_want_a_producer_in_their_characters() -> None:
    nameless = Label(level="ai-generated", system=System(name="Painter"), regimes=["cn"])
    kazakh = Operator(role="owner", name="Мысал ЖШС", bin="260140000015")
    with pytest.raises(LabelError, match="producer"):
        declaration_of(nameless)
    aigc = declaration_of(nameless.replace(operator=kazakh)).aigc
    assert aigc is not None
    assert aigc.content_producer == "260140000015"
    spoken = declaration_of(LABEL).aigc
    assert spoken is not None
    assert (spoken.label, spoken.content_producer, spoken.produce_id) == ("1", "Example-LLP", LABEL.content_id)
    assert declaration_of(LABEL.replace(regimes=[])).aigc is None


def test_a_declared_file_meets_what_china_asks(
    samples: dict[str, Path], declaring: Labeler, trust: Trust, tmp_path: Path
) -> None:
    path = tmp_path / "photo.jpg"
    declaring.label(samples["jpeg"], LABEL, path)
    report = kzlabel.check(path, regime="cn", trust=trust)
    outcomes = {one.requirement: one.outcome for one in report.results}
    for requirement in ("cn-5-label", "cn-5-producer", "cn-5-number", "cn-5-characters"):
        assert outcomes[requirement] is Outcome.MET, requirement
