"""Texts: the line is where it belongs, in the text's own encoding and with its own line ends."""

import codecs
from html.parser import HTMLParser
from typing import Any

import pytest

from kzlabel.files import BytesReader
from kzlabel.labels.vocabulary import NoticeKind
from kzlabel.notices import NoticeError, check
from tests.unit.notices.putting import DEFAULT_TEXT, put

KAZAKH, RUSSIAN = DEFAULT_TEXT.split(" / ")


@pytest.mark.parametrize(
    ("before", "first", "last"),
    [
        ("", "{}\n", "{}\n"),
        ("one\ntwo\n", "{}\none\ntwo\n", "one\ntwo\n{}\n"),
        ("one\ntwo", "{}\none\ntwo", "one\ntwo\n{}\n"),
        ("one\r\ntwo", "{}\r\none\r\ntwo", "one\r\ntwo\r\n{}\r\n"),
        ("one\rtwo", "{}\rone\rtwo", "one\rtwo\r{}\r"),
        ("#!/bin/sh\necho\n", "#!/bin/sh\n# {}\necho\n", "#!/bin/sh\necho\n# {}\n"),
        ("#!/bin/sh", "#!/bin/sh\n# {}\n", "#!/bin/sh\n# {}\n"),
        ("#!/usr/bin/env node\nf()\n", "#!/usr/bin/env node\n// {}\nf()\n", "#!/usr/bin/env node\nf()\n// {}\n"),
        (
            "#!/usr/bin/python3\n# -*- coding: utf-8 -*-\nx\n",
            "#!/usr/bin/python3\n# -*- coding: utf-8 -*-\n# {}\nx\n",
            "#!/usr/bin/python3\n# -*- coding: utf-8 -*-\nx\n# {}\n",
        ),
    ],
)
def test_a_line_in_plain_text(before: str, first: str, last: str) -> None:
    for place, expected in (("first", first), ("last", last)):
        result, applied = put("text/plain", before.encode(), place=place)
        assert result.decode() == expected.format(DEFAULT_TEXT)
        assert (applied.kind, applied.place) == (NoticeKind.TEXT_LINE, place)
        assert check(BytesReader(result), "text/plain", applied) == "present"
        assert check(BytesReader(before.encode()), "text/plain", applied) == "absent"


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [(codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")],
)
@pytest.mark.parametrize("media_type", ["text/plain", "text/markdown", "text/html"])
def test_a_byte_order_mark_stays_first_and_alone(mark: bytes, encoding: str, media_type: str) -> None:
    data = mark + "сәлем\n".encode(encoding)
    result, applied = put(media_type, data)
    assert result.startswith(mark)
    text = result[len(mark) :].decode(encoding)
    assert "\ufeff" not in text
    assert KAZAKH in text
    assert text.endswith("сәлем\n")
    assert check(BytesReader(result), media_type, applied) == "present"


def test_text_in_an_encoding_of_its_own_is_refused() -> None:
    for media_type in ("text/plain", "text/markdown"):
        with pytest.raises(NoticeError, match="UTF-8") as caught:
            put(media_type, "привет".encode("cp1251"))
        assert "iconv" in caught.value.remedy
    with pytest.raises(NoticeError):
        put("text/plain", codecs.BOM_UTF16_LE + b"\x00\xd8x")


NOTE = f"> {KAZAKH}  \n> {RUSSIAN}\n"


@pytest.mark.parametrize(
    ("before", "first", "last"),
    [
        ("", NOTE, NOTE),
        ("# Hi\n\ntext\n", NOTE + "\n# Hi\n\ntext\n", "# Hi\n\ntext\n\n" + NOTE),
        ("text", NOTE + "\ntext", "text\n\n" + NOTE),
        ("---\na: 1\n---\ntext\n", "---\na: 1\n---\n\n" + NOTE + "\ntext\n", "---\na: 1\n---\ntext\n\n" + NOTE),
        ("+++\na = 1\n+++\n", "+++\na = 1\n+++\n\n" + NOTE, "+++\na = 1\n+++\n\n" + NOTE),
        ("---\nno end\n", NOTE + "\n---\nno end\n", "---\nno end\n\n" + NOTE),
        ("```\ncode\n", NOTE + "\n```\ncode\n", "```\ncode\n```\n\n" + NOTE),
        ("~~~~\n```\n", NOTE + "\n~~~~\n```\n", "~~~~\n```\n~~~~\n\n" + NOTE),
        ("```\ncode\n```\n", NOTE + "\n```\ncode\n```\n", "```\ncode\n```\n\n" + NOTE),
    ],
)
def test_a_quotation_in_markdown(before: str, first: str, last: str) -> None:
    for place, expected in (("first", first), ("last", last)):
        result, applied = put("text/markdown", before.encode(), place=place)
        assert result.decode() == expected
        assert check(BytesReader(result), "text/markdown", applied) == "present"


def test_own_words_mean_nothing_special_in_markdown() -> None:
    result, applied = put("text/markdown", b"", text="*a* _b_ [c](d) <e> `f` # g", languages=("en",))
    assert result == rb"> \*a\* \_b\_ \[c\](d) \<e\> \`f\` \# g" + b"\n"
    assert check(BytesReader(result), "text/markdown", applied) == "present"


class Shown(HTMLParser):
    """Collects elements with their attributes, and in which elements words are."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.path: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[tuple[str, list[str], dict[str, str | None]]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag not in {"meta", "link", "br"}:
            self.path.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        while self.path and self.path.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if data.strip():
            merged = {key: value for _, attributes in self.path for key, value in attributes.items()}
            self.words.append((data.strip(), [tag for tag, _ in self.path], merged))


DOCUMENTS = {
    "whole": "<!DOCTYPE html>\n<html><head><meta charset='utf-8'><title>a<b></title></head>\n"
    "<body id='x>y'><p>Hi</p></body></html>\n",
    "upper": "<HTML><HEAD><TITLE>t</TITLE></HEAD><BODY><P>Hi</P></BODY></HTML>",
    "bare": "<!doctype html><meta charset=utf-8><title>t</title><link rel=x><p>Hi</p>",
    "head only": "<!doctype html><html><head><script>if (a<b) x='<p></body>'</script></head><p>Hi</p>",
    "open head": "<html><head><title>t</title><body><p>Hi</p>",
    "hidden": "<!doctype html><noscript><p>no</p></noscript><template><p>no</p></template><p>Hi</p>",
    "fragment": "<p>Hi</p>",
    "words": "Hi",
    "comment": "<!-- <body> --><body><p>Hi</p><!-- </body> --></body>",
    "late": "<body><script>'</body>'</script><p>Hi</p></body><!-- end -->",
}


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.parametrize("place", ["first", "last"])
def test_an_element_in_html(name: str, place: str) -> None:
    document = DOCUMENTS[name]
    result, applied = put("text/html", document.encode(), place=place)
    shown = Shown(result.decode())
    found = [entry for entry in shown.words if entry[0] in {KAZAKH, RUSSIAN}]
    assert [(words, attributes["lang"], attributes["role"]) for words, _, attributes in found] == [
        (KAZAKH, "kk", "note"), (RUSSIAN, "ru", "note")
    ]  # fmt: skip
    for _, path, _ in found:
        assert path[-2:] == ["aside", "p"]
        assert "head" not in path or "body" in path, "a body ends a head that is left open"
        assert "p" not in path[:-1]
        assert ("body" in path) == ("<body" in document.lower() and name != "head only")
    visible = [
        words for words, path, _ in shown.words if not {"script", "title", "noscript", "template"} & set(path)
    ]
    assert visible.index("Hi") == (2 if place == "first" else 0)
    assert check(BytesReader(result), "text/html", applied) == "present"
    assert check(BytesReader(document.encode()), "text/html", applied) == "absent"
    start = result.decode().index("<aside")
    stop = result.decode().index("</aside>") + len("</aside>")
    assert (result.decode()[: start - 1] + result.decode()[stop + 1 :]) == document


def test_html_in_another_encoding_gets_references() -> None:
    document = "<meta charset=windows-1251><p>Привет</p>".encode("cp1251")
    result, applied = put("text/html", document)
    assert "Привет".encode("cp1251") in result
    text = result.decode("cp1251")
    assert "ә" not in text
    assert [words for words, _, _ in Shown(text).words][:2] == [KAZAKH, RUSSIAN]
    assert check(BytesReader(result), "text/html", applied) == "present"


def test_own_words_mean_nothing_special_in_html() -> None:
    result, applied = put("text/html", b"<p>x", text="<script>alert('1' & \"2\")</script>", languages=("en",))
    assert b"<script>" not in result
    assert check(BytesReader(result), "text/html", applied) == "present"


@pytest.mark.parametrize("wrap", ["<!-- {} -->", "<script>{}</script>", "<title>{}</title>", "<style>{}</style>"])
def test_words_that_are_not_shown_are_absent_from_html(wrap: str) -> None:
    _, applied = put("text/html", b"")
    assert check(BytesReader(wrap.format(DEFAULT_TEXT).encode()), "text/html", applied) == "absent"


def test_one_language_of_two_is_not_enough() -> None:
    _, applied = put("text/plain", b"")
    assert check(BytesReader(KAZAKH.encode()), "text/plain", applied) == "absent"


def test_words_may_be_wrapped_anew() -> None:
    _, applied = put("text/plain", b"")
    assert check(BytesReader(DEFAULT_TEXT.replace(" ", "\n").encode()), "text/plain", applied) == "present"


@pytest.mark.parametrize("media_type", ["text/plain", "text/markdown", "text/html"])
def test_a_label_in_a_text_is_left_out(media_type: str, labeler: Any, label: Any, tmp_path: Any) -> None:
    from kzlabel.verifying import verify

    suffix = {"text/plain": ".txt", "text/markdown": ".md", "text/html": ".html"}[media_type]
    source, labelled = tmp_path / f"a{suffix}", tmp_path / f"b{suffix}"
    source.write_text("<html><head></head><body>x</body></html>\n" if suffix == ".html" else "some words\n")
    labeler.label(source, label, labelled)
    result, _ = put(media_type, labelled.read_bytes())
    noticed, again = tmp_path / f"c{suffix}", tmp_path / f"d{suffix}"
    noticed.write_bytes(result)
    assert verify(noticed).status.value == "unlabelled"
    labeler.label(noticed, label, again)
    assert verify(again).status.value in {"valid", "trusted"}
