"""What every format with a place for markers keeps to: written, read back, read by others, nothing else changed."""

import json
import shutil
import subprocess
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from kzlabel import formats, markers
from kzlabel.errors import KzlabelError
from kzlabel.files import BytesReader
from kzlabel.labels import AI, Label
from kzlabel.limits import DEFAULT_LIMITS
from kzlabel.markers import AIGC, Declaration, NoPlaceError
from kzlabel.signing import Labeler
from kzlabel.trust import Trust
from kzlabel.verifying import verify
from kzlabel.verifying.verdict import Status
from tests.contract.payload import payload
from tests.unit.markers.writing import (
    ASSISTED,
    FULL,
    GENERATED,
    LABEL,
    PLAIN,
    form_of,
    found,
    saved,
    values,
    written,
)

IMAGES = ("jpeg", "png", "webp", "webp-lossless", "gif", "tiff", "dng", "jxl", "avif", "heic", "heif")
WITH_XMP = (*IMAGES, "svg", "pdf", "mp4", "mov", "m4a", "wav", "avi")
OGG = ("ogg", "opus")
WRITTEN = (*WITH_XMP, "mp3", "flac", *OGG)
TEXTS = {
    ".html": b"<!doctype html>\n<html><head><title>x</title></head><body><p>y</p></body></html>",
    ".md": b"# Title\r\n\r\nText\r\n",
}
needs_exiftool = pytest.mark.skipif(not shutil.which("exiftool"), reason="exiftool isn't installed")


def docx() -> bytes:
    out = BytesIO()
    spaces = "http://schemas.openxmlformats.org/package/2006"
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", f'<Types xmlns="{spaces}/content-types"></Types>')
        archive.writestr("_rels/.rels", f'<Relationships xmlns="{spaces}/relationships"></Relationships>')
        archive.writestr("word/document.xml", "<document>text</document>" * 100)
    return out.getvalue()


def seen(name: str, path: Path) -> object:
    """Return what a file shows or sounds like, without its metadata."""
    whole: Any = payload(name, path)
    if name == "svg":
        return [element for element in whole if element[0].startswith("{http://www.w3.org/2000/svg}")]
    if name in IMAGES:
        kept = {key: value for key, value in whole[1].items() if key != "xmp"}
        return whole[0], kept
    if name in {"mp3", "flac", "m4a", *OGG}:
        return whole[1]
    return whole[:3] if name == "pdf" else whole


def exiftool(path: Path) -> dict[str, Any]:
    command = ["exiftool", "-j", "-G1", "-u", "-api", "largefilesupport=1", str(path)]
    done = subprocess.run(command, capture_output=True, check=True)
    (record,) = json.loads(done.stdout)
    assert isinstance(record, dict)
    assert not [key for key in record if key.endswith((":Error", ":Warning"))], record
    return record


@pytest.mark.parametrize("name", WRITTEN)
def test_a_declaration_is_written_and_read_back(name: str, samples: dict[str, Path]) -> None:
    data, names = written(samples[name].read_bytes(), FULL)
    assert names
    read = found(data)
    assert {"iptc-digital-source-type", "iptc-ai-system-used", "iptc-ai-prompt", "tc260-aigc"} <= {
        m.rule for m in read
    }
    assert {m.field for m in read} <= set(names)
    assert markers.level(read) is AI.GENERATED
    assert any(m.value == FULL.system for m in read)
    assert any(m.value == FULL.prompt for m in read)


@pytest.mark.parametrize("name", WRITTEN)
def test_nothing_else_in_the_file_changes(name: str, samples: dict[str, Path], tmp_path: Path) -> None:
    source = samples[name]
    data, _ = written(source.read_bytes(), FULL)
    assert seen(name, saved(tmp_path / source.name, data)) == seen(name, source)


@pytest.mark.parametrize("name", WRITTEN)
def test_what_the_file_said_before_stays(name: str, samples: dict[str, Path]) -> None:
    source = samples[name].read_bytes()
    data, _ = written(source, FULL)
    after = values(data)
    assert {key: after.get(key) for key in values(source)} == values(source)


@pytest.mark.parametrize("name", WRITTEN)
def test_writing_twice_changes_nothing(name: str, samples: dict[str, Path]) -> None:
    once, _ = written(samples[name].read_bytes(), FULL)
    twice, names = written(once, FULL)
    assert names == ()
    assert twice == once


@pytest.mark.parametrize("name", WRITTEN)
def test_another_declaration_overwrites_nothing(name: str, samples: dict[str, Path]) -> None:
    once, _ = written(samples[name].read_bytes(), Declaration(source_type=ASSISTED))
    twice, names = written(once, FULL)
    assert not any("sourcetype" in one.lower() for one in names)
    assert {m.ai for m in found(twice) if m.rule == "iptc-digital-source-type"} == {AI.ASSISTED}


@pytest.mark.parametrize("name", WRITTEN)
def test_a_label_gets_what_is_missing_in_it_and_keeps_the_rest(name: str, samples: dict[str, Path]) -> None:
    once, _ = written(samples[name].read_bytes(), FULL)
    other = AIGC(label="2", content_producer="Somebody", content_propagator="Platform", propagate_id="7")
    twice, names = written(once, Declaration(source_type=GENERATED, aigc=other))
    assert names
    assert all("AIGC" in one for one in names)
    labels = [json.loads(value) for key, value in values(twice).items() if key.endswith("AIGC")]
    assert labels
    for label in labels:
        assert (label["Label"], label["ContentProducer"], label["ProduceID"]) == ("1", "Painter-KZ", "42")
        assert (label["ContentPropagator"], label["PropagateID"]) == ("Platform", "7")


@pytest.mark.parametrize("name", WRITTEN)
def test_the_unlabelled_samples_have_no_marker(name: str, samples: dict[str, Path]) -> None:
    assert found(samples[name].read_bytes()) == ()


@needs_exiftool
@pytest.mark.parametrize("name", WITH_XMP)
def test_exiftool_reads_the_xmp(name: str, samples: dict[str, Path], tmp_path: Path) -> None:
    data, _ = written(samples[name].read_bytes(), FULL)
    record = exiftool(saved(tmp_path / samples[name].name, data))
    assert record["XMP-iptcExt:DigitalSourceType"] == GENERATED
    assert record["XMP-iptcExt:AISystemUsed"] == FULL.system
    assert str(record["XMP-iptcExt:AISystemVersionUsed"]) == FULL.system_version
    assert record["XMP-iptcExt:AIPromptInformation"] == FULL.prompt
    assert record["XMP-iptcExt:AIPromptWriterName"] == FULL.prompt_writer
    assert json.loads(record["XMP-TC260:Aigc"]) == LABEL.entries()


@needs_exiftool
@pytest.mark.parametrize("name", WITH_XMP)
def test_exiftool_reads_what_it_read_before(name: str, samples: dict[str, Path], tmp_path: Path) -> None:
    data, _ = written(samples[name].read_bytes(), FULL)
    before, after = exiftool(samples[name]), exiftool(saved(tmp_path / samples[name].name, data))
    changing = ("SourceFile", "System:", "ExifTool:", "File:", "Composite:", "QuickTime:", "ItemList:")
    kept = {key: value for key, value in before.items() if not key.startswith(changing)}
    moved = {"Track2:HandlerType"}  # of several with this name exiftool shows one, and a new handler changes which
    assert {key: after.get(key) for key in kept.keys() - moved} == {key: kept[key] for key in kept.keys() - moved}


@pytest.mark.parametrize("name", ["mp3", "flac", "m4a", *OGG])
def test_mutagen_reads_the_tags(name: str, samples: dict[str, Path], tmp_path: Path) -> None:
    import mutagen

    data, _ = written(samples[name].read_bytes(), FULL)
    tags = mutagen.File(saved(tmp_path / samples[name].name, data)).tags
    before = mutagen.File(samples[name]).tags

    def tag(key: str) -> str:
        if name == "mp3":
            return str(tags[f"TXXX:{key}"])
        if name in {"flac", *OGG}:
            return str(tags[key][0])
        return bytes(tags[f"----:com.apple.iTunes:{key}"][0]).decode()

    assert tag("DigitalSourceType") == GENERATED
    assert tag("AISystemUsed") == FULL.system
    assert tag("AIPromptInformation") == FULL.prompt
    assert json.loads(tag("AIGC")) == LABEL.entries()
    assert {key: tags[key] for key in before.keys()} == dict(before)  # noqa: SIM118 - not a dictionary


def test_pypdf_reads_the_information_and_the_metadata(samples: dict[str, Path], tmp_path: Path) -> None:
    from pypdf import PdfReader

    data, _ = written(samples["pdf"].read_bytes(), FULL)
    assert data.startswith(samples["pdf"].read_bytes())
    reader = PdfReader(saved(tmp_path / "x.pdf", data), strict=True)
    told = {key: str(value) for key, value in (reader.metadata or {}).items()}
    assert told["/DigitalSourceType"] == GENERATED
    assert told["/AISystemUsed"] == FULL.system
    assert json.loads(told["/AIGC"]) == LABEL.entries()
    packet: Any = reader.root_object["/Metadata"].get_object()
    assert b"AIPromptInformation" in packet.get_data()


@pytest.mark.parametrize("name", ["jpeg", "png", "webp", "webp-lossless", "tiff"])
def test_pillow_finds_the_packet(name: str, samples: dict[str, Path]) -> None:
    from PIL import Image

    data, _ = written(samples[name].read_bytes(), FULL)
    with Image.open(BytesIO(data)) as image:
        packet = image.info["xmp"]
    assert b"DigitalSourceType" in (packet if isinstance(packet, bytes) else packet.encode())


def test_ffmpeg_reads_the_label_of_films(samples: dict[str, Path], tmp_path: Path) -> None:
    if not shutil.which("ffprobe"):
        pytest.skip("ffprobe isn't installed")
    for name in ("mp4", "mov"):
        data, _ = written(samples[name].read_bytes(), FULL)
        path = saved(tmp_path / samples[name].name, data)
        command = ["ffprobe", "-v", "error", "-of", "json", "-show_entries", "format_tags", str(path)]
        tags = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)["format"]["tags"]
        assert json.loads(tags["AIGC"]) == LABEL.entries()


@pytest.mark.parametrize("suffix", TEXTS)
def test_texts_are_written_and_read_back(suffix: str) -> None:
    source = TEXTS[suffix]
    data, names = written(source, FULL, suffix)
    assert {"iptc-digital-source-type", "iptc-ai-system-used", "tc260-aigc"} <= {
        m.rule for m in found(data, suffix)
    }
    assert written(data, FULL, suffix) == (data, ())
    assert names
    assert source.rpartition(b"</title>")[2] in data if suffix == ".html" else data.endswith(source)


def test_office_documents_get_custom_properties_and_keep_their_parts(tmp_path: Path) -> None:
    source = docx()
    data, _ = written(source, FULL)
    assert {"iptc-digital-source-type", "tc260-aigc"} <= {m.rule for m in found(data)}
    assert written(data, FULL) == (data, ())
    with zipfile.ZipFile(BytesIO(data)) as after, zipfile.ZipFile(BytesIO(source)) as before:
        assert after.testzip() is None
        assert sorted(after.namelist()) == sorted([*before.namelist(), "docProps/custom.xml"])
        assert after.read("word/document.xml") == before.read("word/document.xml")
        assert b"custom-properties" in after.read("_rels/.rels")
        assert b"/docProps/custom.xml" in after.read("[Content_Types].xml")


def test_properties_that_an_office_document_has_stay() -> None:
    out = BytesIO(docx())
    present = (
        '<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/custom-properties">'
        '<property fmtid="{D5CDD505-2E9C-101B-9397-08002B2CF9AE}" pid="7" name="Client &amp; Co">'
        '<v:lpwstr xmlns:v="http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes">A&lt;B</v:lpwstr>'
        "</property></Properties>"
    )
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("docProps/custom.xml", present)
    data, _ = written(out.getvalue(), FULL)
    assert values(data)["OOXML Client & Co"] == "A<B"
    assert values(data)["OOXML AISystemUsed"] == FULL.system
    with zipfile.ZipFile(BytesIO(data)) as archive:
        assert archive.testzip() is None
        root = ElementTree.fromstring(archive.read("docProps/custom.xml"))
        assert [child.get("pid") for child in root] == [str(number) for number in range(7, 7 + len(root))]
    assert written(data, FULL) == (data, ())


@needs_exiftool
def test_exiftool_reads_the_properties_of_office_documents(tmp_path: Path) -> None:
    record = exiftool(saved(tmp_path / "x.docx", written(docx(), FULL)[0]))
    assert record["XML:DigitalSourceType"] == GENERATED
    assert json.loads(record["XML:AIGC"]) == LABEL.entries()


def test_an_archive_that_is_no_office_document_has_no_place() -> None:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.txt", "a")
    with pytest.raises(NoPlaceError, match="no Office document"):
        written(out.getvalue())


@pytest.mark.parametrize("name", ["text", "c2pa"])
def test_formats_without_a_place_say_which_have_one(name: str) -> None:
    (form,) = [form for form in formats.FORMATS if name == form.NAME]
    assert markers.writable(form) == ()
    with pytest.raises(NoPlaceError, match="jpeg") as raised:
        markers.write(BytesReader(b""), form, PLAIN, BytesIO())
    assert isinstance(raised.value, KzlabelError)


def test_only_markdown_among_structured_texts_has_a_place() -> None:
    assert markers.writable(form_of(b"# x\n", ".md")) == ("Markdown front matter",)
    for suffix in (".py", ".xml", ".yaml"):
        assert markers.writable(form_of(b"x", suffix)) == ()
        with pytest.raises(NoPlaceError):
            written(b"x", PLAIN, suffix)


def test_a_front_matter_that_does_not_end_is_left_alone() -> None:
    with pytest.raises(KzlabelError):
        written(b"---\ntitle: x\n\ntext\n", PLAIN, ".md")


def test_a_declared_file_can_still_be_located(samples: dict[str, Path]) -> None:
    for name in WRITTEN:
        data, _ = written(samples[name].read_bytes(), FULL)
        located = form_of(data).locate(BytesReader(data), DEFAULT_LIMITS)
        assert not located.damage, name
        assert not located.carriers


@pytest.mark.parametrize("name", WRITTEN)
def test_a_declared_file_is_labelled_and_trusted_with_its_markers(
    name: str, samples: dict[str, Path], tmp_path: Path, labeler: Labeler, trust: Trust, label: Label
) -> None:
    data, _ = written(samples[name].read_bytes(), FULL)
    source = saved(tmp_path / samples[name].name, data)
    destination = tmp_path / f"labelled{source.suffix}"
    labeler.label(source, label, destination)
    for engine in ("auto",) if name in OGG else ("auto", "reference"):  # which doesn't read Ogg
        assert verify(destination, trust=trust, engine=engine).status is Status.TRUSTED
    assert found(destination.read_bytes()) == found(data)
