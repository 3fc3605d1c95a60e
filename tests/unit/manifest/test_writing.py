"""What is written comes back from the readers, and has the size that was asked for."""

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kzlabel.errors import LimitError, MalformedError
from kzlabel.limits import DEFAULT_LIMITS
from kzlabel.manifest.cbor import DateText, decode, encode
from kzlabel.manifest.claim import HashedUri, read_claim, write_claim
from kzlabel.manifest.cose import read_sign1, write_protected, write_sign1
from kzlabel.manifest.ingredient import Recorded, Results, read_ingredient, write_parent
from kzlabel.manifest.jumbf import ContentBox, Superbox, read_superbox, type_of, write_box, write_superbox
from kzlabel.manifest.labels import manifest_uri, relative_uri, signature_uri
from kzlabel.manifest.padding import encode_padded
from kzlabel.manifest.store import read_store, write_assertion, write_manifest, write_store

NAME = "urn:c2pa:3fad1ead-8ed5-44d0-873b-ea5f58adea82"
LABELS = st.text(st.characters(min_codepoint=33, max_codepoint=0x24F), min_size=1, max_size=40)
URIS = st.builds(HashedUri, LABELS.map(relative_uri), st.binary(min_size=32, max_size=32))
NUMBERS = st.integers(-(1 << 63), (1 << 63) - 1)
DATA = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(LABELS, st.lists(st.binary(max_size=200), max_size=5))
def test_a_written_superbox_is_read_back(label: str, contents: list[bytes]) -> None:
    data = write_superbox(type_of(b"c2as"), label, *(write_box(b"cbor", content) for content in contents))
    box = read_superbox(data, DEFAULT_LIMITS)
    assert (box.type, box.label, box.salt, box.oddity, box.end) == (type_of(b"c2as"), label, None, "", len(data))
    assert [data[inner.start : inner.end] for inner in box.boxes] == contents
    assert all(isinstance(inner, ContentBox) for inner in box.boxes)


@given(LABELS, LABELS)
def test_superboxes_nest(outer: str, inner: str) -> None:
    data = write_superbox(type_of(b"c2pa"), outer, write_superbox(type_of(b"c2ma"), inner))
    (found,) = read_superbox(data, DEFAULT_LIMITS).boxes
    assert isinstance(found, Superbox)
    assert found.label == inner


@given(DATA)
def test_written_cbor_is_read_back_in_the_deterministic_form(value: object) -> None:
    data = encode(value)
    assert decode(data) == value
    assert data == cbor2.dumps(value, canonical=True)


def test_map_keys_are_sorted_by_their_encoded_bytes() -> None:
    assert encode({"bb": 1, "a": 2, "ab": 3}) == bytes.fromhex("a3 6161 02 626162 03 626262 01")


def test_a_date_is_written_with_its_tag_and_other_text_without() -> None:
    data = encode({"when": DateText("2026-01-02T03:04:05Z"), "name": "2026-01-02T03:04:05Z"})
    assert data.count(b"\xc0\x74") == 1
    read = decode(data, dates=True)
    assert type(read["when"]) is DateText
    assert type(read["name"]) is str


@given(
    st.dictionaries(st.text(max_size=3).filter(lambda key: not key.startswith("pad")), DATA, max_size=3), st.data()
)
def test_padding_reaches_every_size(content: dict[str, object], data: st.DataObject) -> None:
    least = len(encode_padded(content, 0))
    size = least + data.draw(st.integers(0, 700) | st.integers(65_530, 65_560))
    made = encode_padded(content, size)
    assert len(made) == size
    read = decode(made)
    assert not read.pop("pad").strip(b"\0")
    assert not read.pop("pad2", b"").strip(b"\0")
    assert read == content


def test_what_needs_more_room_than_there_is_is_refused() -> None:
    least = len(encode_padded({"a": 1}, 0))
    with pytest.raises(LimitError):
        encode_padded({"a": 1}, least - 1)


@given(st.lists(URIS, min_size=1, max_size=6, unique_by=lambda uri: uri.url), st.text(max_size=30))
def test_a_written_claim_is_read_back(created: list[HashedUri], title: str) -> None:
    data = write_claim(
        NAME, instance="xmp:iid:1", generator={"name": "a", "version": "b"}, created=created, title=title
    )
    claim = read_claim(data, 2)
    assert claim.created == tuple(created)
    assert (claim.gathered, claim.redacted, claim.algorithm) == ((), (), "sha256")
    assert claim.signature == signature_uri(NAME)
    assert claim.generator is not None
    assert (claim.generator.name, claim.generator.version) == ("a", "b")
    assert ("dc:title" in decode(data)) is bool(title)


@pytest.mark.parametrize("chain", [(b"one",), (b"one", b"two")])
@pytest.mark.parametrize("size", [0, 400, 401, 402])
def test_a_written_signature_is_read_back(chain: tuple[bytes, ...], size: int) -> None:
    protected = write_protected("es384", chain)
    data = write_sign1(protected, bytes(96), size=size)
    read = read_sign1(data, DEFAULT_LIMITS)
    assert (read.algorithm, read.protected, read.chain, read.signature) == ("es384", protected, chain, bytes(96))
    assert read.time_stamp is None
    assert not size or len(data) == size


def test_a_written_time_stamp_is_read_back_as_one_over_the_signature() -> None:
    data = write_sign1(write_protected("es256", (b"one",)), bytes(64), size=300, token=b"token")
    stamp = read_sign1(data, DEFAULT_LIMITS).time_stamp
    assert stamp is not None
    assert (stamp.over_signature, stamp.token, len(data)) == (True, b"token", 300)


def test_a_signature_without_room_for_its_time_stamp_is_refused() -> None:
    with pytest.raises(LimitError):
        write_sign1(write_protected("es256", (b"one",)), bytes(64), size=100, token=bytes(200))


def test_a_written_store_is_read_back() -> None:
    assertion = write_assertion("c2pa.hash.data", encode({"pad": b""}))
    claim = write_claim(NAME, instance="xmp:iid:1", generator={"name": "a"}, created=[])
    manifest = write_manifest(NAME, [assertion], claim, b"\x80")
    store = read_store(write_store([manifest]), DEFAULT_LIMITS)
    active = store.active
    assert (active.label, active.version, active.update, active.oddity) == (NAME, 2, False, "")
    assert (active.claim, active.signature, active.payload) == (claim, b"\x80", manifest[8:])
    assert [(one.label, one.kind, one.payload) for one in active.assertions] == [
        ("c2pa.hash.data", "cbor", assertion[8:])
    ]


def test_one_manifest_twice_is_not_read() -> None:
    manifest = write_manifest(NAME, [], encode({}), encode([]))
    with pytest.raises(MalformedError, match="same label"):
        read_store(write_store([manifest, manifest]), DEFAULT_LIMITS)


def test_a_written_ingredient_is_read_back() -> None:
    results = Results(success=(Recorded("a", "self#jumbf=x"),), failure=(Recorded("b", None, "why"),))
    uris = HashedUri(manifest_uri(NAME), bytes(32)), HashedUri(signature_uri(NAME), bytes(32))
    read = read_ingredient(write_parent("image/png", *uris, results), 3)
    assert (read.version, read.relationship, read.content["dc:format"]) == (3, "parentOf", "image/png")
    assert read.manifest == HashedUri(uris[0].url, bytes(32), "sha256")
    assert read.signature == HashedUri(uris[1].url, bytes(32), "sha256")
    assert read.recorded == (Recorded("a", "self#jumbf=x"), Recorded("b", None, "why"))
    assert read.failures == ("b",)
