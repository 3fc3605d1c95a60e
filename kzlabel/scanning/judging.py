"""Judging one item: what a worker does all day, and what anybody's cluster may do."""

import os
import time
from datetime import UTC, datetime
from typing import Final

import msgspec

from kzlabel.errors import KzlabelError
from kzlabel.formats import recognise
from kzlabel.limits import DEFAULT_LIMITS, Limits
from kzlabel.regimes import Regime, check, markers_of, notice_of
from kzlabel.scanning.items import Item
from kzlabel.scanning.members import judge_members
from kzlabel.scanning.names import modified_at, shown
from kzlabel.scanning.objects import is_address, judged_object
from kzlabel.scanning.record import Record, of_verdict
from kzlabel.sources import opened
from kzlabel.status import Code, Finding
from kzlabel.trust import Revocations, Trust
from kzlabel.verifying import Engine, Verifier, native, unreadable
from kzlabel.verifying.abstain import Abstention
from kzlabel.verifying.judgement import judge
from kzlabel.verifying.policy import read_policy
from kzlabel.verifying.verdict import Status, Verdict

__all__ = ["Judge", "Settings", "failed"]

_AS_IT_WAS: Final = (Finding.of(Code.ASSERTION_DATA_HASH_MATCH, "the content is as it was when it was hashed"),)


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How items are judged; the same for all of a scan."""

    trust: Trust
    """Whom to believe."""

    engine: Engine = Engine.AUTO
    """Who answers."""

    online: bool = False
    """Whether files may have something fetched."""

    sidecars: bool = True
    """Whether manifests are looked for beside files."""

    limits: Limits = DEFAULT_LIMITS
    """How much work one file may cause."""

    revocations: Revocations = Revocations()
    """What issuers said about certificates that they took back."""

    regimes: tuple[Regime, ...] = ()
    """Laws that files are held against."""

    policies: tuple[str, ...] = ()
    """What each label is held against, as `kzlabel.verifying.policy.read_policy` reads it."""

    members: bool = False
    """Whether the members of ZIP and tar archives are judged, too."""


class Judge:
    """Judges items, one after the other; what it learns from one helps with the next."""

    def __init__(self, settings: Settings) -> None:
        """Prepare judging."""
        self._settings = settings
        self._policies = tuple(map(read_policy, settings.policies))
        self._verifier = Verifier(
            trust=settings.trust,
            engine=settings.engine,
            online=settings.online,
            limits=settings.limits,
            revocations=settings.revocations,
            sidecars=settings.sidecars,
        )

    def judge(self, item: Item, *, unchanged: bool = False) -> tuple[Record, ...]:
        """Return a row for the item, followed by those of its members where it is an archive and they count.

        Args:
            item: What to judge.
            unchanged: It was called intact before and is the same, so that its content need not be hashed again.
        """
        path = os.fsdecode(item.name)
        start = time.perf_counter()
        try:
            verdict = self._verdict(item, path, unchanged=unchanged)
        except KzlabelError as error:
            verdict = unreadable(path, str(error))
        record = self._record(item, verdict, time.perf_counter() - start)
        if not self._settings.members or is_address(item.name):
            return (record,)
        return (record, *judge_members(path, record, self._verifier, self._settings.limits))

    def _verdict(self, item: Item, path: str, *, unchanged: bool) -> Verdict:
        if is_address(item.name):
            return judged_object(item.name, self._verifier.verify_opened)
        again = self._again(path) if unchanged else None
        return self._verifier.verify(path) if again is None else again

    def _record(self, item: Item, verdict: Verdict, seconds: float) -> Record:
        name, escaped = shown(item.name)
        modified = modified_at(item.modified) if item.modified else ""
        record = of_verdict(verdict, name, escaped=escaped, size=item.size, modified=modified, seconds=seconds)
        lacks = self._lacks(verdict)
        if not self._settings.regimes:
            return record if not lacks else msgspec.structs.replace(record, lacks=lacks)
        path = os.fsdecode(item.name)
        markers, notice = markers_of(path, verdict), notice_of(path, verdict)
        laws = self._settings.regimes
        missing = [
            one.requirement for law in laws for one in check(verdict, law, markers=markers, notice=notice).missing
        ]
        return msgspec.structs.replace(record, lacks=(*missing, *lacks))

    def _lacks(self, verdict: Verdict) -> tuple[str, ...]:
        """Return what the policies miss in a label; of a file without one they say nothing."""
        if not self._policies or not verdict.manifest:
            return ()
        now = datetime.now(UTC)
        return tuple(f"policy: {clause}" for policy in self._policies for clause in policy.lacks(verdict, now))

    def _again(self, path: str) -> Verdict | None:
        """Judge the manifest of a file without hashing its content; None where that can't be done."""
        settings = self._settings
        if settings.online or settings.revocations or settings.engine is Engine.REFERENCE:
            return None
        try:
            with opened(path) as file:
                recognised = recognise(file.reader, file.suffix, settings.limits)
                if recognised is None:
                    return None
                form, media_type = recognised
                located = form.locate(file.reader, settings.limits)
                if located.fault is not None:
                    return None
                reading = native.read(
                    file.reader,
                    located,
                    media_type,
                    settings.trust,
                    settings.limits,
                    now=self._verifier.clock(),
                    bind=lambda *_: _AS_IT_WAS,
                )
        except (Abstention, KzlabelError, OSError):
            return None
        return judge(reading, settings.trust, uri=path, media_type=media_type)


def failed(item: Item, why: str, seconds: float = 0.0) -> Record:
    """Return the row of an item that could not be judged."""
    name, escaped = shown(item.name)
    return Record(
        path=name,
        escaped=escaped,
        size=item.size,
        modified=modified_at(item.modified) if item.modified else "",
        status=Status.ERROR.value,
        codes=(str(Code.KZLABEL_INPUT_UNREADABLE),),
        explanation=why,
        seconds=round(seconds, 6),
    )
