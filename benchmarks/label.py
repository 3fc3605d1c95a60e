"""Labelling, side by side: manifests composed here, and those of c2pa-python's Builder.

Both label the same files with the same key, from bytes to bytes and from file to file. The Builder's part is what
this program calls it with (`kzlabel.signing.builder`), its signer made once. From file to file both end in the same
atomic write, with and without syncing it to the disk, which costs more than all the rest. Files take turns and so
do contenders, so that noise hits all alike. Reported are medians per file and ratios of medians.

`python -m benchmarks.label [--rounds N] [--only SET]` prints a table and writes build/benchmarks/label.json.
"""

import argparse
import gc
import io
import json
import math
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from unittest import mock

from PIL import Image

from fixtures.make import make_all
from kzlabel import outputs
from kzlabel.credentials import Signer, development
from kzlabel.files import BytesReader
from kzlabel.formats import identify
from kzlabel.labels import Label, System
from kzlabel.limits import DEFAULT_LIMITS
from kzlabel.signing import Labeler, builder
from kzlabel.signing.precheck import precheck
from kzlabel.signing.writable import BY_REFERENCE
from kzlabel.sources import opened
from kzlabel.trust import Trust, development_trust

ROOT = Path(__file__).parents[1]
OUT = ROOT / "build" / "benchmarks"
_HEADINGS = ("set", "KB", "kzlabel", "Builder", "x Builder", "file", "file Builder", "x Builder", "file synced")
_LINE = b"What a language model says about a lake in the mountains, line after line.\n"
_LABEL = Label(level="ai-generated", system=System(name="Painter", version="2.1"))


def main(arguments: list[str]) -> None:
    """Make the sets, measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--only", help="measure the sets whose name contains this")
    options = parser.parse_args(arguments)
    OUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        identity, _ = development.load_or_create(Path(scratch) / "identity", now=datetime.now(UTC))
        trust = development_trust(Path(scratch) / "identity")
        print("".join(f"{heading:>14}" for heading in _HEADINGS))
        rows = []
        for name, data in _sets().items():
            if options.only and options.only not in name:
                continue
            row = _measure(name, data, _Contenders(identity.signer, trust, Path(scratch)), options.rounds)
            rows.append(row)
            line = "".join(f"{v:>14.2f}" if isinstance(v, float) else f"{v:>14}" for v in row.values())
            print(line.replace("nan", "  -"), flush=True)
    (OUT / "label.json").write_text(json.dumps(rows, indent=1))
    print("microseconds per file")


def _sets() -> dict[str, bytes]:
    """Return one file of each set: sizes of JPEG, and every format that is composed here."""
    samples = make_all(ROOT / "build" / "fixtures")
    sets = {"svg 1 KB": b'<svg xmlns="http://www.w3.org/2000/svg">' + b"<path d='M0 0h9'/>" * 54 + b"</svg>"}
    sets["jpeg 100 KB"] = _jpeg(100_000)
    sets["jpeg 4 MB"] = _jpeg(4_000_000)
    names = ("png", "webp", "gif", "tiff", "jxl", "wav", "mp3", "flac", "avi", "opus", "docx")
    texts = {f"text {size} KB": (_LINE * (size * 1000 // len(_LINE) + 1))[: size * 1000] for size in (1, 100)}
    return sets | {name: samples[name].read_bytes() for name in names} | texts


def _jpeg(size: int) -> bytes:
    """Return a picture of noise, about `size` bytes as a JPEG."""
    side = int((size / 1.05) ** 0.5)
    buffer = io.BytesIO()
    Image.effect_noise((side, side), 100).save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


class _Contenders:
    """Both ways to label, from bytes to bytes and from file to file."""

    def __init__(self, signer: Signer, trust: Trust, place: Path) -> None:
        self._labeler = Labeler(signer, trust=trust)
        self._signer = builder.native_signer(signer)
        self._trust = trust
        self.source, self._out = place / "source", place / "out"

    def turn_to(self, name: str) -> None:
        """Work on files of another name: that of a text says that it is one."""
        suffix = ".txt" if name.startswith("text") else ""
        self.source, self._out = self.source.with_suffix(suffix), self._out.with_suffix(suffix)

    def text_here(self, data: bytes) -> None:
        """Compose."""
        self._labeler.label_text(data.decode(), _LABEL)

    def bytes_here(self, data: bytes) -> None:
        """Compose."""
        self._labeler.label(data, _LABEL)

    def bytes_builder(self, data: bytes) -> None:
        """Let the Builder write, after the same check of the source."""
        with opened(data) as file:
            checked = precheck(file, self._trust, DEFAULT_LIMITS, despite_broken=False)
        self._build(data, io.BytesIO(), checked.media_type)

    def file_here(self, _data: bytes) -> None:
        """Compose."""
        self._labeler.label(self.source, _LABEL, self._out, replace=True)

    def file_builder(self, _data: bytes) -> None:
        """Let the Builder write, with the same check and the same atomic write."""
        with opened(self.source) as file:
            checked = precheck(file, self._trust, DEFAULT_LIMITS, despite_broken=False)
        with outputs.staged(self._out, replace=True) as stage, stage.path.open("w+b") as out:
            self._build(self.source.read_bytes(), out, checked.media_type)

    def _build(self, data: bytes, out: io.BytesIO | io.BufferedRandom, media_type: str) -> None:
        builder.write(
            BytesReader(data),
            out,
            media_type=media_type,
            label=_LABEL,
            keep_parent=False,
            signer=self._signer,
            trust=self._trust,
            limits=DEFAULT_LIMITS,
        )


def _measure(name: str, data: bytes, run: _Contenders, rounds: int) -> dict[str, str | float | int]:
    recognised = identify(data[:65_536])
    assert recognised is not None or name.startswith("text")
    run.turn_to(name)
    run.source.write_bytes(data)
    memory = [run.text_here if name.startswith("text") else run.bytes_here]
    disk = [run.file_here]
    if recognised is not None and recognised[1] in BY_REFERENCE:
        memory.append(run.bytes_builder)
        disk.append(run.file_builder)
    in_memory = [*_medians(memory, data, rounds), math.nan]
    with mock.patch.object(os, "fsync"):
        on_disk = [*_medians(disk, data, rounds), math.nan]
    (synced,) = _medians([run.file_here], data, max(5, rounds // 5))
    return {
        "set": name,
        "kilobytes": len(data) // 1000,
        "kzlabel": round(in_memory[0]),
        "builder": _whole(in_memory[1]),
        "times_builder": in_memory[1] / in_memory[0],
        "file_kzlabel": round(on_disk[0]),
        "file_builder": _whole(on_disk[1]),
        "file_times_builder": on_disk[1] / on_disk[0],
        "file_synced": round(synced),
    }


def _whole(microseconds: float) -> int | str:
    """Return a rounded time, or a dash where there was nothing to measure."""
    return "-" if math.isnan(microseconds) else round(microseconds)


def _medians(contenders: Sequence[Callable[[bytes], None]], data: bytes, rounds: int) -> list[float]:
    """Return the median of each contender in microseconds; the first three rounds don't count."""
    taken: list[list[float]] = [[] for _ in contenders]
    gc.disable()
    for _ in range(rounds + 3):
        for times, contender in zip(taken, contenders, strict=True):
            start = time.perf_counter()
            contender(data)
            times.append((time.perf_counter() - start) * 1e6)
    gc.enable()
    return [statistics.median(times[3:]) for times in taken]


if __name__ == "__main__":
    main(sys.argv[1:])
