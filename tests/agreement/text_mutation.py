"""Thousands of damaged and forged texts, and what a slow reading of the specification says of each.

    python -m tests.agreement.text_mutation --minutes 20 --seed 7 --keep build/mutants

The reference engine reads no text. Where the label lies and what it covers is judged by `slow_text`, which shares
no code with the package; claim, signature, certificates and assertions by the reference engine, which is given the
store that was found. No text may be intact to us that isn't to both; what is, is kept, named by seed and number.
"""

import argparse
import base64
import io
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from kzlabel.credentials import Signer, development
from kzlabel.files import BytesReader, Reader
from kzlabel.formats import Derived, Embedder, Located, Splice, structured
from kzlabel.labels import Label, System
from kzlabel.limits import DEFAULT_LIMITS, Limits
from kzlabel.signing import Labeler, embedding
from kzlabel.signing.composer import Draft, draft
from kzlabel.sources import Opened
from kzlabel.spans import Span
from kzlabel.status import Kind
from kzlabel.trust import Trust, development_trust
from kzlabel.verifying import Verifier, reference
from kzlabel.verifying.reading import Reading
from kzlabel.verifying.verdict import Status
from tests.agreement import slow_text
from tests.agreement.text_changes import CHANGES

PLAIN = (
    "Сәлем, әлем! Привет, мир! Hello 👍️\nSecond line, naïve café ﬁn\n",
    "e",
    "line\r\nline\r\n",
    "\ufeffmarked\n",
    "Қазақстан Республикасы \ufe0f\ufe0f 한국어 Å ṩ\n\n",
)
STRUCTURED = {
    ".md": "# Title\n\nnaïve text\n",
    ".py": "#!/usr/bin/env python\nprint('é')\n",
    ".js": "let x = 1\r\nlet y = 2\r\n",
    ".css": "a { color: red }",
    ".yaml": "---\na: 1\nb: [1, 2]\n",
    ".xml": '<?xml version="1.0"?>\n<a>\n<b/></a>\n',
    ".sql": "\ufeffselect 1;\n",
    ".tex": "\\documentclass{article}\n",
}
FRONT = b"---\ntitle: x\n---\n# Title\r\n\ntext\n"
PAGES = (
    "<!DOCTYPE html>\n<html><head><meta charset=utf-8><title>x</title></head>\n<body><p>é</p></body></html>\n",
    "<!doctype html><html lang=kk><head><style>a{}</style><!-- c --><script>let a = '<p>'</script>\r\n</head>"
    "<body class=a><script>let b</script><p>text</p></body></html>",
)


@dataclass(frozen=True)
class Subject:
    """A labelled text to spoil."""

    name: str
    suffix: str
    data: bytes
    start: int
    """Where its label is."""
    end: int
    judge: Callable[[bytes], bytes | None]


@dataclass
class Tally:
    """What came out."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    unsafe: list[str] = field(default_factory=list)
    stricter: Counter[str] = field(default_factory=Counter)
    """Changes after which we say no and the slow reading yes, as where a standard allows more than we do."""


def subjects(trust_directory: Path) -> tuple[list[Subject], Trust]:
    """Return labelled texts of every kind, and the trust that their signer has."""
    identity, _ = development.load_or_create(trust_directory, now=datetime.now(UTC))
    trust = development_trust(trust_directory)
    labeler = Labeler(identity.signer, trust=trust)
    return list(_labelled(labeler, identity.signer)), trust


class _Front(structured.Named):
    """Writes the form of three lines, which the package only reads (C2PA 2.4 A.9.3.2)."""

    def splice(self, file: Reader, located: Located, store_size: int, limits: Limits) -> Splice:
        at = FRONT.index(b"title")
        begin, end = slow_text.BEGIN + b"\n" + b"data:application/c2pa;base64,", b"\n" + slow_text.END + b"\n"
        size = len(begin + end) + 4 * -(-store_size // 3)
        made = Derived(size, lambda store: begin + base64.b64encode(store) + end)
        return Splice((Span(0, at), made, Span(at, file.size - at)), (Span(at, size),))


def _front(signer: Signer, label: Label) -> bytes:
    """Return a labelled text with the manifest in its front matter."""
    form, out = cast("Embedder", _Front(".md")), io.BytesIO()

    def compose(binding: str, size: int) -> Draft:
        return draft(
            label, signer, binding_label=binding, binding_size=size, parent=None, stamp=None, limits=DEFAULT_LIMITS
        )

    embedding.embed(BytesReader(FRONT), form, Located(), compose, out, DEFAULT_LIMITS)
    return out.getvalue()


def _labelled(labeler: Labeler, signer: Signer) -> Iterator[Subject]:
    label = Label(level="ai-generated", system=System(name="Writer"))
    for number, plain in enumerate(PLAIN):
        done = labeler.label_text(plain, label).encode()
        yield _subject(f"plain {number}", ".txt", plain.encode(), done, slow_text.wrapper)
    for number, (mark, encoding) in enumerate(((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))):
        wide = mark + labeler.label_text(PLAIN[0], label).encode(encoding)
        yield _subject(f"wide {number}", ".txt", mark + PLAIN[0].encode(encoding), wide, slow_text.wide)
    yield _subject("front", ".md", FRONT, _front(signer, label), slow_text.block)
    with tempfile.TemporaryDirectory() as place:
        for suffix, judge, content in [
            *((suffix, slow_text.block, content) for suffix, content in STRUCTURED.items()),
            *((".html", slow_text.page, content) for content in PAGES),
        ]:
            source, made = Path(place) / f"a{suffix}", Path(place) / f"b{suffix}"
            source.write_bytes(content.encode())
            made.unlink(missing_ok=True)
            labeler.label(source, label, made)
            yield _subject(f"{suffix} {len(content)}", suffix, content.encode(), made.read_bytes(), judge)


def _subject(name: str, suffix: str, plain: bytes, done: bytes, judge: Callable[[bytes], bytes | None]) -> Subject:
    start = next((at for at, (a, b) in enumerate(zip(plain, done, strict=False)) if a != b), len(plain))
    tail = next((n for n in range(len(plain)) if plain[-1 - n] != done[-1 - n]), len(plain))
    start = min(start, len(plain))
    return Subject(name, suffix, done, start, max(len(done) - tail, start), judge)


def spoil(subject: Subject, rng: random.Random) -> tuple[str, bytes]:
    """Return what was done to a subject, and the text after it."""
    done, data = [], subject.data
    for _ in range(1 + (rng.random() < 0.3)):
        name = rng.choice(sorted(CHANGES))
        data = CHANGES[name](data, subject.start, subject.end, rng)
        done.append(name)
    return ", ".join(done), data


def oracle(subject: Subject, data: bytes, trust: Trust) -> str:
    """Return what the text deserves: `trusted`, `valid`, or `no` with the reason."""
    store = subject.judge(data)
    if store is None:
        return "no: the label is not put in as it should be, or its hash is another's"
    # What was hashed isn't what is stored where the text is normalised first; `judge` has looked at that.
    answer = reference.read(BytesReader(data), "application/octet-stream", trust, DEFAULT_LIMITS, store=store)
    if not isinstance(answer, Reading):
        return f"no: {answer}"
    bad = {str(f.code) for f in answer.findings if f.kind is Kind.FAILURE} - {"assertion.dataHash.mismatch"}
    if bad - {"signingCredential.untrusted"}:
        return f"no: {sorted(bad)}"
    said = {str(f.code) for f in answer.findings}
    return "trusted" if "signingCredential.trusted" in said and not bad else "valid"


def compare(subject: Subject, data: bytes, trust: Trust, verifier: Verifier) -> tuple[Status, str]:
    """Return our verdict and what the text deserves."""
    verdict = verifier.verify_opened(Opened(BytesReader(data), subject.name, subject.suffix))
    return verdict.status, oracle(subject, data, trust)


def run(
    chosen: list[Subject],
    trust: Trust,
    seed: int,
    *,
    count: int = 0,
    seconds: float = 0.0,
    keep: Path | None = None,
) -> Tally:
    """Spoil subjects in turn, `count` times or for some `seconds`."""
    tally, verifier = Tally(), Verifier(trust=trust)
    end, number = time.monotonic() + seconds, 0
    while number < count or time.monotonic() < end:
        subject = chosen[number % len(chosen)]
        done, data = spoil(subject, random.Random(f"{seed}/{number}"))
        status, deserved = compare(subject, data, trust, verifier)
        tally.counts[subject.name, status.value] += 1
        if (status is Status.TRUSTED and deserved != "trusted") or (
            status is Status.VALID and deserved not in {"trusted", "valid"}
        ):
            tally.unsafe.append(f"{seed}/{number} {subject.name}, {done}: {status}, but {deserved}")
            if keep is not None:
                keep.mkdir(parents=True, exist_ok=True)
                (keep / f"{seed}-{number}{subject.suffix}").write_bytes(data)
        elif deserved in {"trusted", "valid"} and status not in {Status.TRUSTED, Status.VALID}:
            tally.stricter[f"{subject.suffix}, {done}: {status}"] += 1
        number += 1
    return tally


def report(tally: Tally) -> str:
    """Return a table of what came out."""
    kinds = sorted({kind for _, kind in tally.counts})
    lines = ["  ".join([f"{'text':16}", *(f"{kind:>12}" for kind in kinds)])]
    for name in sorted({name for name, _ in tally.counts}):
        lines.append("  ".join([f"{name:16}", *(f"{tally.counts[name, kind]:12}" for kind in kinds)]))  # noqa: PERF401
    lines += ["", f"stricter: {tally.stricter.total()}"]
    lines += [f"{count:8}  {what}" for what, count in tally.stricter.most_common(20)]
    lines += ["", f"UNSAFE: {len(tally.unsafe)}", *tally.unsafe[:50], "", f"in all: {tally.counts.total()}"]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="directory for the texts that are intact to us alone")
    parser.add_argument("--only", default="", help="part of the names of the subjects")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        chosen, trust = subjects(Path(place) / "development")
        chosen = [subject for subject in chosen if options.only in subject.name]
        tally = run(chosen, trust, options.seed, seconds=options.minutes * 60, keep=options.keep)
    print(report(tally))  # noqa: T201 - a command
    return 1 if tally.unsafe else 0


if __name__ == "__main__":
    raise SystemExit(main())
