"""Thousands of damaged and forged files, and both engines' opinions of each.

    python -m tests.agreement.mutation --minutes 60 --seed 7 --keep build/mutants

No file may be intact to the native engine that isn't to the reference engine; where the native engine answers
at all, state and failure codes are the same. What differs is kept, and named by seed and number.
"""

import argparse
import base64
import contextlib
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import cbor2

from fixtures.cases import case
from fixtures.make import make_all
from kzlabel.credentials import development
from kzlabel.files import BytesReader
from kzlabel.formats import Encoding, Located, identify
from kzlabel.labels import Label, System
from kzlabel.limits import DEFAULT_LIMITS
from kzlabel.signing import Labeler
from kzlabel.trust import Trust, development_trust
from tests.agreement import boxes
from tests.agreement.comparison import Comparison, compare
from tests.agreement.composing import (
    AI,
    PARENT,
    Draft,
    compose,
    embed,
    file_box,
    good,
    ingredient,
    json_box,
    opened,
    parts,
)
from tests.agreement.healing import heal
from tests.agreement.violations.base import ACTIONS, compose_parent, image
from tests.conftest import CORPORA, SHARED

BUILD = Path(__file__).parents[2] / "build" / "fixtures"
LARGEST = 300_000
PER_FORMAT = 2


@dataclass(frozen=True)
class Subject:
    """A file to spoil; `rebuild` puts a changed store into it, where that is possible."""

    name: str
    data: bytes
    trust: Trust
    store: bytes
    marks: tuple[int, ...]
    rebuild: Callable[[bytes], bytes] | None = None


@dataclass
class Tally:
    """What came out."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    unsafe: list[str] = field(default_factory=list)
    different: list[str] = field(default_factory=list)

    def add(self, subject: str, what: str, result: Comparison | None) -> bool:
        """Count a result; return whether it is one to keep."""
        if result is None:
            self.counts[subject, "no known format"] += 1
            return False
        kind = "abstains" if result.abstained else "overlooked" if result.overlooked else result.native
        self.counts[subject, kind] += 1
        if result.abstained:
            self.reasons[result.abstained[:60]] += 1
        elif result.unsafe:
            self.unsafe.append(f"{what}: {result.native}, but {result.reference}: {result.differences}")
        elif not result.agrees:
            self.different.append(f"{what}: {result.differences}")
        return result.unsafe or not result.agrees


def subjects() -> Iterator[Subject]:
    """Yield composed files, and small third-party files of every format where they are present."""
    picture = image()
    parent = compose_parent(PARENT)
    child = parts([(ACTIONS, opened("c2pa.ingredient.v3")), ("c2pa.ingredient.v3", ingredient(parent))])
    for name, data in {
        "composed": compose(Draft(), picture),
        "composed, version 1": compose(Draft(version=1), picture),
        "composed, with parent": compose(Draft(assertions=child), picture, parent),
        "composed, rich": compose(Draft(assertions=_rich(), gathered=("a.b",)), picture),
    }.items():
        yield _subject(name, data, good().trust, lambda store: embed(store, picture))
        yield _subject(
            f"{name}, signed again", data, good().trust, lambda store: embed(heal(store, picture), picture)
        )
    yield from _labelled()
    if CORPORA.exists():
        yield from _third_party()


def _rich() -> list[tuple[str, bytes]]:
    """Return assertions with much in them that can be broken."""
    action = {
        "action": "c2pa.created",
        "digitalSourceType": AI,
        "softwareAgent": {"name": "x", "version": "1"},
        "when": cbor2.CBORTag(0, "2026-01-01T00:00:00Z"),
        "parameters": {"description": "x", "other": [1, {"a": None}]},
    }
    edited = {"action": "c2pa.edited", "softwareAgent": "y", "instanceID": "z", "changed": "a"}
    ratings = {"reviewRatings": [{"explanation": "e", "code": "c", "value": 3}]}
    content = {"actions": [action, edited], "allActionsIncluded": True, "metadata": ratings}
    metadata = '{"@context": {"dc": "http://purl.org/dc/elements/1.1/"}, "dc:title": ["x"]}'
    return [
        *parts([(ACTIONS, content), ("a.b", {"x": [1, 2.5, b"y", None]}), ("c2pa.ingredient.v3", ingredient())]),
        ("cawg.metadata", json_box("cawg.metadata", metadata)),
        ("c2pa.thumbnail.claim.jpeg", file_box("c2pa.thumbnail.claim.jpeg", b"picture", salt=bytes(16))),
    ]


def _labelled() -> Iterator[Subject]:
    """Yield a file of every format that is labelled here and is small, signed by an identity made for it."""
    now = datetime.now(UTC)
    with tempfile.TemporaryDirectory() as place:
        identity, _ = development.load_or_create(Path(place) / "development", now=now)
        trust = development_trust(Path(place) / "development")
        labeler = Labeler(identity.signer, trust=trust)
        label = Label(level="ai-generated", system=System(name="Painter"))
        for name, path in make_all(BUILD).items():
            if case(name).reference and path.stat().st_size <= LARGEST:
                data = labeler.label(path.read_bytes(), label)
                result = compare(data, trust)
                if result is not None and not result.abstained:
                    yield _subject(f"ours: {name}", data, trust)


def _third_party() -> Iterator[Subject]:
    trust = Trust.from_files([SHARED / "trust" / "c2pa-rs-test-roots.pem"])
    count: Counter[str] = Counter()
    for path in sorted(CORPORA.rglob("*"), key=lambda path: (path.name, str(path))):
        if not path.is_file() or path.stat().st_size > LARGEST or path.suffix == ".tsv":
            continue
        data = path.read_bytes()
        recognised = identify(data[: DEFAULT_LIMITS.head])
        if recognised is None or count[recognised[0].NAME] >= PER_FORMAT or b"cawg.identity" in data:
            continue
        for whom in (trust, Trust.none()):
            result = compare(data, whom)
            if result is not None and result.reference in {"Trusted", "Valid"}:
                count[recognised[0].NAME] += 1
                yield _subject(f"{recognised[0].NAME}: {path.name}", data, whom)
                break


def _subject(name: str, data: bytes, trust: Trust, rebuild: Callable[[bytes], bytes] | None = None) -> Subject:
    recognised = identify(data[: DEFAULT_LIMITS.head])
    assert recognised is not None
    located: Located = recognised[0].locate(BytesReader(data), DEFAULT_LIMITS)
    (carrier,) = located.carriers
    store = b"".join(data[span.start : span.end] for span in carrier.store)
    if carrier.encoding is Encoding.BASE64:
        store = base64.b64decode(store)
    edges = {edge for span in (*carrier.store, *carrier.excluded) for edge in (span.start, span.end)}
    edges |= {at for word in _WORDS for at in _places(data, word)}
    return Subject(name, data, trust, store, tuple(sorted(edges)), rebuild)


_WORDS = (b"jumb", b"jumd", b"cbor", b"exclusions", b"start", b"length", b"alg", b"hash", b"pad", b"x5chain",
          b"sigTst", b"c2pa.", b"\x30\x82", b"IDAT", b"IEND", b"caBX", b"moov", b"mdat", b"uuid", b"data", b"GEOB",
          b"\xff\xeb", b"\xff\xda", b"\xff\xd9")  # fmt: skip


def _places(data: bytes, word: bytes) -> list[int]:
    found: list[int] = []
    at = data.find(word)
    while at >= 0 and len(found) < 60:
        found += [at, at + len(word)]
        at = data.find(word, at + 1)
    return found


def spoil(subject: Subject, rng: random.Random) -> tuple[str, bytes]:
    """Return what was done to a subject, and the file after it."""
    if subject.rebuild is not None and rng.random() < (1.0 if subject.name.endswith("again") else 0.5):
        done, store = boxes.mutate(subject.store, rng)
        if rng.random() < 0.3:
            with contextlib.suppress(ValueError, IndexError):  # it may be too broken for more
                again, store = boxes.mutate(store, rng)
                done = f"{done}, {again}"
        return f"store {done}", subject.rebuild(store)
    data = subject.data
    near = rng.random() < 0.7
    at = rng.choice(subject.marks) + rng.randrange(-12, 13) if near else rng.randrange(len(data))
    at = min(max(at, 0), len(data) - 1)
    size = rng.choice((1, 1, 2, 4, 8, 16, 64, 1000))
    match rng.choice(("bit", "bit", "byte", "insert", "delete", "duplicate", "move", "cut", "append", "number")):
        case "bit":
            return f"bit at {at}", data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]
        case "byte":
            return f"byte at {at}", data[:at] + rng.choice((b"\0", b"\xff", rng.randbytes(1))) + data[at + 1 :]
        case "insert":
            return f"{size} inserted at {at}", data[:at] + rng.randbytes(size) + data[at:]
        case "delete":
            return f"{size} deleted at {at}", data[:at] + data[at + size :]
        case "duplicate":
            return f"{size} duplicated at {at}", data[: at + size] + data[at : at + size] + data[at + size :]
        case "move":
            to = rng.choice(subject.marks)
            piece, rest = data[at : at + size], data[:at] + data[at + size :]
            return f"{size} moved from {at} to {to}", rest[:to] + piece + rest[to:]
        case "cut":
            return f"cut at {at}", data[:at]
        case "number":
            value = rng.choice((0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, rng.getrandbits(32)))
            return f"{value:#x} at {at}", data[:at] + value.to_bytes(4) + data[at + 4 :]
        case _:
            return f"{size} appended", data + rng.choice((bytes(size), rng.randbytes(size), data[-size:]))


def run(
    chosen: list[Subject], seed: int, *, count: int = 0, seconds: float = 0.0, keep: Path | None = None
) -> Tally:
    """Spoil subjects in turn, `count` times or for some `seconds`."""
    tally = Tally()
    end = time.monotonic() + seconds
    number = 0
    while number < count or time.monotonic() < end:
        subject = chosen[number % len(chosen)]
        done, data = spoil(subject, random.Random(f"{seed}/{number}"))
        what = f"{seed}/{number} {subject.name}, {done}"
        if tally.add(subject.name, what, compare(data, subject.trust)) and keep is not None:
            keep.mkdir(parents=True, exist_ok=True)
            (keep / f"{seed}-{number}.bin").write_bytes(data)
        number += 1
    return tally


def report(tally: Tally) -> str:
    """Return a table of what came out."""
    names = sorted({subject for subject, _ in tally.counts})
    kinds = sorted({kind for _, kind in tally.counts})
    lines = ["  ".join([f"{'subject':44}", *(f"{kind:>15}" for kind in kinds)])]
    lines += [
        "  ".join([f"{name[:44]:44}", *(f"{tally.counts[name, kind]:15}" for kind in kinds)]) for name in names
    ]
    lines += ["", "why it abstained, most often:"]
    lines += [f"{count:8}  {reason}" for reason, count in tally.reasons.most_common(25)]
    lines += ["", f"different: {len(tally.different)}", *tally.different[:50]]
    lines += ["", f"UNSAFE: {len(tally.unsafe)}", *tally.unsafe[:50], "", f"in all: {tally.counts.total()}"]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="directory for the files on which the engines differ")
    parser.add_argument("--only", default="", help="part of the names of the subjects")
    options = parser.parse_args()
    chosen = [subject for subject in subjects() if options.only in subject.name]
    tally = run(chosen, options.seed, seconds=options.minutes * 60, keep=options.keep)
    print(report(tally))  # noqa: T201 - a command
    return 1 if tally.unsafe else 0


if __name__ == "__main__":
    raise SystemExit(main())
