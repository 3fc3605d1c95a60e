"""Memory: the peak of a process that verifies one file, above one that imported all and verified a small one.

`python -m benchmarks.memory` prints a row for each file: small ones of every format, and large ones with holes,
which take no room on the disk. c2pa-python's Reader stands beside it, for files up to 1.1 GB. A star marks files
that the reference engine decided.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from fixtures.authority import Authority
from fixtures.cases import CASES
from fixtures.make import make_all
from kzlabel.labels import Label, System
from kzlabel.signing import Labeler
from kzlabel.trust import Trust

ROOT = Path(__file__).parents[1]
_GIB = 1 << 30


def main() -> None:
    """Make the files, measure, print, write."""
    authority = Authority()
    label = Label(level="ai-generated", system=System(name="Painter"))
    labeler = Labeler(authority.signer(), trust=Trust.none())
    rows: list[dict[str, str | float]] = []
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        (place / "ca.pem").write_bytes(authority.pem)
        samples = make_all(ROOT / "build" / "fixtures")
        paths = []
        for name, sample in samples.items():
            paths.append(place / f"{name}{sample.suffix}")
            labeler.label(sample, label, paths[-1])
        foreign = {one.name for one in CASES if not one.reference}
        paths += [make(place) for make in _LARGE]
        base = {who: _peak(who, paths[0], place / "ca.pem")[0] for who in ("kzlabel", "reader")}
        print(f"{'file':<22}{'MB':>8}{'status':>12}{'kzlabel MB':>12}{'Reader MB':>12}")
        for path in paths:
            size = path.stat().st_size / 1e6
            ours, status = _peak("kzlabel", path, place / "ca.pem")
            reads = path.stem not in foreign and size < 1100
            theirs = _peak("reader", path, place / "ca.pem")[0] - base["reader"] if reads else float("nan")
            above = ours - base["kzlabel"]
            rows.append(
                {"file": path.name, "megabytes": size, "status": status, "kzlabel": above, "reader": theirs}
            )
            print(f"{path.name:<22}{size:>8.1f}{status:>12}{above:>12.1f}{theirs:>12.1f}", flush=True)
    out = ROOT / "build" / "benchmarks" / "memory.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(rows, indent=1))


def _movie(size: int) -> Callable[[Path], Path]:
    def make(place: Path) -> Path:
        path = place / f"hole-{size // _GIB}g.mp4"
        head = b"\0\0\0\x18ftypisom\0\0\0\0isommp42" + b"\0\0\0\1mdat" + size.to_bytes(8)
        return _sparse(path, head, 24 + size)

    return make


def _wave(place: Path) -> Path:
    size = 4 * _GIB - 1000
    head = b"RIFF" + (size - 8).to_bytes(4, "little") + b"WAVEdata" + (size - 20).to_bytes(4, "little")
    return _sparse(place / "hole-4g.wav", head, size)


def _pdf(place: Path) -> Path:
    """Return an unlabelled PDF with a stream of 1 GB."""
    head = b"%PDF-1.7\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n"
    head += b"2 0 obj\n<</Type/Pages/Kids[]/Count 0>>\nendobj\n"
    third = len(head)
    head += b"3 0 obj\n<</Length %d>>\nstream\n" % _GIB
    end = len(head) + _GIB
    tail = b"\nendstream\nendobj\n"
    offsets = (9, head.index(b"2 0 obj"), third)
    tail += b"xref\n0 4\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % at for at in offsets)
    tail += b"trailer\n<</Size 4/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (end + len(b"\nendstream\nendobj\n"))
    path = _sparse(place / "hole-1g.pdf", head, end)
    with path.open("ab") as file:
        file.write(tail)
    return path


def _torn_pdf(place: Path) -> Path:
    """Return the same without its cross-references, which a reader would look for in all of it."""
    path = _pdf(place).rename(place / "hole-1g-torn.pdf")
    with path.open("r+b") as file:
        file.truncate(_GIB)
    return path


def _tail(suffix: str, sample: str) -> Callable[[Path], Path]:
    """Return a labelled file with a hole of 1 GB behind it, all of which its hash would cover."""

    def make(place: Path) -> Path:
        source = next(place.glob(f"{sample}.*"))
        return _sparse(place / f"hole-1g{suffix}", source.read_bytes(), _GIB)

    return make


def _sparse(path: Path, head: bytes, size: int) -> Path:
    with path.open("wb") as file:
        file.write(head)
        file.truncate(size)
    return path


_LARGE = (
    _torn_pdf,
    _pdf,
    _movie(4 * _GIB),
    _wave,
    _tail(".jpg", "jpeg"),
    _tail(".png", "png"),
    _tail(".mp3", "mp3"),
)

_KZLABEL = """
import sys
from kzlabel.trust import Trust
from kzlabel.verifying import Verifier
import pypdf
verdict = Verifier(trust=Trust.from_files([sys.argv[2]])).verify(sys.argv[1])
said = verdict.status.value + "*" * bool(verdict.abstained)
"""
_READER = """
import sys, c2pa
try:
    with c2pa.Reader(sys.argv[1]) as reader:
        said = reader.get_validation_state()
except c2pa.C2paError:
    said = "none"
"""
_PEAK = """
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")), said)
"""
"""The high-water mark of this process; getrusage would count that of the process that started it."""


def _peak(who: str, path: Path, anchors: Path) -> tuple[float, str]:
    script = (_KZLABEL if who == "kzlabel" else _READER) + _PEAK
    command = [sys.executable, "-c", script, str(path), str(anchors)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    kilobytes, status = done.stdout.split()
    return int(kilobytes) / 1000, status


if __name__ == "__main__":
    main()
