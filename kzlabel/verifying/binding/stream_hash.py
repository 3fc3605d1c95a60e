"""`c2pa.hash.boxes` over an Ogg file: a hash for each logical bitstream (C2PA 2.4 sections 18.7.3.7 and 15.12.3).

    {boxes: [{names: ["Stream-1"], hash, pad}, {names: ["C2PA"], hash: 00, pad}, {names: ["Stream-7"], hash, pad}]}

A stream's hash covers all of its pages, in their order. How streams take turns isn't covered, and doesn't matter:
each is played by itself. What is no page belongs to no box and isn't allowed.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from kzlabel.errors import LimitError, MalformedError
from kzlabel.files import Reader
from kzlabel.formats import Located, ogg
from kzlabel.limits import Limits
from kzlabel.spans import Span
from kzlabel.status import Code, Finding
from kzlabel.verifying.abstain import Abstention
from kzlabel.verifying.binding import fields
from kzlabel.verifying.binding.digest import ALGORITHMS, algorithm_of, digest, same

__all__ = ["check_stream_hash"]

_STORE = "C2PA"


def check_stream_hash(
    file: Reader,
    located: Located,
    content: Mapping[str, Any],
    *,
    default_algorithm: str | None,
    uri: str,
    limits: Limits,
) -> Iterator[Finding]:
    """Check the bitstreams of `file` against a general box hash assertion.

    Raises:
        Abstention: It isn't understood in full.
        LimitError: It asks for more work than is allowed.
    """
    if not located.carriers:  # the store came from elsewhere; its bitstream may be in the file all the same
        located = ogg.locate(file, limits)
    if len(located.carriers) > 1 or located.damage or located.fault:
        raise Abstention("the manifest store that the box hash leaves out is there twice, or the file is damaged")
    if content.get("boxes") is None:
        yield Finding.of(Code.ASSERTION_BOXES_HASH_MALFORMED, "the box hash lists no boxes", uri=uri)
        return
    entries = list(map(fields.mapping, fields.array(content["boxes"])))
    if len(entries) > limits.exclusions:
        raise LimitError(f"a box hash with {len(entries)} entries")
    default = algorithm_of(content, default_algorithm or "")
    yield from _check(file, located, entries, default, uri, limits)


def _check(
    file: Reader, located: Located, entries: list[Mapping[str, Any]], default: str, uri: str, limits: Limits
) -> Iterator[Finding]:
    names = [_name(entry) for entry in entries]
    if None in names or names.count(_STORE) != 1:
        said = "the box hash doesn't name the manifest's bitstream once, and every other one by itself"
        yield Finding.of(Code.ASSERTION_BOXES_HASH_MALFORMED, said, uri=uri)
        return
    try:
        boxes = _boxes(file, located, limits)
    except LimitError:
        raise
    except MalformedError as error:
        yield Finding.of(Code.ASSERTION_BOXES_HASH_MISMATCH, error.message, uri=uri)
        return
    if _STORE not in boxes:
        entries = [entry for entry, name in zip(entries, names, strict=True) if name != _STORE]
        names.remove(_STORE)
    unknown = [name for name in boxes if name not in names]
    if unknown:
        said = f"the box hash knows nothing of {unknown[0]}"
        yield Finding.of(Code.ASSERTION_BOXES_HASH_UNKNOWN_BOX, said, uri=uri)
    elif names != [*boxes]:
        said = "the streams of the file are others than those of the box hash, or begin in another order"
        yield Finding.of(Code.ASSERTION_BOXES_HASH_MISMATCH, said, uri=uri)
    else:
        yield from _compare(file, entries, boxes, default, uri)


def _compare(
    file: Reader, entries: list[Mapping[str, Any]], boxes: Mapping[str, list[Span]], default: str, uri: str
) -> Iterator[Finding]:
    """Compare the hashes of entries that name exactly `boxes`."""
    bound = False
    for entry, (name, spans) in zip(entries, boxes.items(), strict=True):
        if name == _STORE:
            continue
        if entry.get("excluded") is not None and fields.flag(entry["excluded"]):
            said = f"the box hash leaves out {name}"
            yield Finding.of(Code.ASSERTION_BOXES_HASH_ADDITIONAL_EXCLUSIONS_PRESENT, said, uri=uri)
            continue
        if entry.get("exclusions") is not None:
            raise Abstention("the box hash leaves out parts of a stream")
        algorithm = algorithm_of(entry, default)
        if algorithm not in ALGORITHMS:
            said = f"{algorithm or 'nothing'} is no known hash algorithm"
            yield Finding.of(Code.ALGORITHM_UNSUPPORTED, said, uri=uri)
            return
        stated = entry.get("hash")
        if stated is None or not same(fields.octets(stated), digest(file, algorithm, spans)):
            yield Finding.of(Code.ASSERTION_BOXES_HASH_MISMATCH, f"the hash of {name} is another", uri=uri)
            return
        bound = True
    if not bound:
        raise Abstention("the box hash binds nothing")
    yield Finding.of(Code.ASSERTION_BOXES_HASH_MATCH, "the box hashes are those of the streams", uri=uri)


def _name(entry: Mapping[str, Any]) -> str | None:
    """Return the name of an entry's only box; None without one.

    Raises:
        Abstention: There are several: the bytes from the first to the last of streams that take turns.
    """
    if entry.get("names") is None:
        return None
    names = list(map(fields.text, fields.array(entry["names"])))
    if len(names) > 1 and _STORE not in names:
        raise Abstention("the box hash has one hash for several streams")
    return names[0] if len(names) == 1 else None


def _boxes(file: Reader, located: Located, limits: Limits) -> Mapping[str, list[Span]]:
    """Return the places of all bitstreams by the names that they have in a box hash, in the order of the file.

    Raises:
        MalformedError: The file has something else in it.
    """
    stores = [carrier.excluded[0] for carrier in located.carriers]
    return {
        _STORE if spans[0] in stores else f"Stream-{serial}": spans
        for serial, spans in ogg.bitstreams(file, limits).items()
    }
