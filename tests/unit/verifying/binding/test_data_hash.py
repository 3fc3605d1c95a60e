"""`c2pa.hash.data`: whatever ranges a signer leaves out, both engines say the same."""

import hashlib
import random
from typing import Any

import pytest

from kzlabel.errors import LimitError
from kzlabel.files import BytesReader
from kzlabel.formats import Carrier, Located
from kzlabel.limits import DEFAULT_LIMITS, Limits
from kzlabel.spans import Span
from kzlabel.verifying.abstain import Abstention
from kzlabel.verifying.binding import check_binding
from tests.unit.verifying.binding.forging import binding, located, native, rebind, reference

Ranges = list[tuple[int, int]]


def _digest(file: bytes, ranges: Ranges, algorithm: str = "sha256") -> bytes:
    kept = bytearray(b"\1") * len(file)
    for start, length in ranges:
        stop = min(len(file), start + length)
        kept[start:stop] = bytes(max(0, stop - start))
    return hashlib.new(algorithm, bytes(byte for byte, keep in zip(file, kept, strict=True) if keep)).digest()


def _excluding(file: bytes, ranges: Ranges, algorithm: str = "sha256") -> bytes:
    def edit(content: dict[str, Any]) -> None:
        content["exclusions"] = [{"start": start, "length": length} for start, length in ranges]
        content |= {"alg": algorithm, "hash": _digest(file, ranges, algorithm)}

    return rebind(file, edit)


def _place(file: bytes) -> tuple[int, int]:
    return tuple(located(file)[1].carriers[0].excluded[0])  # type: ignore[return-value]


@pytest.mark.parametrize("name", ["jpeg", "png", "gif", "webp", "tiff"])
def test_signed_file_matches_in_both_engines(name: str, request: pytest.FixtureRequest) -> None:
    file = request.getfixturevalue(name)

    assert "dataHash.match" in native(file)
    assert native(file) == reference(file)


@pytest.mark.parametrize("algorithm", ["sha256", "sha384", "sha512"])
def test_every_algorithm_matches(jpeg: bytes, algorithm: str) -> None:
    file = _excluding(jpeg, [_place(jpeg)], algorithm)

    assert native(file) == reference(file) == ["dataHash.match"]


def test_claims_algorithm_holds_where_the_assertion_names_none(jpeg: bytes) -> None:
    file = rebind(jpeg, lambda content: content.pop("alg") and None)

    assert native(file) == reference(file) == ["dataHash.match"]


@pytest.mark.parametrize("algorithm", ["sha1", "md5", "SHA256"])
def test_unknown_algorithm_is_a_mismatch(jpeg: bytes, algorithm: str) -> None:
    file = rebind(jpeg, lambda content: content.update(alg=algorithm))

    assert native(file) == reference(file) == ["dataHash.mismatch"]


def test_exclusion_that_swallows_content_is_a_mismatch(jpeg: bytes) -> None:
    start, length = _place(jpeg)
    file = _excluding(jpeg, [(start, length + 10)])

    assert native(file) == reference(file) == ["dataHash.match", "dataHash.mismatch"]


@pytest.mark.parametrize(
    "extra",
    [
        [(100_000_000, 0)],
        [(0, 1 << 62)],
        [(13_000, 5)],
        [(13_000, 5), (13_002, 8)],
        [(2, 10), (1, 400)],
        [(20, 0)],
        [(13_000, 1 << 40), (13_100, 2)],
        [(13_000, 1 << 40)],
        [(0, 14_000)],
    ],
    ids=str,
)
def test_further_exclusions_are_told_and_judged_alike(jpeg: bytes, extra: Ranges) -> None:
    for ranges in ([_place(jpeg), *extra], [*extra, _place(jpeg)]):
        file = _excluding(jpeg, ranges)

        assert "dataHash.additionalExclusionsPresent" in native(file)
        assert native(file) == reference(file)


def test_exclusion_of_everything_is_never_a_silent_match(jpeg: bytes) -> None:
    alone = _excluding(jpeg, [(0, len(jpeg))])
    beside = _excluding(jpeg, [_place(jpeg), (0, len(jpeg))])

    assert "dataHash.mismatch" in native(alone)
    assert "dataHash.additionalExclusionsPresent" in native(beside)


def test_random_ranges_are_judged_alike(jpeg: bytes) -> None:
    dice = random.Random(7)
    size = len(jpeg)
    for _ in range(60):
        ranges = [
            (
                dice.choice([0, 20, dice.randrange(size), size - 1, size, size + 1]),
                dice.choice([0, 1, 50, size, 1 << 40]),
            )
            for _ in range(dice.randrange(4))
        ]
        ranges.insert(dice.randrange(len(ranges) + 1), _place(jpeg) if dice.random() < 0.8 else (5, 5))
        file = _excluding(jpeg, ranges)

        assert native(file) == reference(file), ranges


@pytest.mark.parametrize(
    "change",
    [
        {"exclusions": [{"start": -1, "length": 5}]},
        {"exclusions": [{"start": 1 << 63, "length": 0}]},
        {"exclusions": [{"start": 1 << 64, "length": 1}]},
        {"exclusions": [{"start": 1}]},
        {"exclusions": [{"start": 1.0, "length": 1}]},
        {"exclusions": [{"start": True, "length": 1}]},
        {"exclusions": [[1, 1]]},
        {"exclusions": {}},
        {"hash": "text"},
        {"hash": None},
        {"pad": None},
        {"alg": 5},
        {"name": 5},
        {"pad2": 5},
        {"url": "http://example.com"},
    ],
    ids=str,
)
def test_fields_of_a_wrong_type_are_left_to_the_reference_engine(jpeg: bytes, change: dict[str, Any]) -> None:
    file = rebind(jpeg, lambda content: content.update(change))

    with pytest.raises(Abstention):
        native(file)
    assert "dataHash.match" not in (reference(file) or ())


def test_too_many_exclusions_reach_a_limit(jpeg: bytes) -> None:
    file = _excluding(jpeg, [_place(jpeg), *[(14_000, 0)] * 20])

    with pytest.raises(LimitError):
        native(file, Limits(exclusions=20))


def _check(data: bytes, exclusions: Ranges, place: Span, *, update: bool = False, damage: str = "") -> list[str]:
    _, content = _content(data, exclusions)
    findings = check_binding(
        BytesReader(data),
        Located((Carrier((place,), (place,)),), damage=damage),
        "image/png",
        "c2pa.hash.data__1",
        content,
        default_algorithm=None,
        uri="u",
        limits=DEFAULT_LIMITS,
        update=update,
    )
    return [finding.code.removeprefix("assertion.dataHash.") for finding in findings]


def _content(data: bytes, exclusions: Ranges) -> tuple[str, dict[str, Any]]:
    entries = [{"start": start, "length": length} for start, length in exclusions]
    hashed = hashlib.sha256(data.replace(b"S", b"").replace(b"m", b"")).digest()
    return "", {"exclusions": entries, "alg": "sha256", "hash": hashed, "pad": b""}


def test_updated_store_moves_the_exclusions_behind_it() -> None:
    data = b"head" + b"S" * 30 + b"body" + b"mm" + b"tail"

    assert _check(data, [(4, 10), (18, 2)], Span(4, 30), update=True) == ["additionalExclusionsPresent", "match"]
    assert _check(data, [(4, 10), (18, 2)], Span(4, 30))[-1] == "mismatch"


def test_updated_store_elsewhere_is_left_to_the_reference_engine() -> None:
    with pytest.raises(Abstention):
        _check(b"head" + b"S" * 30 + b"body", [(5, 10)], Span(4, 30), update=True)


def test_damaged_container_is_left_to_the_reference_engine() -> None:
    with pytest.raises(Abstention):
        _check(b"head" + b"S" * 3, [(4, 3)], Span(4, 3), damage="broken at 4")


def test_label_of_an_unknown_binding_is_left_to_the_reference_engine(jpeg: bytes) -> None:
    media_type, where = located(jpeg)
    for label in ("c2pa.hash.data.v2", "c2pa.hash.multi-asset", "c2pa.hash.data.part", "c2pa.hash.data__1x"):
        with pytest.raises(Abstention):
            check_binding(
                BytesReader(jpeg), where, media_type, label, binding(jpeg)[1],
                default_algorithm="sha256", uri="u", limits=DEFAULT_LIMITS,
            )  # fmt: skip


def test_something_between_the_segments_of_a_store_is_left_to_the_reference_engine() -> None:
    segments = (Span(32, 1000), Span(1052 + 50, 500))
    carrier = Carrier(segments, (Span(20, 1602 - 20),))
    content = {"exclusions": [{"start": 20, "length": 1582}], "alg": "sha256", "hash": bytes(32), "pad": b""}

    with pytest.raises(Abstention, match="between the segments"):
        check_binding(
            BytesReader(bytes(4000)), Located((carrier,)), "image/jpeg", "c2pa.hash.data", content,
            default_algorithm=None, uri="", limits=DEFAULT_LIMITS,
        )  # fmt: skip
