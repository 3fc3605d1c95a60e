"""Digital source types: what each says about AI, how it is spelled, beside which level it may stand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kzlabel.errors import LabelError
from kzlabel.labels import AI, SOURCE_TYPES, Label, Level, SourceType, System, ai_of_source_type, source_type

IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/"
C2PA = "http://c2pa.org/digitalsourcetype/"
SYSTEM = System(name="X")

_TERMS = """
    digitalCapture computationalCapture negativeFilm positiveFilm print humanEdits algorithmicallyEnhanced
    digitalCreation dataDrivenMedia trainedAlgorithmicMedia algorithmicMedia screenCapture virtualRecording
    composite compositeCapture compositeSynthetic compositeWithTrainedAlgorithmicMedia
    minorHumanEdits digitalArt softwareImage
"""
IPTC_TERMS = _TERMS.split()


def label(level: Level, source: str = "") -> Label:
    return Label(level=level, system=SYSTEM, digital_source_type=source)


def test_the_table_has_the_whole_vocabulary_and_nothing_else() -> None:
    assert {entry.uri for entry in SOURCE_TYPES} == {IPTC + term for term in IPTC_TERMS} | {
        C2PA + "empty",
        C2PA + "trainedAlgorithmicData",
    }
    assert len({entry.term for entry in SOURCE_TYPES}) == len(SOURCE_TYPES)


@pytest.mark.parametrize(
    ("term", "ai"),
    [
        ("trainedAlgorithmicMedia", AI.GENERATED),
        ("trainedAlgorithmicData", AI.GENERATED),
        ("compositeWithTrainedAlgorithmicMedia", AI.ASSISTED),
        ("compositeSynthetic", AI.ASSISTED),
        ("digitalCapture", AI.NONE),
        ("algorithmicMedia", AI.NONE),
        ("digitalCreation", AI.NONE),
        ("composite", AI.UNKNOWN),
        ("virtualRecording", AI.UNKNOWN),
        ("empty", AI.UNKNOWN),
        ("digitalArt", AI.UNKNOWN),
        ("minorHumanEdits", AI.NONE),
    ],
)
def test_what_a_term_says_about_ai(term: str, ai: AI) -> None:
    assert ai_of_source_type(term) is ai


@pytest.mark.parametrize("entry", SOURCE_TYPES, ids=lambda entry: entry.term)
def test_careless_spellings_are_taken_for_the_term(entry: SourceType) -> None:
    spellings = [
        entry.uri,
        entry.uri.replace("http://", "https://"),
        entry.uri + "/",
        f" {entry.uri}\n",
        entry.term,
        f"digsrctype:{entry.term}",
        IPTC + entry.term,
        C2PA + entry.term,
    ]
    assert [source_type(spelling) for spelling in spellings] == [entry] * len(spellings)


def test_old_and_misspelled_terms_are_read() -> None:
    assert ai_of_source_type("c2pa.trainedAlgorithmicData") is AI.GENERATED
    assert ai_of_source_type(f"{IPTC}compositedWithTrainedAlgorithmicMedia") is AI.ASSISTED


@given(st.text())
def test_nothing_is_said_about_a_term_that_is_not_known(uri: str) -> None:
    known = uri.strip().removesuffix("/") in {entry.term for entry in SOURCE_TYPES}
    assert (ai_of_source_type(uri) is not None) == known


@pytest.mark.parametrize("uri", ["", "/", IPTC, "trainedalgorithmicmedia", f"{IPTC}x/trainedAlgorithmicMedia"])
def test_near_misses_are_not_known(uri: str) -> None:
    assert ai_of_source_type(uri) is None


@pytest.mark.parametrize("entry", SOURCE_TYPES, ids=lambda entry: entry.term)
@pytest.mark.parametrize("level", Level)
def test_a_label_never_says_one_thing_and_its_source_type_another(entry: SourceType, level: Level) -> None:
    if level in entry.levels:
        assert label(level, entry.term).digital_source_type == entry.uri
        assert entry.ai in (level.ai, AI.UNKNOWN)
        assert not entry.retired
    else:
        with pytest.raises(LabelError, match=f"{entry.term} does not go with level {level}: {entry.why}"):
            label(level, entry.uri)


def test_the_refusal_lists_what_is_allowed() -> None:
    with pytest.raises(LabelError) as caught:
        label(Level.GENERATED, "digitalCapture")
    assert caught.value.remedy == (
        "leave it out, or use one of trainedAlgorithmicMedia, trainedAlgorithmicData, virtualRecording"
    )
    with pytest.raises(
        LabelError, match=r"'madeUp' is no term of the IPTC or C2PA vocabulary; .* compositeSynthetic"
    ):
        label(Level.ASSISTED, "madeUp")


def test_a_level_alone_gives_the_term_that_says_it() -> None:
    assert label(Level.GENERATED).digital_source_type == IPTC + "trainedAlgorithmicMedia"
    assert label(Level.ASSISTED).digital_source_type == IPTC + "compositeWithTrainedAlgorithmicMedia"
