"""A long scan that is killed again and again: `make soak`, FILES=300000 by default.

Many small files are made, a scan of them is started, killed after a random while, and gone on with, until it comes
to its end. Then each file has to be in the output once, with the status that it was made for.
"""

import argparse
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

from tests.unit.scanning.archive import rows_of, start, statuses

KINDS = {
    "unlabelled": b'<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>',
    "unsupported": b"\x00\x01 nothing known",
    "error": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00",
}


def fill(folder: Path, count: int) -> dict[str, str]:
    """Make `count` files; return the status of each."""
    expected = {}
    kinds = list(KINDS)
    for number in range(count):
        if number % 1000 == 0:
            (folder / f"{number // 1000:04}").mkdir(parents=True)
        status = kinds[number % 50 % 3] if number % 50 < 3 else "unlabelled"
        path = folder / f"{number // 1000:04}" / f"{number:07}"
        path.write_bytes(KINDS[status])
        expected[str(path)] = status
    return expected


def soak(count: int, seed: int) -> int:
    """Scan, kill, resume; return how often the scan was killed.

    Raises:
        SystemExit: A file is missing in the output, there twice, or has another status.
    """
    moments = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="kzlabel-soak-") as place:
        folder, out, state = (Path(place) / name for name in ("in", "rows.jsonl", "state"))
        expected = fill(folder, count)
        kills = 0
        while True:
            process = start(folder, "-o", out, "--state", state, "--require", "nothing", "--resume")
            deadline = time.monotonic() + 1 + moments.random() * 6
            while process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.02)
            if process.poll() is not None:
                process.communicate()
                break
            process.send_signal(signal.SIGKILL)
            process.communicate()
            kills += 1
            seen = sum(1 for _ in out.open("rb")) if out.exists() else 0
            sys.stdout.write(f"killed {kills} times, {seen} rows\n")
        found = statuses(rows_of(out))
        if found != expected:
            wrong = sum(found.get(path) != status for path, status in expected.items())
            sys.exit(f"{wrong} of {count} files are missing or have another status")
        return kills


def main() -> None:
    """Soak, and say how it went."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=300_000)
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    begun = time.monotonic()
    kills = soak(wanted.files, wanted.seed)
    seconds = time.monotonic() - begun
    sys.stdout.write(f"{wanted.files} files, each reported once, after {kills} kills in {seconds:.0f} seconds\n")


if __name__ == "__main__":
    main()
