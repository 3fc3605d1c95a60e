"""Labelling orders, in a worker: what was done before shows by the content identifier, which is known ahead."""

import hashlib
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from kzlabel.bulk.orders import Order
from kzlabel.bulk.results import Result
from kzlabel.credentials import Signer
from kzlabel.errors import InputError, KzlabelError, OutputError
from kzlabel.labels import Label, fresh
from kzlabel.limits import DEFAULT_LIMITS
from kzlabel.outputs import remove_abandoned
from kzlabel.regimes.lacking import refuse_lacking
from kzlabel.scanning.judging import failed
from kzlabel.scanning.names import modified_at, shown
from kzlabel.scanning.record import of_verdict
from kzlabel.signing.batch import Job, carry_out, labeler_for
from kzlabel.signing.noticing import with_stand_in
from kzlabel.sources import display_name, opened
from kzlabel.trust import Trust
from kzlabel.verifying import Verifier
from kzlabel.verifying.verdict import Verdict

__all__ = ["How", "Labelling"]

_ID: Final = 16
"""Bytes of the random source that a content identifier is made of."""


class How(msgspec.Struct, frozen=True, kw_only=True):
    """How orders are carried out; the same for all of a run."""

    job: Job
    """What they have in common; its source and destination are of no account."""

    trust: Trust
    """Whom to believe when what was written is verified."""

    seed: bytes = b""
    """What content identifiers are derived from, beside the orders; a secret, so that nothing follows from them."""

    begun: int = 0
    """When the first run of the table began, in nanoseconds since 1970: the time in content identifiers."""

    resumed: bool = False
    """Whether orders may have been carried out by a run that was cut off."""


class Labelling:
    """Labelling: the work that `kzlabel.scanning.pool.Pool` has its workers do."""

    item = Order
    row = Result

    def __init__(self, how: How, signer: Signer) -> None:
        """Label as `how` says.

        Raises:
            InputError: The signer calls a function of this process, which workers can't.
        """
        if signer.is_bound_to_process:
            raise InputError(
                "several processes can't call a function of one of them", "use a Labeler in a loop of your own"
            )
        self._how = how
        self._secret = signer.to_secret_bytes()

    def doer(self) -> "_Labeller":
        """Return what labels."""
        return _Labeller(self._how, Signer.from_secret_bytes(self._secret))

    def failed(self, item: Order, why: str, seconds: float) -> Result:
        """Return the row of an order that cost workers their lives, or took too long."""
        return _not_done(item, why, "", seconds, refused=False)

    def died(self, pid: int, items: Sequence[Order]) -> None:
        """Remove what a dead worker had written in part."""
        for directory in {os.path.dirname(os.path.realpath(item.destination)) for item in items}:  # noqa: PTH120
            remove_abandoned(Path(os.fsdecode(directory)), pid)


class _Labeller:
    def __init__(self, how: How, signer: Signer) -> None:
        self._how = how
        self._labeler = labeler_for(signer, how.job)
        self._verifier = Verifier(trust=how.trust, limits=DEFAULT_LIMITS)

    def do(self, item: Order, *, unchanged: bool, again: bool) -> tuple[Result, ...]:  # noqa: ARG002
        start = time.perf_counter()
        job = msgspec.structs.replace(
            self._how.job, source=Path(os.fsdecode(item.name)), destination=Path(os.fsdecode(item.destination))
        )
        template = msgspec.json.decode(item.template)
        if "content_id" not in template:
            template["content_id"] = self._identifier(item)
        try:
            if again or self._how.resumed:
                verdict = self._written(job)
                if verdict is not None and _carries(verdict, template["content_id"]):
                    return (self._row(item, job, verdict, start),)
            refuse_lacking(with_stand_in(Label.from_dict(template), job.notice), (job.source,))
            if not job.in_place:
                _make_room(job.destination.parent)
            done = carry_out(self._labeler, job, template)
            verdict = self._written(job)
            if verdict is None or not _carries(verdict, template["content_id"]):
                raise OutputError(f"{display_name(job.destination)} was changed while it was written")
        except KzlabelError as error:
            refused = not isinstance(error, InputError | OutputError)
            return (_not_done(item, error.message, error.remedy, time.perf_counter() - start, refused=refused),)
        row = self._row(item, job, verdict, start)
        return (msgspec.structs.replace(row, parent=done.parent, stamped=done.stamped),)

    def _identifier(self, item: Order) -> str:
        random = hashlib.sha256(self._how.seed + item.identity).digest()[:_ID]
        return fresh(clock=lambda: self._how.begun, random=lambda count: random[:count])["content_id"]

    def _written(self, job: Job) -> Verdict | None:
        """Return the verdict on what was written; None if nothing was."""
        if not job.destination.exists():
            return None
        if not job.sidecar:
            return self._verifier.verify(job.destination)
        with opened(job.destination) as store:
            return self._verifier.verify_with(job.source, bytes(store.reader.read(0, store.reader.size)))

    def _row(self, item: Order, job: Job, verdict: Verdict, start: float) -> Result:
        path, escaped = shown(item.destination)
        status = job.destination.stat()
        found = of_verdict(
            verdict,
            path,
            escaped=escaped,
            size=status.st_size,
            modified=modified_at(status.st_mtime_ns),
            seconds=time.perf_counter() - start,
        )
        return Result(
            **msgspec.structs.asdict(found),
            row=item.number,
            source=shown(item.name)[0],
            stamped=bool(found.signed_at),
        )


def _carries(verdict: Verdict, content_id: str) -> bool:
    """Return whether a file has the label of that content identifier."""
    return verdict.label is not None and verdict.label.content_id.endswith(content_id.rpartition(":")[2])


def _make_room(directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"the directory {directory} can't be made: {error.strerror}") from None


def _not_done(item: Order, why: str, remedy: str, seconds: float, *, refused: bool) -> Result:
    record = failed(item, why, seconds)
    return Result(
        **{**msgspec.structs.asdict(record), "codes": ()},
        row=item.number,
        source=record.path,
        remedy=remedy,
        refused=refused,
    )
