"""Scanning 20,000 files of mixed kinds, beside what a user would write today, exiftool, and the floor: one run.

    python -m benchmarks.scan [--files 20000] [--rounds 3] [--json FILE] [--cluster]

60% are unlabelled, the rest carries labels of three signers and nine systems. The loop over c2pa-python's Reader
runs in two processes, as does the scan. The floor walks the tree, reads the head of what is unlabelled, and
reads, hashes and verifies one signature of what is labelled. With --cluster it is the local processes against Ray's
instead, both writing Parquet, the cluster running already. Every round measures all of them in turn; medians of
ratios are what counts.
"""

import argparse
import hashlib
import json
import os
import random
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from kzlabel.credentials import Signer
from kzlabel.labels import Label, System
from kzlabel.scanning import Options, Scan, Settings, Tree
from kzlabel.scanning.cluster import ClusterOptions, ClusterScan
from kzlabel.scanning.rays import connected
from kzlabel.signing import Labeler
from kzlabel.trust import Trust
from tests.unit.credentials.issuing import Authority, ec_key, key_pem, pem

_KINDS = {
    "landscape.jpg": 55,
    "landscape.png": 20,
    "landscape.webp": 8,
    "report.pdf": 7,
    "melody.mp3": 5,
    "panorama.mp4": 5,
}
"""Files of a media archive, and how many of a hundred are of each kind."""


def build(folder: Path, count: int) -> tuple[Trust, int]:
    """Make `count` files below `folder`; return whom to trust and how many are unlabelled."""
    from fixtures.make import make_all

    samples = {path.name: path for path in make_all(folder.parent / "samples").values()}
    names = list(_KINDS)
    kinds = [samples[name].read_bytes() for name in names]
    from datetime import UTC, datetime

    roots = [Authority(f"Root {number}", at=datetime.now(UTC)) for number in range(3)]
    labelers = []
    for root in roots:
        key = ec_key()
        signer = Signer.from_pem(key_pem(key), pem(root.issue(key.public_key())))
        labelers.append(Labeler(signer, trust=Trust.none()))
    rng = random.Random(1)
    unlabelled = 0
    for number in range(count):
        below = folder / f"{number // 500:03}"
        below.mkdir(parents=True, exist_ok=True)
        (kind,) = rng.choices(range(len(kinds)), list(_KINDS.values()))
        path = below / f"{number:06}{Path(names[kind]).suffix}"
        data = kinds[kind]
        if rng.random() < 0.6:
            path.write_bytes(data + rng.randbytes(8) if names[kind].endswith(".jpg") else data)
            unlabelled += 1
        else:
            label = Label(level="ai-generated", system=System(name=f"Generator {rng.randrange(9)}"))
            path.write_bytes(labelers[number % 3].label(data, label))
    trust = Trust.none()
    for root in roots:
        trust |= Trust.from_pem(pem(root.certificate), store="benchmark")
    return trust, unlabelled


def scanned(folder: Path, trust: Trust, **how: Any) -> Callable[[], object]:
    """Return a scan of `folder` by two workers."""
    root = (os.fsencode(folder),)

    def work() -> object:
        scan = Scan(Tree(roots=root), Settings(trust=trust), Options(workers=2, **how), root)
        for _ in scan.run():
            pass
        return dict(scan.summary.statuses)

    return work


def _read(paths: list[str]) -> int:
    import c2pa

    labelled = 0
    for path in paths:
        try:
            with c2pa.Reader(path) as reader:
                labelled += bool(json.loads(reader.json()).get("validation_state"))
        except c2pa.C2paError:
            pass
    return labelled


def reader_loop(folder: Path) -> Callable[[], object]:
    """Return a loop over c2pa-python's Reader in two processes."""

    def work() -> object:
        paths = [str(path) for path in folder.rglob("*") if path.is_file()]
        with ProcessPoolExecutor(2) as pool:
            return sum(pool.map(_read, [paths[::2], paths[1::2]]))

    return work


def _floor(paths: list[str], key: Any, signature: bytes) -> int:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    labelled = 0
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY)
        head = os.read(descriptor, 16_384)
        if b"c2pa" in head or b"C2PA" in head:
            digest = hashlib.sha256(head)
            while piece := os.read(descriptor, 1 << 20):
                digest.update(piece)
            key.verify(signature, b"x", ec.ECDSA(hashes.SHA256()))
            labelled += 1
        os.close(descriptor)
    return labelled


def _floor_of(paths: list[str]) -> int:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    private = ec.generate_private_key(ec.SECP256R1())
    return _floor(paths, private.public_key(), private.sign(b"x", ec.ECDSA(hashes.SHA256())))


def floor(folder: Path) -> Callable[[], object]:
    """Return what can't be spared: walk, read, hash, verify one signature."""

    def work() -> object:
        paths = [
            os.path.join(at, name)  # noqa: PTH118 - the floor has no time for more
            for at, _, names in os.walk(folder)
            for name in names
        ]
        with ProcessPoolExecutor(2) as pool:
            return sum(pool.map(_floor_of, [paths[::2], paths[1::2]]))

    return work


def exiftool(folder: Path) -> Callable[[], object]:
    """Return exiftool over `folder`."""

    def work() -> object:
        done = subprocess.run(
            ["exiftool", "-fast", "-r", "-json", "-q", str(folder)], capture_output=True, check=False
        )
        return len(done.stdout)

    return work


def clustered(folder: Path, trust: Trust, parts: Path) -> Callable[[], object]:
    """Return a scan of `folder` by the Ray cluster that this process has joined, in parts of 500."""
    root = (os.fsencode(folder),)

    def work() -> object:
        scan = ClusterScan(Tree(roots=root), Settings(trust=trust), ClusterOptions(parts=parts, replace=True), root)
        for _ in scan.run():
            pass
        return dict(scan.summary.statuses)

    return work


def compare_cluster(folder: Path, trust: Trust, place: Path, rounds: int) -> dict[str, Any]:
    """Return what a scan by two local processes takes, and one by a Ray cluster with two processors."""
    local = scanned(folder, trust, out=place / "rows.parquet", replace=True)
    spread = clustered(folder, trust, place / "parts")
    start = time.perf_counter()
    with connected("", 2):
        starting = time.perf_counter() - start
        assert spread() == local()  # and the cluster's workers have started
        taken = []
        for number in range(rounds):
            first, second = (local, spread) if number % 2 else (spread, local)
            one = (timed(first), timed(second))
            taken.append(one if number % 2 else one[::-1])
    there, here = (statistics.median(one[at] for one in taken) for at in (1, 0))
    return {
        "local processes, seconds": round(here, 2),
        "Ray, seconds": round(there, 2),
        "Ray / local": round(statistics.median(one[1] / one[0] for one in taken), 3),
        "every round": " ".join(f"{one[1] / one[0]:.3f}" for one in taken),
        "starting a cluster, seconds": round(starting, 2),
    }


def timed(work: Callable[[], object]) -> float:
    """Return the seconds that `work` takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def walking(folder: Path, count: int) -> float:
    """Return entries a second of walking `count` empty files."""
    for number in range(count):
        if number % 1000 == 0:
            (folder / f"{number // 1000}").mkdir(parents=True)
        (folder / f"{number // 1000}" / f"{number}").touch()
    tree = Tree(roots=(os.fsencode(folder),))
    start = time.perf_counter()
    found = sum(1 for _ in tree.items())
    assert found == count
    return count / (time.perf_counter() - start)


def main() -> None:
    """Measure, print, and write as JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--cluster", action="store_true")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "archive"
        trust, unlabelled = build(folder, wanted.files)
        if wanted.cluster:
            tell(compare_cluster(folder, trust, Path(place), wanted.rounds), wanted.json)
            return
        bare = Path(place) / "bare"
        bare.mkdir()
        for path in folder.rglob("*.jpg"):
            if b"c2pa" not in path.read_bytes()[:16_384]:
                shutil.copy(path, bare / path.name)
        works = {"scan": scanned(folder, trust), "floor": floor(folder), "Reader": reader_loop(folder)}
        if shutil.which("exiftool"):
            works |= {"scan, bare": scanned(bare, trust), "exiftool, bare": exiftool(bare)}
        rounds = [{name: timed(work) for name, work in works.items()} for _ in range(wanted.rounds)]
        state = Path(place) / "state"
        timed(scanned(folder, trust, state=state))
        again = statistics.median(timed(scanned(folder, trust, state=state)) for _ in range(3))
        walked = walking(Path(place) / "walk", 200_000)
    median = {name: statistics.median(one[name] for one in rounds) for name in works}

    def ratio(over: str, under: str) -> float:
        return statistics.median(one[over] / one[under] for one in rounds) if over in works else float("nan")

    result = {
        "files": wanted.files,
        "unlabelled": unlabelled,
        "seconds": {name: round(value, 2) for name, value in median.items()},
        "files_per_second": round(wanted.files / median["scan"]),
        "Reader loop / scan": round(ratio("Reader", "scan"), 2),
        "exiftool / scan, unlabelled JPEG": round(ratio("exiftool, bare", "scan, bare"), 2),
        "scan / floor": round(ratio("scan", "floor"), 2),
        "unchanged, files per second": round(wanted.files / again),
        "walking, entries per second": round(walked),
    }
    tell(result, wanted.json)


def tell(result: dict[str, Any], path: Path | None) -> None:
    """Print what was measured, and write it as JSON where asked."""
    for name, value in result.items():
        print(f"{name:<34}{value}")
    if path:
        path.write_text(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
