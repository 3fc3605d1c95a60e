"""Merkle trees over `mdat`: rows, roots and proofs hold exactly when the reference engine says so."""

import hashlib
import struct
from typing import Any

import pytest

from kzlabel.errors import LimitError
from kzlabel.files import BytesReader
from kzlabel.limits import DEFAULT_LIMITS, Limits
from kzlabel.verifying.abstain import Abstention
from kzlabel.verifying.binding import bmff_hash
from kzlabel.verifying.binding.bmff_tree import C2PA_UUID, Box, read_tree
from tests.unit.verifying.binding.forging import binding, native, rebind, reference, sign

RULES = [
    {"xpath": "/uuid", "data": [{"offset": 8, "value": C2PA_UUID}]},
    {"xpath": "/ftyp"},
    {"xpath": "/mdat", "subset": [{"offset": 16, "length": 0}]},
]


def _mdat(file: bytes) -> Box:
    return read_tree(BytesReader(file), DEFAULT_LIMITS).find("/mdat")[0]


def _leaves(file: bytes, sizes: list[int]) -> list[bytes]:
    at, leaves = _mdat(file).start + 16, []
    for size in sizes:
        leaves.append(hashlib.sha256(file[at : at + size]).digest())
        at += size
    return leaves


def _above(row: list[bytes]) -> list[bytes]:
    pairs = [row[n : n + 2] for n in range(0, len(row), 2)]
    return [hashlib.sha256(b"".join(pair)).digest() if len(pair) == 2 else pair[0] for pair in pairs]


def _planted(file: bytes, tree: dict[str, Any], *, flat: bool = True) -> bytes:
    reader = BytesReader(file)

    def edit(content: dict[str, Any]) -> None:
        content |= {"exclusions": RULES, "merkle": [{"uniqueId": 0, "localId": 0, "alg": "sha256", **tree}]}
        boxes = read_tree(reader, DEFAULT_LIMITS)
        excluded = bmff_hash._exclude(reader, boxes, bmff_hash._rules(content, DEFAULT_LIMITS), DEFAULT_LIMITS)
        content["hash"] = bmff_hash._hash(reader, boxes, excluded, "sha256", offsets=True)
        if not flat:
            del content["hash"]

    return rebind(file, edit)


def _shapes(file: bytes) -> dict[str, dict[str, Any]]:
    size = _mdat(file).size - 16
    fixed = [2048] * (size // 2048) + [size % 2048]
    leaves = _leaves(file, fixed)
    root = leaves
    while len(root) > 1:
        root = _above(root)
    varied = [100, 0, 3000, size - 3100]
    return {
        "leaves": {"count": len(fixed), "hashes": leaves, "fixedBlockSize": 2048},
        "root": {"count": len(fixed), "hashes": root, "fixedBlockSize": 2048},
        "sizes": {"count": 4, "hashes": _leaves(file, varied), "variableBlockSizes": varied},
        "whole": {"count": 1, "hashes": _leaves(file, [size])},
        "without alg": {"count": 1, "hashes": _leaves(file, [size]), "alg": None},
    }


@pytest.mark.parametrize("shape", ["leaves", "root", "sizes", "whole", "without alg"])
@pytest.mark.parametrize("flat", [True, False])
def test_tree_matches_in_both_engines(mp4: bytes, shape: str, *, flat: bool) -> None:
    file = _planted(mp4, _shapes(mp4)[shape], flat=flat)

    assert native(file) == reference(file) == ["bmffHash.additionalExclusionsPresent", "bmffHash.match"]


@pytest.mark.parametrize("shape", ["leaves", "root", "sizes", "whole"])
def test_changed_sample_is_a_mismatch(mp4: bytes, shape: str) -> None:
    file = bytearray(_planted(mp4, _shapes(mp4)[shape]))
    file[_mdat(mp4).end - 1] ^= 1

    assert "bmffHash.mismatch" in native(bytes(file))
    assert native(bytes(file)) == reference(bytes(file))


@pytest.mark.parametrize(
    "change",
    [{"count": 2}, {"variableBlockSizes": [1]}, {"fixedBlockSize": 1}, {"fixedBlockSize": 0}, {"alg": "sha1"},
     {"hashes": [b"x" * 32]}, {"fixedBlockSize": 100}],
    ids=str,
)  # fmt: skip
def test_tree_that_does_not_fit_is_a_mismatch(mp4: bytes, change: dict[str, Any]) -> None:
    file = _planted(mp4, _shapes(mp4)["whole"] | change)

    assert "bmffHash.mismatch" in native(file)
    assert native(file) == reference(file)


@pytest.mark.parametrize(
    "change",
    [{"hashes": []}, {"hashes": [b"a" * 32, b"b" * 32]}, {"initHash": b"x"},
     {"fixedBlockSize": 5, "variableBlockSizes": [5]}, {"count": -1}, {"hashes": "x"}, {"uniqueId": None}],
    ids=str,
)  # fmt: skip
def test_odd_tree_is_left_to_the_reference_engine(mp4: bytes, change: dict[str, Any]) -> None:
    file = _planted(mp4, _shapes(mp4)["whole"] | change)

    with pytest.raises(Abstention):
        native(file)


def test_tree_with_too_many_leaves_reaches_a_limit(mp4: bytes) -> None:
    file = _planted(mp4, {"count": 1, "hashes": [bytes(32)], "fixedBlockSize": 2})

    with pytest.raises(LimitError):
        native(file, Limits(leaves=1000))


@pytest.mark.parametrize("proofs", [1, 2, 5])
def test_proofs_lead_to_the_stated_row(movie: bytes, proofs: int) -> None:
    file = sign(movie, "video/mp4", merkle_tree_chunk_size_in_kb=1, merkle_tree_max_proofs=proofs)

    assert file.count(b"merkle\0") > 5
    assert native(file) == reference(file) == ["bmffHash.additionalExclusionsPresent", "bmffHash.match"]


def test_changed_block_or_proof_is_a_mismatch(movie: bytes) -> None:
    file = sign(movie, "video/mp4", merkle_tree_chunk_size_in_kb=1, merkle_tree_max_proofs=2)
    hashes = file.index(b"fhashes", file.index(b"merkle\0")) + 10
    for at in (_mdat(file).start + 16, _mdat(file).start + 5000, _mdat(file).end - 1, hashes + 5):
        changed = bytearray(file)
        changed[at] ^= 4

        assert native(bytes(changed)) == reference(bytes(changed))
        assert "bmffHash.mismatch" in native(bytes(changed))


def test_reordered_proofs_are_left_to_the_reference_engine(movie: bytes) -> None:
    file = sign(movie, "video/mp4", merkle_tree_chunk_size_in_kb=1, merkle_tree_max_proofs=1)
    first = file.index(b"merkle\0") - 28
    size = struct.unpack_from(">I", file, first)[0]
    swapped = (
        file[:first] + file[first + size : first + 2 * size] + file[first : first + size] + file[first + 2 * size :]
    )

    with pytest.raises(Abstention):
        native(swapped)


def test_fragments_are_left_to_the_reference_engine(mp4: bytes) -> None:
    _, content = binding(mp4)
    assert "merkle" not in content
    with_moof = _planted(mp4, _shapes(mp4)["whole"]).replace(b"mvhd", b"mvhd")
    fragmented = with_moof + struct.pack(">I4s", 8, b"moof")

    with pytest.raises(Abstention):
        native(rebind(fragmented, lambda content: content.pop("hash") and None))
