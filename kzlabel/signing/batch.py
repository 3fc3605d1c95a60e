"""Labelling many files: where each result goes, and that one bad file doesn't stop the rest."""

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from kzlabel.credentials import Signer
from kzlabel.errors import InputError, KzlabelError, OutputError
from kzlabel.isolation import Child, ChildDiedError
from kzlabel.labels import Label
from kzlabel.limits import DEFAULT_LIMITS
from kzlabel.notices.wanted import Wanted
from kzlabel.outputs import check_destination, remove_abandoned, staged
from kzlabel.signing.audit import AuditLog
from kzlabel.signing.labeler import Labeler, Labelled
from kzlabel.signing.precheck import NoPlaceError
from kzlabel.sources import display_name, opened
from kzlabel.verifying.sidecar import SUFFIX

__all__ = ["Failure", "Job", "carry_out", "label_each", "labeler_for", "plan", "plan_sidecars"]

_PATIENCE = 3
"""The engine stops itself at its time limit; its process is ended when it is late by this factor."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One file to label."""

    source: Path
    """What is read."""

    destination: Path
    """What is written."""

    in_place: bool = False
    """Whether `destination` is meant to be `source`."""

    replace: bool = False
    """Whether a file at `destination` may be replaced."""

    keep_times: bool = False
    """Whether the result gets the source's times."""

    despite_broken: bool = False
    """Whether a source whose own label is broken is labelled all the same."""

    password: str = ""
    """Opens the source if it is a PDF that is encrypted."""

    reserve_signature: int = 0
    """Bytes kept free in a PDF for a digital signature that is made afterwards."""

    uri: str = ""
    """What to call the source, if not by its path."""

    tsa_optional: bool = False
    """Whether it is labelled without a time-stamp where the authority gives none."""

    sidecar: bool = False
    """Whether the label goes into a sidecar at `destination`, and the source stays as it is."""

    audit: str = ""
    """Path of the audit log that tells of it; empty for none."""

    accept_personal_data: bool = False
    """Whether the label may publish who a person is; see `Labeler`."""

    markers: bool = False
    """Whether the file also declares it in unsigned fields."""

    notice: Wanted | None = None
    """A notice for people that is put into the file."""


class Failure(msgspec.Struct, frozen=True):
    """A file that was not labelled."""

    uri: str
    """The file."""

    error: str
    """Why not."""

    remedy: str
    """What would help; may be empty."""

    operational: bool
    """True when the file could not be read or written, false when its content stands in the way."""


def plan(
    sources: Sequence[Path], output: Path | None, directory: Path | None, *, in_place: bool, replace: bool
) -> tuple[Job, ...]:
    """Decide where each labelled file goes.

    Exactly one of `output` (for a single source), `directory` and `in_place` must be given.

    Raises:
        OutputError: None or several are given, `output` is given for several sources, or two sources have the
            same name and would meet in `directory`.
    """
    if (output is not None) + (directory is not None) + in_place != 1:
        raise OutputError("where to write is not clear", "give one of -o OUT, --out-dir DIR and --in-place")
    if in_place:
        return tuple(Job(source=source, destination=source, in_place=True) for source in sources)
    if output is not None:
        if len(sources) > 1:
            raise OutputError("-o names one file, and there are several sources", "use --out-dir DIR")
        return (Job(source=sources[0], destination=output, replace=replace),)
    assert directory is not None  # noqa: S101 - the count above leaves nothing else
    names: dict[str, Path] = {}
    for source in sources:
        other = names.setdefault(source.name, source)
        if other is not source:
            raise OutputError(
                f"{display_name(other)} and {display_name(source)} would both be written to "
                f"{display_name(directory / source.name)}",
                "label them into different directories",
            )
    return tuple(Job(source=source, destination=directory / source.name, replace=replace) for source in sources)


def plan_sidecars(
    sources: Sequence[Path], output: Path | None, directory: Path | None, *, in_place: bool, replace: bool
) -> tuple[Job, ...]:
    """Decide where each sidecar goes: beside its source, into `directory`, or for a single source to `output`.

    Raises:
        OutputError: Several places are named, or `output` for several sources.
    """
    if in_place:
        raise OutputError("a sidecar leaves its file as it is", "leave out --in-place")
    if output is None and directory is None:
        jobs = tuple(Job(source=one, destination=Path(f"{one}{SUFFIX}"), replace=replace) for one in sources)
    elif output is None:
        planned = plan(sources, None, directory, in_place=False, replace=replace)
        jobs = tuple(
            msgspec.structs.replace(job, destination=Path(f"{job.destination}{SUFFIX}")) for job in planned
        )
    else:
        jobs = plan(sources, output, directory, in_place=False, replace=replace)
    return tuple(msgspec.structs.replace(job, sidecar=True) for job in jobs)


def label_each(jobs: Sequence[Job], template: Mapping[str, Any], signer: Signer) -> Iterator[Labelled | Failure]:
    """Carry out `jobs` in order, in a child process, and yield what became of each.

    A key held elsewhere is opened again by the child. A signer that calls a function of this process labels here,
    without the protection of a child.

    `template` describes the label; what it leaves out, such as the content identifier, is made for each file.
    """
    secret = b"" if signer.is_bound_to_process else signer.to_secret_bytes()
    with Child() as child:
        for job in jobs:
            uri = job.uri or display_name(job.source)
            try:
                yield _carry_out(child, job, template, secret) if secret else _here(job, template, signer)
            except ChildDiedError as error:
                remove_abandoned(Path(os.path.realpath(job.destination)).parent, error.pid)
                yield Failure(uri, f"{uri} was not labelled: {error.message}", "", operational=True)
            except KzlabelError as error:
                yield Failure(uri, error.message, error.remedy, isinstance(error, InputError | OutputError))


def _carry_out(child: Child, job: Job, template: Mapping[str, Any], secret: bytes) -> Labelled:
    with opened(job.source) as file:  # tells a wrong path from a bad file before a process is started
        seconds = _PATIENCE * DEFAULT_LIMITS.seconds_for(file.reader.size)
    if not job.in_place:
        check_destination(job.destination, replace=job.replace)
    done = child.call(seconds, _label, job, template, secret)
    return msgspec.structs.replace(done, uri=job.uri) if job.uri else done


def _here(job: Job, template: Mapping[str, Any], signer: Signer) -> Labelled:
    """Label one file in this process."""
    if not job.in_place:
        check_destination(job.destination, replace=job.replace)
    done = carry_out(labeler_for(signer, job), job, template)
    return msgspec.structs.replace(done, uri=job.uri) if job.uri else done


def _label(job: Job, template: Mapping[str, Any], secret: bytes) -> Labelled:
    """Label one file; runs in the child."""
    return carry_out(labeler_for(_signer(secret), job), job, template)


def labeler_for(signer: Signer, job: Job) -> Labeler:
    """Return a labeler that works as `job` asks; the last one is kept."""
    return _labeler(signer, _options(job))


def carry_out(labeler: Labeler, job: Job, template: Mapping[str, Any]) -> Labelled:
    """Label one file, in this process; one without a place for a label gets a sidecar.

    Raises:
        KzlabelError: What `Labeler` raises.
    """
    label = Label.from_dict(template)
    if job.sidecar:
        return labeler.label_beside(
            job.source, label, job.destination, replace=job.replace, despite_broken=job.despite_broken
        )
    try:
        return _into(labeler, job, label)
    except NoPlaceError:
        # The copy stays without a label of its own; what is beside it is found by every verifier.
        beside = Path(f"{job.source if job.in_place else job.destination}{SUFFIX}")
        if job.in_place:
            return labeler.label_beside(job.source, label, despite_broken=job.despite_broken)
        check_destination(beside, replace=job.replace)
        with staged(job.destination, replace=job.replace, like=job.source, keep_times=job.keep_times) as stage:
            shutil.copyfile(job.source, stage.path)
            return labeler.label_beside(
                job.source, label, beside, replace=job.replace, despite_broken=job.despite_broken
            )


def _into(labeler: Labeler, job: Job, label: Label) -> Labelled:
    if job.in_place:
        return labeler.label_in_place(
            job.source,
            label,
            keep_times=job.keep_times,
            despite_broken=job.despite_broken,
            password=job.password,
            reserve_signature=job.reserve_signature,
        )
    return labeler.label(
        job.source,
        label,
        job.destination,
        replace=job.replace,
        keep_times=job.keep_times,
        despite_broken=job.despite_broken,
        password=job.password,
        reserve_signature=job.reserve_signature,
    )


@lru_cache(maxsize=1)
def _signer(secret: bytes) -> Signer:
    return Signer.from_secret_bytes(secret)


class _Options(NamedTuple):
    """What a labeler is made with beside its signer."""

    tsa_optional: bool
    audit: str
    accept_personal_data: bool
    markers: bool
    notice: Wanted | None


def _options(job: Job) -> _Options:
    return _Options(job.tsa_optional, job.audit, job.accept_personal_data, job.markers, job.notice)


@lru_cache(maxsize=1)
def _labeler(signer: Signer, options: _Options) -> Labeler:
    return Labeler(
        signer,
        tsa_optional=options.tsa_optional,
        audit=AuditLog(options.audit) if options.audit else None,
        accept_personal_data=options.accept_personal_data,
        markers=options.markers,
        notice=options.notice,
    )
