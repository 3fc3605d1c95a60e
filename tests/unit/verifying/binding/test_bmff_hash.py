"""`c2pa.hash.bmff`: whatever boxes a signer leaves out, both engines say the same."""

import random
import struct
import time
from typing import Any

import pytest

from kzlabel.errors import LimitError, MalformedError
from kzlabel.files import BytesReader
from kzlabel.formats import Located
from kzlabel.limits import DEFAULT_LIMITS, Limits
from kzlabel.verifying.abstain import Abstention
from kzlabel.verifying.binding import bmff_hash, check_binding
from kzlabel.verifying.binding.bmff_tree import C2PA_UUID, read_tree
from tests.unit.verifying.binding.forging import binding, native, rebind, reference

STORES = {"xpath": "/uuid", "data": [{"offset": 8, "value": C2PA_UUID}]}
PATHS = (
    "/ftyp", "/free", "/mdat", "/mdat[1]", "/moov", "/moov/trak", "/moov/trak[1]/tkhd", "/moov/trak[2]",
    "/moov/trak/mdia/minf/stbl/stco", "/moov/mvhd", "/moov/udta/meta", "/meta", "/meta/iloc", "/meta/hdlr",
    "/meta/iprp/ipco", "/uuid", "/uuid[2]", "/zzzz", "moov",
)  # fmt: skip


def _excluding(file: bytes, rules: list[dict[str, Any]], label: str = "") -> bytes:
    """Replace the exclusions, with the hash that our own engine computes: agreement means the same hash."""
    reader = BytesReader(file)

    def edit(content: dict[str, Any]) -> None:
        content["exclusions"] = rules
        parsed = bmff_hash._rules(content, DEFAULT_LIMITS)
        tree = read_tree(reader, DEFAULT_LIMITS)
        excluded = bmff_hash._exclude(reader, tree, parsed, DEFAULT_LIMITS)
        content["hash"] = bmff_hash._hash(reader, tree, excluded, "sha256", offsets=label != "c2pa.hash.bmff")

    return rebind(file, edit, label)


@pytest.mark.parametrize("name", ["mp4", "avif"])
def test_signed_file_matches_in_both_engines(name: str, request: pytest.FixtureRequest) -> None:
    file = request.getfixturevalue(name)

    assert native(file) == reference(file) == ["bmffHash.additionalExclusionsPresent", "bmffHash.match"]


@pytest.mark.parametrize("label", ["c2pa.hash.bmff", "c2pa.hash.bmff.v2", "c2pa.hash.bmff.v3"])
def test_every_version_matches_without_further_exclusions(mp4: bytes, label: str) -> None:
    file = _excluding(mp4, [STORES, {"xpath": "/ftyp"}, {"xpath": "/mfra"}], label)

    assert native(file) == reference(file) == ["bmffHash.match"]


@pytest.mark.parametrize("name", ["mp4", "avif"])
def test_random_rules_are_judged_alike(name: str, request: pytest.FixtureRequest) -> None:
    dice = random.Random(3)
    file = request.getfixturevalue(name)
    judged = 0
    for _ in range(80):
        rules = [_random_rule(dice) for _ in range(dice.randrange(4))]
        rules.insert(dice.randrange(len(rules) + 1), STORES)
        try:
            forged = _excluding(file, rules)
            ours = native(forged)
        except Abstention:
            continue
        judged += 1
        assert ours == reference(forged), rules
    assert judged > 60


def _random_rule(dice: random.Random) -> dict[str, Any]:
    rule: dict[str, Any] = {"xpath": dice.choice(PATHS)}
    if dice.random() < 0.5:
        at, parts = 0, []
        for _ in range(dice.choice([1, 1, 2, 3])):
            at += dice.choice([0, 1, 4, 8, 16, 100])
            parts.append({"offset": at, "length": dice.choice([0, 4, 8, 20, 1_000_000])})
            at += parts[-1]["length"] if dice.random() < 0.9 else 0
        rule["subset"] = parts
    for field, values in {"length": (8, 28, 108), "version": (0, 1), "exact": (True, False)}.items():
        if dice.random() < 0.15:
            rule[field] = dice.choice(values)
    if dice.random() < 0.15:
        rule["data"] = [{"offset": 4, "value": dice.choice([b"moov", b"m", b"mdat"])}]
    return rule


@pytest.mark.parametrize(
    "rules",
    [
        [],
        [STORES, {"xpath": "/mdat", "subset": [{"offset": 20, "length": 4}, {"offset": 16, "length": 4}]}],
        [STORES, {"xpath": "/mdat", "subset": [{"offset": 16, "length": 8}, {"offset": 20, "length": 4}]}],
    ],
    ids=["none", "out-of-order", "overlapping"],
)
def test_malformed_exclusions_fail(mp4: bytes, rules: list[dict[str, Any]]) -> None:
    file = rebind(mp4, lambda content: content.update(exclusions=rules))

    assert "bmffHash.malformed" in native(file)
    assert native(file) == reference(file)


@pytest.mark.parametrize(
    "path",
    [
        "", "/", "//moov", "/m", "/moov/", "/moov[0]", "/moov[+1]", "/moov[1", "/moov[01]", "/moov[1][2]",
        "/moov/*", "/é€", "/toolong", "/moov[99999999999999999999]",
    ],
)  # fmt: skip
def test_path_that_could_be_read_in_two_ways_is_left_to_the_reference_engine(mp4: bytes, path: str) -> None:
    file = rebind(mp4, lambda content: content["exclusions"].append({"xpath": path}))

    with pytest.raises(Abstention):
        native(file)


@pytest.mark.parametrize(
    "change",
    [{"hash": None}, {"hash": "x"}, {"exclusions": None}, {"exclusions": {}}, {"exclusions": [{}]}, {"alg": 1},
     {"url": "x"}, {"merkle": {}}, {"exclusions": [{"xpath": "/free", "version": 300}]},
     {"exclusions": [{"xpath": "/free", "data": [{"offset": 1 << 62, "value": b"x"}]}]}],
    ids=str,
)  # fmt: skip
def test_fields_that_are_missing_or_odd_are_left_to_the_reference_engine(
    mp4: bytes, change: dict[str, Any]
) -> None:
    file = rebind(mp4, lambda content: content.update(change))

    with pytest.raises(Abstention):
        native(file)


def test_assertion_that_binds_nothing_is_no_match_of_ours(mp4: bytes) -> None:
    def unbind(content: dict[str, Any]) -> None:
        del content["hash"]

    file = rebind(mp4, unbind)

    with pytest.raises(Abstention, match="binds nothing"):
        native(file)
    assert "bmffHash.match" in (reference(file) or ())  # a known gap of the reference engine


def test_flags_matter_only_for_boxes_that_have_some(mp4: bytes) -> None:
    absent = _excluding(mp4, [STORES, {"xpath": "/moof/traf/tfhd", "flags": b"\1\0\0"}])
    plain = _excluding(mp4, [STORES, {"xpath": "/free", "flags": b"\1\0\0"}])

    assert native(absent) == reference(absent)
    assert native(plain) == reference(plain)
    with pytest.raises(Abstention):
        _excluding(mp4, [STORES, {"xpath": "/moov/mvhd", "flags": b"\0\0\0"}])


def _box(kind: bytes, content: bytes = b"") -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


FTYP = _box(b"ftyp", b"isom\0\0\0\0isom")


def _check(file: bytes, rules: list[dict[str, Any]], limits: Limits = DEFAULT_LIMITS) -> list[str]:
    content = {"exclusions": rules, "hash": bytes(32), "alg": "sha256"}
    findings = check_binding(
        BytesReader(file), Located(), "video/mp4", "c2pa.hash.bmff.v3", content,
        default_algorithm=None, uri="", limits=limits,
    )  # fmt: skip
    return [finding.code for finding in findings]


@pytest.mark.parametrize(
    "tail",
    [
        struct.pack(">I4s", 7, b"free"),
        struct.pack(">I4s", 100, b"free"),
        struct.pack(">I4sQ", 1, b"free", 15) + bytes(20),
        struct.pack(">I4sQ", 1, b"free", 1 << 63),
        _box(b"moov", b"\0\0\0\0"),
        _box(b"moov", _box(b"trak", struct.pack(">I4s", 0, b"free"))),
        _box(b"mvhd"),
        _box(b"uuid", bytes(15)),
        _box(b"uuid", C2PA_UUID + bytes(3)),
        _box(b"fr/e"),
        struct.pack(">I4s", 1, b"free"),
    ],
    ids=range(11),
)
def test_odd_boxes_are_left_to_the_reference_engine(tail: bytes) -> None:
    with pytest.raises(Abstention):
        _check(FTYP + tail, [STORES])


def test_file_that_does_not_begin_with_ftyp_is_left_to_the_reference_engine() -> None:
    with pytest.raises(Abstention):
        _check(_box(b"free"), [STORES])


def test_deep_nesting_ends_in_abstention_not_in_recursion() -> None:
    deep = b""
    for _ in range(5000):
        deep = _box(b"moov", deep)

    with pytest.raises(Abstention):
        _check(FTYP + deep, [STORES])
    shallow = b""
    for _ in range(30):
        shallow = _box(b"moov", shallow)
    assert _check(FTYP + shallow, [STORES]) == ["assertion.bmffHash.mismatch"]


def test_many_boxes_and_many_rules_take_no_quadratic_time() -> None:
    file = FTYP + _box(b"free") * 60_000
    rules = [{"xpath": f"/free[{n}]"} for n in range(1, 5_000)] + [{"xpath": "/free"}]
    begun = time.perf_counter()

    assert "assertion.bmffHash.mismatch" in _check(file, rules)

    assert time.perf_counter() - begun < 4


@pytest.mark.parametrize(
    "rules",
    [
        [{"xpath": "/free"}] * 200,
        [{"xpath": "/free", "data": [{"offset": 4, "value": b"free"}] * 100}] * 100,
        [{"xpath": "/free", "subset": [{"offset": n, "length": 1} for n in range(100)]}] * 100,
        [{"xpath": "/free"}] * 10_001,
    ],
    ids=["rules", "data", "subsets", "count"],
)
def test_rules_that_multiply_reach_a_limit(rules: list[dict[str, Any]]) -> None:
    begun = time.perf_counter()
    with pytest.raises(LimitError):
        _check(FTYP + _box(b"free") * 60_000, rules)
    assert time.perf_counter() - begun < 4


def test_too_many_boxes_reach_a_limit() -> None:
    with pytest.raises(LimitError):
        _check(FTYP + _box(b"free") * 3000, [STORES], Limits(boxes=1000))


def test_any_bytes_are_judged_without_another_exception() -> None:
    dice = random.Random(11)
    whole = (
        FTYP
        + _box(b"moov", _box(b"mvhd", bytes(20)) + _box(b"udta", _box(b"meta", bytes(4))))
        + _box(b"mdat", b"x" * 9)
    )
    for _ in range(3000):
        file = bytearray(whole)
        for _ in range(dice.randrange(1, 4)):
            file[dice.randrange(len(file))] = dice.choice([0, 1, 8, 0xFF, dice.randrange(256)])
        try:
            _check(
                bytes(file[: dice.choice([len(file), dice.randrange(len(file))])]),
                [STORES, {"xpath": "/moov/udta"}],
            )
        except (Abstention, MalformedError):
            continue


def test_binding_of_the_sample_names_what_is_left_out(mp4: bytes) -> None:
    label, content = binding(mp4)

    assert label == "c2pa.hash.bmff.v3"
    assert [rule["xpath"] for rule in content["exclusions"]] == ["/uuid", "/ftyp", "/mfra", "/free", "/skip"]
