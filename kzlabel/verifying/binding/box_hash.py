"""`c2pa.hash.boxes`: hashes over runs of named boxes (C2PA 2.4 sections 18.7 and 15.12.3).

    {boxes: [{names: ["SOI", "APP0"], hash, pad}, {names: ["C2PA"], hash: 00, pad}, {names: [...], hash, pad}]}

The entries name all boxes of the file in order; an entry's hash covers its boxes as one run of bytes. The box of
the manifest store is called `C2PA`, stands alone, and isn't hashed. How a format's boxes are called and where
they lie is said by `boxes_jpeg`, `boxes_png` and `boxes_gif`.

A file whose boxes aren't exactly those that are named, or don't fill it, is left to the reference engine.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from kzlabel.files import Reader
from kzlabel.formats import Located
from kzlabel.limits import Limits
from kzlabel.spans import Span
from kzlabel.status import Code, Finding
from kzlabel.verifying.abstain import Abstention
from kzlabel.verifying.binding import boxes_gif, boxes_jpeg, boxes_png, fields
from kzlabel.verifying.binding.digest import ALGORITHMS, algorithm_of, digest, same

__all__ = ["check_box_hash"]

_STORE = "C2PA"
_WALKERS = {
    "image/jpeg": boxes_jpeg.named_boxes,
    "image/png": boxes_png.named_boxes,
    "image/gif": boxes_gif.named_boxes,
}


def check_box_hash(
    file: Reader,
    located: Located,
    media_type: str,
    content: Mapping[str, Any],
    *,
    default_algorithm: str | None,
    uri: str,
    limits: Limits,
) -> Iterator[Finding]:
    """Check the boxes of `file` against a general box hash assertion."""
    entries = list(map(fields.mapping, fields.array(content.get("boxes"))))
    boxes = _boxes(file, located, media_type, limits)
    runs = _runs(entries, boxes)

    if any(left_out and names != [_STORE] for names, left_out in map(_shape, entries)):
        yield Finding.of(
            Code.ASSERTION_BOXES_HASH_ADDITIONAL_EXCLUSIONS_PRESENT,
            "the box hash leaves out more than the manifest store",
            uri=uri,
        )
    for entry, run in zip(entries, runs, strict=True):
        names, left_out = _shape(entry)
        stated, algorithm = fields.octets(entry.get("hash")), algorithm_of(entry, default_algorithm)
        fields.octets(entry.get("pad"))
        if names == [_STORE] or left_out:
            continue
        if algorithm not in ALGORITHMS or not same(stated, digest(file, algorithm, (run,))):
            yield Finding.of(
                Code.ASSERTION_BOXES_HASH_MISMATCH, f"the hash of the boxes from {names[0]} on is another", uri=uri
            )
            return
    yield Finding.of(Code.ASSERTION_BOXES_HASH_MATCH, "the box hashes are those of the file", uri=uri)


def _boxes(file: Reader, located: Located, media_type: str, limits: Limits) -> list[tuple[str, Span]]:
    """Return the names and places of all boxes, which must fill the file, the store's as one."""
    walker = _WALKERS.get(media_type)
    if walker is None:
        raise Abstention(f"boxes of {media_type} have no names")
    if located.damage or len(located.carriers) != 1:
        raise Abstention("the file is damaged or has not one manifest store")
    boxes = walker(file, limits, located.carriers[0].excluded)
    at = 0
    for _, span in boxes:
        if span.start != at or span.length < 1:
            raise Abstention("the boxes of the file leave gaps")
        at = span.end
    if at != file.size:
        raise Abstention("something follows the last box of the file")
    stores = [span for name, span in boxes if name == _STORE]
    if stores != [*located.carriers[0].excluded]:
        raise Abstention("the manifest store isn't one box")
    return boxes


def _runs(entries: list[Mapping[str, Any]], boxes: list[tuple[str, Span]]) -> list[Span]:
    """Return the run of bytes that each entry covers, when the entries name exactly `boxes`."""
    runs, index = [], 0
    for entry in entries:
        names, _ = _shape(entry)
        here = boxes[index : index + len(names)]
        if not names or names != [name for name, _ in here] or (_STORE in names and len(names) > 1):
            raise Abstention("the box hash names other boxes than the file has")
        runs.append(Span(here[0][1].start, here[-1][1].end - here[0][1].start))
        index += len(names)
    if index != len(boxes):
        raise Abstention("the box hash doesn't name all boxes of the file")
    return runs


def _shape(entry: Mapping[str, Any]) -> tuple[list[str], bool]:
    if entry.get("exclusions") is not None:
        raise Abstention("the box hash leaves out parts of boxes")
    excluded = entry.get("excluded")
    return list(map(fields.text, fields.array(entry.get("names")))), excluded is not None and fields.flag(excluded)
