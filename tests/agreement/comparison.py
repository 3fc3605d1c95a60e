"""Two engines, one file: what the native one says beside what the reference engine says."""

from dataclasses import dataclass
from datetime import UTC, datetime

from kzlabel.errors import LimitError, MalformedError
from kzlabel.files import BytesReader
from kzlabel.formats import identify
from kzlabel.limits import DEFAULT_LIMITS
from kzlabel.status import Kind
from kzlabel.trust import Trust
from kzlabel.verifying import native, reference
from kzlabel.verifying.abstain import Abstention
from kzlabel.verifying.ai import ai_level
from kzlabel.verifying.reading import Reading, Refused

Codes = frozenset[tuple[str, bool]]


@dataclass(frozen=True)
class Comparison:
    """What both engines said; a state is the engine's, or why there is none."""

    native: str
    reference: str
    differences: tuple[str, ...] = ()
    abstained: str = ""

    @property
    def unsafe(self) -> bool:
        """The native engine calls intact what the reference engine doesn't."""
        intact = {"Trusted", "Valid"}
        wrong = self.native in intact and self.reference not in intact
        return wrong or (self.native == "Trusted" and self.reference == "Valid")

    @property
    def overlooked(self) -> bool:
        """The native engine finds a broken label where the reference engine sees none, or fails: more is said."""
        return self.native == "Invalid" and self.reference not in {"", "Trusted", "Valid", "Invalid"}

    @property
    def agrees(self) -> bool:
        return bool(self.abstained) or self.overlooked or not self.differences


def failures(reading: Reading) -> Codes:
    """Return the failure codes, each with whether it is an ingredient's."""
    return frozenset((str(f.code), f.ingredient) for f in reading.findings if f.kind is Kind.FAILURE)


def others(reading: Reading) -> Codes:
    return frozenset((str(f.code), f.ingredient) for f in reading.findings if f.kind is not Kind.FAILURE)


def compare(data: bytes, trust: Trust, *, now: datetime | None = None) -> Comparison | None:
    """Ask both engines about `data`; None when it is of no known format."""
    recognised = identify(data[: DEFAULT_LIMITS.head])
    if recognised is None:
        return None
    form, media_type = recognised
    file = BytesReader(data)
    try:
        located = form.locate(file, DEFAULT_LIMITS)
        ours = native.read(file, located, media_type, trust, DEFAULT_LIMITS, now=now or datetime.now(UTC))
    except Abstention as why:
        return Comparison("abstains", "", abstained=str(why))
    except LimitError as why:
        return Comparison("limit", "", abstained=f"limit: {why}")
    except MalformedError as why:
        return Comparison("malformed", "", abstained=f"malformed: {why}")
    except Exception as bug:  # noqa: BLE001 - whatever escapes is a bug, and the search goes on
        return Comparison("crash", "", (f"{type(bug).__name__}: {bug}",))
    theirs = reference.read(file, media_type, trust, DEFAULT_LIMITS)
    if not isinstance(theirs, Reading):
        said = theirs.reason if isinstance(theirs, Refused) else "absent"
        return Comparison(ours.state, said, (f"native says {ours.state}, the reference engine {said}",))
    return Comparison(ours.state, theirs.state, tuple(_differences(ours, theirs)))


def _differences(ours: Reading, theirs: Reading) -> list[str]:
    found = []
    if ours.state != theirs.state:
        found.append(f"state: {ours.state}, not {theirs.state}")
    if failures(ours) != failures(theirs):
        found.append(f"failures: {sorted(failures(ours))}, not {sorted(failures(theirs))}")
    if ai_level(ours) is not ai_level(theirs):
        found.append(f"AI level: {ai_level(ours)}, not {ai_level(theirs)}")
    if ours.active != theirs.active:
        found.append(f"active manifest: {ours.active}, not {theirs.active}")
    return found
