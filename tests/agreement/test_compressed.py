"""Compressed manifests: what both engines make of good ones and of spoilt ones."""

from collections.abc import Callable
from functools import lru_cache

import brotli
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kzlabel.errors import LimitError
from kzlabel.limits import Limits
from kzlabel.manifest.store import read_store
from tests.agreement.comparison import compare
from tests.agreement.composing import (
    LABEL,
    PARENT,
    Draft,
    box,
    cbor_box,
    digest,
    embed,
    good,
    ingredient,
    opened,
    segment,
    sign,
    store,
    superbox,
)
from tests.agreement.violations.base import image

Pack = Callable[[bytes], bytes]


def packed(manifest: bytes, label: str = LABEL) -> bytes:
    return superbox(b"c2cm", label, box(b"brob", brotli.compress(manifest)))


def labelled(pack: Pack, draft: Draft | None = None, *others: bytes) -> bytes:
    """Return a picture whose last manifest went through `pack`, bound to it.

    How long a compressed manifest gets is known only when it is made, so lengths are tried until one fits.
    """
    draft = (draft or Draft()).copy(signature=lru_cache(lambda claim: sign(claim, good())))
    size = 0
    for attempt in range(500):
        fields = {
            "exclusions": [{"start": 2, "length": size}],
            "alg": "sha256",
            "hash": digest(image()),
            "pad": bytes(8 + attempt // 5),
        }
        made = pack(draft.manifest(("c2pa.hash.data", cbor_box("c2pa.hash.data", fields))))
        data = store(*others, made)
        if len(segment(data)) == size:
            return embed(data, image())
        size = len(segment(data))
    raise AssertionError("no length fits")


def test_a_compressed_manifest_is_read_by_both() -> None:
    result = compare(labelled(packed), good().trust)
    assert result is not None
    assert result.agrees, result
    assert (result.native, result.reference) == ("Trusted", "Trusted")


def test_changed_content_under_a_compressed_manifest_is_invalid() -> None:
    data = labelled(packed)
    result = compare(data[:-3] + bytes([data[-3] ^ 1]) + data[-2:], good().trust)
    assert result is not None
    assert result.agrees, result
    assert result.native == "Invalid"


def _compressed_parent() -> bytes:
    parent = Draft(label=PARENT).manifest(
        ("c2pa.hash.data", cbor_box("c2pa.hash.data", {"hash": digest(image()), "pad": b""}))
    )
    draft = Draft(
        assertions=[
            ("c2pa.actions.v2", cbor_box("c2pa.actions.v2", opened("c2pa.ingredient.v3"))),
            ("c2pa.ingredient.v3", cbor_box("c2pa.ingredient.v3", ingredient(parent))),
        ]
    )
    return labelled(bytes, draft, packed(parent, PARENT))


GOOD = labelled(packed)

SPOILT: dict[str, Callable[[], bytes]] = {
    "another label outside": lambda: labelled(lambda made: packed(made, PARENT)),
    "compressed twice": lambda: labelled(lambda made: packed(packed(made))),
    "nothing in it": lambda: labelled(lambda _: superbox(b"c2cm", LABEL, box(b"brob", b""))),
    "an empty stream": lambda: labelled(lambda _: packed(b"")),
    "not Brotli": lambda: labelled(lambda made: superbox(b"c2cm", LABEL, box(b"brob", made))),
    "cut off": lambda: labelled(lambda made: superbox(b"c2cm", LABEL, box(b"brob", brotli.compress(made)[:-5]))),
    "something behind the stream": lambda: labelled(
        lambda made: superbox(b"c2cm", LABEL, box(b"brob", brotli.compress(made) + b"more"))
    ),
    "something behind the manifest": lambda: labelled(lambda made: packed(made + b"more")),
    "two manifests": lambda: labelled(lambda made: packed(made + made)),
    "two streams": lambda: labelled(
        lambda made: superbox(
            b"c2cm", LABEL, box(b"brob", brotli.compress(made)), box(b"brob", brotli.compress(made))
        )
    ),
    "a plain manifest in a compressed box": lambda: labelled(lambda made: superbox(b"c2cm", LABEL, made)),
    "a compressed box without the type": lambda: labelled(
        lambda made: superbox(b"c2ma", LABEL, box(b"brob", brotli.compress(made)))
    ),
    "a compressed parent": _compressed_parent,
}


@pytest.mark.parametrize("name", SPOILT)
def test_the_native_engine_agrees_or_abstains(name: str) -> None:
    result = compare(SPOILT[name](), good().trust)
    assert result is not None
    assert result.agrees, result
    assert not result.unsafe, result


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_no_spoilt_byte_is_intact_to_the_native_engine_only(data: st.DataObject) -> None:
    whole = GOOD
    start = whole.index(b"brob")
    at = data.draw(st.integers(start, start + 1000))
    spoilt = whole[:at] + bytes([whole[at] ^ data.draw(st.integers(1, 255))]) + whole[at + 1 :]
    result = compare(spoilt, good().trust)
    assert result is not None
    assert not result.unsafe, result


def test_a_manifest_that_swells_is_a_limit() -> None:
    bomb = store(packed(bytes(50_000_000)))
    assert len(bomb) < 1000
    with pytest.raises(LimitError, match="more than"):
        read_store(bomb, Limits(store_size=1_000_000))
