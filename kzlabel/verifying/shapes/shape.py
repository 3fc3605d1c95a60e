"""One shape: where a store of it is constant, what its fields are, and what it says.

A store is cut into parts: the manifest's UUID, the claim, each assertion, the signature box. A part may be known in
several variants that mean the same, since some writers put the entries of a map in any order.
"""

import copy
import re
from collections.abc import Callable
from datetime import datetime
from enum import IntEnum
from itertools import chain, pairwise
from struct import Struct
from typing import Any, Final, NamedTuple

from msgspec.structs import force_setattr

from kzlabel.files import Reader
from kzlabel.formats import Located
from kzlabel.limits import Limits
from kzlabel.manifest.cose import Sign1
from kzlabel.manifest.labels import signature_uri
from kzlabel.spans import Span, complement
from kzlabel.status import Finding
from kzlabel.trust import Trust
from kzlabel.verifying.binding.data_hash import store_place
from kzlabel.verifying.binding.digest import ALGORITHMS, digest
from kzlabel.verifying.signature import check_signature, holds
from kzlabel.verifying.verdict import Verdict

__all__ = ["DATE", "UUID", "Field", "Kind", "Part", "Shape", "Source", "Variant"]

UUID: Final = rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
"""How a UUID is written in a store that has a shape."""

DATE: Final = rb"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
"""How a date and time is."""


class Kind(IntEnum):
    """What a field is."""

    OWN = 0
    """UUID in the manifest's label; wherever it occurs it is the same."""
    UUID = 1
    """Another UUID, which must not be the manifest's."""
    DATE = 2
    HASH = 3
    """Hash of an assertion, in the claim."""
    BINDING = 4
    """Hash of the content, in the hard binding."""
    SIGNATURE = 5
    """The signature alone: the rest of its box is constant."""
    BOX = 6
    """The whole COSE structure, which varies where it has a time-stamp."""
    SALT = 7
    """Random bytes in the description box of an assertion."""


_TEXTS: Final = frozenset({Kind.OWN, Kind.UUID, Kind.DATE})


class Field(NamedTuple):
    """A field, by its offsets in a part."""

    start: int
    end: int
    kind: Kind
    name: tuple[Any, ...]
    """Which field it is, whatever the order in which a part is written; no two of a part have the same."""


class Variant(NamedTuple):
    """One way in which a part is written."""

    unpack: Callable[[bytes], tuple[bytes, ...]]
    """Cuts it into what is constant and what is a field, in turn."""
    constants: tuple[bytes, ...]
    order: list[int] | None
    """Where in what was cut the fields are, in the order of their names; None where they lie in that order."""

    @classmethod
    def of(cls, data: bytes, fields: tuple[Field, ...]) -> "Variant":
        """Take in the bytes of a part, and its fields in the order in which they lie in it."""
        edges = [0, *chain.from_iterable(field[:2] for field in fields), len(data)]
        unpack = Struct("".join(f"{end - start}s" for start, end in pairwise(edges))).unpack
        named = sorted(range(len(fields)), key=lambda n: fields[n].name)
        order = None if named == list(range(len(fields))) else [2 * n + 1 for n in named]
        return cls(unpack, unpack(data)[::2], order)

    def is_of(self, data: bytes) -> bool:
        """Tell whether `data` is written in this way."""
        return self.unpack(data)[::2] == self.constants


def _alphabet(text: bytes, kind: Kind) -> bytes:
    """Return the pattern of a field that was `text` once: of a date, digits alone may be others."""
    return re.sub(rb"[0-9]", b"[0-9]", re.escape(text)) if kind is Kind.DATE else UUID


class Part(NamedTuple):
    """A part of a store, as it was learned."""

    at: Span
    """Where it lies."""
    data: bytes
    fields: tuple[Field, ...]
    """Its fields, in the order in which they lie."""
    meaning: object
    """What it means but for its fields; equal for parts that differ in the order of entries alone."""
    role: str
    """Label of the assertion that it is, or what else it is."""

    @property
    def by_name(self) -> list[Field]:
        """Its fields, in the order of their names."""
        return sorted(self.fields, key=lambda field: field.name)


class Source(NamedTuple):
    """What a shape keeps of the store that it was learned from."""

    size: int
    glue: tuple[bytes, ...]
    """What lies before, between and after the parts."""
    parts: tuple[Part, ...]
    verdict: Verdict
    label: str
    """Label of the manifest."""
    media_type: str
    algorithms: tuple[str, ...]
    """How the hash of each part is computed; empty for one that has none in the claim."""
    binding: str
    """Hash algorithm of the hard binding."""
    version: int
    """Version of the claim."""
    sign1: Sign1
    signed: bytes
    """What stands before the claim in the bytes that are signed."""
    excluded: Span
    """The manifest store's place in the file, the one range that the hard binding leaves out."""
    said: tuple[Any, ...]
    """What the check of the signature gave: codes and explanations, certificate, algorithm."""
    begin: datetime
    """Start of the time in which all certificates are valid."""
    end: datetime

    def means_the_same(self, other: "Source") -> bool:
        """Tell whether two stores differ in fields and in the order of entries alone."""
        return (
            self.glue == other.glue
            and [(part.at, part.meaning) for part in self.parts]
            == [(part.at, part.meaning) for part in other.parts]
            and self.rest == other.rest
        )

    @property
    def rest(self) -> tuple[object, ...]:
        """What must be equal beside the parts."""
        signed = (self.algorithms, self.binding, self.version, self.signed, self.sign1.chain, self.sign1.algorithm)
        return (*signed, self.media_type, self.excluded, self.said, self.begin, self.end)


_VARIANTS: Final = 16
"""Ways of writing one part that a shape knows."""


class Shape:
    """A shape."""

    def __init__(self, source: Source) -> None:
        """Take in a store that is intact and simple; see `kzlabel.verifying.shapes.learning`."""
        edges = [0, *chain.from_iterable((part.at.start, part.at.end) for part in source.parts), source.size]
        self._unpack = Struct("".join(f"{end - start}s" for start, end in pairwise(edges))).unpack
        self._glue = source.glue
        self.source = source
        self._variants: tuple[tuple[Variant, ...], ...] = tuple(
            (Variant.of(part.data, part.fields),) for part in source.parts
        )
        kinds = [field.kind for part in source.parts for field in part.by_name]
        self._own = tuple(n for n, kind in enumerate(kinds) if kind is Kind.OWN)
        self._others = tuple(n for n, kind in enumerate(kinds) if kind is Kind.UUID)
        self._binding = kinds.index(Kind.BINDING)
        self._signature = next(n for n, kind in enumerate(kinds) if kind in (Kind.SIGNATURE, Kind.BOX))
        self._stamped = kinds[self._signature] is Kind.BOX
        self._claim = next(n for n, part in enumerate(source.parts) if part.role == "claim")
        named = [(part, field) for part in source.parts for field in part.by_name]
        names = [field.name for _, field in named]
        roles = [part.role for part in source.parts]
        self._hashes = tuple(
            (n, roles.index(name[1]), ALGORITHMS[source.algorithms[roles.index(name[1])]])
            for n, (name, kind) in enumerate(zip(names, kinds, strict=True))
            if kind is Kind.HASH
        )
        texts = [part.data[field.start : field.end] for part, field in named]
        self._texts = tuple(n for n, kind in enumerate(kinds) if kind in _TEXTS)
        self._accepts = re.compile(b"".join(_alphabet(texts[n], kinds[n]) for n in self._texts)).fullmatch
        own = texts[self._own[0]].decode()
        self._label = source.label.split(own)
        self._findings = tuple((finding, finding.uri.split(own)) for finding in source.verdict.findings)
        said = source.verdict.label
        places = {text.decode(): n for n, text in enumerate(texts) if kinds[n] in _TEXTS}
        self._content_id = None if said is None else places.get(said.content_id.removeprefix("urn:uuid:"))
        self._created = None if said is None else places.get(said.created)

    def learn(self, parts: tuple[Part, ...]) -> None:
        """Take in further ways of writing the parts, of a store that means the same."""
        self._variants = tuple(
            known
            if len(known) >= _VARIANTS or any(variant.is_of(part.data) for variant in known)
            else (*known, Variant.of(part.data, part.fields))
            for known, part in zip(self._variants, parts, strict=True)
        )

    def match(self, data: bytes) -> tuple[tuple[bytes, ...], list[bytes]] | None:
        """Return the parts and the fields of a store of the right size, or None if it doesn't have this shape."""
        pieces = self._unpack(data)
        if pieces[::2] != self._glue:
            return None
        parts: tuple[bytes, ...] = pieces[1::2]
        fields: list[bytes] = []
        for part, variants in zip(parts, self._variants, strict=True):
            for unpack, constants, order in variants:
                found = unpack(part)
                if found[::2] == constants:
                    fields += found[1::2] if order is None else [found[n] for n in order]
                    break
            else:
                return None
        if self._accepts(b"".join([fields[n] for n in self._texts])) is None:
            return None
        own = fields[self._own[0]]
        for number in self._own:
            if fields[number] != own:
                return None
        for number in self._others:
            if fields[number] == own:
                return None
        return parts, fields

    def judge(
        self,
        file: Reader,
        located: Located,
        parts: tuple[bytes, ...],
        fields: list[bytes],
        trust: Trust,
        limits: Limits,
        now: datetime,
    ) -> Verdict | None:
        """Return the verdict about a file whose store has this shape; None leaves it to the plain way.

        Raises:
            Abstention, LabelError, LimitError, MalformedError: As the plain way.
        """
        source = self.source
        if store_place(located, source.media_type) != source.excluded:
            return None
        for number, part, algorithm in self._hashes:
            if algorithm(parts[part]).digest() != fields[number]:
                return None
        if digest(file, source.binding, complement((source.excluded,), file.size)) != fields[self._binding]:
            return None
        own = fields[self._own[0]].decode()
        label = own.join(self._label)
        signature, claim = fields[self._signature], parts[self._claim]
        signed_at = ""
        if self._stamped:
            uri = signature_uri(label)
            signed = check_signature(
                signature, claim, version=source.version, uri=uri, trust=trust, now=now, limits=limits
            )
            if signed.outcome != source.said:
                return None
            signed_at = signed.time_stamp
        elif not source.begin <= now <= source.end or not holds(source.sign1, source.signed + claim, signature):
            return None
        return self._verdict(fields, own, label, signed_at)

    def _verdict(self, fields: list[bytes], own: str, label: str, signed_at: str) -> Verdict:
        verdict = copy.copy(self.source.verdict)
        findings = [
            Finding(f.code, f.kind, own.join(uri), f.explanation, f.ingredient) if len(uri) > 1 else f
            for f, uri in self._findings
        ]
        force_setattr(verdict, "findings", tuple(findings))
        force_setattr(verdict, "manifest", label)
        if verdict.signed_at:
            force_setattr(verdict, "signed_at", signed_at)
        said = verdict.label
        if said is not None:
            content_id, created = self._content_id, self._created
            said = said.reissued(
                said.content_id if content_id is None else "urn:uuid:" + fields[content_id].decode(),
                said.created if created is None else fields[created].decode(),
            )
            force_setattr(verdict, "label", said)
        return verdict
