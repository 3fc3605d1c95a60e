"""SVG: stores as base64 text in the metadata, however the document is written, and documents that swell."""

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kzlabel.errors import LimitError
from kzlabel.files import BytesReader
from kzlabel.formats import Encoding, svg
from kzlabel.limits import DEFAULT_LIMITS, Limits
from kzlabel.spans import Span
from tests.conftest import CorpusFile, needs_corpora
from tests.unit.formats.walks import (
    Seen,
    agree,
    check_anything,
    check_flips,
    check_third_party,
    check_truncations,
    corpus_of,
    gather,
    is_one_box,
    mutants,
    reference,
    stated_exclusions,
    store_of,
    walk,
)

MEDIA_TYPE = "image/svg+xml"
STORE = store_of(40)
TEXT = base64.b64encode(STORE)
MANIFEST = b"<c2pa:manifest>" + TEXT + b"</c2pa:manifest>"


def document(
    *inside: bytes, prolog: bytes = b"", root: bytes = b'<svg xmlns="http://www.w3.org/2000/svg">'
) -> bytes:
    return prolog + root + b"".join(inside) + b"</svg>"


def metadata(*inside: bytes) -> bytes:
    return b"<metadata>" + b"".join(inside) + b"</metadata>"


@needs_corpora
@pytest.mark.parametrize("row", corpus_of("svg"), ids=lambda row: row.name)
def test_third_party_files_are_walked_like_the_reference_engine_does(row: CorpusFile) -> None:
    check_third_party(svg, row)


def test_what_the_reference_engine_embeds_is_found(labelled: dict[str, bytes]) -> None:
    data = labelled["svg"]
    (carrier,) = walk(svg, data).carriers
    assert is_one_box(gather(data, carrier))
    assert list(carrier.excluded) == stated_exclusions(MEDIA_TYPE, data)


@pytest.mark.parametrize(
    "data",
    [
        document(metadata(MANIFEST)),
        document(b"<g><g/></g>", metadata(b"<a/>", MANIFEST, b"<b/>"), b"<g/>"),
        document(metadata(b"<c2pa:manifest a='>'\n>" + TEXT + b"</c2pa:manifest\n>")),
        document(metadata(b"<c2pa:manifest><!-- first -->" + TEXT + b"</c2pa:manifest>")),
        document(metadata(MANIFEST), prolog=b'<?xml version="1.0" encoding="UTF-8"?>\n<!-- c2pa:manifest -->'),
        document(metadata(MANIFEST), b"<!-- <c2pa:manifest>QUJD</c2pa:manifest> -->"),
        document(metadata(MANIFEST), b"<desc><![CDATA[<metadata><c2pa:manifest>]]></desc>"),
        document(
            metadata(MANIFEST), prolog=b'<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://no.where/x.dtd">'
        ),
        document(
            metadata(MANIFEST), prolog=b'<?xml version="1.0" encoding="windows-1251"?>', root=b'<svg id="\xcf">'
        ),
        document(
            metadata(MANIFEST), prolog=b'<?xml version="1.0" encoding="gb2312"?>', root=b'<svg id="\xd6\xd0">'
        ),
        document(metadata(MANIFEST), prolog=b"\xef\xbb\xbf"),
        document("<text>Қазақша</text>".encode(), metadata(MANIFEST)),
    ],
)
def test_the_text_of_the_element_is_the_store_and_is_excluded(data: bytes) -> None:
    located = walk(svg, data)
    (carrier,) = located.carriers
    assert carrier.encoding is Encoding.BASE64
    assert gather(data, carrier) == STORE
    assert carrier.store == carrier.excluded == (Span(data.index(TEXT), len(TEXT)),)
    assert not located.damage
    assert svg.sniff(data) == MEDIA_TYPE
    assert reference(MEDIA_TYPE, data) is Seen.FOUND


@pytest.mark.parametrize(
    "data",
    [
        document(MANIFEST),
        document(b"<g>", metadata(MANIFEST), b"</g>"),
        document(metadata(b"<rdf>", MANIFEST, b"</rdf>")),
        document(metadata(MANIFEST.replace(b"c2pa:", b"x:"))),
        document(metadata(MANIFEST.replace(b"manifest", b"Manifest"))),
        document(metadata(b"<c2pa:manifest/>")),
        document(metadata(b"<c2pa:manifest></c2pa:manifest>")),
        document(metadata(b"<!--", MANIFEST, b"-->")),
        document(metadata(b"<![CDATA[", MANIFEST, b"]]>")),
        document(metadata(MANIFEST)).decode().encode("utf-16"),
    ],
)
def test_an_element_in_another_place_or_of_another_name_is_none(data: bytes) -> None:
    located = walk(svg, data)
    assert not located.carriers
    assert not located.damage
    assert reference(MEDIA_TYPE, data) is Seen.NONE


@pytest.mark.parametrize(
    "content",
    [
        b"\n" + TEXT,
        TEXT + b" ",
        TEXT[:40] + b"<!-- -->" + TEXT[40:],
        TEXT + b"<g/>",
        TEXT[:40] + b"&#65;" + TEXT[41:],
        b"<![CDATA[" + TEXT + b"]]>",
        TEXT.rstrip(b"="),
        TEXT[:40] + b"====" + TEXT[44:],
        TEXT[:-4] + b"QR==",  # bits after the end that a strict decoder rejects
        TEXT[:-4] + b"====",
        b"*" * 100_000,
    ],
)
def test_other_things_than_base64_are_damage_and_the_element_is_told(content: bytes) -> None:
    located = walk(svg, document(metadata(b"<c2pa:manifest>", content, b"</c2pa:manifest>"), b"<g/>"))
    assert len(located.carriers) == 1
    assert "other things than base64" in located.damage


@pytest.mark.parametrize("cut", [1, 8, 14, 15])
def test_an_element_across_the_edge_of_two_reads_is_found(cut: int) -> None:
    start = document(b"<!--", root=b"<svg>").removesuffix(b"</svg>")
    padding = b" " * ((1 << 16) - len(start) - len(b"--><metadata>") - cut)
    data = document(
        b"<!--", padding, b"-->", metadata(b"<c2pa:manifest>", TEXT, b"</c2pa:manifest>"), root=b"<svg>"
    )
    assert data.index(b"<c2pa:manifest>") == (1 << 16) - cut
    assert [gather(data, carrier) for carrier in walk(svg, data).carriers] == [STORE]


def test_two_elements_are_two_carriers() -> None:
    located = walk(svg, document(metadata(MANIFEST), metadata(MANIFEST)))
    assert len(located.carriers) == 2
    assert not located.damage


@pytest.mark.parametrize(
    "data",
    [
        document(metadata(MANIFEST))[:-1],
        document(metadata(MANIFEST), b"</g>"),
        document(metadata(MANIFEST)) + b"<g/>",
        document(metadata(MANIFEST), b"<g a='1' a='2'/>"),
        document(metadata(MANIFEST), b"\xff\xfe"),
        document(metadata(MANIFEST), b"&unknown;"),
    ],
)
def test_broken_xml_is_damage_and_the_store_before_the_break_is_kept(data: bytes) -> None:
    located = walk(svg, data)
    assert [gather(data, carrier) for carrier in located.carriers] == [STORE]
    assert "the XML is broken" in located.damage


def with_declarations(*declarations: str) -> bytes:
    return f"<!DOCTYPE svg [{''.join(declarations)}]>".encode()


def test_the_namespaces_that_drawing_programs_declare_are_no_damage() -> None:
    prolog = with_declarations('<!ENTITY ns_svg "http://www.w3.org/2000/svg">', "<!ATTLIST svg a CDATA #IMPLIED>")
    located = walk(svg, document(b"<g>&ns_svg;</g>", prolog=prolog, root=b'<svg xmlns="&ns_svg;">'))
    assert not located.damage
    assert located.xmp is None
    assert "declarations" in walk(svg, document(metadata(MANIFEST), prolog=prolog)).damage


@pytest.mark.parametrize(
    "prolog",
    [
        with_declarations('<!ENTITY a "ha"><!ENTITY b "&a;&a;">'),
        with_declarations('<!ENTITY a "&#38;a;">'),
        with_declarations('<!ENTITY a SYSTEM "file:///etc/passwd">'),
        with_declarations('<!ENTITY % a "b">'),
        with_declarations(f'<!ENTITY a "{"x" * 1000}">'),
        with_declarations(*(f'<!ENTITY a{n} "x">' for n in range(100))),
        with_declarations(*(f"<!ATTLIST g a{n} CDATA 'x'>" for n in range(100))),
    ],
)
def test_declarations_that_could_swell_are_damage(prolog: bytes) -> None:
    located = walk(svg, document(metadata(MANIFEST), prolog=prolog))
    assert located.damage
    assert not located.carriers


def test_a_tag_that_entities_make_long_is_damage() -> None:
    prolog = with_declarations(f'<!ENTITY a "{"x" * 200}">')
    located = walk(svg, document(b'<g a="' + b"&a;" * 1_000_000 + b'"/>', prolog=prolog))
    assert "too long" in located.damage


class CountingReader(BytesReader):
    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.reads = 0

    def read(self, offset: int, length: int) -> bytes:
        self.reads += 1
        return super().read(offset, length)


def test_a_long_tag_is_not_scanned_over_and_over(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = b'<image href="data:image/png;base64,' + b"QUJD" * 2_000_000 + b'"/>'
    reader = CountingReader(document(metadata(MANIFEST), picture))
    located = svg.locate(reader, DEFAULT_LIMITS)
    assert len(located.carriers) == 1
    assert not located.damage
    assert reader.reads < 1.2 * reader.size / (1 << 16)  # each byte once in small pieces, and again in growing ones
    monkeypatch.setattr(svg, "_LONGEST_TAG", 1 << 20)
    assert "too long" in walk(svg, document(metadata(MANIFEST), picture)).damage


def test_xmp_may_be_anywhere_in_a_plain_document() -> None:
    data = document(b"<g/>")
    assert walk(svg, data).xmp == (Span(0, len(data)),)
    assert walk(svg, b'<s:svg xmlns:s="http://www.w3.org/2000/svg"><s:g></s:g></s:svg>').xmp is None


def test_limits_hold() -> None:
    with pytest.raises(LimitError, match="boxes"):
        walk(svg, document(b"<g/>" * 150_000))
    with pytest.raises(LimitError, match="nested"):
        walk(svg, document(b"<g>" * 120_000))
    with pytest.raises(LimitError, match="store"):
        walk(svg, document(metadata(MANIFEST)), Limits(store_size=len(STORE) - 3))
    with pytest.raises(LimitError, match="more than 16 manifest stores"):
        walk(svg, document(metadata(MANIFEST) * 17))


def test_no_prefix_and_no_changed_byte_is_more_than_damage() -> None:
    data = document(b"<!-- a -->", metadata(MANIFEST), prolog=b"<?xml version='1.0' encoding='utf-8'?>")
    check_truncations(svg, data, range(len(data)))
    check_flips(svg, data, range(len(data)))


@given(st.binary(max_size=300))
def test_any_bytes_give_a_result(rest: bytes) -> None:
    check_anything(svg, b"<svg>" + rest)
    svg.sniff(rest)


@given(st.data())
@settings(max_examples=300, deadline=None, database=None)
def test_changed_files_are_walked_like_the_reference_engine_does(
    labelled: dict[str, bytes], data: st.DataObject
) -> None:
    changed = data.draw(mutants(labelled["svg"], svg))
    if svg.sniff(changed):
        located = walk(svg, changed)
        assert agree(located, reference(MEDIA_TYPE, changed)), located


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_it_is_known_by_its_root(encoding: str) -> None:
    text = "<?xml version='1.0'?>\n<!-- Қазақстан -->\n<!DOCTYPE svg>\n<svg width='1'/>"
    assert svg.sniff(text.encode(encoding)) == MEDIA_TYPE
    assert svg.sniff(text.replace("svg", "x:svg").encode(encoding)) == MEDIA_TYPE


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"<",
        b"svg",
        b"<html><svg/></html>",
        b"<!DOCTYPE html><html><body><svg></svg></body></html>",
        b"<?xml version='1.0'?><xmp/>",
        b"<?xml version='1.0' encoding='nonsense'?><html/>",
        b"<svgz/>",
        b"\xff\xfe",
        b"{}<svg/>",
    ],
)
def test_other_heads_are_not_taken_for_it(head: bytes) -> None:
    assert svg.sniff(head) is None


@pytest.mark.parametrize("encoding", [b"big5", b"cp037", b"rot13", b"no-such", b"utf-7", b"idna"])
def test_no_declared_encoding_is_more_than_a_name(encoding: bytes) -> None:
    data = document(metadata(MANIFEST), prolog=b"<?xml version='1.0' encoding='" + encoding + b"'?>")
    assert svg.sniff(data) == MEDIA_TYPE
    assert [gather(data, carrier) for carrier in walk(svg, data).carriers] == [STORE]
