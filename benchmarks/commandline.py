"""What one `kzlabel verify FILE` costs from start to end, beside the imports that it can't do without.

`python -m benchmarks.commandline FILE [ROUNDS]`, where FILE carries an intact label.
"""

import statistics
import subprocess
import sys
import time


def main(path: str, rounds: int) -> None:
    """Time both `rounds` times, in turn, and print medians and their ratio."""
    commands = {
        "imports": [sys.executable, "-c", "import click, cbor2, msgspec, cryptography.x509"],
        "kzlabel verify": [sys.executable, "-m", "kzlabel", "verify", path],
    }
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds + 1):
        for name, command in commands.items():
            start = time.perf_counter()
            subprocess.run(command, check=False, stdout=subprocess.DEVNULL)
            times[name].append(time.perf_counter() - start)
    medians = {name: 1000 * statistics.median(values[1:]) for name, values in times.items()}
    for name, milliseconds in medians.items():
        print(f"{name:<16}{milliseconds:>8.1f} ms")
    print(f"{'ratio':<16}{medians['kzlabel verify'] / medians['imports']:>8.2f}")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 15)
