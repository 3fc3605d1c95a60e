"""The rules: each recognises its example, none recognises ordinary files, and values are read as documents say."""

import re

import pytest

from kzlabel.labels import AI
from kzlabel.labels.source_types import SOURCE_TYPES
from kzlabel.markers import Field, Rule, level, load, overview
from kzlabel.markers.rules import judge, suspicious

ORDINARY = [
    ("EXIF Software", "Adobe Photoshop 25.0 (Macintosh)"),
    ("EXIF Software", "Adobe Photoshop Lightroom Classic 13.0"),
    ("EXIF Software", "GIMP 2.10.34"),
    ("EXIF Make", "Canon"),
    ("EXIF Make", "samsung"),
    ("EXIF Make", "Apple"),
    ("EXIF Model", "LEICA M11"),
    ("EXIF UserComment", "prompt delivery, thanks for the prompt answer"),
    ("EXIF UserComment", "Steps: 20 up to the church"),
    ("EXIF ImageDescription", "A talk about Stable Diffusion and Midjourney"),
    ("EXIF ImageDescription", "Made in Google Docs"),
    ("XMP dc:description", "Conference on AI generated images, Almaty 2026"),
    ("XMP photoshop:Credit", "Reimagined with AI-powered tools"),
    ("XMP photoshop:Credit", "Google Street View"),
    ("XMP xmp:CreatorTool", "Adobe Illustrator 28.0"),
    ("PNG prompt", "What is your name?"),
    ("PNG workflow", "approved by the editor"),
    ("PNG parameters", "width=100"),
    ("PNG Comment", "Created with GIMP"),
    ("PNG Title", "Dallas at night"),
    ("PNG Software", "Matplotlib version3.8.0, https://matplotlib.org/"),
    ("PNG Source", "Digital camera"),
    ("PNG Dream", "I had a dream"),
    ("JPEG comment", "CREATOR: gd-jpeg v1.0 (using IJG JPEG v62), quality = 90"),
    ("ID3 COMM", "made with love"),
    ("ID3 COMM", "Recorded at Sunoco Speedway"),
    ("ID3 TXXX:prompt", "say hello"),
    ("ID3 TPE1", "Udio Zimmermann"),
    ("ID3 TPE1", "Sora Amamiya"),
    ("ID3 TSSE", "LAME 64bits version 3.100"),
    ("PDF Producer", "Microsoft: Print To PDF"),
    ("PDF Creator", "Microsoft Word for Microsoft 365"),
    ("PDF Author", "Claude Monet"),
    ("PDF Creator", "Claude Monet Editor"),
    ("PDF Producer", "Gemini Observatory Archive"),
    ("HTML generator", "WordPress 6.5"),
    ("HTML description", "How we use AI-generated images"),
    ("XMP TC260:AIGC", "yes"),
    ("XMP TC260:AIGC", '{"Label":"9"}'),
    ("EXIF UserComment", '{"Label":"1"}'),
    ("Vorbis AIGC", '["Label"]'),
    ("XMP Iptc4xmpExt:DigitalSourceType", "something"),
    ("XMP photoshop:Credit", "OpenAI"),
    ("XMP photoshop:Credit", "Courtesy of Midjourney, Inc. press office"),
    ("ID3 COMM", "ElevenLabs interview, episode 5"),
    ("MP4 ©cmt", "Synthesia and the future of video, a talk"),
    ("EXIF Artist", "Stability AI press team"),
    ("EXIF Artist", "Leonardo da Vinci"),
    ("EXIF ImageDescription", "Imagen 1"),
    ("EXIF Model", "Galaxy S24 Ultra"),
    ("EXIF Software", "Windows Photo Editor 10.0.10011.16384"),
    ("EXIF Software", "Picasa"),
    ("EXIF Software", "HDR+ 1.0.585804401zd"),
    ("EXIF UserComment", "Screenshot"),
    ("PNG Software", "www.inkscape.org"),
    ("PDF Producer", "Skia/PDF m120"),
    ("PDF Creator", "Chromium"),
    ("RIFF ISFT", "Lavf60.16.100"),
    ("MP4 ©too", "Lavf60.16.100"),
    ("HTML generator", "Jekyll v4.3.2"),
]


@pytest.mark.parametrize("rule", overview(), ids=lambda rule: rule.id)
def test_a_rule_recognises_its_example(rule: Rule) -> None:
    assert rule.id in {marker.rule for marker in judge([Field(*rule.example)])}


@pytest.mark.parametrize("rule", overview(), ids=lambda rule: rule.id)
def test_what_is_looked_for_first_finds_the_example(rule: Rule) -> None:
    assert suspicious(" ".join(rule.example).encode())


@pytest.mark.parametrize("rule", overview(), ids=lambda rule: rule.id)
def test_a_rule_names_its_source_and_has_a_way_to_read(rule: Rule) -> None:
    assert rule.source
    assert bool(rule.pattern) != bool(rule.reading)
    assert (rule.implies == "value") == bool(rule.reading)
    assert all(re.fullmatch(r"[a-z0-9_]+", word) for word in rule.words)
    assert load().places(rule)


def test_identifiers_are_unique_and_the_rules_have_a_version() -> None:
    identifiers = [rule.id for rule in overview()]
    assert len(set(identifiers)) == len(identifiers)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", load().version)
    assert all(rule.since <= load().version for rule in overview())


@pytest.mark.parametrize(("name", "value"), ORDINARY)
def test_ordinary_fields_say_nothing(name: str, value: str) -> None:
    assert judge([Field(name, value)]) == ()


@pytest.mark.parametrize("entry", SOURCE_TYPES, ids=lambda entry: entry.term)
def test_every_digital_source_type_is_read_as_the_vocabulary_says(entry: "type[object]") -> None:
    uri, ai = entry.uri, entry.ai  # type: ignore[attr-defined]
    (marker,) = judge([Field("XMP Iptc4xmpExt:DigitalSourceType", uri)])
    assert marker.ai is ai


@pytest.mark.parametrize(
    ("term", "ai"),
    [
        ("https://schema.org/TrainedAlgorithmicMediaDigitalSource", AI.GENERATED),
        ("CompositeWithTrainedAlgorithmicMediaDigitalSource", AI.ASSISTED),
        ("http://schema.org/MultiFrameComputationalCaptureDigitalSource", AI.UNKNOWN),
        ("DigitalCaptureDigitalSource", AI.NONE),
    ],
)
def test_the_terms_of_schema_org_are_read(term: str, ai: AI) -> None:
    assert [marker.ai for marker in judge([Field("HTML digitalSourceType", term)])] == [ai]


@pytest.mark.parametrize(
    ("value", "ai"),
    [
        ('{"Label":"1"}', AI.GENERATED),
        ('{"Label":1}', AI.GENERATED),
        ('{"AIGC":{"Label":"1","ContentProducer":"x"}}', AI.GENERATED),
        ('{"AIGC":"{\\"Label\\":\\"1\\"}"}', AI.GENERATED),
        ('{"Label":"2"}', AI.UNKNOWN),
        ('{"Label":"3"}', AI.UNKNOWN),
    ],
)
def test_both_shapes_of_the_aigc_label_are_read(value: str, ai: AI) -> None:
    for name in ("XMP TC260:AIGC", "PNG AIGC", "MP4 AIGC", "PDF AIGC", "ID3 TXXX:AIGC", "PNG my-AIGC-label"):
        assert [marker.ai for marker in judge([Field(name, value)])] == [ai]


def test_a_statement_outweighs_a_trace() -> None:
    trace = Field("EXIF Software", "AI generated;txt2img;flux")
    assisted = Field("XMP Iptc4xmpExt:DigitalSourceType", "compositeWithTrainedAlgorithmicMedia")
    camera = Field("XMP Iptc4xmpExt:DigitalSourceType", "digitalCapture")
    assert level(judge([trace])) is AI.GENERATED
    assert level(judge([trace, assisted])) is AI.ASSISTED
    assert level(judge([camera])) is AI.NONE
    assert level(()) is AI.UNKNOWN


def test_what_is_shown_is_short_and_without_control_characters() -> None:
    value = '{"Label":"1","ContentProducer":"\\u001b[31m"}' + " " * 10 + "\x1b[31m\u202e\x00"
    (marker,) = judge([Field("XMP TC260:AIGC\x1b[2J", '{"Label":"1"}\x00\n')])
    assert marker.value == '{"Label":"1"}'
    assert "\x1b" not in marker.field
    (marker,) = judge([Field("XMP Iptc4xmpExt:AISystemUsed", value + "x" * 5000)])
    assert "\x1b" not in marker.value
    assert "\u202e" not in marker.value
    assert len(marker.value) < 400
