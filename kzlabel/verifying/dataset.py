"""Data libraries: a directory and the signed record in it, which has the hash of every file.

The record is a manifest store whose hard binding is a `c2pa.hash.collection.data` in the form of the specification,
an array of relative URIs and hashes (C2PA 2.4 sections 18.8 and 15.12.5). The standard lets a collection have more
files than its list; a data library to which somebody added files is another one, so here that is a failure, too.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from os import PathLike
from typing import Any, Final

import msgspec

from kzlabel.directories import ALGORITHM, DATASET_TYPE, MOST, RECORD, Member, Odd, members, path_of
from kzlabel.errors import InputError, KzlabelError, LabelError, LimitError
from kzlabel.files import BytesReader
from kzlabel.formats import Located
from kzlabel.labels import AI, LIBRARY_ASSERTION, Operator, read_library
from kzlabel.limits import Limits
from kzlabel.sources import display_name
from kzlabel.status import Code, Finding
from kzlabel.trust import Trust
from kzlabel.verifying import native
from kzlabel.verifying.abstain import Abstention
from kzlabel.verifying.judgement import judge
from kzlabel.verifying.reading import Reading
from kzlabel.verifying.sidecar import read_sidecar
from kzlabel.verifying.verdict import Status, Verdict

__all__ = ["judge_dataset"]

_BINDING: Final = "c2pa.hash.collection.data"
_TOLD: Final = 50
"""Differences of one kind that are told one by one."""


def judge_dataset(
    directory: str | PathLike[str], trust: Trust, limits: Limits, *, uri: str, now: datetime
) -> Verdict:
    """Return the verdict about a directory that has a record.

    Raises:
        InputError: The directory can't be read, or has too many files.
    """
    path = os.path.join(os.fsdecode(directory), RECORD)  # noqa: PTH118 - names of any bytes

    def bind(label: str, content: Mapping[str, Any], algorithm: str | None, place: str) -> tuple[Finding, ...]:
        return tuple(_check(directory, label, content, algorithm, place))

    def failed(status: Status, finding: Finding) -> Verdict:
        return Verdict(
            uri=uri, status=status, ai=AI.UNKNOWN, media_type=DATASET_TYPE, sidecar=display_name(path),
            engine=native.ENGINE, findings=(finding,),
        )  # fmt: skip

    try:
        store = read_sidecar(path, limits)
        reading = native.read(
            BytesReader(b""), Located(), DATASET_TYPE, trust, limits, now=now, store=store, bind=bind
        )
    except Abstention as reason:
        said = f"the record can't be read: {reason}"
        return failed(Status.INVALID, Finding.of(Code.KZLABEL_MANIFEST_DAMAGED, said))
    except LimitError as error:
        return failed(Status.ERROR, Finding.of(Code.KZLABEL_LIMIT_EXCEEDED, str(error)))
    except InputError:
        raise
    except (KzlabelError, OSError) as error:
        return failed(Status.ERROR, Finding.of(Code.KZLABEL_INPUT_UNREADABLE, str(error)))
    verdict = judge(reading, trust, uri=uri, media_type=DATASET_TYPE)
    producer, more = _producer(reading, verdict)
    return msgspec.structs.replace(
        verdict, producer=producer, sidecar=display_name(path), findings=verdict.findings + more
    )


def _producer(reading: Reading, verdict: Verdict) -> tuple[Operator | None, tuple[Finding, ...]]:
    """Return whom the record names: the operator of its label, else the producer of its statement."""
    if verdict.label is not None:
        return verdict.label.operator, ()
    active = reading.find(reading.active)
    content = None if active is None else active.assertion(LIBRARY_ASSERTION)
    if content is None:
        return None, ()
    try:
        return read_library(content).producer, ()
    except LabelError as error:
        return None, (Finding.of(Code.KZLABEL_LABEL_MALFORMED, str(error)),)


def _check(
    directory: str | PathLike[str], label: str, content: Mapping[str, Any], algorithm: str | None, uri: str
) -> Iterator[Finding]:
    """Compare the files under `directory` with those that the binding names."""
    if label != _BINDING:
        said = f"the record is about something else than a collection: {label}"
        yield Finding.of(Code.ASSERTION_COLLECTION_HASH_MALFORMED, said, uri=uri)
        return
    stated = _stated(content, algorithm, uri)
    if isinstance(stated, Finding):
        yield stated
        return
    found: dict[str, bytes] = {}
    odd: list[str] = []
    for one in members(directory):
        match one:
            case Member():
                found[one.path] = one.digest
            case Odd():
                odd.append(f"{one.path} {one.reason}")
    findings = (
        *_told(Code.ASSERTION_COLLECTION_HASH_MISMATCH, _changed(stated, found), uri),
        *_told(Code.ASSERTION_COLLECTION_HASH_INCORRECT_FILE_COUNT, _removed(stated, found), uri),
        *_told(Code.KZLABEL_DATASET_ADDED, _added(stated, found), uri),
        *_told(Code.KZLABEL_DATASET_IRREGULAR, sorted(odd), uri),
    )
    if findings:
        yield from findings
    else:
        said = f"the directory has the {len(stated)} files of the record"
        yield Finding.of(Code.ASSERTION_COLLECTION_HASH_MATCH, said, uri=uri)


def _stated(content: Mapping[str, Any], algorithm: str | None, uri: str) -> dict[str, bytes] | Finding:
    """Return the path and the hash of every file that is named, or what is wrong with the list."""
    entries = content.get("uris")
    if type(entries) is not list or not 0 < len(entries) <= MOST or content.get("alg", algorithm) != ALGORITHM:
        return Finding.of(Code.ASSERTION_COLLECTION_HASH_MALFORMED, "no list of files with their hashes", uri=uri)
    stated: dict[str, bytes] = {}
    for entry in entries:
        place, digest = (entry.get("uri"), entry.get("hash")) if type(entry) is dict else (None, None)
        if type(place) is not str or type(digest) is not bytes:
            return Finding.of(Code.ASSERTION_COLLECTION_HASH_MALFORMED, "a file without name or hash", uri=uri)
        path = path_of(place)
        if path is None:
            said = f"{place[:200]!r} is no path below the directory"
            return Finding.of(Code.ASSERTION_COLLECTION_HASH_INVALID_URI, said, uri=uri)
        if path in stated:
            return Finding.of(Code.ASSERTION_COLLECTION_HASH_MALFORMED, f"{path!r} is named twice", uri=uri)
        stated[path] = digest
    return stated


def _changed(stated: Mapping[str, bytes], found: Mapping[str, bytes]) -> list[str]:
    return [f"{path} was changed" for path in sorted(stated.keys() & found.keys()) if stated[path] != found[path]]


def _removed(stated: Mapping[str, bytes], found: Mapping[str, bytes]) -> list[str]:
    """Tell which files are gone, and of those that were renamed where they are now."""
    places = {found[path]: path for path in sorted(found.keys() - stated.keys(), reverse=True)}
    return [
        f"{path} is missing" + (f"; {places[stated[path]]} has its content" if stated[path] in places else "")
        for path in sorted(stated.keys() - found.keys())
    ]


def _added(stated: Mapping[str, bytes], found: Mapping[str, bytes]) -> list[str]:
    return [f"{path} was added" for path in sorted(found.keys() - stated.keys())]


def _told(code: Code, said: Iterable[str], uri: str) -> Iterator[Finding]:
    every = list(said)
    for one in every[:_TOLD]:
        yield Finding.of(code, one, uri=uri)
    if len(every) > _TOLD:
        yield Finding.of(code, f"and {len(every) - _TOLD} more files", uri=uri)
