"""`scan`: the archive's function for Python."""

import os
from collections.abc import Iterator, Sequence
from os import PathLike
from pathlib import Path

from kzlabel.errors import InputError
from kzlabel.limits import DEFAULT_LIMITS, Limits
from kzlabel.regimes import regime
from kzlabel.scanning.cluster import ClusterOptions, ClusterScan
from kzlabel.scanning.engine import Options, Scan
from kzlabel.scanning.judging import Settings
from kzlabel.scanning.outputs import check_output, write_output
from kzlabel.scanning.parts import read_rows
from kzlabel.scanning.record import Record
from kzlabel.scanning.sources import source_of
from kzlabel.trust import Revocations, Trust, default_trust
from kzlabel.verifying import Engine
from kzlabel.verifying.policy import read_policy

__all__ = ["scan"]


def scan(
    *roots: str | PathLike[str],
    trust: Trust | None = None,
    out: str | PathLike[str] | None = None,
    replace: bool = False,
    state: str | PathLike[str] | None = None,
    resume: bool = False,
    workers: int = 0,
    seconds: float = 60.0,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    hidden: bool = True,
    follow: bool = False,
    members: bool = False,
    sidecars: bool = True,
    regimes: Sequence[str] = (),
    policies: Sequence[str] = (),
    engine: Engine | str = Engine.AUTO,
    online: bool = False,
    revocations: Revocations = Revocations(),  # noqa: B008 - it never changes
    limits: Limits = DEFAULT_LIMITS,
    cluster: str | None = None,
    parts: str | PathLike[str] | None = None,
    batch: int = 500,
) -> Iterator[Record]:
    """Judge every file below `roots` with several processes; yield a row for each as it is done.

    The work is done while the rows are taken. Whoever stops taking them ends the scan; one with a state can be
    gone on with then. One bad file, a crash or a hang costs one row that says so.

    Args:
        roots: Directories and files, and addresses of objects: `s3://bucket/prefix`, `gs://`, `az://`, `https://`.
        trust: Whom to believe. By default this machine's own development authority, and what the user added.
        out: Where to write the rows, too: `.jsonl`, `.csv` or `.parquet`.
        replace: Whether a file at `out` may be replaced.
        state: File that remembers what was found, so that the next scan reads only what changed.
        resume: Go on with the last scan of `state` if it was cut off.
        workers: Processes; as many as there are processors for 0.
        seconds: How long one file may take; large ones get more.
        include: Patterns of names of which a file must fit one; none lets all pass.
        exclude: Patterns of names that are left out; with a slash in them, of paths below the root.
        hidden: Whether names that begin with a dot count.
        follow: Whether symbolic links are followed; no directory is entered twice.
        members: Whether the members of ZIP and tar archives are judged, too.
        sidecars: Whether manifests are looked for beside files.
        regimes: Names of laws that files are held against; `Record.lacks` tells what is missing.
        policies: What each label is held against, as TOML; see `kzlabel.verifying.policy.read_policy`.
        engine: `auto`, `native` or `reference`; see `Engine`.
        online: Whether files may have something fetched.
        revocations: What issuers said about certificates that they took back.
        limits: How much work one file may cause.
        cluster: `ray`, or `ray=ADDRESS`, to have a Ray cluster judge; `state` is nothing for it then, and `resume`
            goes on with what is in `parts`.
        parts: Directory that all nodes share, where a cluster writes rows.
        batch: Files of one part.

    Raises:
        TrustError: A policy makes no sense.
        InputError: No root is given, there is another scan to go on with, or there is no such cluster.
        OutputError: The state, the parts or the output can't be written, or the cluster was lost.
    """
    if not roots:
        raise InputError("nothing is given to scan", "name a directory or a file")
    names = tuple(os.fsencode(root) for root in roots)
    for policy in policies:
        read_policy(policy)  # here rather than in every worker
    settings = Settings(
        trust=default_trust() if trust is None else trust,
        engine=Engine(engine),
        online=online,
        sidecars=sidecars,
        limits=limits,
        revocations=revocations,
        regimes=tuple(regime(name) for name in dict.fromkeys(regimes)),
        policies=tuple(policies),
        members=members,
    )
    source = source_of(names, follow=follow, hidden=hidden, include=tuple(include), exclude=tuple(exclude))
    target = None if out is None else Path(out)
    if cluster is not None:
        kind, _, address = cluster.partition("=")
        if kind != "ray" or parts is None or state is not None or batch < 1:
            raise InputError(
                "a cluster is `ray` or `ray=ADDRESS`, needs `parts`, and has no `state`", "see `kzlabel.scan`"
            )
        spread = ClusterOptions(
            parts=Path(parts),
            address=address,
            workers=workers,
            seconds=seconds,
            batch=batch,
            resume=resume,
            replace=replace,
        )
        return _on_cluster(ClusterScan(source, settings, spread, names), target, replace=replace)
    options = Options(
        workers=workers,
        seconds=seconds,
        state=None if state is None else Path(state),
        resume=resume,
        out=target,
        replace=replace,
    )
    return Scan(source, settings, options, names).run()


def _on_cluster(scan: ClusterScan, out: Path | None, *, replace: bool) -> Iterator[Record]:
    """Yield the rows of each part when it is done, and write them all to `out` at the end."""
    if out is not None:
        check_output(out, replace=replace)
    for part in scan.run():
        yield from read_rows(part)
    if out is not None and scan.summary.complete:
        write_output(scan.rows(), out, replace=replace)
