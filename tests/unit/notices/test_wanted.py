"""What may be asked for."""

import subprocess
import sys
from typing import Any

import pytest

from kzlabel.files import BytesReader
from kzlabel.labels import Notice
from kzlabel.labels.vocabulary import Level
from kzlabel.notices import MEDIA_TYPES, Applied, NoticeError, Presence, Wanted, check
from kzlabel.notices.wording import LEVELS
from tests.unit.formats.pdfs import document
from tests.unit.notices.putting import DEFAULT_TEXT, put


def test_kazakh_and_russian_together_are_the_default() -> None:
    assert [line.language for line in Wanted().lines()] == ["kk", "ru"]
    assert put("text/plain", b"x")[1].text == DEFAULT_TEXT


def test_there_are_words_for_every_level_of_a_label() -> None:
    assert set(LEVELS) == {level.value for level in Level}
    assert len({Wanted(level=level, languages=("en",)).lines()[0].text for level in LEVELS}) == 2


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"languages": ()}, "at least one language"),
        ({"languages": ("kk", "kk")}, "each once"),
        ({"languages": ("fr",)}, "fr"),
        ({"level": "human"}, "human"),
        ({"form": "smell"}, "smell"),
        ({"place": "under"}, "under"),
        ({"scale": 0.5}, "scale"),
        ({"scale": float("nan")}, "scale"),
        ({"alpha": -1.0}, "alpha"),
        ({"alpha": float("nan")}, "alpha"),
        ({"text": "two\nlines"}, "one line"),
        ({"text": "  "}, "blank"),
        ({"text": "right\u202eleft"}, "control"),
        ({"text": "x" * 501}, "501"),
    ],
)
def test_what_cannot_be_is_refused_with_what_to_do(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(NoticeError, match=said) as caught:
        Wanted(**fields)
    assert caught.value.remedy


@pytest.mark.parametrize("media_type", ["image/svg+xml", "image/avif", "video/mp4", "application/zip", ""])
def test_a_kind_of_file_that_takes_none_is_refused(media_type: str) -> None:
    with pytest.raises(NoticeError, match="can't have a notice"):
        put(media_type, b"x" * 100)


@pytest.mark.parametrize(
    ("media_type", "fields"),
    [
        ("image/png", {"form": "speech"}),
        ("image/png", {"place": "first"}),
        ("application/pdf", {"form": "icon"}),
        ("application/pdf", {"place": "top-left"}),
        ("text/plain", {"place": "every"}),
        ("text/html", {"form": "tone"}),
        ("audio/wav", {"form": "icon"}),
        ("audio/wav", {"place": "last"}),
    ],
)
def test_a_form_or_place_that_a_kind_of_file_lacks_is_refused(media_type: str, fields: dict[str, Any]) -> None:
    with pytest.raises(NoticeError, match="can't"):
        put(media_type, b"x" * 100, **fields)


def test_what_was_applied_makes_a_notice_of_a_label() -> None:
    _, applied = put("text/plain", b"x")
    notice = Notice(kind=applied.kind, language=applied.language, text=applied.text)
    assert (notice.kind.value, notice.language, notice.text) == ("text-line", "mul", DEFAULT_TEXT)
    _, single = put("text/plain", b"x", languages=("ru",))
    assert (single.language, single.languages, single.place) == ("ru", ("ru",), "first")


def test_own_words_are_of_the_first_language_and_in_normal_form() -> None:
    _, applied = put("text/plain", b"x", text=" и\u0306 ", languages=("kk", "ru"))
    assert (applied.text, applied.languages) == ("й", ("kk",))


@pytest.mark.parametrize(
    ("media_type", "library"),
    [("image/jpeg", "PIL"), ("image/png", "numpy"), ("image/gif", "numpy"), ("audio/flac", "soundfile")],
)
def test_a_library_that_is_missing_is_named_with_the_extra(
    media_type: str, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith("kzlabel.notices.")]:
        if name.rpartition(".")[2] in {"png", "png_rows", "palette", "gif", "sound", "wav", "flac", "apng"}:
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(NoticeError, match=library) as caught:
        put(media_type, b"x" * 100)
    assert "kzlabel[notices]" in caught.value.remedy


@pytest.mark.parametrize("media_type", ["text/plain", "text/html", "text/markdown", "application/pdf"])
def test_texts_and_documents_need_no_further_library(media_type: str) -> None:
    script = (
        "import sys; sys.modules.update(PIL=None, numpy=None, soundfile=None)\n"
        "from io import BytesIO; from kzlabel.files import BytesReader\n"
        "from kzlabel.notices import Wanted, apply\n"
        "data = sys.stdin.buffer.read()\n"
        f"apply(BytesReader(data), {media_type!r}, Wanted(), sys.stdout.buffer)\n"
    )
    data = (
        document({3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>"})
        if "pdf" in media_type
        else b"<p>x"
    )
    done = subprocess.run([sys.executable, "-c", script], input=data, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout) > len(data)


def test_pixels_and_samples_are_not_looked_at() -> None:
    _, applied = put("text/plain", b"x")
    for media_type in MEDIA_TYPES:
        if media_type.startswith(("image/", "audio/")):
            answer: Presence = check(BytesReader(b"anything"), media_type, applied)
            assert answer == "not checkable"


def test_a_notice_without_words_is_not_checkable() -> None:
    _, applied = put("text/plain", b"x")
    empty = Applied(kind=applied.kind, language="kk", text="  ", place="first")
    assert check(BytesReader(b"x"), "text/plain", empty) == "not checkable"
