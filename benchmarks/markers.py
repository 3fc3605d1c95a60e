"""What reading markers adds to finding that a JPEG or PNG carries no manifest.

Both are timed in one run, in turn, for the same files from their path to the answer. The second does what the first
does and then reads the markers, from the walk that was made. Reported are medians and ratios of them.

`python -m benchmarks.markers [ROUNDS]`
"""

import io
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from fixtures.make import make_all
from kzlabel import markers
from kzlabel.files import Reader
from kzlabel.formats import recognise
from kzlabel.limits import DEFAULT_LIMITS
from kzlabel.sources import opened
from kzlabel.trust import Trust
from kzlabel.verifying import Verifier

ROOT = Path(__file__).parents[1]


def main(rounds: int) -> None:
    """Measure each file and print a line for it."""
    with tempfile.TemporaryDirectory() as scratch:
        verifier = Verifier(trust=Trust.none())
        print(f"{'file':<28}{'KB':>7}{'no manifest':>14}{'markers':>10}{'added':>9}")
        for name, path in _files(Path(scratch)).items():
            uri = str(path)
            with opened(uri) as file:
                reader = file.reader
                found = recognise(reader, file.suffix, DEFAULT_LIMITS)
                if found is None:
                    raise SystemExit(f"{uri} isn't recognised")
                form = found[0]
                located = form.locate(reader, DEFAULT_LIMITS)

                def with_path(uri: str = uri) -> object:
                    return verifier.verify(uri)

                def alone(reader: Reader = reader) -> object:
                    return markers.read(reader, form, located=located)  # noqa: B023 - called before the next file

                plain, added = _medians([with_path, alone], rounds)
            size = path.stat().st_size / 1000
            print(f"{name:<28}{size:>7.0f}{plain:>11.1f} us{added:>7.1f} us{100 * added / plain:>8.0f}%")


def _medians(calls: list[Callable[[], object]], rounds: int) -> list[float]:
    """Return the median of each call's microseconds; they take turns in blocks."""
    times: list[list[float]] = [[] for _ in calls]
    for _ in range(rounds // 100 or 1):
        for call, kept in zip(calls, times, strict=True):
            for _ in range(100):
                start = time.perf_counter_ns()
                call()
                kept.append((time.perf_counter_ns() - start) / 1000)
    return [statistics.median(kept) for kept in times]


def _files(scratch: Path) -> dict[str, Path]:
    """Return unlabelled files: without metadata, with those of the samples, and with a camera's."""
    samples = make_all(ROOT / "build" / "fixtures")
    picture = Image.effect_noise((400, 300), 60)
    files = {"JPEG, samples' metadata": samples["jpeg"], "PNG, samples' metadata": samples["png"]}
    for kind in ("JPEG", "PNG"):
        files[f"{kind}, no metadata"] = path = scratch / f"plain.{kind.lower()}"
        buffer = io.BytesIO()
        picture.save(buffer, kind)
        path.write_bytes(buffer.getvalue())
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0131] = "Canon", "Canon EOS R5", "Adobe Photoshop Lightroom Classic 13.0"
    exif.get_ifd(0x8769).update({0x9003: "2024:03:21 07:12:45", 0x927C: bytes(range(256)) * 40})
    for kind in ("JPEG", "PNG"):
        files[f"{kind}, camera's EXIF"] = path = scratch / f"camera.{kind.lower()}"
        picture.save(path, kind, exif=exif)
    return files


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3000)
