"""Verification, side by side: kzlabel, c2pa-python's Reader, encypher-c2pa, and the floor.

The floor reads the file, hashes it with SHA-256 and verifies one signature of the set's algorithm: no verifier of
whole files on one core can be faster. In each round every contender in turn goes through the set, at least eight
files long, so that noise hits all alike and each works with warm caches, as a tool does that goes through many
files; what comes first after another contender is not counted. Reported are medians per file and ratios of medians.

`python -m benchmarks.verify [--rounds N] [--only SET]` prints a table and writes build/benchmarks/verify.json.
"""

import argparse
import gc
import hashlib
import io
import json
import math
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import c2pa
import encypher_c2pa
import numpy as np
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from PIL import Image

from fixtures.authority import KEYS, Authority
from fixtures.make import make_all
from kzlabel.credentials import Signer
from kzlabel.labels import Label, System
from kzlabel.signing import Labeler
from kzlabel.sources import look_ahead
from kzlabel.trust import Trust, reader_settings
from kzlabel.verifying import Engine, Verifier

ROOT = Path(__file__).parents[1]
OUT = ROOT / "build" / "benchmarks"
SIGNERS = 20
_AT_LEAST = 8
_LINE = b"What a language model says about a lake in the mountains, line after line.\n"
_MEDIA_TYPES = {
    ".opus": "audio/ogg",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".txt": "text/plain",
}
"""Those of formats that the Reader doesn't read."""

_HEADINGS = (
    f"{'set':<26}{'KB':>7}{'native':>8}{'kzlabel':>10}{'Reader':>10}{'encypher':>10}{'floor':>9}"
    f"{'x Reader':>10}{'of floor':>10}{'2 proc':>8}"
)
_ROW = (
    "{set:<26}{kilobytes:>7.0f}{native:>8.0%}{kzlabel:>10.0f}{reader:>10.0f}{encypher:>10.0f}{floor:>9.0f}"
    "{times_reader:>10.2f}{of_floor:>10.2f}{two_processes:>8.2f}"
)
_COLD_ROW = (
    "{files} cold JPEG of {kilobytes:.0f} KB: {one_by_one:.0f} us a file one by one, {ahead:.0f} with look-ahead, "
    "{times:.2f} times as fast"
)
Judge = Callable[[Path], None]


def main(arguments: list[str]) -> None:
    """Make the sets, measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--only", help="measure the sets whose name contains this")
    options = parser.parse_args(arguments)
    OUT.mkdir(parents=True, exist_ok=True)
    os.environ["XDG_CONFIG_HOME"] = str(OUT)
    authorities = [Authority(f"authority {number}") for number in range(SIGNERS)]
    trust = Trust.none()
    for number, authority in enumerate(authorities):
        trust |= Trust.from_pem(authority.pem, store=str(number))
    with tempfile.TemporaryDirectory() as scratch, authorities[0].time_stamping() as tsa_url:
        rows = []
        print(_HEADINGS)
        for name, sources in _sets():
            if options.only and options.only not in name:
                continue
            signers = _signers(name, authorities, tsa_url)
            row = _measure(name, _labelled(Path(scratch), name, sources, signers), trust, options.rounds)
            rows.append(row)
            print(_ROW.format(**row).replace("nan", "  -"), flush=True)
        if not options.only or options.only in "cold":
            rows.append(_cold(Path(scratch), trust, authorities[0].signer()))
            print(_COLD_ROW.format(**rows[-1]))
    (OUT / "verify.json").write_text(json.dumps(rows, indent=1))
    print("microseconds per file; native: share of files that the native engine decided itself")


def _algorithm(name: str) -> str:
    return next((algorithm for algorithm in KEYS if algorithm in name.lower()), "es256")


def _signers(name: str, authorities: list[Authority], tsa_url: str) -> list[Signer]:
    """Return who signs a set: one, or in a mixed set as many as there are authorities."""
    stamped = tsa_url if "time-stamped" in name or "the same" in name else None
    chosen = authorities if "mixed" in name else authorities[:1]
    return [authority.signer(_algorithm(name), tsa_url=stamped) for authority in chosen]


def _sets() -> list[tuple[str, list[tuple[str, bytes]]]]:
    """Return the sets: a name, and file names with contents."""
    samples = make_all(ROOT / "build" / "fixtures")
    random = np.random.default_rng(1)
    movie = samples["mp4"].read_bytes()
    padding = 20_000_000
    movie += (8 + padding).to_bytes(4) + b"mdat" + random.bytes(padding)
    tone = samples["wav"].read_bytes()
    data = tone.index(b"data")
    song = random.bytes(20_000_000)
    wave = tone[:4] + (data + len(song)).to_bytes(4, "little") + tone[8:data] + b"data"
    wave += len(song).to_bytes(4, "little") + song
    picture = io.BytesIO()
    Image.fromarray(random.integers(0, 255, (410, 410, 3), dtype=np.uint8)).save(picture, "PNG")
    return [
        ("JPEG 100 KB", [(f"{n}.jpg", _jpeg(random, 100)) for n in range(20)]),
        ("JPEG 100 KB, mixed", [(f"m{n}.jpg", _jpeg(random, 100)) for n in range(20)]),
        ("JPEG 100 KB, PS256", [(f"p{n}.jpg", _jpeg(random, 100)) for n in range(20)]),
        ("JPEG 100 KB, Ed25519", [(f"e{n}.jpg", _jpeg(random, 100)) for n in range(20)]),
        ("JPEG 100 KB, time-stamped", [(f"t{n}.jpg", _jpeg(random, 100)) for n in range(20)]),
        ("the same, mixed", [(f"x{n}.jpg", _jpeg(random, 100)) for n in range(20)]),
        ("JPEG 1 MB", [(f"{n}.jpg", _jpeg(random, 1000)) for n in range(4)]),
        ("JPEG 10 MB", [(f"{n}.jpg", _jpeg(random, 10_000)) for n in range(3)]),
        ("PNG 500 KB", [(f"{n}.png", picture.getvalue()) for n in range(4)]),
        ("WAV 20 MB", [("0.wav", wave)]),
        ("MP4 20 MB", [("0.mp4", movie)]),
        ("PDF 100 KB", [("0.pdf", samples["pdf"].read_bytes())]),
        ("Opus 50 KB", [("0.opus", samples["opus"].read_bytes())]),
        ("DOCX 5 KB", [("0.docx", samples["docx"].read_bytes())]),
        ("text 1 KB", [(f"{n}.txt", f"{n}: ".encode() + _LINE * 13) for n in range(20)]),
        ("text 100 KB", [(f"{n}.txt", f"{n}: ".encode() + _LINE * 1300) for n in range(4)]),
        ("unlabelled JPEG 100 KB", [(f"{n}.jpg", _jpeg(random, 100)) for n in range(20)]),
        ("unlabelled camera JPEG", [("0.jpg", samples["jpeg"].read_bytes())]),
        ("unlabelled PNG", [("0.png", samples["png"].read_bytes())]),
        ("unlabelled MP4 20 MB", [("0.mp4", movie)]),
    ]


def _jpeg(random: np.random.Generator, kilobytes: int) -> bytes:
    side = int((kilobytes * 1000 / 1.02) ** 0.5)
    made = io.BytesIO()
    Image.fromarray(random.integers(0, 255, (side, side, 3), dtype=np.uint8)).save(made, "JPEG", quality=75)
    return made.getvalue()


def _labelled(place: Path, name: str, sources: list[tuple[str, bytes]], signers: list[Signer]) -> list[Path]:
    """Write a set: each file labelled by one signer, or in a mixed set by many, with labels of many sizes."""
    directory = place / name.replace(" ", "-")
    directory.mkdir()
    paths = []
    for number, (file_name, data) in enumerate(sources):
        mixed = "mixed" in name
        label = Label(
            level="ai-generated",
            system=System(
                name="Painter", version=str(number) if mixed else "1", model="m" * (number if mixed else 5)
            ),
            regimes=["kz", "eu"] if mixed and number % 2 else [],
        )
        labeler = Labeler(signers[number if mixed else 0], trust=Trust.none())
        if file_name.endswith(".txt"):
            made = labeler.label_text(data.decode(), label).encode()
        else:
            made = data if name.startswith("unlabelled") else labeler.label(data, label)
        if mixed and number % 3 == 0:
            made = labeler.label(made, label.replace(level="ai-assisted"))
        paths.append(directory / file_name)
        paths[-1].write_bytes(made)
    return paths


def _measure(name: str, paths: list[Path], trust: Trust, rounds: int) -> dict[str, float | str]:
    native, contenders = (
        Verifier(trust=trust, markers=False, engine=Engine.NATIVE),
        _contenders(trust, _algorithm(name)),
    )
    if paths[0].suffix in _MEDIA_TYPES:
        del contenders["reader"]
    times: dict[str, list[float]] = {who: [] for who in contenders}
    for judge in contenders.values():
        for path in paths:
            judge(path)
    batch = paths * max(1, -(-_AT_LEAST // len(paths)))
    gc.collect()
    gc.freeze()  # what the benchmark itself made and imported is no part of the work
    for _ in range(rounds):
        for who, judge in contenders.items():
            judge(batch[0])
            for path in batch:
                start = time.perf_counter()
                judge(path)
                times[who].append(time.perf_counter() - start)
    median = {who: 1e6 * statistics.median(values) for who, values in times.items()}
    median.setdefault("reader", math.nan)
    return {
        "set": name,
        "kilobytes": statistics.mean(path.stat().st_size for path in paths) / 1000,
        "native": sum(not native.verify(path).abstained for path in paths) / len(paths),
        **median,
        "times_reader": median["reader"] / median["kzlabel"],
        "of_floor": median["floor"] / median["kzlabel"],
        "two_processes": _two_processes(paths, trust),
    }


def _cold(place: Path, trust: Trust, signer: Signer) -> dict[str, float | str]:
    """Measure files that are on the disk and not in memory, one by one and with look-ahead, in turn."""
    random = np.random.default_rng(2)
    sources = [(f"{n}.jpg", _jpeg(random, 100)) for n in range(300)]
    paths = _labelled(place, "cold", sources, [signer])
    verifier = Verifier(trust=trust, markers=False)
    times: dict[str, list[float]] = {"one_by_one": [], "ahead": []}
    for _ in range(5):
        for name, order in (("one_by_one", iter), ("ahead", look_ahead)):
            _evict(paths)
            start = time.perf_counter()
            for path in order(paths):
                verifier.verify(path)
            times[name].append((time.perf_counter() - start) / len(paths) * 1e6)
    median = {name: statistics.median(values) for name, values in times.items()}
    kilobytes = statistics.mean(path.stat().st_size for path in paths) / 1000
    ratio = median["one_by_one"] / median["ahead"]
    return {"set": "cold", "files": len(paths), "kilobytes": kilobytes, **median, "times": ratio}


def _evict(paths: list[Path]) -> None:
    """Write files to the disk and forget what is in memory of them."""
    for path in paths:
        descriptor = os.open(path, os.O_RDWR)
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)


def _check_of(algorithm: str) -> Callable[[], None]:
    """Return the verification of one signature."""
    key, message = KEYS[algorithm](), b"x" * 1000
    public: Any = key.public_key()
    match key:
        case ec.EllipticCurvePrivateKey():
            how: tuple[Any, ...] = (ec.ECDSA(hashes.SHA256()),)
        case rsa.RSAPrivateKey():
            how = (padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
        case _:
            how = ()
    signature = key.sign(message, *how)
    return lambda: public.verify(signature, message, *how)


def _contenders(trust: Trust, algorithm: str) -> dict[str, Judge]:
    context = c2pa.Context(
        c2pa.Settings.from_dict(reader_settings(trust) | {"core": {"allowed_network_hosts": []}})
    )
    check = _check_of(algorithm)
    verifier = Verifier(trust=trust, markers=False)
    pem = trust.pem()

    def reader(path: Path) -> None:
        try:
            with c2pa.Reader(str(path), context=context) as opened:
                opened.json()
        except c2pa.C2paError:  # unlabelled
            pass

    def floor(path: Path) -> None:
        hashlib.sha256(path.read_bytes()).digest()
        check()

    def encypher(path: Path) -> None:
        media_type = _MEDIA_TYPES.get(path.suffix)
        encypher_c2pa.verify(path, media_type, trust_pem=pem, no_default_trust=True, telemetry=False, online=False)

    def ours(path: Path) -> None:
        verifier.verify(path)

    return {"kzlabel": ours, "reader": reader, "encypher": encypher, "floor": floor}


def _batch(paths: list[Path], trust: Trust, times: int) -> None:
    verifier = Verifier(trust=trust, markers=False)
    for _ in range(times):
        for path in paths:
            verifier.verify(path)


def _two_processes(paths: list[Path], trust: Trust) -> float:
    """Return how much faster two processes get through a batch than one."""
    times = max(2, 200 // len(paths) if paths[0].stat().st_size < 2_000_000 else 8)
    taken = []
    for workers in (1, 2):
        with ProcessPoolExecutor(workers) as pool:
            work = partial(_batch, paths, trust)
            list(pool.map(work, [1] * workers * 2))  # imports and caches
            start = time.perf_counter()
            list(pool.map(work, [times] * 2))
            taken.append(time.perf_counter() - start)
    return taken[0] / taken[1]


if __name__ == "__main__":
    main(sys.argv[1:])
