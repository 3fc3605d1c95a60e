"""`python -m tests.fuzz --minutes 60 [--target NAME]`: fuzz each target in turn, and say what came of it.

Each target runs in a process of its own, with a share of the time. What it found is kept under build/fuzz: the
corpus, which the next run begins with, and inputs on which a target failed, was slow (10 s) or took much memory.
"""

import argparse
import re
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).parents[2]
OUT = ROOT / "build" / "fuzz"
_DONE = re.compile(rb"stat::number_of_executed_units:\s*(\d+)")
_COVERAGE = re.compile(rb"cov: (\d+) ft: (\d+)")


def main(arguments: list[str]) -> int:
    """Run the targets; the exit code is the number of those that failed."""
    from tests.fuzz.targets import targets

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--target", choices=sorted(targets()), action="append")
    options = parser.parse_args(arguments)
    chosen = options.target or list(targets())
    _write_seeds(chosen)
    seconds = 60 * options.minutes / len(chosen)
    executions, failed = 0, []
    print(f"{'target':<16}{'executions':>12}{'a second':>10}{'edges':>8}{'corpus':>8}  found")
    for name in chosen:
        done = _run(name, seconds)
        executions += done
        found = sorted(path.name for path in (OUT / "found").glob(f"{name}-*"))
        failed += [name] * bool(found)
    print(f"{executions} executions in all; {len(failed)} targets failed: {', '.join(failed) or 'none'}")
    return len(failed)


def _run(name: str, seconds: float) -> int:
    """Fuzz one target, print a row, and return how often it was executed."""
    found = OUT / "found"
    found.mkdir(parents=True, exist_ok=True)
    options = (
        f"-max_total_time={int(seconds)}", f"-artifact_prefix={found}/{name}-", "-print_final_stats=1",
        "-timeout=10", "-rss_limit_mb=1500", "-max_len=70000", "-len_control=50",
    )  # fmt: skip
    corpus = OUT / "corpus" / name
    start = time.monotonic()
    command = [sys.executable, "-m", "tests.fuzz", "--run", name, str(corpus), *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False).stderr
    (OUT / f"{name}.log").write_bytes(done[-200_000:])
    executed = int((_DONE.findall(done) or [b"0"])[-1])
    edges, _ = (_COVERAGE.findall(done) or [(b"0", b"0")])[-1]
    inputs = len(list(corpus.iterdir()))
    broken = ", ".join(path.name for path in sorted(found.glob(f"{name}-*"))) or "nothing"
    rate = executed / max(1.0, time.monotonic() - start)
    print(f"{name:<16}{executed:>12}{rate:>10.0f}{int(edges):>8}{inputs:>8}  {broken}", flush=True)
    return executed


def _write_seeds(chosen: list[str]) -> None:
    from tests.fuzz.seeds import files, parts

    whole = list(files())
    inner = list(parts(whole))
    for name in chosen:
        place = OUT / "corpus" / name
        place.mkdir(parents=True, exist_ok=True)
        suited = whole if name.startswith("format-") or name in ("identify", "verify") else inner
        for data in suited:
            (place / sha256(data).hexdigest()[:32]).write_bytes(data)


def _fuzz(name: str, arguments: list[str]) -> None:
    import atheris

    with atheris.instrument_imports(include=["kzlabel"]):
        from tests.fuzz.targets import targets
    atheris.Setup([f"fuzz-{name}", *arguments], targets()[name])
    atheris.Fuzz()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--run"]:
        _fuzz(sys.argv[2], sys.argv[3:])
    sys.exit(main(sys.argv[1:]))
