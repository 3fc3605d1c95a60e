"""Finding the fields of a store that is intact: where they lie, and that nothing else depends on them."""

import re
from collections.abc import Iterator
from datetime import datetime
from itertools import chain, pairwise
from typing import Any, Final, NamedTuple

import msgspec

from kzlabel.errors import MalformedError
from kzlabel.labels import LABEL_ASSERTION, Label
from kzlabel.limits import Limits
from kzlabel.manifest.cbor import DateText, decode
from kzlabel.manifest.cose import Sign1, read_sign1, to_be_signed
from kzlabel.manifest.jumbf import ContentBox, Superbox, read_superbox
from kzlabel.manifest.labels import signature_uri
from kzlabel.manifest.manifest import Manifest, read_manifest
from kzlabel.manifest.store import read_store
from kzlabel.spans import Span
from kzlabel.trust import Trust
from kzlabel.verifying.binding.digest import algorithm_of
from kzlabel.verifying.credential import load
from kzlabel.verifying.shapes.shape import DATE, UUID, Field, Kind, Part, Source
from kzlabel.verifying.signature import check_signature
from kzlabel.verifying.verdict import Verdict

__all__ = ["study"]

_VARIABLE: Final = re.compile(b"(?P<uuid>" + UUID + b")|" + DATE)
_NEXT: Final = bytes.maketrans(b"0123456789abcdef", b"123456789abcdef0")
_NEXT_DIGIT: Final = bytes.maketrans(b"0123456789", b"1234567890")
_LABEL_AT: Final = 25
"""Bytes before the label in the payload of a superbox: header, type and toggles of its description box."""

_MOST_PARTS: Final = 64
_BINDING: Final = "c2pa.hash.data"
_OWN, _CLAIM, _SIGNATURE = "uuid", "claim", "signature"

_Path = tuple[str, ...]


def study(
    data: bytes, media_type: str, verdict: Verdict, trust: Trust, limits: Limits, now: datetime
) -> Source | None:
    """Take an intact store apart; None if it isn't of the simple kind that can have a shape.

    Simple is: one manifest, without ingredients and redactions, bound by one `c2pa.hash.data` that leaves out one
    range.

    Raises:
        Abstention, LimitError, MalformedError: It can't be read here.
    """
    stored = read_store(data, limits).manifests
    manifest = read_manifest(stored[-1], limits)
    own = re.search(UUID, manifest.label.encode())
    if len(stored) != 1 or own is None or manifest.ingredients or manifest.claim.redacted:
        return None
    if [binding.label for binding in manifest.bindings] != [_BINDING] or len(manifest.declared) > _MOST_PARTS:
        return None
    binding = manifest.bindings[0].content
    excluded = _excluded(binding)
    if excluded is None or not isinstance(binding, dict):
        return None
    sign1 = read_sign1(manifest.box.signature, limits)
    parts = tuple(_parts(data, manifest, sign1, own, verdict.label, limits))
    if not _is_settled(data, parts, own[0]) or _repeats(verdict, parts):
        return None

    uri = signature_uri(manifest.label)
    version = manifest.claim.version
    signed = check_signature(
        manifest.box.signature, manifest.box.claim, version=version, uri=uri, trust=trust, now=now, limits=limits
    )
    certificates = [load(der) for der in sign1.chain]
    algorithms = {one.label: one.algorithm for one in manifest.declared}
    edges = [0, *chain.from_iterable((part.at.start, part.at.end) for part in parts), len(data)]
    return Source(
        size=len(data),
        glue=tuple(data[start:end] for start, end in list(pairwise(edges))[::2]),
        parts=parts,
        verdict=msgspec.structs.replace(verdict, uri=""),
        label=manifest.label,
        media_type=media_type,
        algorithms=tuple(algorithms.get(part.role, "") for part in parts),
        binding=algorithm_of(binding, manifest.claim.algorithm),
        version=version,
        sign1=sign1,
        signed=to_be_signed(sign1.protected, manifest.box.claim)[: -len(manifest.box.claim)],
        excluded=excluded,
        said=signed.outcome,
        begin=max(one.not_valid_before_utc for one in certificates),
        end=min(one.not_valid_after_utc for one in certificates),
    )


def _excluded(content: Any) -> Span | None:
    """Return the range that a data hash leaves out, if it is one."""
    match content:
        case {"exclusions": [{"start": int(start), "length": int(length), **rest}]} if not rest:
            return Span(start, length)
    return None


def _parts(
    data: bytes, manifest: Manifest, sign1: Sign1, own: "re.Match[bytes]", label: Label | None, limits: Limits
) -> Iterator[Part]:
    """Yield the parts of the store in the order in which they lie.

    Raises:
        MalformedError: It is not of the simple kind.
    """
    outer = _superbox(read_superbox(data, limits).boxes[0])
    at = Span(outer.start + _LABEL_AT + own.start(), len(own[0]))
    yield Part(at, own[0], (Field(0, len(own[0]), Kind.OWN, ("own",)),), None, _OWN)
    reader = _TextReader(own[0], () if label is None else (label.content_id, label.created))
    for box in map(_superbox, outer.boxes):
        if box.label.startswith("c2pa.claim"):
            yield reader.part(data, box, _CLAIM, _hashes(manifest))
        elif box.label == "c2pa.signature":
            yield _signature(data, box, sign1)
        elif box.label == "c2pa.assertions":
            for inner in map(_superbox, box.boxes):
                content = manifest.by_label[inner.label].content
                known: dict[_Path, bytes] = {}
                if inner.label == _BINDING and isinstance(content, dict):
                    known = {("binding",): content["hash"]}
                yield reader.part(data, inner, inner.label, known)
        else:
            raise MalformedError("a manifest with more than claim, signature and assertions")


def _superbox(box: ContentBox | Superbox) -> Superbox:
    if isinstance(box, ContentBox):
        raise MalformedError("a content box where none belongs")
    return box


def _hashes(manifest: Manifest) -> dict[_Path, bytes]:
    """Return the hashes in the claim, each under the label of its assertion."""
    hashes: dict[_Path, bytes] = {
        ("hash", uri.url.rpartition("/")[2]): uri.hash for uri in manifest.claim.assertions
    }
    if len(hashes) != len(manifest.claim.assertions):
        raise MalformedError("an assertion is listed twice")
    return hashes


def _signature(data: bytes, box: Superbox, sign1: Sign1) -> Part:
    inner = box.boxes[0]
    content = data[inner.start : inner.end]
    at = Span(inner.start, len(content))
    if sign1.time_stamp is not None or sign1.revocation:
        return Part(at, content, (Field(0, len(content), Kind.BOX, ("box",)),), None, _SIGNATURE)
    if not content.endswith(sign1.signature):
        raise MalformedError("a signature that doesn't end its box")
    start = len(content) - len(sign1.signature)
    field = Field(start, len(content), Kind.SIGNATURE, ("signature",))
    return Part(at, content, (field,), content[:start], _SIGNATURE)


class _TextReader(NamedTuple):
    """Looks for fields in the CBOR of the claim and of assertions."""

    own: bytes
    """The manifest's UUID."""
    said: tuple[str, ...]
    """The texts of the label in which there may be fields: its identifier and its time."""

    def part(self, data: bytes, box: Superbox, role: str, known: dict[_Path, bytes]) -> Part:
        """Return the part that `box` is; `known` are the hashes in it, by name.

        The hash of an assertion is of all that its box holds, that of the claim of its content.

        Raises:
            MalformedError: A hash isn't in it exactly once, or a UUID belongs to a reference.
        """
        inner = box.boxes[0]
        start = inner.start if role == _CLAIM else box.start
        at = Span(start, box.end - start)
        whole = data[at.start : at.end]
        if len(box.boxes) != 1 or not isinstance(inner, ContentBox) or inner.kind != b"cbor":
            if role == _CLAIM or known:
                raise MalformedError("a claim or a hard binding that isn't CBOR")
            return Part(at, whole, (), whole, role)
        content = data[inner.start : inner.end]
        before = len(whole) - len(content)
        decoded = decode(content, dates=True)
        fields = [
            Field(before + found.start(), before + found.end(), kind, name)
            for found, kind, name in self._texts(content, decoded, role)
        ]
        for hashed, value in known.items():
            place = content.find(value)
            if place < 0 or content.find(value, place + 1) >= 0:
                raise MalformedError("a hash that isn't there exactly once")
            kind = Kind.HASH if role == _CLAIM else Kind.BINDING
            fields.append(Field(before + place, before + place + len(value), kind, hashed))
        named = {field.name: whole[field.start : field.end] for field in fields}
        head, salt = whole[:before], box.salt or b""
        if salt and role != _CLAIM:
            place = before - 8 - len(salt)  # at the end of the description box, before the header of the content
            if head[place : place + len(salt)] != salt:
                raise MalformedError("a salt that isn't where it should be")
            fields.append(Field(place, place + len(salt), Kind.SALT, ("salt",)))
            head = head[:place] + head[before - 8 :]
        return Part(at, whole, tuple(sorted(fields)), (head, _meaning(decoded, named, ())), role)

    def _texts(self, content: bytes, decoded: Any, role: str) -> Iterator[tuple["re.Match[bytes]", Kind, _Path]]:
        """Yield the UUIDs and dates that can be fields, each with its name: its path and its place in the text."""
        for found in _VARIABLE.finditer(content):
            kind = Kind.DATE if found["uuid"] is None else Kind.OWN if found[0] == self.own else Kind.UUID
            around = _text_around(content, decoded, found)
            if around is None:
                continue
            path, text = around
            if kind is not Kind.OWN and "jumbf" in text:
                raise MalformedError("a reference to another manifest")
            if role != LABEL_ASSERTION or text in self.said:
                yield found, kind, ("text", *path, f"{text.encode().index(found[0]):06}")


def _text_around(content: bytes, decoded: Any, found: "re.Match[bytes]") -> tuple[_Path, str] | None:
    """Return path and value of the one text in which a match lies; None if other bytes there would change more."""
    other = found[0].translate(_NEXT_DIGIT if found["uuid"] is None else _NEXT)
    changed = decode(content[: found.start()] + other + content[found.end() :], dates=True)
    differing = list(_differences(decoded, changed, ()))
    if len(differing) != 1 or differing[0] is None:
        return None
    path, before, after = differing[0]
    text = found[0].decode()
    if before.count(text) != 1 or before.replace(text, other.decode()) != after:
        return None
    return path, before


def _differences(before: Any, after: Any, path: _Path) -> Iterator[tuple[_Path, str, str] | None]:
    """Yield the texts in which two values differ, with their paths; None for any other difference."""
    if type(before) is not type(after):
        yield None
    elif isinstance(before, dict):
        if list(before) != list(after):
            yield None
        else:
            for key, value in before.items():
                yield from _differences(value, after[key], (*path, key))
    elif isinstance(before, list):
        if len(before) != len(after):
            yield None
        else:
            for place, (one, other) in enumerate(zip(before, after, strict=True)):
                yield from _differences(one, other, (*path, str(place)))
    elif before != after:
        yield (path, str(before), str(after)) if isinstance(before, str) else None


def _meaning(value: Any, fields: dict[_Path, bytes], path: _Path) -> object:
    """Return what decoded CBOR says, whatever the order of its maps and the content of the fields in it."""
    if isinstance(value, dict):
        return "map", sorted((key, repr(_meaning(inner, fields, (*path, key)))) for key, inner in value.items())
    if isinstance(value, list):
        return "list", [_meaning(inner, fields, (*path, str(place))) for place, inner in enumerate(value)]
    if isinstance(value, bytes):
        named = [name for name, hashed in fields.items() if hashed == value and name[0] != "text"]
        return "bytes", named or value
    if isinstance(value, str):
        here = {int(n[-1]): (n, f) for n, f in fields.items() if n[0] == "text" and n[1:-1] == path}
        text = value.encode()
        for start, (name, field) in sorted(here.items(), reverse=True):
            text = text[:start] + repr(name).encode() + text[start + len(field) :]
        return "date" if type(value) is DateText else "text", text
    return type(value).__name__, value


def _is_settled(data: bytes, parts: tuple[Part, ...], own: bytes) -> bool:
    """Tell whether parts and fields are in order and apart, and every copy of the manifest's UUID is a field."""
    for places in ([(p.at.start, p.at.end) for p in parts], *([f[:2] for f in part.fields] for part in parts)):
        if any(before[1] > after[0] for before, after in pairwise(places)):
            return False
    copies = sum(field.kind is Kind.OWN for part in parts for field in part.fields)
    return data.count(own) == copies and len({part.role for part in parts}) == len(parts)


def _repeats(verdict: Verdict, parts: tuple[Part, ...]) -> bool:
    """Tell whether the verdict repeats a field in a place where a shape wouldn't change it."""
    rest = msgspec.structs.replace(verdict, uri="", label=None, manifest="", signed_at="", findings=())
    fixed = msgspec.json.encode(rest) + b" ".join(one.explanation.encode() for one in verdict.findings)
    places = b" ".join(one.uri.encode() for one in verdict.findings)
    for part in parts:
        for field in part.fields:
            text = part.data[field.start : field.end]
            if field.kind in (Kind.OWN, Kind.UUID, Kind.DATE) and (
                text in fixed or (field.kind is not Kind.OWN and text in places)
            ):
                return True
    return False
