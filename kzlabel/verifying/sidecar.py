"""Sidecars: a manifest store in a file of its own, beside the file that it is about (C2PA 2.4 section 11.5).

    photo.jpg   photo.jpg.c2pa   or   photo.c2pa

The sidecar's name follows from the file's own name: nothing in a file can name another file to open. The hard
binding is over the whole file, so that a sidecar that belongs to other bytes doesn't match.
"""

import os
from datetime import datetime
from typing import Final

import msgspec

from kzlabel.errors import KzlabelError, LimitError
from kzlabel.files import Reader
from kzlabel.formats import Located
from kzlabel.labels import AI
from kzlabel.limits import Limits
from kzlabel.manifest.store import read_store
from kzlabel.sources import display_name, opened
from kzlabel.status import Code, Finding
from kzlabel.trust import Trust
from kzlabel.verifying import native, reference
from kzlabel.verifying.abstain import Abstention
from kzlabel.verifying.engines import Engine
from kzlabel.verifying.judgement import judge
from kzlabel.verifying.reading import Reading
from kzlabel.verifying.verdict import Status, Verdict

__all__ = ["SUFFIX", "disagreement", "find_sidecar", "judge_sidecar", "read_sidecar"]

SUFFIX: Final = ".c2pa"
_ANY: Final = "application/octet-stream"
_MISMATCHES: Final = frozenset({
    Code.ASSERTION_DATA_HASH_MISMATCH, Code.ASSERTION_BMFF_HASH_MISMATCH, Code.ASSERTION_BOXES_HASH_MISMATCH,
})  # fmt: skip


def find_sidecar(path: str) -> str:
    """Return the sidecar of the file at `path`: `name.ext.c2pa`, else `name.c2pa`; empty without one."""
    if path.endswith(SUFFIX):
        return ""
    stem, _ = os.path.splitext(path)  # noqa: PTH122 - on the way of every unlabelled file
    for candidate in (path + SUFFIX, stem + SUFFIX):
        if os.path.isfile(candidate):  # noqa: PTH113 - as above
            return candidate
    return ""


def read_sidecar(path: str, limits: Limits) -> bytes:
    """Return the store in a sidecar.

    Raises:
        InputError: It can't be read.
        LimitError: It is larger than a store may be.
        MalformedError: It became shorter while it was read.
    """
    with opened(path) as file:
        if file.reader.size > limits.store_size:
            raise LimitError(f"a sidecar of {file.reader.size} bytes")
        return file.reader.read(0, file.reader.size)


def judge_sidecar(
    file: Reader,
    store: bytes,
    media_type: str,
    trust: Trust,
    limits: Limits,
    *,
    uri: str,
    path: str,
    engine: Engine,
    now: datetime,
) -> Verdict:
    """Return the verdict about a file whose manifest store is `store`, from a sidecar at `path`.

    Raises:
        LimitError: They ask for more work than is allowed.
    """
    media_type = media_type or _ANY
    answer, abstained = _read(file, store, media_type, trust, limits, engine=engine, now=now)
    if not isinstance(answer, Reading):
        return Verdict(
            uri=uri,
            status=Status.ERROR if abstained and engine is Engine.NATIVE else Status.INVALID,
            ai=AI.UNKNOWN,
            media_type=media_type,
            sidecar=path,
            abstained=abstained,
            findings=(answer,),
        )
    verdict = judge(answer, trust, uri=uri, media_type=media_type)
    more: tuple[Finding, ...] = ()
    if any(finding.code in _MISMATCHES and not finding.ingredient for finding in verdict.findings):
        more = (Finding.of(Code.KZLABEL_SIDECAR_OTHER, f"the sidecar {path} belongs to other content"),)
    return msgspec.structs.replace(verdict, sidecar=path, abstained=abstained, findings=verdict.findings + more)


def _read(
    file: Reader, store: bytes, media_type: str, trust: Trust, limits: Limits, *, engine: Engine, now: datetime
) -> tuple[Reading | Finding, str]:
    """Return what an engine read, or what is to be said instead; and why the native engine abstained."""
    abstained = ""
    if engine is not Engine.REFERENCE:
        try:
            return native.read(file, Located(), media_type, trust, limits, now=now, store=store), ""
        except Abstention as reason:
            abstained = str(reason)
        if engine is Engine.NATIVE:
            return Finding.of(Code.KZLABEL_ENGINE_ABSTAINED, abstained), abstained
    asked = reference.read(file, media_type, trust, limits, store=store)
    if isinstance(asked, Reading):
        return asked, abstained
    return Finding.of(Code.KZLABEL_MANIFEST_DAMAGED, "the sidecar holds no manifest that can be read"), abstained


def disagreement(verdict: Verdict, path: str, limits: Limits) -> tuple[Finding, ...]:
    """Say that a labelled file has a sidecar, too, which isn't the label that it carries.

    What the file carries decides: a sidecar can be put beside it by anybody who can write there.
    """
    name = display_name(path)
    try:
        active = read_store(read_sidecar(path, limits), limits).active.label
    except KzlabelError:
        active = ""
    if active and active == verdict.manifest:
        return ()
    said = f"there is a sidecar, too, {name}, with another manifest; the label in the file was judged"
    return (Finding.of(Code.KZLABEL_SIDECAR_IGNORED, said),)
