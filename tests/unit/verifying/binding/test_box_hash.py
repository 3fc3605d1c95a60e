"""`c2pa.hash.boxes`: files whose boxes are exactly those that are named, in both engines."""

import hashlib
import io
import random
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image

from kzlabel.errors import LimitError
from kzlabel.files import BytesReader
from kzlabel.limits import DEFAULT_LIMITS, Limits
from kzlabel.verifying.abstain import Abstention
from kzlabel.verifying.binding.box_hash import _WALKERS
from tests.unit.verifying.binding.forging import UnreadableError, located, native, rebind, reference, sign

Entries = list[dict[str, Any]]


def _boxed(
    file: bytes, *, minimal: bool = True, change: Callable[[Entries], Entries | None] | None = None
) -> bytes:
    """Bind `file` by its boxes: an entry for each, or one before, one for and one behind the store."""
    media_type, where = located(file)
    boxes = _WALKERS[media_type](BytesReader(file), DEFAULT_LIMITS, where.carriers[0].excluded)
    store = [name for name, _ in boxes].index("C2PA")
    groups = [boxes[:store], boxes[store : store + 1], boxes[store + 1 :]] if minimal else [[box] for box in boxes]
    entries = []
    for group in groups:
        names = [name for name, _ in group]
        data = b"\0" if names == ["C2PA"] else hashlib.sha256(file[group[0][1].start : group[-1][1].end]).digest()
        entries.append({"names": names, "alg": "sha256", "hash": data, "pad": b""})
    entries = (change and change(entries)) or entries
    return rebind(file, lambda _: {"boxes": entries}, "c2pa.hash.boxes")


def _variants() -> dict[str, tuple[bytes, str]]:
    image = Image.effect_noise((40, 30), 60)
    files = {}
    for name, media_type, form, options in (
        ("progressive", "image/jpeg", "JPEG", {"progressive": True}),
        ("comments", "image/jpeg", "JPEG", {"comment": b"hello", "icc_profile": b"x" * 300}),
        ("animation", "image/gif", "GIF", {"save_all": True, "append_images": [image.rotate(90)], "comment": b"x"}),
        ("plain", "image/png", "PNG", {}),
    ):
        out = io.BytesIO()
        image.save(out, form, **options)
        files[name] = (out.getvalue(), media_type)
    return files


@pytest.mark.parametrize("minimal", [True, False])
@pytest.mark.parametrize("name", ["jpeg", "png", "gif"])
def test_boxes_match_in_both_engines(name: str, request: pytest.FixtureRequest, *, minimal: bool) -> None:
    file = _boxed(request.getfixturevalue(name), minimal=minimal)

    assert native(file) == reference(file) == ["boxesHash.match"]


@pytest.mark.parametrize("name", ["progressive", "comments", "animation", "plain"])
def test_all_kinds_of_boxes_are_named_as_in_the_reference_engine(name: str) -> None:
    file = _boxed(sign(*_variants()[name]), minimal=False)

    assert native(file) == reference(file) == ["boxesHash.match"]


@pytest.mark.parametrize("name", ["jpeg", "png", "gif"])
def test_changed_byte_is_never_a_match_that_the_reference_engine_denies(
    name: str, request: pytest.FixtureRequest
) -> None:
    original = request.getfixturevalue(name)
    file = _boxed(original)
    store = located(file)[1].carriers[0].excluded[0]
    dice = random.Random(5)
    judged = 0
    for _ in range(150):
        at = dice.choice([dice.randrange(store.start), dice.randrange(store.end, len(file))])
        changed = bytearray(file)
        changed[at] ^= 1 << dice.randrange(8)
        try:
            ours = native(bytes(changed))
        except (Abstention, UnreadableError):
            continue
        judged += 1
        assert ours == reference(bytes(changed)), at
    assert judged > 40


def test_entry_that_is_excluded_is_told(png: bytes) -> None:
    file = _boxed(png, change=lambda entries: entries[2].update(excluded=True))

    assert native(file) == reference(file) == ["boxesHash.additionalExclusionsPresent", "boxesHash.match"]


@pytest.mark.parametrize("change", [{"alg": "sha1"}, {"hash": b"1" * 32}, {"hash": b""}], ids=str)
def test_wrong_hash_or_algorithm_is_a_mismatch(png: bytes, change: dict[str, Any]) -> None:
    file = _boxed(png, change=lambda entries: entries[0].update(change))

    assert native(file) == reference(file) == ["boxesHash.mismatch"]


@pytest.mark.parametrize(
    "change",
    [
        lambda entries: entries[:-1],
        lambda entries: [entries[0] | {"names": [*entries[0]["names"], "C2PA"]}, entries[2]],
        lambda entries: [entries[0], *entries],
        lambda entries: [*entries, entries[2] | {"names": []}],
        lambda entries: [entries[0] | {"names": entries[0]["names"][1:]}, *entries[1:]],
        lambda entries: entries[0].update(exclusions=[{"start": 0, "length": 4}]),
        lambda entries: entries[0].update(exclusions=[]),
        lambda entries: entries[0].update(names="PNGh"),
        lambda entries: entries[0].update(pad=None),
        lambda entries: entries[0].update(excluded=1),
    ],
    ids=range(10),
)
def test_other_boxes_than_the_files_are_left_to_the_reference_engine(
    png: bytes, change: Callable[[Entries], Entries | None]
) -> None:
    with pytest.raises(Abstention):
        native(_boxed(png, change=change))


@pytest.mark.parametrize("name", ["jpeg", "png", "gif"])
def test_content_behind_the_last_box_is_no_match_of_ours(name: str, request: pytest.FixtureRequest) -> None:
    file = _boxed(request.getfixturevalue(name)) + b"appended"

    with pytest.raises(Abstention):
        native(file)
    assert reference(file) == ["boxesHash.match"]  # a known gap of the reference engine


def test_boxes_of_a_format_without_names_are_left_to_the_reference_engine(webp: bytes) -> None:
    with pytest.raises(Abstention):
        native(rebind(webp, lambda _: {"boxes": []}, "c2pa.hash.boxes"))


def test_too_many_boxes_reach_a_limit(png: bytes) -> None:
    chunk = b"\0\0\0\0abCd\0\0\0\0"
    file = _boxed(png)
    at = located(file)[1].carriers[0].excluded[0].end

    with pytest.raises(LimitError):
        native(file[:at] + chunk * 5000 + file[at:], Limits(boxes=100))
