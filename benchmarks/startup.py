"""How long the command takes to start, beside a bare interpreter and the imports that it can't do without.

`python -m benchmarks.startup [ROUNDS]` runs the commands in turn and prints medians and ratios.
"""

import statistics
import subprocess
import sys
import time

_COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "python -c 'import click'": [sys.executable, "-c", "import click"],
    "kzlabel --version": [sys.executable, "-m", "kzlabel", "--version"],
    "kzlabel -h": [sys.executable, "-m", "kzlabel", "-h"],
    "kzlabel verify -h": [sys.executable, "-m", "kzlabel", "verify", "-h"],
    "import c2pa (for comparison)": [sys.executable, "-c", "import c2pa"],
}


def main(rounds: int) -> None:
    """Time every command `rounds` times, in turn, and print a table."""
    times: dict[str, list[float]] = {name: [] for name in _COMMANDS}
    for _ in range(rounds):
        for name, command in _COMMANDS.items():
            start = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            times[name].append(time.perf_counter() - start)
    bare = statistics.median(times["python -c pass"])
    print(f"{'command':<30} {'median ms':>10} {'x bare':>8}")
    for name, values in times.items():
        median = statistics.median(values)
        print(f"{name:<30} {1000 * median:>10.1f} {median / bare:>8.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
