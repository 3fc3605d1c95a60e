"""Merkle trees over the content of `mdat` (C2PA 2.4 sections 18.6.2.1 and 15.12.2.3).

The bytes from the sixteenth of `mdat` on, whatever its header, are cut into blocks: all of one size but the last
(`fixedBlockSize`), of listed sizes (`variableBlockSizes`), or a single one. Each is hashed; a pair of hashes is
hashed together, an odd last one moves up as it is. `hashes` is one row of that tree. When it isn't the lowest,
`uuid` boxes of purpose `merkle` carry for each block the hashes that lead from it to the row.

Trees over fragments or tracks, and files with several `mdat`, are left to the reference engine.
"""

import io
from collections.abc import Mapping
from typing import Any, NamedTuple

import cbor2

from kzlabel.errors import LimitError
from kzlabel.files import Reader
from kzlabel.limits import Limits
from kzlabel.spans import Span
from kzlabel.verifying.abstain import Abstention
from kzlabel.verifying.binding import fields
from kzlabel.verifying.binding.bmff_tree import C2PA_UUID, Box, Tree
from kzlabel.verifying.binding.digest import ALGORITHMS, digest, digest_of, same

__all__ = ["check_merkle"]

_BEFORE_BLOCKS = 16
_PURPOSE = b"merkle\0"
_PROOF_SIZE = 65_536


class _Row(NamedTuple):
    """One entry of `merkle`: the tree over one `mdat`."""

    algorithm: str
    leaves: int
    hashes: list[bytes]
    fixed: int | None
    sizes: list[int] | None


class _Proof(NamedTuple):
    """What one `merkle` box says: which block, and its hashes on the way up."""

    location: int
    hashes: list[bytes] | None


def check_merkle(file: Reader, tree: Tree, entries: list[Any], algorithm: str | None, limits: Limits) -> str:
    """Return why the content of `mdat` isn't what was signed; empty when it is.

    `algorithm` is the assertion's own, which holds for trees that name none; not the claim's.
    """
    if tree.find("/moof"):
        raise Abstention("the BMFF hash covers fragments")
    boxes = tree.find("/mdat")
    if len(entries) > 1 or len(boxes) > 1:
        raise Abstention("the BMFF hash has several Merkle trees")
    if not entries or not boxes:
        return "there is not one Merkle tree for each mdat"
    row = _row(fields.mapping(entries[0]), algorithm, limits)
    if row is None:
        raise Abstention("a Merkle tree has fields that don't go together")
    proofs = _proofs(file, tree, limits)
    if proofs and row.fixed is None and row.sizes is None:
        raise Abstention("the BMFF hash covers the samples of tracks")
    if row.algorithm not in ALGORITHMS:
        return f"{row.algorithm} is no known hash algorithm"
    blocks = _blocks(boxes[0], row, limits)
    if blocks is None:
        return "the blocks of the Merkle tree don't fill the mdat"
    leaves = [digest(file, row.algorithm, (block,)) for block in blocks]
    return _check_proofs(row, leaves, proofs) if proofs else _check_row(row, leaves)


def _row(entry: Mapping[str, Any], algorithm: str | None, limits: Limits) -> _Row | None:
    fields.whole(entry.get("uniqueId"))
    fields.whole(entry.get("localId"))
    count = fields.whole(entry.get("count"))
    hashes = fields.array(entry.get("hashes"))
    own, fixed, sizes = map(entry.get, ("alg", "fixedBlockSize", "variableBlockSizes"))
    if entry.get("initHash") is not None or (fixed is not None and sizes is not None):
        return None
    name = algorithm if own is None else fields.text(own)
    if name is None:
        return None
    if max(count, len(hashes), len(sizes) if type(sizes) is list else 0) > limits.leaves:
        raise LimitError("a Merkle tree with too many leaves")
    return _Row(
        name,
        count,
        list(map(fields.octets, hashes)),
        None if fixed is None else fields.whole(fixed),
        None if sizes is None else list(map(fields.whole, fields.array(sizes))),
    )


def _blocks(box: Box, row: _Row, limits: Limits) -> list[Span] | None:
    start, size = box.start + _BEFORE_BLOCKS, box.size - _BEFORE_BLOCKS
    if size < 1:
        raise Abstention("the mdat has nothing for a Merkle tree")
    if row.sizes is not None:
        if sum(row.sizes) != size:
            return None
        spans = []
        for length in row.sizes:
            spans.append(Span(start, length))
            start += length
        return spans
    if row.fixed is None:
        return [Span(start, size)]
    if row.fixed < 2:
        return None
    if -(-size // row.fixed) > limits.leaves:
        raise LimitError("a Merkle tree with too many leaves")
    return [Span(at, min(row.fixed, start + size - at)) for at in range(start, start + size, row.fixed)]


def _check_row(row: _Row, leaves: list[bytes]) -> str:
    if len(leaves) != row.leaves:
        return "the Merkle tree has another number of leaves"
    if len(row.hashes) == 1:
        nodes = leaves
        while len(nodes) > 1:
            nodes = _parents(row.algorithm, nodes)
        return "" if same(row.hashes[0], nodes[0]) else "the root of the Merkle tree is another"
    if len(row.hashes) != row.leaves:
        # The reference engine compares leaves with whatever is there.
        raise Abstention("a Merkle tree has a row of another length")
    return "" if row.hashes == leaves else "a block of the mdat has another hash"


def _parents(algorithm: str, nodes: list[bytes]) -> list[bytes]:
    above = [digest_of(algorithm, left + right) for left, right in zip(nodes[::2], nodes[1::2], strict=False)]
    return above + nodes[-1:] if len(nodes) % 2 else above


def _check_proofs(row: _Row, leaves: list[bytes], proofs: list[_Proof]) -> str:
    if not len(leaves) == row.leaves == len(proofs):
        raise Abstention("a Merkle tree has another number of proofs than of leaves")
    if [proof.location for proof in proofs] != list(range(row.leaves)):
        raise Abstention("the proofs of a Merkle tree are out of order")
    for leaf, proof in zip(leaves, proofs, strict=True):
        if not _leads_to_row(row, leaf, proof):
            return "a block of the mdat isn't in the Merkle tree"
    return ""


def _leads_to_row(row: _Row, node: bytes, proof: _Proof) -> bool:
    """Climb from a leaf with the hashes of its proof to the stated row."""
    index, width, hashes = proof.location, row.leaves, iter(proof.hashes or ())
    while width != len(row.hashes):
        if width < 2:
            raise Abstention("the row of a Merkle tree has a length that the tree hasn't")
        beside = index ^ 1
        if beside < width:
            other = next(hashes, None)
            if other is None:
                return False
            node = digest_of(row.algorithm, other + node if index & 1 else node + other)
        index, width = index // 2, (width + 1) // 2
    if next(hashes, None) is not None:
        raise Abstention("a proof of a Merkle tree is too long")
    return same(row.hashes[index], node)


def _proofs(file: Reader, tree: Tree, limits: Limits) -> list[_Proof]:
    """Return what the `merkle` boxes say, in file order."""
    proofs = []
    for box in tree.find("/uuid"):
        head = file.read(box.start + 8, min(box.size - 8, 20 + len(_PURPOSE)))
        if head[:16] == C2PA_UUID and head[20:] == _PURPOSE:
            proofs.append(_proof(file, box))
            if len(proofs) > limits.leaves:
                raise LimitError("a Merkle tree with too many proofs")
    return proofs


def _proof(file: Reader, box: Box) -> _Proof:
    start = box.start + 28 + len(_PURPOSE)
    if box.end - start > _PROOF_SIZE:
        raise Abstention("a proof of a Merkle tree is very long")
    data = file.read(start, box.end - start)
    try:
        content = fields.mapping(cbor2.load(io.BytesIO(data)))
    except (cbor2.CBORDecodeError, ValueError, RecursionError) as error:
        raise Abstention("a proof of a Merkle tree is no CBOR") from error
    plain = cbor2.dumps(content)
    if not data.startswith(plain) or any(data[len(plain) :]):
        raise Abstention("a proof of a Merkle tree is odd")
    if {*content} - {"uniqueId", "localId", "location", "hashes"}:
        raise Abstention("a proof of a Merkle tree says more than is known")
    if fields.whole(content.get("uniqueId")) or fields.whole(content.get("localId")):
        raise Abstention("a proof belongs to another Merkle tree")
    hashes = content.get("hashes")
    return _Proof(
        fields.whole(content.get("location")),
        None if hashes is None else list(map(fields.octets, fields.array(hashes))),
    )
