"""A small archive to scan, and workers that misbehave."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kzlabel.labels import Label, System
from kzlabel.signing import Labeler

LABEL = Label(level="ai-generated", system=System(name="Painter", version="2"))
ROOT = Path(__file__).parents[3]


def fill(folder: Path, samples: dict[str, Path], labeler: Labeler, copies: int = 3) -> dict[str, str]:
    """Put files of known statuses below `folder`; return those by path."""
    photo = samples["jpeg"].read_bytes()
    labelled = labeler.label(photo, LABEL)
    kinds = {
        "plain.jpg": (photo, "unlabelled"),
        "labelled.jpg": (labelled, "trusted"),
        "broken.jpg": (labelled[:-3] + bytes([labelled[-3] ^ 1]) + labelled[-2:], "invalid"),
        "picture.png": (labeler.label(samples["png"].read_bytes(), LABEL), "trusted"),
        "notes.bin": (b"\x00\x01 nothing known", "unsupported"),
        "empty": (b"", "unsupported"),
    }
    expected = {}
    for copy in range(copies):
        below = folder / f"part {copy}" / "deeper"
        below.mkdir(parents=True)
        for name, (data, status) in kinds.items():
            (below / name).write_bytes(data)
            expected[str(below / name)] = status
    return expected


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def statuses(rows: Sequence[dict[str, Any]]) -> dict[str, str]:
    """Return the statuses by path; each path must be there once."""
    counted = Counter(row["path"] for row in rows)
    assert not [path for path, count in counted.items() if count > 1]
    return {row["path"]: row["status"] for row in rows}


def misbehaving(folder: Path, what: str) -> dict[str, str]:
    """Return an environment in which the reference engine does `what` for PNG pictures."""
    folder.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text(
        "import os, sys, time\n"
        "class Finder:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'c2pa':\n"
        "            sys.meta_path.remove(self)\n"
        "            import c2pa\n"
        "            init = c2pa.Reader.__init__\n"
        "            def spoilt(self, media_type, *rest, **more):\n"
        "                if media_type == 'image/png':\n"
        f"                    {what}\n"
        "                init(self, media_type, *rest, **more)\n"
        "            c2pa.Reader.__init__ = spoilt\n"
        "sys.meta_path.insert(0, Finder())\n"
    )
    return {**os.environ, "PYTHONPATH": f"{folder}:{ROOT}"}


def start(*arguments: str | Path, environment: dict[str, str] | None = None) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "kzlabel", "scan", *map(str, arguments)],
        env=environment or {**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(*arguments: str | Path, environment: dict[str, str] | None = None) -> tuple[int, str, str]:
    process = start(*arguments, environment=environment)
    out, err = process.communicate(timeout=240)
    return process.returncode, out, err
