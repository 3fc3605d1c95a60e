"""What objects of a store cost: requests and bytes for each kind of file, and objects a second of one worker.

    python -m benchmarks.objects [--latency 30] [--count 400]

The server is a process of this machine that knows ranges and ETags, and answers each request after so many
milliseconds, which is what a store in the same region takes. Requests and bytes are counted by it. The rates are
those of one worker that reads one object at a time, and of one that reads many, in turn.
"""

import argparse
import multiprocessing
import statistics
import tempfile
import time
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from unittest import mock

from fixtures.make import make_all
from kzlabel.credentials import Signer, development
from kzlabel.labels import Label, System
from kzlabel.scanning import Judge, Settings
from kzlabel.scanning.abreast import THREADS, abreast
from kzlabel.scanning.items import Item
from kzlabel.scanning.partition import judged
from kzlabel.signing import Labeler
from kzlabel.trust import Trust, development_trust
from tests.unit.scanning.test_objects import Served, serving

_KINDS = ("jpeg", "png", "webp", "wav", "mp3", "mp4", "pdf", "gif")
_ROUNDS = 3


def objects(labeler: Labeler) -> dict[str, bytes]:
    """Return files of all kinds, bare and labelled."""
    label = Label(level="ai-generated", system=System(name="Painter"))
    found = {}
    with tempfile.TemporaryDirectory() as place:
        samples = make_all(Path(place))
        for kind in _KINDS:
            data = samples[kind].read_bytes()
            found[f"{kind}{samples[kind].suffix}"] = data
            found[f"labelled-{kind}{samples[kind].suffix}"] = labeler.label(data, label)
    return found


def count(served: Served, trust: Trust) -> None:
    """Print what each file takes."""
    judge = Judge(Settings(trust=trust))
    print(f"{'object':<24}{'KB':>8}{'requests':>10}{'KB sent':>9}")
    for name, data in served.objects.items():
        served.asked.clear()
        served.sent = 0
        judge.judge(Item(f"{served.url}/{name}".encode(), len(data), 0, b""))
        print(f"{name:<24}{len(data) / 1000:>8.0f}{len(served.asked):>10}{served.sent / 1000:>9.0f}")


def serve(made: dict[str, bytes], seconds: float, pipe: Connection) -> None:
    """Serve objects, each request after some seconds, until something is said."""

    def slow(_served: Served, _number: int) -> str:
        time.sleep(seconds)
        return ""

    with serving(made) as served:
        served.trick = slow
        pipe.send(served.url)
        pipe.recv()


def rate(addresses: list[bytes], trust: Trust, number: int, threads: int) -> tuple[float, float]:
    """Return objects a second of this process, `threads` at once, and milliseconds of a processor for each."""
    items = [Item(addresses[at % len(addresses)], 1, 0, b"") for at in range(number)]
    start, used = time.perf_counter(), time.process_time()
    with mock.patch("kzlabel.scanning.partition.abreast", lambda work, some: abreast(work, some, threads)):
        assert len(list(judged(items, Settings(trust=trust)))) == number
    return number / (time.perf_counter() - start), 1000 * (time.process_time() - used) / number


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--latency", type=float, default=30.0, help="milliseconds before each answer")
    parser.add_argument("--count", type=int, default=400)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        identity, _ = development.load_or_create(Path(place), now=datetime.now(UTC))
        signer: Signer = identity.signer
        trust = development_trust(Path(place))
        made = objects(Labeler(signer, trust=Trust.none()))
    with serving(made) as served:
        count(served, trust)
    names = [name for name in made if "jpeg" in name]
    ours, theirs = multiprocessing.Pipe()
    arguments = ({name: made[name] for name in names}, wanted.latency / 1000, theirs)
    server = multiprocessing.get_context("spawn").Process(target=serve, args=arguments, daemon=True)
    server.start()
    url = ours.recv()
    addresses = [f"{url}/{name}".encode() for name in names]
    taken = [
        (rate(addresses, trust, wanted.count // 8, 1), rate(addresses, trust, wanted.count, THREADS))
        for _ in range(_ROUNDS)
    ]
    ours.send("end")
    server.join()
    one, many = (statistics.median(pair[at][0] for pair in taken) for at in (0, 1))
    times = statistics.median(b[0] / a[0] for a, b in taken)
    processor = statistics.median(b[1] for _, b in taken)
    print(f"JPEGs, half of them labelled, {wanted.latency:.0f} ms a request, one process:")
    print(f"{one:.0f} a second one by one, {many:.0f} with {THREADS} at once, {times:.1f} times as fast")
    print(f"{processor:.2f} ms of a processor for each, the TLS of a real store not counted")


if __name__ == "__main__":
    main()
