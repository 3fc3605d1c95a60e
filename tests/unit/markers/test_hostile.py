"""Files that mean harm or are broken: reading them yields less, never an exception, and writing refuses clearly."""

import io
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from fixtures import sealed
from kzlabel import markers
from kzlabel.errors import KzlabelError
from kzlabel.files import BytesReader
from kzlabel.formats import FORMATS, Format
from kzlabel.limits import DEFAULT_LIMITS
from kzlabel.markers import exif, iim, xmp
from kzlabel.markers.model import Declaration, Field
from kzlabel.markers.places import PLACES
from kzlabel.markers.rules import judge, suspicious
from kzlabel.markers.xmp import extended
from tests.unit.markers.test_traces import PARAMETERS, exif_of, page, png, saved
from tests.unit.markers.test_traces import xmp as packet_of
from tests.unit.markers.writing import FULL, GENERATED, PLAIN, form_of, found, written

PACKET = packet_of("Iptc4xmpExt:DigitalSourceType", "trainedAlgorithmicMedia", "element")
BY_NAME: dict[str, Format] = {form.NAME: form for form in FORMATS}


def small(kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (2, 2)).save(out, kind, **options)
    return written(out.getvalue(), FULL)[0]


def small_mp3() -> bytes:
    return written(b"ID3\x03\0\0\0\0\0\0" + b"\xff\xfb\x90\0" + bytes(413) + b"\xff\xfb\x90\0", FULL, ".mp3")[0]


def small_flac() -> bytes:
    return written(b"fLaC\x80\0\0\x22" + bytes(34), FULL)[0]


def small_wav() -> bytes:
    return written(b"RIFF\x2c\0\0\0WAVEfmt \x10\0\0\0" + bytes(16) + b"data\x08\0\0\0" + bytes(8), FULL)[0]


def small_m4a() -> bytes:
    movie = b"\0\0\0\x10moov" + b"\0\0\0\x08free"
    return written(b"\0\0\0\x14ftypM4A \0\0\0\0M4A " + movie + b"\0\0\0\x0cmdat" + bytes(4), FULL)[0]


def small_docx() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types></Types>")
        archive.writestr("_rels/.rels", "<Relationships></Relationships>")
    return written(out.getvalue(), FULL)[0]


SMALL = {
    "jpeg": lambda: small(
        "JPEG", exif=exif_of({0x0131: "Midjourney"}, b"UNICODE\0" + PARAMETERS.encode("utf-16-le"))
    ),
    "png": lambda: written(png({"parameters": PARAMETERS}, packed=True), FULL)[0],
    "webp": lambda: small("WEBP"),
    "gif": lambda: small("GIF", comment=b"AI generated"),
    "tiff": lambda: small("TIFF"),
    "svg": lambda: written(b'<svg xmlns="http://www.w3.org/2000/svg"><g/></svg>', FULL)[0],
    "html": lambda: written(b"<!doctype html><html><head></head><body></body></html>", FULL, ".html")[0],
    "mp3": small_mp3,
    "flac": small_flac,
    "wav": small_wav,
    "bmff": small_m4a,
    "zip": small_docx,
}


@pytest.mark.parametrize("name", SMALL)
def test_a_file_cut_off_anywhere_is_read_as_far_as_it_goes(name: str) -> None:
    data = SMALL[name]()
    whole = {(m.rule, m.field) for m in markers.read(BytesReader(data), BY_NAME[name])}
    assert ("iptc-digital-source-type") in {rule for rule, _ in whole}
    for end in range(len(data)):
        reader = BytesReader(data[:end])
        markers.read(reader, BY_NAME[name])
        markers.read(reader, None)


@pytest.mark.parametrize("name", SMALL)
def test_a_file_cut_off_anywhere_is_written_or_refused(name: str) -> None:
    data = SMALL[name]()
    for end in range(0, len(data), 3):
        try:
            markers.write(BytesReader(data[:end]), BY_NAME[name], PLAIN, io.BytesIO())
        except KzlabelError:
            continue


@pytest.mark.parametrize("name", SMALL)
@settings(max_examples=150, deadline=None)
@given(random=st.randoms(use_true_random=False))
def test_flipped_bytes_raise_nothing(name: str, random: "st.random.Random") -> None:  # type: ignore[name-defined]
    data = bytearray(SMALL[name]())
    for _ in range(random.randint(1, 6)):
        data[random.randrange(len(data))] = random.choice((0, 1, 0x7F, 0x80, 0xFF, random.randrange(256)))
    reader = BytesReader(bytes(data))
    markers.read(reader, BY_NAME[name])
    located = BY_NAME[name].locate(reader, DEFAULT_LIMITS)
    markers.read(reader, BY_NAME[name], located=located)
    try:
        markers.write(reader, BY_NAME[name], FULL, io.BytesIO())
    except KzlabelError:
        return


@pytest.mark.parametrize("name", [*PLACES])
@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=300))
def test_any_bytes_raise_nothing(name: str, data: bytes) -> None:
    markers.read(BytesReader(data), BY_NAME[name])
    markers.read(BytesReader(data), None)


@settings(max_examples=100, deadline=None)
@given(data=st.binary(max_size=400))
def test_parts_of_files_of_any_bytes_raise_nothing(data: bytes) -> None:
    for start in (b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08", b""):
        list(exif.fields(start + data))
        exif.take(start + data, 0, [])
    for start in (b"8BIM\x04\x04", b"8BIM\x04\x04\x1c\x02\x6e"):
        list(iim.fields(start + data))
    list(xmp.fields(data))
    list(xmp.fields(PACKET[:200] + data + PACKET[200:]))
    for place in (b"OggS", b"OggS" + bytes(22)):
        markers.read(BytesReader(place + data), BY_NAME["ogg"])


@settings(max_examples=100, deadline=None)
@given(name=st.text(max_size=40), value=st.text(max_size=200))
def test_any_field_is_judged(name: str, value: str) -> None:
    for place in ("XMP TC260:AIGC", "PNG parameters", "EXIF Software", name):
        judge([Field(place, value), Field(place, '{"AIGC":' + value)])


@settings(max_examples=60, deadline=None)
@given(
    system=st.text(
        st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff")
    ),
    name=st.sampled_from(["jpeg", "png", "mp3", "flac", "wav", "bmff", "html", "svg", "zip", "tiff"]),
)
def test_any_name_of_a_system_survives(system: str, name: str) -> None:
    plain = {
        "jpeg": saved("JPEG"),
        "png": png(),
        "tiff": saved("TIFF"),
        "mp3": b"\xff\xfb\x90\0" + bytes(413) + b"\xff\xfb\x90\0",
        "flac": b"fLaC\x80\0\0\x22" + bytes(34),
        "wav": b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0" + bytes(16) + b"data\0\0\0\0",
        "bmff": b"\0\0\0\x14ftypM4A \0\0\0\0M4A \0\0\0\x08moov",
        "html": b"<!doctype html><html><head></head></html>",
        "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><g/></svg>',
        "zip": small_docx_plain(),
    }[name]
    declaration = Declaration(source_type=GENERATED, system=system)
    data, _ = written(plain, declaration, ".html" if name == "html" else "")
    assert written(data, declaration, ".html" if name == "html" else "") == (data, ())
    fields = markers.fields(BytesReader(data), BY_NAME[name])
    said = [field.value for field in fields if field.name.lower().endswith("aisystemused")]
    assert set(said) <= {system.strip(), system.replace("\ufeff", "").strip()} or not system.strip()


def small_docx_plain() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types></Types>")
        archive.writestr("_rels/.rels", "<Relationships></Relationships>")
    return out.getvalue()


BOMBS = {
    "entities": b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>' + PACKET,
    "external": b'<!DOCTYPE x SYSTEM "file:///etc/passwd">' + PACKET,
    "deep": b"<a>" * 100_000,
    "deep and whole": b"<a>" * 50_000 + b"</a>" * 50_000,
    "many": b"<a>" + b"<b/>" * 200_000 + b"</a>",
    "encoding": b'<?xml version="1.0" encoding="no-such"?>' + PACKET,
    "nul": PACKET.replace(b"DigitalSourceType", b"Digital\0SourceType"),
    "cut": PACKET[:-20],
    "latin": PACKET.replace(b"trained", b"tr\xe4ined"),
    "empty": b"",
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_broken_and_hostile_packets_yield_nothing(bomb: str) -> None:
    data = BOMBS[bomb]
    fields = list(xmp.fields(data))
    assert [field for field in fields if "DigitalSource" in field.name] == []
    if len(data) < 60_000:
        plain = saved("JPEG")
        body = b"http://ns.adobe.com/xap/1.0/\0" + data
        file = plain[:2] + b"\xff\xe1" + (len(body) + 2).to_bytes(2) + body + plain[2:]
        assert found(file) == ()
        if data:
            with pytest.raises(KzlabelError):
                written(file)


def test_a_compressed_text_is_not_inflated_beyond_what_is_looked_at() -> None:
    bomb = zlib.compress(b"a" * 200_000_000, 9)
    body = b"parameters\0\0" + bomb
    chunk = len(body).to_bytes(4) + b"zTXt" + body + bytes(4)
    packet = b"XML:com.adobe.xmp\0\1\0\0\0" + bomb
    chunk += len(packet).to_bytes(4) + b"iTXt" + packet + bytes(4)
    plain = png()
    file = plain[:33] + chunk + plain[33:]
    tracemalloc.start()
    try:
        assert found(file) == ()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20_000_000


def test_an_extended_packet_with_a_gap_or_a_lie_is_nothing() -> None:
    assert extended([(0, b"ab"), (3, b"c")]) == b""
    assert extended([(1, b"ab")]) == b""
    assert extended([(0, b"ab"), (2, b"c")]) == b"abc"
    assert extended([(0, b"a" * (1 << 20)), (1 << 20, b"b")]) == b""


def test_a_file_with_very_many_fields_is_read_in_bounds() -> None:
    comments = [b"AIGC=" + b"x" * 8] * 30_000
    body = b"OpusTags" + bytes(4) + len(comments).to_bytes(4, "little")
    body += b"".join(len(one).to_bytes(4, "little") + one for one in comments)
    assert markers.read(BytesReader(page([b"OpusHead"]) + page([body[:60_000]])), None) == ()
    html = b"<!doctype html><html><head>" + b"<meta name=x content=y>" * 200_000
    assert len(list(markers.fields(BytesReader(html), BY_NAME["html"]))) <= 1001


def test_a_long_value_is_judged_in_bounds() -> None:
    for text in ("Steps: " * 20_000, '{"' * 60_000, "a-s 1 " * 20_000, '{"type":"' + "a" * 60_000, "--" * 30_000):
        names = ("PNG prompt", "PNG Dream", "EXIF UserComment", "XMP TC260:AIGC", "PNG parameters", "ID3 COMM")
        assert judge([Field(name, text) for name in names]) == ()
        suspicious(text.encode())


def test_the_writers_refuse_two_packets_and_too_large_ones() -> None:
    once = written(saved("JPEG"))[0]
    start = once.index(b"http://ns.adobe.com/xap/1.0/") - 4
    length = 2 + int.from_bytes(once[start + 2 : start + 4])
    with pytest.raises(KzlabelError, match="more than one XMP packet"):
        written(once[:start] + once[start : start + length] * 2 + once[start + length :], FULL)
    full = Declaration(source_type=GENERATED, system="x" * 9000, prompt="y" * 9000, prompt_writer="z" * 9000)
    big = PACKET.replace(b"</rdf:RDF>", b"<!--" + b"c" * 50_000 + b"--></rdf:RDF>")
    with pytest.raises(KzlabelError, match="no room"):
        written(saved("JPEG", xmp=big), full)


def test_a_last_box_without_a_size_gets_one() -> None:
    film = b"\0\0\0\x14ftypisom\0\0\0\0mp41" + b"\0\0\0\x08moov"
    data, names = written(film + b"\0\0\0\0mdat" + bytes(8), FULL)
    assert names
    assert b"\0\0\0\x10mdat" in data
    assert {marker.rule for marker in found(data)} >= {"iptc-digital-source-type", "tc260-aigc"}
    with pytest.raises(KzlabelError, match="how large"):
        written(film[:20] + b"\0\0\0\x0cmdat" + bytes(4) + b"\0\0\0\0moov", PLAIN)


def test_white_space_in_a_packet_makes_room() -> None:
    packet = PACKET + b" " * 64_000 + b'<?xpacket end="w"?>'
    data, names = written(saved("JPEG", xmp=b'<?xpacket begin="" id="x"?>' + packet), FULL)
    assert names
    assert {marker.rule for marker in found(data)} >= {"iptc-digital-source-type", "tc260-aigc"}


def test_extended_xmp_survives_writing() -> None:
    body = b"http://ns.adobe.com/xmp/extension/\0" + b"A" * 32 + (4).to_bytes(4) + bytes(4) + b"<a/>"
    segment = b"\xff\xe1" + (len(body) + 2).to_bytes(2) + body
    plain = saved("JPEG", xmp=PACKET)
    data, _ = written(plain[:2] + plain[2:20] + segment + plain[20:], FULL)
    assert segment in data


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (sealed.encrypted, "encrypted"),
        (sealed.owner_locked, "encrypted"),
        (sealed.signed, "digital signature"),
        (sealed.certified, "digital signature"),
    ],
)
def test_a_signed_or_encrypted_pdf_is_refused(make: Callable[[], bytes], why: str) -> None:
    with pytest.raises(markers.NoPlaceError, match=why):
        written(make())


@pytest.mark.parametrize("kind", ["deflated", "unknown filter", "broken"])
def test_xmp_of_a_pdf_is_kept_or_the_pdf_is_refused(kind: str) -> None:
    from pypdf import PdfWriter
    from pypdf.generic import NameObject, StreamObject

    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    stream = StreamObject()
    packet = packet_of("photoshop:Credit", "Somebody", "element")
    stream.set_data(
        packet if kind == "unknown filter" else zlib.compress(packet) if kind == "deflated" else b"broken"
    )
    filtered = "/ASCII85Decode" if kind == "unknown filter" else "/FlateDecode"
    stream[NameObject("/Filter")] = NameObject(filtered)
    writer.root_object[NameObject("/Metadata")] = writer._add_object(stream)
    out = io.BytesIO()
    writer.write(out)
    if kind != "deflated":
        with pytest.raises(KzlabelError, match="can't be read"):
            written(out.getvalue())
        return
    data, _ = written(out.getvalue())
    told = {field.name: field.value for field in markers.fields(BytesReader(data), BY_NAME["pdf"])}
    assert told["XMP photoshop:Credit"] == "Somebody"
    assert told["XMP Iptc4xmpExt:DigitalSourceType"] == GENERATED


def test_a_pdf_cut_off_is_read_or_left(samples: dict[str, Path]) -> None:
    data, _ = written(samples["pdf"].read_bytes(), FULL)
    for end in range(len(data) - 4000, len(data), 97):
        markers.read(BytesReader(data[:end]), BY_NAME["pdf"])
    for end in range(0, len(data), len(data) // 40):
        markers.read(BytesReader(data[:end]), BY_NAME["pdf"])


def test_a_format_that_is_not_what_it_seems_raises_nothing(samples: dict[str, Path]) -> None:
    for name in PLACES:
        for other in ("jpeg", "png", "pdf", "mp4", "mp3", "svg"):
            markers.read(BytesReader(samples[other].read_bytes()), BY_NAME[name])


def test_files_are_known_without_their_format() -> None:
    for name, make in SMALL.items():
        data = make()
        if name in {"html", "mp3"} or name == form_of(data).NAME:
            assert {m.rule for m in markers.read(BytesReader(data), None)} >= {"iptc-digital-source-type"}, name
