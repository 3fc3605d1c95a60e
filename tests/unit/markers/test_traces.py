"""Traces of generators in real files: made by Pillow and mutagen as the generators make them, then read."""

import io
import json
import zlib
from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin

from kzlabel import markers
from kzlabel.files import BytesReader
from kzlabel.labels import AI
from kzlabel.markers import load
from tests.unit.markers.writing import FULL, found, rules, values, written

PARAMETERS = "a lake\nNegative prompt: fog\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5, Size: 512x512"
GRAPH = json.dumps({"3": {"class_type": "KSampler", "inputs": {"seed": 1}}})
EXIF_TAGS = {"Software": 0x0131, "Make": 0x010F, "Model": 0x0110, "ImageDescription": 0x010E, "Artist": 0x013B}
PICTURE = Image.new("RGB", (8, 8), "blue")


def png(texts: dict[str, str] | None = None, *, packed: bool = False, exif: Image.Exif | None = None) -> bytes:
    information = PngImagePlugin.PngInfo()
    for key, value in (texts or {}).items():
        if value.isascii():
            information.add_text(key, value, zip=packed)
        else:
            information.add_itxt(key, value, zip=packed)
    out = io.BytesIO()
    PICTURE.save(out, "PNG", pnginfo=information, exif=exif or Image.Exif())
    return out.getvalue()


def exif_of(tags: dict[int, str], comment: bytes = b"") -> Image.Exif:
    exif = Image.Exif()
    for tag, value in tags.items():
        exif[tag] = value
    if comment:
        exif.get_ifd(0x8769)[0x9286] = comment
    return exif


def saved(kind: str, exif: Image.Exif | None = None, **options: object) -> bytes:
    out = io.BytesIO()
    PICTURE.save(out, kind, exif=exif or Image.Exif(), **options)
    return out.getvalue()


def examples(place: str) -> list[tuple[str, str, str]]:
    return [
        (rule.id, name.removeprefix(place + " "), rule.example[1])
        for rule in load().rule
        for name in load().places(rule)
        if name.startswith(place + " ") and "*" not in name and _fits(rule.example[0], rule.id)
    ]


def _fits(example: str, rule: str) -> bool:
    return rule not in {"fooocus", "comfyui-graph"} or example.startswith("PNG")


@pytest.mark.parametrize(("rule", "keyword", "value"), examples("PNG"))
@pytest.mark.parametrize("packed", [False, True])
def test_every_rule_for_text_of_png_finds_its_example_in_a_file(
    rule: str, keyword: str, value: str, packed: bool
) -> None:
    assert rule in rules(png({keyword: value}, packed=packed))


@pytest.mark.parametrize(("rule", "name", "value"), [e for e in examples("EXIF") if e[1] in EXIF_TAGS])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_every_rule_for_exif_finds_its_example_in_a_file(rule: str, name: str, value: str, kind: str) -> None:
    assert rule in rules(saved(kind, exif_of({EXIF_TAGS[name]: value})))


@pytest.mark.parametrize(("rule", "name", "value"), examples("XMP"))
@pytest.mark.parametrize("shape", ["attribute", "element", "list"])
def test_every_rule_for_xmp_finds_its_example_in_a_file(rule: str, name: str, value: str, shape: str) -> None:
    packet = xmp(name, value, shape)
    jpeg, chunk = saved("JPEG", xmp=packet), png({})
    assert rule in rules(jpeg)
    body = b"XML:com.adobe.xmp\0\0\0\0\0" + packet
    data = len(body).to_bytes(4) + b"iTXt" + body + zlib.crc32(body, zlib.crc32(b"iTXt")).to_bytes(4)
    assert rule in rules(chunk[:33] + data + chunk[33:])


SPACES = {
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "tiff": "http://ns.adobe.com/tiff/1.0/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "pdf": "http://ns.adobe.com/pdf/1.3/",
    "stEvt": "http://ns.adobe.com/xap/1.0/sType/ResourceEvent#",
    "TC260": "http://www.tc260.org.cn/ns/AIGC/1.0/",
}


def xmp(name: str, value: str, shape: str) -> bytes:
    from xml.sax.saxutils import escape, quoteattr

    prefix = name.partition(":")[0]
    start = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" xmlns:{prefix}="{SPACES[prefix]}"'
    )
    inner = escape(value)
    if shape == "list":
        inner = f'\n <rdf:Alt>\n  <rdf:li xml:lang="x-default">{inner}</rdf:li>\n </rdf:Alt>\n'
    body = (
        f" {name}={quoteattr(value)}/>" if shape == "attribute" else f"><{name}>{inner}</{name}></rdf:Description>"
    )
    return f"{start}{body}</rdf:RDF></x:xmpmeta>".encode()


@pytest.mark.parametrize(
    "comment",
    [
        b"UNICODE\0" + PARAMETERS.encode("utf-16-le"),
        b"UNICODE\0" + PARAMETERS.encode("utf-16-be"),
        b"UNICODE\0" + PARAMETERS.encode("utf-16"),
        b"UNICODE\0" + PARAMETERS.encode(),
        b"ASCII\0\0\0" + PARAMETERS.encode(),
        bytes(8) + PARAMETERS.encode(),
        PARAMETERS.encode(),
    ],
)
@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "PNG"])
def test_parameters_in_a_user_comment_are_read_in_every_encoding(comment: bytes, kind: str) -> None:
    data = saved(kind, exif_of({0x0110: "x" * 900}, comment))
    assert "stable-diffusion-parameters" in rules(data)


def test_comfyui_in_the_exif_of_webp_is_read() -> None:
    assert "comfyui-sampler" in rules(
        saved("WEBP", exif_of({0x0110: f"prompt:{GRAPH}", 0x010F: f"workflow:{GRAPH}"}))
    )


def test_a_graph_that_samples_nothing_is_no_generated_picture() -> None:
    graph = json.dumps({"1": {"class_type": "ImageScale", "inputs": {}}})
    read = found(png({"prompt": graph}))
    assert {marker.ai for marker in read} == {AI.UNKNOWN}


def test_a_directory_at_the_end_of_a_large_tiff_is_read() -> None:
    out = io.BytesIO()
    Image.new("RGB", (400, 400)).save(out, "TIFF", tiffinfo=exif_of({0x0131: "Midjourney"}), compression=None)
    data = out.getvalue()
    at = int.from_bytes(data[4:8], "little")
    moved = data[:4] + len(data).to_bytes(4, "little") + data[8:] + data[at : at + 2 + 12 * 20]
    assert len(moved) > 400_000
    assert rules(moved) == {"midjourney"}


def test_comments_of_jpeg_and_gif_are_read() -> None:
    assert "ai-generated-statement" in rules(saved("JPEG", comment=b"AI-generated image"))
    out = io.BytesIO()
    PICTURE.convert("P").save(out, "GIF", comment=b"AI generated")
    assert "ai-generated-statement" in rules(out.getvalue())


def test_iptc_credit_in_photoshop_resources_is_read() -> None:
    credit = b"Edited with Google AI"
    dataset = b"\x1c\x02\x6e" + len(credit).to_bytes(2) + credit
    resource = b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0" + len(dataset).to_bytes(4) + dataset
    for padding in (b"", b"8BIM\x04\x0c\0\0" + (2000).to_bytes(4) + bytes(2000)):
        body = resource + padding
        segment = b"\xff\xed" + (len(body) + 2).to_bytes(2) + body
        plain = saved("JPEG")
        assert rules(plain[:2] + segment + plain[2:]) == {"google-ai-edited"}


def test_metadata_far_from_the_start_of_a_jpeg_are_read() -> None:
    plain = saved(
        "JPEG", exif_of({0x0131: "Midjourney"}), xmp=xmp("photoshop:Credit", "Imagined with AI", "element")
    )
    profile = b"\xff\xe2\xff\xff" + bytes(65_533)
    far = plain[:2] + profile + plain[2:]
    for padding in (16_340, 16_352, 16_370, 16_384):  # around the end of what is kept of a file's start
        near = plain[:2] + b"\xff\xe2" + (padding - 4).to_bytes(2) + bytes(padding - 6) + plain[2:]
        assert rules(near) == {"midjourney", "meta-ai"}
    assert rules(far) == {"midjourney", "meta-ai"}


def test_extended_xmp_is_put_together() -> None:
    packet = xmp("Iptc4xmpExt:DigitalSourceType", "trainedAlgorithmicMedia", "element")
    head, tail = packet[:100], packet[100:]
    plain = saved("JPEG")
    segments = b""
    for at, part in ((100, tail), (0, head)):  # out of order, as they may come
        body = b"http://ns.adobe.com/xmp/extension/\0" + b"0" * 32 + len(packet).to_bytes(4) + at.to_bytes(4) + part
        segments += b"\xff\xe1" + (len(body) + 2).to_bytes(2) + body
    data = plain[:2] + segments + plain[2:]
    assert rules(data) == {"iptc-digital-source-type"}
    again, names = written(data, FULL)
    assert "XMP Iptc4xmpExt:AISystemUsed" in names
    assert "XMP Iptc4xmpExt:DigitalSourceType" not in names
    assert segments in again


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-16"])
def test_xmp_of_two_bytes_a_character_is_read(encoding: str) -> None:
    packet = xmp("Iptc4xmpExt:DigitalSourceType", "trainedAlgorithmicMedia", "element").decode()
    mark = "" if encoding == "utf-16" else "\ufeff"
    assert rules(saved("JPEG", xmp=(mark + packet).encode(encoding))) == {"iptc-digital-source-type"}


def test_pictures_in_iso_files_are_read() -> None:
    import pillow_heif

    packet = xmp("Iptc4xmpExt:DigitalSourceType", "trainedAlgorithmicMedia", "element")
    pillow_heif.register_heif_opener()
    for kind in ("HEIF", "AVIF"):
        out = io.BytesIO()
        Image.new("RGB", (64, 64)).save(out, kind, xmp=packet, exif=exif_of({0x0131: "Midjourney"}))
        assert {"iptc-digital-source-type", "midjourney"} <= rules(out.getvalue()), kind


def test_tags_of_suno_are_read(samples: dict[str, Path], tmp_path: Path) -> None:
    from mutagen.id3 import COMM, ID3, TXXX, WOAS

    path = tmp_path / "x.mp3"
    for version in (3, 4):
        for encoding in (0, 1, 3):
            path.write_bytes(samples["mp3"].read_bytes())
            tags = ID3(path)
            tags.add(COMM(encoding=encoding, lang="eng", desc="", text=["made with suno; created=2026; id=1"]))
            tags.save(path, v2_version=version)
            assert rules(path.read_bytes()) == {"suno"}
    tags.add(WOAS(url="https://suno.com/song/0f36e5b8"))
    tags.add(TXXX(encoding=1, desc="AIGC", text=['{"Label":"1"}']))
    tags.save(path)
    assert rules(path.read_bytes()) == {"suno", "tc260-aigc"}


def test_an_unsynchronised_tag_is_read() -> None:
    body = b"COMM" + (25).to_bytes(4) + b"\0\0\0eng\0made with suno; \xff\0\xe0xx"
    tag = b"ID3\x03\0\x80" + bytes([0, 0, 0, len(body)]) + body
    fields = markers.fields(BytesReader(tag + b"\xff\xfb\x90\0"), _form("mp3"))
    assert any(field.name == "ID3 COMM" and field.value.startswith("made with suno") for field in fields)


def _form(name: str) -> "markers.reading.Format":  # type: ignore[name-defined]
    from kzlabel.formats import FORMATS

    return next(form for form in FORMATS if name == form.NAME)


@pytest.mark.parametrize(
    ("first", "start"),
    [
        (b"\x01vorbis", b"\x03vorbis"),
        (b"OpusHead", b"OpusTags"),
        (b"Speex   ", b""),
        (b"\x7fFLAC\1\0", b"\x04\0\2\xa1"),
        (b"\x80theora", b"\x81theora"),
    ],
)
def test_ogg_is_read(first: bytes, start: bytes) -> None:
    listed = [b"METADATA_BLOCK_PICTURE=" + b"A" * 600, b"DESCRIPTION=made with suno; id=1"]
    body = bytes(4) + len(listed).to_bytes(4, "little")
    body += b"".join(len(one).to_bytes(4, "little") + one for one in listed)
    pages = page([first + bytes(23)], begin=True) + page([start + body])
    other = page([b"fishead\0" + bytes(56)], begin=True, serial=7) + page([b"index"], serial=7)
    for data in (pages, other[:92] + pages + other[92:]):
        (marker,) = markers.read(BytesReader(data), _form("ogg"))
        assert (marker.rule, marker.field) == ("suno", "Vorbis DESCRIPTION")


def page(packets: list[bytes], *, begin: bool = False, serial: int = 1) -> bytes:
    table = b"".join(b"\xff" * (len(one) // 255) + bytes([len(one) % 255]) for one in packets)
    head = b"OggS\0" + bytes([2 * begin]) + bytes(8) + serial.to_bytes(4, "little") + bytes(8)
    return head + bytes([len(table)]) + table + b"".join(packets)


def test_html_is_read() -> None:
    page = b"""<!doctype html><html><head><meta name="generator" content="ChatGPT">
    <meta content=ai-assisted name=AI-Disclosure>
    <script type="application/ld+json">{"digitalSourceType": "https://schema.org/TrainedAlgorithmicMediaDigitalSource"}
    </script><script>var x = {"digitalSourceType": "nonsense"}</script></head><body aidisclosure="autonomous">
    <meta itemprop="digitalSourceType" content="https://schema.org/DigitalCaptureDigitalSource"></body></html>"""
    said = {(marker.field, marker.ai) for marker in found(page, ".html") if marker.rule != "openai"}
    assert said == {
        ("HTML AI-Disclosure", AI.ASSISTED),
        ("HTML aidisclosure", AI.GENERATED),
        ("HTML digitalSourceType", AI.GENERATED),
        ("HTML digitalSourceType", AI.NONE),
    }


@pytest.mark.parametrize(
    "front",
    [
        'AIGC:\n  Label: "1"\n  ContentProducer: x',
        "AIGC:\n  Label: 1",
        'AIGC: {"Label": "1"}',
        """AIGC: '{"Label": "1"}'""",
        'title: x\nAIGC: "{\\"AIGC\\": {\\"Label\\": \\"1\\"}}"',
    ],
)
def test_front_matter_is_read(front: str) -> None:
    assert rules(f"---\n{front}\n---\n# x\n".encode(), ".md") == {"tc260-aigc"}
    assert rules(f"# x\n\n---\n{front}\n---\n".encode(), ".md") == set()


def test_the_producer_of_a_pdf_is_read() -> None:
    from pypdf import PdfWriter

    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    writer.add_metadata({"/Producer": "ChatGPT", "/Author": "Claude Monet"})
    out = io.BytesIO()
    writer.write(out)
    assert rules(out.getvalue()) == {"openai"}
    writer.encrypt("secret")
    out = io.BytesIO()
    writer.write(out)
    assert values(out.getvalue()) == {}


def test_xmp_of_a_profile_that_imagemagick_wrote_is_read() -> None:
    packet = xmp("Iptc4xmpExt:DigitalSourceType", "trainedAlgorithmicMedia", "element")
    text = f"\nxmp\n{len(packet):8}\n{packet.hex()}\n"
    assert "iptc-digital-source-type" in rules(png({"Raw profile type xmp": text}, packed=True))
