"""`c2pa.hash.bmff`, `.v2`, `.v3`: a hash over boxes but for exclusions (C2PA 2.4 sections 18.6 and 15.12.2).

From version 2 on, the absolute offset of each box that lies in no other and isn't left out wholly is hashed
before it, eight bytes big-endian, so that boxes can't change places. With `merkle`, the content of `mdat` is
covered by a tree of hashes instead, see `merkle`.

    hash input = for each root box not wholly excluded: offset 8 | box bytes that no exclusion covers
"""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, NamedTuple

from kzlabel.errors import LimitError
from kzlabel.files import Reader
from kzlabel.formats import Located
from kzlabel.limits import Limits
from kzlabel.spans import Span, complement
from kzlabel.status import Code, Finding
from kzlabel.verifying.abstain import Abstention
from kzlabel.verifying.binding import fields
from kzlabel.verifying.binding.bmff_tree import C2PA_UUID, Box, Tree, read_tree, root_offsets
from kzlabel.verifying.binding.digest import ALGORITHMS, algorithm_of, digest, same
from kzlabel.verifying.binding.merkle import check_merkle

__all__ = ["check_bmff_hash"]

_EXPECTED = frozenset({"/ftyp", "/mfra"})
"""Paths that may be left out without a word, beside the C2PA boxes."""


class Rule(NamedTuple):
    """One entry of `exclusions`: which boxes, under which conditions, and which of their bytes."""

    path: str
    length: int | None
    version: int | None
    flags: bool
    data: tuple[tuple[int, bytes], ...] | None
    subset: tuple[Span, ...] | None


class Stated(NamedTuple):
    """What the assertion says beside its exclusions."""

    algorithm: str
    """Name of the hash algorithm."""

    own_algorithm: str | None
    """The algorithm if the assertion itself names one."""

    hash: bytes | None
    """Hash over the boxes."""

    merkle: list[Any] | None
    """Merkle trees over the content of `mdat`."""


class Excluded(NamedTuple):
    """What all rules together leave out of one file."""

    spans: list[Span]
    """Byte ranges."""

    whole: set[int]
    """Offsets of the boxes that are left out wholly."""


def check_bmff_hash(
    file: Reader,
    located: Located,
    content: Mapping[str, Any],
    *,
    offsets: bool,
    default_algorithm: str | None,
    uri: str,
    limits: Limits,
) -> Iterator[Finding]:
    """Check the boxes of `file` against a BMFF hash assertion; `offsets` says whether offsets are hashed."""
    if located.damage:
        raise Abstention("the boxes of the file are damaged")
    rules = _rules(content, limits)
    stated = _stated(content, default_algorithm)

    if not all(_is_expected(rule) for rule in rules):
        yield Finding.of(
            Code.ASSERTION_BMFF_HASH_ADDITIONAL_EXCLUSIONS_PRESENT,
            "the BMFF hash leaves out more than C2PA boxes, ftyp and mfra",
            uri=uri,
        )
    if not rules or not all(_is_ordered(rule.subset) for rule in rules if rule.subset):
        yield Finding.of(Code.ASSERTION_BMFF_HASH_MALFORMED, "the exclusions are malformed", uri=uri)
        return
    reason = _mismatch(file, rules, stated, offsets=offsets, limits=limits)
    if reason:
        yield Finding.of(Code.ASSERTION_BMFF_HASH_MISMATCH, reason, uri=uri)
    else:
        yield Finding.of(Code.ASSERTION_BMFF_HASH_MATCH, "the BMFF hash is that of the file", uri=uri)


def _mismatch(file: Reader, rules: list[Rule], stated: Stated, *, offsets: bool, limits: Limits) -> str:
    """Return why the file isn't what was signed; empty when it is."""
    tree = read_tree(file, limits)
    excluded = _exclude(file, tree, rules, limits)
    if stated.hash is not None:
        if stated.algorithm not in ALGORITHMS:
            return f"{stated.algorithm} is no known hash algorithm"
        if not same(stated.hash, _hash(file, tree, excluded, stated.algorithm, offsets=offsets)):
            return "the hash of the boxes is not that of the file"
    if stated.merkle is not None:
        return check_merkle(file, tree, stated.merkle, stated.own_algorithm, limits)
    return ""


def _stated(content: Mapping[str, Any], default_algorithm: str | None) -> Stated:
    if content.get("url") is not None:
        raise Abstention("the BMFF hash points to content elsewhere")
    fields.text(content.get("name") or "")
    own, stated, merkle = map(content.get, ("alg", "hash", "merkle"))
    if stated is None and merkle is None:
        # The reference engine calls this a match, though nothing is bound (C2PA 2.4 section 18.6.2).
        raise Abstention("the BMFF hash binds nothing")
    return Stated(
        algorithm_of(content, default_algorithm or "sha256"),
        None if own is None else fields.text(own),
        None if stated is None else fields.octets(stated),
        None if merkle is None else fields.array(merkle),
    )


def _rules(content: Mapping[str, Any], limits: Limits) -> list[Rule]:
    entries = fields.array(content.get("exclusions"))
    if len(entries) > limits.exclusions:
        raise LimitError(f"a BMFF hash with {len(entries)} exclusions")
    rules = [_rule(fields.mapping(entry)) for entry in entries]
    parts = sum(1 + len(rule.data or ()) + len(rule.subset or ()) for rule in rules)
    if parts > limits.exclusions:
        raise LimitError(f"a BMFF hash with {parts} parts of exclusions")
    return rules


def _rule(entry: Mapping[str, Any]) -> Rule:
    length, version, data, subset = map(entry.get, ("length", "version", "data", "subset"))
    flags = entry.get("flags")
    if flags is not None:
        fields.octets(flags)
    if entry.get("exact") is not None:
        fields.flag(entry["exact"])
    if version is not None and fields.whole(version) > 0xFF:
        raise Abstention("an exclusion asks for a version that no box has")
    return Rule(
        fields.text(entry.get("xpath")),
        None if length is None else fields.whole(length),
        version,
        flags is not None,
        None if data is None else tuple(map(_data, map(fields.mapping, fields.array(data)))),
        None if subset is None else tuple(map(_part, map(fields.mapping, fields.array(subset)))),
    )


def _data(entry: Mapping[str, Any]) -> tuple[int, bytes]:
    return fields.whole(entry.get("offset")), fields.octets(entry.get("value"))


def _part(entry: Mapping[str, Any]) -> Span:
    return Span(fields.whole(entry.get("offset")), fields.whole(entry.get("length")))


def _is_expected(rule: Rule) -> bool:
    return rule.path in _EXPECTED or (rule.path == "/uuid" and rule.data == ((8, C2PA_UUID),))


def _is_ordered(subset: tuple[Span, ...]) -> bool:
    return all(before.end <= after.start for before, after in pairwise(subset))


def _exclude(file: Reader, tree: Tree, rules: list[Rule], limits: Limits) -> Excluded:
    excluded = Excluded([], set())
    left = limits.boxes_for(file.size)
    for rule in rules:
        for box in tree.find(rule.path):
            left -= 1 + len(rule.data or ()) + len(rule.subset or ())
            if left < 0:
                raise LimitError("the exclusions of a BMFF hash match too many boxes")
            if _applies(rule, box, file):
                _leave_out(rule, box, excluded)
    return excluded


def _applies(rule: Rule, box: Box, file: Reader) -> bool:
    if rule.length is not None and rule.length != box.size:
        return False
    if rule.flags and box.version is not None:
        # The reference engine shifts the flags it looks for by a byte; boxes without flags it lets pass.
        raise Abstention("an exclusion asks for flags of a box that has some")
    if rule.version is not None and box.version is not None and rule.version != box.version:
        return False
    for offset, value in rule.data or ():
        if box.start + offset + len(value) > file.size:
            raise Abstention("an exclusion looks for data behind the end of the file")
        if file.read(box.start + offset, len(value)) != value:
            return False
    return True


def _leave_out(rule: Rule, box: Box, excluded: Excluded) -> None:
    if rule.subset is None:
        excluded.spans.append(Span(box.start, box.size))
        excluded.whole.add(box.start)
        return
    for part in rule.subset:
        if part.start <= box.size:
            rest = box.size - part.start
            length = min(part.length, rest) if part.length else rest
            excluded.spans.append(Span(box.start + part.start, length))


def _hash(file: Reader, tree: Tree, excluded: Excluded, algorithm: str, *, offsets: bool) -> bytes:
    included = list(complement(excluded.spans, file.size))
    if not offsets:
        return digest(file, algorithm, included)
    marks = [offset for offset in root_offsets(tree) if offset not in excluded.whole]
    hasher = ALGORITHMS[algorithm]()
    for piece in _pieces(marks, included):
        if isinstance(piece, int):
            hasher.update(piece.to_bytes(8))
        else:
            for chunk in file.chunks((piece,)):
                hasher.update(chunk)
    return hasher.digest()


def _pieces(marks: list[int], included: list[Span]) -> Iterator[Span | int]:
    """Yield what is hashed: an offset before the bytes that begin there, in the order of the file.

    A box whose first byte is left out by a subset still has its offset hashed if it lies between hashed bytes.
    """
    if not included:
        if marks:
            raise Abstention("nothing but offsets is hashed")
        return
    first, last = included[0].start, included[-1].end - 1
    wanted = iter([mark for mark in marks if first <= mark <= last])
    mark = next(wanted, None)
    for span in included:
        at = span.start
        while mark is not None and mark < span.end:
            if mark > at:
                yield Span(at, mark - at)
                at = mark
            yield mark
            mark = next(wanted, None)
        if span.end - at == 1:
            raise Abstention("a single byte of a box is hashed")
        yield Span(at, span.end - at)
