"""A store goes into a PDF by an update that leaves every byte before it where it was."""

import io
import re
from pathlib import Path

import pytest
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, NullObject, PdfObject

from kzlabel.errors import MalformedError
from kzlabel.formats import Derived
from kzlabel.spans import Span
from tests.unit.formats.pdfs import (
    CATALOGUE,
    STORE,
    applied,
    attachments,
    complaints,
    document,
    located,
    needs,
    page_count,
    qpdf,
    spliced,
    text,
    updated,
)
from tests.unit.formats.walks import store_of

by_tools = needs("qpdf", "pdftotext", "pdfinfo", "pdfdetach")
REFERENCE = re.compile(rb"(\d+) 0 R")


def catalogue(*entries: bytes) -> bytes:
    return CATALOGUE[:-2] + b" ".join(entries) + b" >>"


def last(data: bytes, number: int) -> bytes:
    """Return object `number` as it was written last."""
    found = re.findall(rb"(?s)(?<![0-9])%d 0 obj\n(.*?)\nendobj" % number, data)
    assert found
    return bytes(found[-1])


def names(data: bytes) -> list[str]:
    """Return the names in the tree of embedded files, which must be in order and within the limits stated."""
    trees = PdfReader(io.BytesIO(data)).root_object.get("/Names", NullObject()).get_object()
    found = _keys(trees.get("/EmbeddedFiles")) if isinstance(trees, DictionaryObject) else []
    assert found == sorted(set(found))
    return found


def _keys(node: PdfObject | None) -> list[str]:
    node = node.get_object() if node is not None else None
    if not isinstance(node, DictionaryObject):
        return []
    found = [str(key) for key in list(node.get("/Names", []))[::2]]
    for kid in list(node.get("/Kids", [])):
        found += _keys(kid)
    if "/Limits" in node:
        assert [found[0], found[-1]] == [str(limit) for limit in list(node.get("/Limits", []))]
    return found


def check(before: bytes, after: bytes) -> None:
    assert after.startswith(before)
    found = located(after)
    assert not found.damage
    (carrier,) = found.carriers
    assert [after[span.start : span.end] for span in carrier.store] == [STORE]
    assert list(carrier.excluded) == list(spliced(before).excluded)


VARIANTS = {
    "table": ("--object-streams=disable",),
    "streams": ("--object-streams=generate",),
    "linearised": ("--linearize",),
    "linearised-streams": ("--linearize", "--object-streams=generate"),
    "pdf-1.3": ("--force-version=1.3", "--object-streams=disable"),
    "pdf-2.0": ("--force-version=2.0",),
    "newlines": ("--newline-before-endstream", "--qdf"),
}


@by_tools
@pytest.mark.parametrize("variant", VARIANTS)
def test_every_kind_of_cross_references_gets_an_update_of_its_kind(variant: str, samples: dict[str, Path]) -> None:
    before = qpdf(samples["pdf"].read_bytes(), *VARIANTS[variant])
    after = updated(before)
    check(before, after)
    assert complaints(before) == complaints(after) == 0
    assert page_count(after) == page_count(before)
    assert text(after) == text(before)
    assert attachments(after) == [b"manifest.c2pa"]
    tail = after[len(before) :]
    assert (b"/Type /XRef" in tail) == (b"/Type /XRef" in before) == (b"\nxref\n" not in tail)


@by_tools
def test_a_hybrid_file_keeps_what_its_cross_reference_stream_lists() -> None:
    stream = b"<< /Type /XRef /Size 6 /Index [5 1] /W [1 4 1] /Length 6 >>\nstream\n%s\nendstream"
    at = document({4: stream % bytes(6), 5: b"<< /Hidden true >>"}).index(b"5 0 obj")
    data = document({4: stream % (b"\1" + at.to_bytes(4) + b"\0"), 5: b"<< /Hidden true >>"})
    data = data.replace(b"/Root 1 0 R ", b"/Root 1 0 R /XRefStm %d " % data.index(b"4 0 obj"))
    after = updated(data)
    check(data, after)
    assert complaints(after) == 0
    assert str(PdfReader(io.BytesIO(after)).get_object(5)) == "{'/Hidden': True}"


def test_updates_upon_updates_are_a_chain(samples: dict[str, Path]) -> None:
    original = samples["pdf"].read_bytes()
    writer = PdfWriter(io.BytesIO(original), incremental=True)
    writer.add_metadata({"/Title": "second"})
    writer.write(out := io.BytesIO())
    second = out.getvalue()
    assert second.startswith(original)
    check(second, updated(second))
    metadata = PdfReader(io.BytesIO(updated(second))).metadata
    assert metadata is not None
    assert metadata.title == "second"


def test_a_file_that_ends_without_a_line_s_end_gets_one() -> None:
    before = document().rstrip()
    after = updated(before)
    check(before, after)
    assert after[len(before) :].startswith(b"\n4 0 obj")


def test_a_second_store_replaces_the_first_one_and_the_first_one_stays_in_the_file() -> None:
    first = updated(document())
    other = store_of(900)
    second = updated(first, other)
    assert second.startswith(first)
    (carrier,) = located(second).carriers
    assert second[carrier.store[0].start : carrier.store[0].end] == other
    assert second.count(STORE) == 1
    assert names(second) == names(first) == ["manifest.c2pa"]
    assert b"/Catalog" not in second[len(first) :]


def test_the_store_is_the_only_thing_excluded_and_it_alone_is_unknown() -> None:
    splice = spliced(document())
    after = applied(document(), splice)
    (excluded,) = splice.excluded
    assert after[excluded.start : excluded.end] == STORE
    assert [part.size for part in splice.parts if isinstance(part, Derived)] == [len(STORE)]
    assert splice.parts[0] == Span(0, len(document()))


def test_a_store_of_another_size_than_was_announced_is_refused() -> None:
    with pytest.raises(MalformedError, match="599 bytes where 600"):
        applied(document(), spliced(document(), 600), STORE[:599])


FILE = b"<< /Type /Filespec /F (a) /UF (a) /EF << /F 9 0 R >> >>"
DATA = b"<< /Length 1 >>\nstream\nx\nendstream"
TREES = {
    "in-place": {1: catalogue(b"/Names << /EmbeddedFiles << /Names [(a) 8 0 R] >> >>")},
    "by-reference": {
        1: catalogue(b"/Names 4 0 R"),
        4: b"<< /EmbeddedFiles 5 0 R >>",
        5: b"<< /Names 6 0 R >>",
        6: b"[ (a) 8 0 R ]",
    },
    "other-names-only": {1: catalogue(b"/Names << /Dests << /Names [(d) [3 0 R /Fit]] >> >>")},
    "null": {1: catalogue(b"/Names null")},
    "null-tree": {1: catalogue(b"/Names << /EmbeddedFiles null >>")},
    "kids": {
        1: catalogue(b"/Names << /EmbeddedFiles << /Kids [4 0 R 5 0 R] >> >>"),
        4: b"<< /Limits [(A) (B)] /Names [(A) 8 0 R (B) 8 0 R] >>",
        5: b"<< /Limits [(a) (a)] /Names [(a) 8 0 R] >>",
    },
    "kids-before": {
        1: catalogue(b"/Names << /EmbeddedFiles << /Kids [4 0 R] >> >>"),
        4: b"<< /Limits [(A) (B)] /Names [(A) 8 0 R (B) 8 0 R] >>",
    },
    "kids-of-kids": {
        1: catalogue(b"/Names << /EmbeddedFiles << /Kids [4 0 R] >> >>"),
        4: b"<< /Limits [<41> (z)] /Kids 6 0 R >>",
        5: b"<< /Limits [<41> (z)] /Names [<41> 8 0 R (z) 8 0 R] >>",
        6: b"[ 5 0 R ]",
    },
    "same-name": {1: catalogue(b"/Names << /EmbeddedFiles << /Names [(manifest.c2pa) 8 0 R] >> >>")},
}


@pytest.mark.parametrize("tree", TREES)
def test_attachments_stay_and_the_name_tree_stays_in_order(tree: str) -> None:
    before = document({8: FILE, 9: DATA, **TREES[tree]})
    after = updated(before)
    check(before, after)
    assert len(names(after)) == len(names(before)) + 1
    assert set(names(after)) > set(names(before))


@pytest.mark.parametrize("place", [b"[ 8 0 R ]", b"4 0 R", b"[]", b"null"])
def test_other_associated_files_stay_and_the_store_comes_first(place: bytes) -> None:
    before = document({1: catalogue(b"/AF ", place), 4: b"[ 8 0 R ]", 8: FILE, 9: DATA})
    after = updated(before)
    check(before, after)
    files = PdfReader(io.BytesIO(after)).root_object["/AF"]
    relationships = [file.get_object().get("/AFRelationship") for file in files]  # type: ignore[attr-defined]
    assert relationships == ["/C2PA_Manifest", *([None] if b"R" in place else [])]


def test_what_else_the_catalogue_says_is_copied_as_it_was_written() -> None:
    kept = rb"/Lang (e\156) /A#20B <4 1> /Caf\351 [1 /B%c" + b"\n] /PageMode/UseNone"
    after = updated(document({1: catalogue(kept)}))
    for value in (rb"(e\156)", rb"/A#20B <4 1>", rb"/Caf\351", b"[1 /B%c\n]", b"/UseNone"):
        assert value in last(after, 1)


@pytest.mark.parametrize("identifier", [b"[ <01> <02> ]", b"4 0 R"])
def test_the_first_half_of_the_identifier_stays_and_the_second_changes(identifier: bytes) -> None:
    data = document({4: b"[ <01> <02> ]"}, b"/ID " + identifier)
    first, second = identifier_of(updated(data))
    assert first == b"\1"
    assert len(second) == 16


def test_two_documents_of_one_size_get_two_identifiers() -> None:
    new = [identifier_of(updated(document(trailer=b"/ID [ <%s> <02> ]" % half)))[1] for half in (b"01", b"03")]
    assert new[0] != new[1]


def identifier_of(data: bytes) -> list[bytes]:
    halves = PdfReader(io.BytesIO(data)).trailer["/ID"].get_object()
    assert isinstance(halves, ArrayObject)
    return [half.original_bytes for half in halves]


def test_numbers_beyond_a_lying_size_are_not_used_again() -> None:
    data = document({40: b"<< /Kept true >>"}).replace(b"/Size 41", b"/Size 4 ")
    after = updated(data)
    check(data, after)
    assert str(PdfReader(io.BytesIO(after)).get_object(40)) == "{'/Kept': True}"
    assert b"41 0 obj" in after[len(data) :]
