"""Labels in text: ours are read by independent implementations, theirs by us, and nothing else passes for one."""

import unicodedata
from pathlib import Path

import c2pa_html
import c2pa_structured_text
import c2pa_text
import c2patxt
import encypher_c2pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kzlabel
from kzlabel.credentials import Signer
from kzlabel.errors import InputError, SigningError
from kzlabel.files import BytesReader
from kzlabel.formats import html, structured, text
from kzlabel.labels import AI, Label
from kzlabel.limits import DEFAULT_LIMITS
from kzlabel.signing import Labeler
from kzlabel.trust import Trust
from kzlabel.verifying import Verifier
from kzlabel.verifying.verdict import Status, Verdict

PLAIN = "Сәлем, әлем! Привет, мир! Hello 👍️\nSecond line, naïve café ﷽\n"
FILES = {
    "a.md": b"# Title\n\ntext\n",
    "front.md": b"---\ntitle: x\n---\ntext",
    "script.py": b"#!/usr/bin/env python\nprint(1)\n",
    "coded.py": b"# -*- coding: utf-8 -*-\r\nprint(1)\r\n",
    "plain.py": b"print(1)\n",
    "a.js": b"let x = 1\n",
    "a.ts": b"let x: number = 1\r\n",
    "a.css": b"a { color: red }",
    "a.xml": b'<?xml version="1.0"?>\n<a/>\n',
    "a.yaml": b"a: 1\n",
    "a.toml": b"a = 1\n",
    "a.json5": b"{a: 1}\n",
    "a.sql": b"select 1;\n",
    "a.tex": b"\\documentclass{article}\n",
    "a.adoc": b"= Title\n",
    "a.ini": b"[a]\nb=1\n",
    "a.sh": b"#!/bin/sh\necho 1\n",
    "bom.py": b"\xef\xbb\xbfprint(1)\n",
    "one-line.rs": b"fn main() {}",
}
PAGE = (
    b"<!DOCTYPE html>\n<html><head><meta charset=utf-8><title>x</title></head>\n"
    b"<body><p>text</p><script>let a = 1</script></body></html>\n"
)


@pytest.fixture
def verifier(trust: Trust) -> Verifier:
    return Verifier(trust=trust)


def codes(verdict: Verdict) -> set[str]:
    return {finding.code for finding in verdict.findings if finding.kind.value == "failure"}


def independent(data: bytes, media_type: str, trust: Trust) -> dict[str, str]:
    report: dict[str, str] = encypher_c2pa.verify(
        data, media_type, trust_pem=trust.pem(), no_default_trust=True, telemetry=False, online=False
    )
    return report


@pytest.mark.parametrize("plain", [PLAIN, "x", "", "line\r\n", "👍️", "end\n\n", "\ufefftext", "e" * 5000])
def test_a_hidden_label_is_trusted_and_what_people_see_stays(
    plain: str, labeler: Labeler, label: Label, verifier: Verifier
) -> None:
    once = labeler.label_text(plain, label)
    verdict = verifier.verify_text(once)
    assert (verdict.status, verdict.ai, verdict.label) == (Status.TRUSTED, AI.GENERATED, label)
    assert kzlabel.plain_text(once) == plain
    assert once.endswith("\n") == plain.endswith("\n")
    twice = labeler.label_text(once, label.replace(level="ai-assisted"))
    verdict = verifier.verify_text(twice)
    assert (verdict.status, verdict.ai) == (Status.TRUSTED, AI.ASSISTED)
    assert kzlabel.plain_text(twice) == plain
    assert len(kzlabel.plain_text(twice)) < len(once) < len(twice)


def test_independent_validators_accept_a_hidden_label(labeler: Labeler, label: Label, trust: Trust) -> None:
    for _ in range(5):
        done = labeler.label_text(PLAIN, label)
        report = independent(done.encode(), "text/plain", trust)
        told = (report["integrity"], report["hard_binding"], report["validation_state"])
        assert told == ("valid", "match", "Trusted")
        found = c2patxt.verify(done)
        assert found.state.value == "valid"
        assert {one.code.value for one in found.failure} == {"signingCredential.untrusted"}
        store, clean, *_ = c2pa_text.extract_manifest(done)
        assert store is not None
        assert clean.rstrip() == unicodedata.normalize("NFC", PLAIN).rstrip()


def test_what_others_hide_is_found(labeler: Labeler, label: Label) -> None:
    done = labeler.label_text(PLAIN, label)
    store, _, *_ = c2pa_text.extract_manifest(done)
    theirs = c2pa_text.embed_manifest("other text", store)
    located = text.locate(BytesReader(theirs.encode()), DEFAULT_LIMITS)
    assert len(located.carriers) == 1
    (span,) = located.carriers[0].store
    assert text.decode(theirs.encode()[span.start : span.end]) == store


def test_a_hidden_label_survives_other_encodings(labeler: Labeler, label: Label, verifier: Verifier) -> None:
    done = labeler.label_text(PLAIN, label)
    for encoding in ("utf-8", "utf-16", "utf-16-be", "utf-32", "utf-7"):
        assert verifier.verify_text(done.encode(encoding).decode(encoding)).status is Status.TRUSTED
    assert verifier.verify_text(unicodedata.normalize("NFD", done)).status is Status.TRUSTED


@pytest.mark.parametrize("change", [
    lambda t: t.replace("Привет", "Привeт"),
    lambda t: t + "more",
    lambda t: "more" + t,
    lambda t: t.replace("\n", "\r\n"),
    lambda t: t[:-1],
    lambda t: t + " ",
    lambda t: t.replace("👍️", "👍"),
])  # fmt: skip
def test_changed_text_is_invalid(  # type: ignore[no-untyped-def]
    change, labeler: Labeler, label: Label, verifier: Verifier
) -> None:
    verdict = verifier.verify_text(change(labeler.label_text(PLAIN, label)))
    assert verdict.status is Status.INVALID
    assert codes(verdict) & {"assertion.dataHash.mismatch", "assertion.dataHash.malformed"}


def test_two_hidden_labels_are_none(labeler: Labeler, label: Label, verifier: Verifier) -> None:
    done = labeler.label_text("one", label)
    verdict = verifier.verify_text(done + done[3:])
    assert verdict.status is Status.INVALID
    assert codes(verdict) == {"manifest.text.multipleWrappers"}


def test_a_hidden_label_that_breaks_off_is_told_from_none(
    labeler: Labeler, label: Label, verifier: Verifier
) -> None:
    done = labeler.label_text("one", label)
    for cut in (15, 20, 500, len(done) - 1):
        verdict = verifier.verify_text(done[:cut])
        assert verdict.status is Status.INVALID, cut
        assert codes(verdict) == {"manifest.text.corruptedWrapper"}
    assert verifier.verify_text(done[:3]).status is Status.UNLABELLED
    wrong_version = done[:12] + chr(0xFE05) + done[13:]
    assert codes(verifier.verify_text(wrong_version)) == {"manifest.text.corruptedWrapper"}


def test_every_changed_selector_is_noticed(labeler: Labeler, label: Label, verifier: Verifier) -> None:
    done = labeler.label_text("one", label)
    for at in range(3, len(done), 37):
        other = chr(0xE0155) if done[at] != chr(0xE0155) else chr(0xE0156)
        verdict = verifier.verify_text(done[:at] + other + done[at + 1 :])
        if verdict.status is Status.TRUSTED:  # the padding of the signature, which nobody reads
            assert done[at] in (chr(0xFE00), chr(0xE0100))
        else:
            assert not verdict.intact


def test_text_that_is_not_normal_is_refused_and_lone_surrogates_too(labeler: Labeler, label: Label) -> None:
    with pytest.raises(SigningError, match="normal"):
        labeler.label_text(unicodedata.normalize("NFD", PLAIN), label)
    with pytest.raises(InputError, match="surrogate"):
        labeler.label_text("a\ud800", label)
    with pytest.raises(InputError, match="surrogate"):
        kzlabel.verify_text("a\ud800")


@given(st.text(max_size=200))
@settings(max_examples=60, deadline=None)
def test_any_text_is_labelled_or_refused(plain: str) -> None:
    labeler, verifier, label = _shared()
    try:
        done = labeler.label_text(plain, label)
    except (SigningError, InputError):
        return
    assert verifier.verify_text(done).status is Status.VALID
    assert kzlabel.plain_text(done) == plain


def _shared() -> tuple[Labeler, Verifier, Label]:
    from fixtures.authority import Authority

    label = Label.from_dict({"level": "ai-generated", "system": {"name": "Painter"}})
    return Labeler(Authority().signer(), trust=Trust.none()), Verifier(trust=Trust.none()), label


@given(st.binary(max_size=600))
def test_what_is_written_in_selectors_is_read_again(data: bytes) -> None:
    assert text.decode(text.encode(data)) == data


@pytest.mark.parametrize("algorithm", ["es384", "es512", "ps256", "ed25519"])
def test_the_hidden_label_has_one_size_whatever_its_bytes(algorithm: str, label: Label) -> None:
    from fixtures.authority import Authority

    authority = Authority()
    labeler = Labeler(authority.signer(algorithm), trust=Trust.none())
    made = [labeler.label_text(f"text {n}", label) for n in range(10)]
    assert len({len(one.encode()) for one in made}) == 1
    trust = Trust.from_pem(authority.pem, store="test")
    assert {Verifier(trust=trust).verify_text(one).status for one in made} == {Status.TRUSTED}


@pytest.mark.parametrize("name", FILES)
def test_structured_text_keeps_its_lines_and_is_trusted(
    name: str, labeler: Labeler, label: Label, verifier: Verifier, trust: Trust, tmp_path: Path
) -> None:
    source, once, twice = tmp_path / name, tmp_path / f"once-{name}", tmp_path / f"twice-{name}"
    source.write_bytes(FILES[name])
    assert verifier.verify(source).status is Status.UNLABELLED
    labeler.label(source, label, once)
    labeler.label(once, label.replace(level="ai-assisted"), twice)
    for path, level in ((once, AI.GENERATED), (twice, AI.ASSISTED)):
        verdict = verifier.verify(path)
        assert (verdict.status, verdict.ai) == (Status.TRUSTED, level), verdict
        done = path.read_bytes()
        located = structured.locate(BytesReader(done), DEFAULT_LIMITS)
        excluded = located.carriers[0].excluded[0]
        assert done[: excluded.start] + done[excluded.end :] in (FILES[name], FILES[name].rstrip(b"\r\n"))
        assert c2pa_structured_text.manifest_exclusion(done.decode()) == (excluded.start, excluded.length)
        first = FILES[name].split(b"\n")[0].rstrip()
        if first.startswith((b"#!", b"<?", b"---", b"# -*-")):
            assert done.startswith(first)


@pytest.mark.parametrize("name", ["a.md", "script.py", "a.css", "coded.py"])
def test_an_independent_validator_accepts_structured_text(
    name: str, labeler: Labeler, label: Label, tmp_path: Path
) -> None:
    source, done = tmp_path / name, tmp_path / f"done-{name}"
    source.write_bytes(FILES[name])
    labeler.label(source, label, done)
    reference = c2pa_structured_text.extract_reference(done.read_bytes().decode())
    assert reference.startswith("data:application/c2pa;base64,")


@pytest.mark.parametrize("change", [
    lambda d: d.replace(b"print(1)", b"print(2)"),
    lambda d: d + b"print(3)\n",
    lambda d: b"import os\n" + d,
    lambda d: d.replace(b"# -----BEGIN", b"import os # -----BEGIN"),
    lambda d: d.replace(b"MANIFEST-----\n", b"MANIFEST-----; import os\n"),
    lambda d: d.replace(b"base64,", b"base64, "),
    lambda d: d + d,
])  # fmt: skip
def test_changed_code_is_never_intact(  # type: ignore[no-untyped-def]
    change, labeler: Labeler, label: Label, verifier: Verifier, tmp_path: Path
) -> None:
    source, done = tmp_path / "a.py", tmp_path / "b.py"
    source.write_bytes(b"print(1)\n")
    labeler.label(source, label, done)
    done.write_bytes(change(done.read_bytes()))
    assert not verifier.verify(done).intact


@pytest.mark.parametrize(("data", "code"), [
    (b"# -----BEGIN C2PA MANIFEST-----  -----END C2PA MANIFEST-----\na", "manifest.structuredText.emptyReference"),
    (b"# -----BEGIN C2PA MANIFEST----- rubbish -----END C2PA MANIFEST-----\na",
     "manifest.structuredText.malformedReference"),
    (b"# -----BEGIN C2PA MANIFEST----- https://a.b/c -----END C2PA MANIFEST-----\n" * 2,
     "manifest.structuredText.multipleReferences"),
])  # fmt: skip
def test_blocks_that_refer_to_nothing_have_codes(
    data: bytes, code: str, verifier: Verifier, tmp_path: Path
) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(data)
    verdict = verifier.verify(path)
    assert verdict.status is Status.INVALID
    assert codes(verdict) == {code}


def test_a_reference_to_elsewhere_is_remote(verifier: Verifier, tmp_path: Path) -> None:
    line = b"# -----BEGIN C2PA MANIFEST----- https://example.org/a.c2pa -----END C2PA MANIFEST-----\nprint(1)\n"
    link = PAGE.replace(b"</head>", b'<link rel="c2pa-manifest" href="https://example.org/a.c2pa"></head>')
    for name, data in (("a.py", line), ("a.html", link)):
        (tmp_path / name).write_bytes(data)
        verdict = verifier.verify(tmp_path / name)
        assert (verdict.status, verdict.remote_url) == (Status.REMOTE, "https://example.org/a.c2pa")


def test_text_that_speaks_of_blocks_has_none(verifier: Verifier, tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    said = b"Between `-----BEGIN C2PA MANIFEST-----` and `-----END C2PA MANIFEST-----` it stands."
    path.write_bytes(b"# On labels\n\n" + said + b"\n\nEnd\n")
    assert verifier.verify(path).status is Status.UNLABELLED


def test_html_is_labelled_in_its_head(labeler: Labeler, label: Label, verifier: Verifier, trust: Trust) -> None:
    assert verifier.verify(PAGE).status is Status.UNLABELLED
    once = labeler.label(PAGE, label)
    twice = labeler.label(once, label.replace(level="ai-assisted"))
    for done, level in ((once, AI.GENERATED), (twice, AI.ASSISTED)):
        verdict = verifier.verify(done)
        assert (verdict.status, verdict.ai) == (Status.TRUSTED, level)
        assert c2pa_html.remove(done) == PAGE
        assert done.index(b"<title>") < done.index(b"application/c2pa") < done.index(b"</head>")


@pytest.mark.parametrize("change", [
    lambda d: d.replace(b"<p>text", b"<p>Text"),
    lambda d: d.replace(b'"application/c2pa">', b'"application/c2pa" src="x.js">'),
    lambda d: d.replace(b'type="application/c2pa"', b'type="text/javascript" type="application/c2pa"'),
    lambda d: d.replace(b"</script></head>", b"alert(1)//</script></head>"),
    lambda d: d.replace(b"</script></head>", b"</script ></head>"),
    lambda d: d.replace(b"</head>", d[d.index(b"<script type"):d.index(b"</head>")] + b"</head>"),
    lambda d: d.replace(b"</head>", b'<link rel=c2pa-manifest href=x></head>'),
    lambda d: d.replace(b"<title>", b"<!--").replace(b"</title>", b"-->"),
])  # fmt: skip
def test_changed_html_is_never_intact(  # type: ignore[no-untyped-def]
    change, labeler: Labeler, label: Label, verifier: Verifier
) -> None:
    assert not verifier.verify(change(labeler.label(PAGE, label))).intact


def test_several_manifests_in_html_have_a_code(labeler: Labeler, label: Label, verifier: Verifier) -> None:
    done = labeler.label(PAGE, label)
    script = done[done.index(b"<script type") : done.index(b"</head>")]
    verdict = verifier.verify(done.replace(b"</head>", script + b"</head>"))
    assert codes(verdict) == {"manifest.html.multipleManifests"}
    assert len(html.locate(BytesReader(done), DEFAULT_LIMITS).carriers) == 1


@pytest.mark.parametrize("name", ["a.json", "a.csv", "a.jsonl", "a.log", "noextension"])
def test_text_without_a_place_for_a_label_is_unsupported(name: str, verifier: Verifier, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(b'{"a": 1}\n')
    assert verifier.verify(path).status is Status.UNSUPPORTED


def test_a_hidden_label_is_found_in_a_file_without_a_name(
    labeler: Labeler, label: Label, verifier: Verifier
) -> None:
    done = labeler.label_text(PLAIN, label).encode()
    assert verifier.verify(done).status is Status.TRUSTED
    assert verifier.verify(b"x" * 200_000 + done).status is Status.INVALID


def test_a_long_text_is_labelled_and_too_long_a_one_is_refused(
    labeler: Labeler, label: Label, verifier: Verifier, signer: Signer, trust: Trust
) -> None:
    long = "Ұзақ мәтін. " * 100_000
    assert verifier.verify_text(labeler.label_text(long, label)).status is Status.TRUSTED
    limits = kzlabel.Limits(text=1000)
    with pytest.raises((SigningError, kzlabel.LimitError)):
        Labeler(signer, trust=trust, limits=limits).label_text(long, label)


@given(st.binary(max_size=400))
def test_any_bytes_beside_marks_are_walked_safely(data: bytes) -> None:
    block = b"# -----BEGIN C2PA MANIFEST----- data:application/c2pa;base64,AAAA -----END C2PA MANIFEST-----"
    wrapper = text.encode(b"C2PATXT\0\1\0\0\0\4abcd")
    for mixed in (data + block, block + data, data + b"\xef\xbb\xbf" + wrapper, wrapper + data, PAGE[:60] + data):
        for form in (text, structured, html):
            located = form.locate(BytesReader(mixed), DEFAULT_LIMITS)
            for carrier in located.carriers:
                for span in (*carrier.store, *carrier.excluded):
                    assert 0 <= span.start <= span.end <= len(mixed)


def test_the_first_example_of_the_documentation_runs(
    config_directory: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KZLABEL_CONFIG_DIR", str(tmp_path))
    page = (Path(__file__).parents[2] / "docs" / "text.md").read_text(encoding="utf-8")
    exec(page.split("```python\n")[1].split("```")[0], {})


@pytest.mark.parametrize(
    "oddity", [b"<![0 1li>", b"<![else]>", b"<!doctype ![", b"<![CDATA[", b"<!-- ", b"<?php ", b"<!x [<!y>]>"]
)
def test_odd_declarations_are_no_crash(oddity: bytes, verifier: Verifier, labeler: Labeler, label: Label) -> None:
    for page in (PAGE.replace(b"<title>", oddity + b"<title>"), PAGE.replace(b"<p>", oddity + b"<p>")):
        assert verifier.verify(page).status in (Status.UNLABELLED, Status.ERROR)
    body = PAGE.replace(b"<p>", oddity + b"<p>")
    assert verifier.verify(labeler.label(body, label)).status is Status.TRUSTED
