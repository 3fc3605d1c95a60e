"""PDF: the note is text on the page as people see it, and the document before it stays byte for byte."""

import re
import subprocess
import tempfile
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader

from fixtures import documents, sealed
from kzlabel.errors import KzlabelError
from kzlabel.files import BytesReader
from kzlabel.labels.vocabulary import NoticeKind
from kzlabel.notices import Applied, NoticeError, apply, check
from kzlabel.notices.wanted import Wanted
from tests.unit.formats.pdfs import document, needs, qpdf, text
from tests.unit.notices.putting import put

KAZAKH = "Жасанды интеллект көмегімен жасалған"
RUSSIAN = "Создано с использованием искусственного интеллекта"
PDF = "application/pdf"


def run(data: bytes, *command: str) -> str:
    """Return what a program says of a document, whose name it is given where FILE stands."""
    with tempfile.NamedTemporaryFile(suffix=".pdf") as file:
        file.write(data)
        file.flush()
        names = [file.name if part == "FILE" else part for part in command]
        return subprocess.run(names, capture_output=True, check=True, text=True).stdout


def pages(data: bytes) -> list[str]:
    return [page.extract_text() for page in PdfReader(BytesIO(data)).pages]


def several(count: int, **entries: bytes) -> bytes:
    kids = b" ".join(b"%d 0 R" % (10 + number) for number in range(count))
    inherited = b" ".join(b"/%s %s" % (key.encode(), value) for key, value in entries.items())
    objects = {
        2: b"<< /Type /Pages /Count %d /Kids [ %s ] /MediaBox [0 0 595 842] %s >>" % (count, kids, inherited)
    }
    objects |= {10 + number: b"<< /Type /Page /Parent 2 0 R >>" for number in range(count)}
    return document(objects)


@pytest.mark.parametrize(("place", "expected"), [("first", [0]), ("last", [2]), ("every", [0, 1, 2]), ("", [0])])
def test_a_note_is_on_the_pages_that_were_asked_for(place: str, expected: list[int]) -> None:
    data = several(3)
    result, applied = put(PDF, data, place=place)
    assert [number for number, words in enumerate(pages(result)) if KAZAKH in words] == expected
    assert [number for number, words in enumerate(pages(result)) if RUSSIAN in words] == expected
    assert (applied.kind, applied.place) == (NoticeKind.PDF_NOTE, place or "first")


@pytest.mark.parametrize("make", [documents.pdf, lambda: several(2), document])
@needs("qpdf", "pdftotext")
def test_the_document_stays_a_prefix_and_other_programs_read_the_note(make: Any) -> None:
    data: bytes = make()
    result, applied = put(PDF, data, scale=0.04)
    assert result.startswith(data)
    assert "No syntax or stream encoding errors" in run(result, "qpdf", "--check", "FILE")
    read = text(result).decode()
    assert KAZAKH in " ".join(read.split())
    assert RUSSIAN in " ".join(read.split())
    assert check(BytesReader(result), PDF, applied) == "present"
    assert check(BytesReader(data), PDF, applied) == "absent"


def test_text_pictures_and_outline_stay() -> None:
    data = documents.pdf()
    before, after = PdfReader(BytesIO(data)), PdfReader(BytesIO(put(PDF, data, place="every")[0]))
    for old, new in zip(before.pages, after.pages, strict=True):
        kept = new.extract_text().replace(KAZAKH, "").replace(RUSSIAN, "")
        assert "".join(kept.split()) == "".join(old.extract_text().split())
        assert [image.data for image in new.images] == [image.data for image in old.images]
        assert old["/Resources"]["/Font"].keys() < new["/Resources"]["/Font"].keys()  # type: ignore[index]
    assert after.metadata == before.metadata
    assert len(after.outline) == len(before.outline)


@needs("qpdf", "pdftotext")
def test_a_document_with_object_streams_takes_a_note() -> None:
    data = qpdf(documents.pdf(), "--object-streams=generate")
    result, _ = put(PDF, data)
    assert result.startswith(data)
    assert "No syntax or stream encoding errors" in run(result, "qpdf", "--check", "FILE")
    assert KAZAKH in text(result).decode()


def places(data: bytes) -> tuple[float, float, list[tuple[str, float, float, float, float]]]:
    """Return the size of the first page and where its words are, as pdftotext sees them: turned, from the top."""
    said = run(data, "pdftotext", "-bbox", "-cropbox", "-l", "1", "FILE", "-")
    page = re.search(r'<page width="([\d.]+)" height="([\d.]+)"', said)
    assert page
    words = re.findall(r'<word xMin="([-\d.]+)" yMin="([-\d.]+)" xMax="([-\d.]+)" yMax="([-\d.]+)">([^<]*)<', said)
    return float(page[1]), float(page[2]), [(w[4], *map(float, w[:4])) for w in words]


@needs("pdftotext")
@pytest.mark.parametrize("turned", [0, 90, 180, 270, -90, 450])
@pytest.mark.parametrize(
    "boxes",
    [
        b"/MediaBox [0 0 595 842]",
        b"/MediaBox [-100 50 700.5 1000.25]",
        b"/MediaBox [595 842 0 0]",
        b"/MediaBox [0. -.0 595.27559099999996 841.88976400000001]",
        b"/MediaBox [0 0 1000 1000] /CropBox [200 100 795 942]",
    ],
)
def test_the_note_stands_upright_at_the_foot_of_what_is_seen(turned: int, boxes: bytes) -> None:
    page = b"<< /Type /Page /Parent 2 0 R %s /Rotate %d >>" % (boxes, turned)
    result, _ = put(PDF, document({3: page}))
    said = run(result, "pdftotext", "-bbox-layout", "-cropbox", "FILE", "-")
    blocks = re.findall(r'<line xMin="([-\d.]+)" yMin="([-\d.]+)" xMax="([-\d.]+)" yMax="([-\d.]+)">', said)
    size = re.search(r'<page width="([\d.]+)" height="([\d.]+)"', said)
    assert size
    width, height = float(size[1]), float(size[2])
    if turned % 180:  # the words are where they are seen, and the size is that of the page before it is turned
        width, height = height, width
    assert len(blocks) == 2
    for block in blocks:
        left, top, right, bottom = map(float, block)
        assert right - left > 5 * (bottom - top), "it reads from left to right"
        assert 0 < left < right < width
        assert height * 0.9 < top < bottom < height


@needs("pdftotext")
@pytest.mark.parametrize(
    ("turned", "placed"),
    [(0, b"1 0 0 1 292 22"), (90, b"0 1 -1 0 573 421"), (180, b"-1 0 0 -1 300 820"), (270, b"0 -1 1 0 22 421")],
)
def test_a_note_leaves_a_page_number_free(turned: int, placed: bytes) -> None:
    content = b"BT /F 10 Tf %s Tm (7 of 90) Tj ET" % placed
    fonts = b"/Resources << /Font << /F 6 0 R >> >>"
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R /Rotate %d %s >>" % (
        turned,
        fonts,
    )
    objects = {
        3: page,
        5: b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        6: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    }
    result, _ = put(PDF, document(objects))
    _, _, words = places(result)
    number = [word for word in words if word[0] in {"7", "of", "90"}]
    note = [word for word in words if word not in number]
    assert len(number) == 3
    assert len(note) == 9
    for one in number:
        for other in note:
            apart = one[3] < other[1] or other[3] < one[1] or one[4] < other[2] or other[4] < one[2]
            assert apart, (one, other)


@pytest.mark.parametrize(
    "contents",
    [
        b"",
        b"/Contents [ ]",
        b"/Contents [ 5 0 R 5 0 R ]",
        b"/Contents 5 0 R",
        b"/Contents 7 0 R",
        b"/Contents null",
    ],
)
def test_contents_of_every_shape_are_kept(contents: bytes) -> None:
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] %s /Resources 8 0 R >>" % contents
    content = b"q 0.5 0 0 0.5 0 0 cm BT /KzNotice 30 Tf 100 700 Td (old) Tj ET"  # it leaves the state changed
    objects = {
        3: page,
        5: b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        6: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        7: b"[ 5 0 R ]",
        8: b"<< /Font 9 0 R >>",
        9: b"<< /KzNotice 6 0 R >>",
    }
    result, _ = put(PDF, document(objects))
    words = pages(result)[0]
    assert KAZAKH in words
    assert words.count("old") == contents.count(b"5 0 R") + contents.count(b"7 0 R")
    fonts = PdfReader(BytesIO(result)).pages[0]["/Resources"]["/Font"]  # type: ignore[index]
    assert set(fonts) == {"/KzNotice", "/KzNotice2"}


@needs("pdftotext")
@pytest.mark.parametrize(
    "content", [b"q 0.5 0 0 0.5 90 90 cm q 3 0 0 3 0 0 cm", b"q Q q Q q 0.5 0 0 0.5 0 0 cm", b"2 0 0 2 9 9 cm"]
)
def test_what_a_page_leaves_of_its_graphics_state_does_not_move_the_note(content: bytes) -> None:
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R >>"
    left = document({3: page, 5: b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content)})
    plain = document({3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>"})
    assert places(put(PDF, left)[0])[2] == places(put(PDF, plain)[0])[2]


def test_resources_that_a_page_inherits_stay_usable() -> None:
    data = several(2, Resources=b"<< /Font << /F 6 0 R >> /ProcSet [ /PDF ] >>")
    result, _ = put(PDF, data)
    reader = PdfReader(BytesIO(result))
    assert set(reader.pages[0]["/Resources"]["/Font"]) == {"/F", "/KzNotice"}  # type: ignore[index]
    assert reader.pages[0]["/Resources"]["/ProcSet"] == ["/PDF"]  # type: ignore[index]
    assert set(reader.pages[1]["/Resources"]["/Font"]) == {"/F"}  # type: ignore[index]


def tagged(tree: bytes, page: bytes = b"", kids: bytes = b"[ 21 0 R ]") -> bytes:
    content = b"/P << /MCID 0 >> BDC BT /F 12 Tf 72 700 Td (Body) Tj ET EMC"
    return document(
        {
            1: b"<< /Type /Catalog /Pages 2 0 R /MarkInfo << /Marked true >> /StructTreeRoot 20 0 R /Lang (en) >>",
            3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R %s"
            b" /Resources << /Font << /F 6 0 R >> >> >>" % page,
            5: b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
            6: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
            20: b"<< /Type /StructTreeRoot /K %s /ParentTree %s /ParentTreeNextKey 4 >>" % (kids, tree),
            21: b"<< /Type /StructElem /S /Document /P 20 0 R /K 22 0 R >>",
            22: b"<< /Type /StructElem /S /P /P 21 0 R /Pg 3 0 R /K 0 >>",
            23: b"<< /Limits [ 0 3 ] /Nums [ 0 [ 22 0 R ] 3 [ 22 0 R ] ] >>",
            24: b"[ 22 0 R ]",
        }
    )


@needs("pdfinfo", "qpdf")
@pytest.mark.parametrize(
    ("tree", "page"),
    [
        (b"<< /Nums [ 0 [ 22 0 R ] ] >>", b"/StructParents 0"),
        (b"<< /Nums [ 0 24 0 R ] >>", b"/StructParents 0"),
        (b"<< /Kids [ 23 0 R ] >>", b"/StructParents 0"),
        (b"<< /Kids [ 23 0 R ] >>", b"/StructParents 3"),
        (b"<< /Kids [ 23 0 R ] >>", b""),
        (b"<< /Nums [ ] >>", b""),
        (b"<< >>", b"/StructParents 0"),
    ],
)
def test_in_a_tagged_document_the_note_is_in_the_structure(tree: bytes, page: bytes) -> None:
    data = tagged(tree, page)
    result, _ = put(PDF, data)
    assert "No syntax or stream encoding errors" in run(result, "qpdf", "--check", "FILE")
    said = run(result, "pdfinfo", "-struct-text", "FILE")
    assert KAZAKH in said
    assert RUSSIAN in said
    assert "Body" in said or b"StructParents 0" not in page
    reader = PdfReader(BytesIO(result))
    root: Any = reader.root_object["/StructTreeRoot"]
    elements = [kid.get_object() for kid in root["/K"][0].get_object()["/K"]]
    assert [element.get("/Lang") for element in elements] == [None, "kk", "ru"]
    assert [element["/P"].get_object()["/S"] for element in elements] == ["/Document"] * 3
    key = reader.pages[0]["/StructParents"]
    parents = entries(root["/ParentTree"])[key]  # type: ignore[index]
    for element in elements[1:]:
        assert parents[element["/K"]].get_object() == element


def entries(node: Any) -> dict[int, Any]:
    node = node.get_object()
    numbers = node.get("/Nums", [])
    found = {numbers[at]: numbers[at + 1].get_object() for at in range(0, len(numbers), 2)}
    for kid in node.get("/Kids", []):
        found |= entries(kid)
        low, high = kid.get_object()["/Limits"]
        assert all(low <= key <= high for key in entries(kid))
    return found


def test_every_page_of_a_tagged_document_has_its_own_place_in_it() -> None:
    objects = {
        1: b"<< /Type /Catalog /Pages 2 0 R /StructTreeRoot 20 0 R >>",
        2: b"<< /Type /Pages /Count 2 /Kids [ 3 0 R 4 0 R ] /MediaBox [0 0 595 842] >>",
        3: b"<< /Type /Page /Parent 2 0 R >>",
        4: b"<< /Type /Page /Parent 2 0 R >>",
        20: b"<< /Type /StructTreeRoot >>",
    }
    reader = PdfReader(BytesIO(put(PDF, document(objects), place="every")[0]))
    assert [str(page["/StructParents"]) for page in reader.pages] == ["0", "1"]
    root: Any = reader.root_object["/StructTreeRoot"]
    assert len(root["/K"]) == 4
    assert {key: len(value) for key, value in entries(root["/ParentTree"]).items()} == {0: 2, 1: 2}


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (sealed.signed, "signed"),
        (sealed.certified, "signed"),
        (sealed.encrypted, "encrypted"),
        (sealed.owner_locked, "encrypted"),
    ],
)
def test_a_document_that_is_protected_is_refused(make: Any, said: str) -> None:
    out = BytesIO()
    with pytest.raises(NoticeError, match=said) as caught:
        apply(BytesReader(make()), PDF, Wanted(), out)
    assert caught.value.remedy
    assert out.getvalue() == b""


def test_words_of_an_encrypted_document_are_not_checkable() -> None:
    applied = Applied(kind=NoticeKind.PDF_NOTE, language="kk", text=KAZAKH, place="first")
    assert check(BytesReader(sealed.encrypted()), PDF, applied) == "not checkable"
    assert check(BytesReader(b"%PDF-1.7 and nothing else"), PDF, applied) == "not checkable"


def test_a_note_that_was_taken_out_is_absent() -> None:
    result, applied = put(PDF, several(1))
    from pypdf import PdfWriter
    from pypdf.generic import NameObject

    writer = PdfWriter(clone_from=BytesIO(result))
    del writer.pages[0][NameObject("/Contents")]
    out = BytesIO()
    writer.write(out)
    assert check(BytesReader(out.getvalue()), PDF, applied) == "absent"


@pytest.mark.parametrize("box", [b"[0 0 60 60]", b"[0 0 30 2000]", b"[0 0 2000 15]"])
def test_a_page_too_small_for_a_note_is_refused(box: bytes) -> None:
    with pytest.raises(NoticeError, match="too small"):
        put(PDF, document({3: b"<< /Type /Page /Parent 2 0 R /MediaBox %s >>" % box}))


@pytest.mark.parametrize(
    "objects",
    [
        {2: b"<< /Type /Pages /Kids [ 2 0 R ] /Count 1 >>"},
        {2: b"<< /Type /Pages /Kids [ ] /Count 0 >>"},
        {2: b"<< /Type /Pages /Kids [ 99 0 R ] /Count 1 >>"},
        {2: b"<< /Type /Pages /Kids [ 3 0 R 3 0 R ] /Count 2 >>"},
        {3: b"<< /Type /Page /Parent 2 0 R /MediaBox [ 0 0 (a) 5 ] >>"},
        {3: b"<< /Type /Page /Parent 2 0 R /MediaBox [ 0 0 5 ] >>"},
        {3: b"<< /Type /Page /Parent 2 0 R /Rotate 45 >>"},
        {3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources 99 0 R >>"},
        {3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font [ ] >> >>"},
        {1: b"<< /Type /Catalog /Pages 2 0 R /StructTreeRoot 99 0 R >>"},
    ],
)
def test_broken_documents_are_refused(objects: dict[int, bytes]) -> None:
    with pytest.raises(KzlabelError):
        put(PDF, document(objects), place="every")


@pytest.mark.parametrize(
    "tree",
    [
        b"<< /Nums [ 0 ] >>",
        b"<< /Nums [ (a) 22 0 R ] >>",
        b"<< /Nums [ 0 22 0 R ] >>",
        b"<< /Kids [ 20 0 R ] >>",
        b"<< /Kids [ << /Kids [ 22 0 R ] /Limits [ 0 9 ] >> ] >>",
        b"[ ]",
    ],
)
def test_broken_structures_are_refused(tree: bytes) -> None:
    with pytest.raises(KzlabelError):
        put(PDF, tagged(tree, b"/StructParents 0"))


def test_a_number_tree_that_leads_back_into_itself_is_refused() -> None:
    data = tagged(b"23 0 R", b"/StructParents 0").replace(
        b"<< /Limits [ 0 3 ] /Nums [ 0 [ 22 0 R ] 3 [ 22 0 R ] ] >>",
        b"<< /Limits [ 0 3 ] /Kids [ 23 0 R ]                     >>",
    )
    with pytest.raises(KzlabelError):
        put(PDF, data)


def test_a_label_in_a_document_is_left_behind(labeler: Any, label: Any) -> None:
    from kzlabel.verifying import verify

    out = BytesIO()
    labeler.label(documents.pdf(), label, out)
    result, _ = put(PDF, out.getvalue())
    assert result.startswith(out.getvalue())
    assert verify(result).status.value == "unlabelled"
    again = BytesIO()
    labeler.label(result, label, again)
    assert verify(again.getvalue()).status.value in {"valid", "trusted"}
