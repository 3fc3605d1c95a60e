"""Tables of absolute offsets in ISO media files follow what they point to, or the file is refused."""

import shutil
import struct
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kzlabel.errors import LimitError, MalformedError
from kzlabel.files import BytesReader
from kzlabel.formats import bmff
from kzlabel.formats._bmff_offsets import moved
from kzlabel.formats._window import Walk
from kzlabel.labels import Label
from kzlabel.limits import DEFAULT_LIMITS, Limits
from kzlabel.signing import Labeler
from kzlabel.trust import Trust
from kzlabel.verifying import Engine, Verifier
from kzlabel.verifying.verdict import Status


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def within(*kinds: bytes, table: bytes) -> bytes:
    for kind in reversed(kinds):
        table = box(kind, table)
    return table


def shifted(data: bytes, by: int = 100, limits: Limits = DEFAULT_LIMITS) -> bytes:
    """Return `data` with its tables rewritten as if `by` bytes were put before byte 10 of what they point to."""
    made = bytearray(data)
    for at, new in moved(Walk(BytesReader(data), limits), lambda offset: offset + by * (offset >= 10), limits):
        made[at : at + len(new)] = new
    return bytes(made)


STBL = (b"moov", b"trak", b"mdia", b"minf", b"stbl")
TRAF = (b"moof", b"traf")
MFRA = (b"mfra",)


@pytest.mark.parametrize(
    ("path", "kind", "form", "before", "after"),
    [
        (STBL, b"stco", ">IIII", (0, 2, 9, 10), (0, 2, 9, 110)),
        (STBL, b"co64", ">IIQ", (0, 1, 1 << 40), (0, 1, (1 << 40) + 100)),
        (STBL, b"saio", ">III", (0, 1, 50), (0, 1, 150)),
        (STBL, b"saio", ">I4sIIQ", (1 << 24 | 1, b"cenc", 0, 1, 50), (1 << 24 | 1, b"cenc", 0, 1, 150)),
        (TRAF, b"saio", ">III", (0, 1, 50), (0, 1, 50)),
        (TRAF, b"tfhd", ">IIQ", (1, 7, 50), (1, 7, 150)),
        (TRAF, b"tfhd", ">III", (0x20000, 7, 50), (0x20000, 7, 50)),
        (MFRA, b"tfra", ">IIIIII3s", (0, 1, 0, 1, 5, 50, b"abc"), (0, 1, 0, 1, 5, 150, b"abc")),
        (MFRA, b"tfra", ">IIIIQQ12s", (1 << 24, 1, 63, 1, 5, 50, b""), (1 << 24, 1, 63, 1, 5, 150, b"")),
    ],
)
def test_offsets_move_with_their_content(
    path: tuple[bytes, ...], kind: bytes, form: str, before: tuple[Any, ...], after: tuple[Any, ...]
) -> None:
    old, new = (within(*path, table=box(kind, struct.pack(form, *values))) for values in (before, after))
    assert shifted(old) == new


def iloc(version: int, sizes: int, *items: bytes) -> bytes:
    count = struct.pack(">I" if version == 2 else ">H", len(items))
    body = struct.pack(">IH", version << 24, sizes) + count + b"".join(items)
    return box(b"meta", bytes(4), box(b"iloc", body))


@pytest.mark.parametrize(
    ("version", "sizes", "form", "before", "after"),
    [
        (0, 0x4400, ">HHHII", (1, 0, 1, 50, 9), (1, 0, 1, 150, 9)),
        (0, 0x4440, ">HHIHII", (1, 0, 0, 1, 50, 9), (1, 0, 0, 1, 150, 9)),
        (0, 0x4440, ">HHIHII", (1, 0, 50, 1, 5, 9), (1, 0, 150, 1, 5, 9)),
        (0, 0x0480, ">HHQHI", (1, 0, 50, 1, 9), (1, 0, 150, 1, 9)),
        (1, 0x4404, ">HHHHIII", (1, 0, 0, 1, 3, 50, 9), (1, 0, 0, 1, 3, 150, 9)),
        (2, 0x8800, ">IHHHQQ", (1, 0, 0, 1, 50, 9), (1, 0, 0, 1, 150, 9)),
        (1, 0x4400, ">HHHHII", (1, 1, 0, 1, 50, 9), (1, 1, 0, 1, 50, 9)),
        (1, 0x4400, ">HHHHII", (1, 0, 3, 1, 50, 9), (1, 0, 3, 1, 50, 9)),
        (0, 0x4400, ">HHH", (1, 0, 0), (1, 0, 0)),
    ],
    ids=["plain", "base 0", "base", "base alone", "index", "version 2", "in idat", "in another file", "no extents"],
)
def test_items_move_with_their_content(
    version: int, sizes: int, form: str, before: tuple[Any, ...], after: tuple[Any, ...]
) -> None:
    old, new = (iloc(version, sizes, struct.pack(form, *values)) for values in (before, after))
    assert shifted(old) == new


def test_parts_of_an_item_may_move_apart() -> None:
    two = struct.pack(">HHHIIII", 1, 0, 2, 5, 3, 50, 9)
    assert shifted(iloc(0, 0x4400, two)) == iloc(0, 0x4400, struct.pack(">HHHIIII", 1, 0, 2, 5, 3, 150, 9))


@pytest.mark.parametrize(
    "data",
    [
        within(*STBL, table=box(b"stco", struct.pack(">III", 0, 1 << 30, 50))),
        within(*STBL, table=box(b"stco", struct.pack(">III", 0, 1, (1 << 32) - 50))),
        within(*STBL, table=box(b"stco", b"\0")),
        within(b"moof", b"traf", table=box(b"tfhd", struct.pack(">II", 1, 7))),
        within(b"mfra", table=box(b"tfra", struct.pack(">IIII", 0, 1, 63, 1 << 31))),
        iloc(3, 0x4400),
        iloc(0, 0x3400, struct.pack(">HHH3sI", 1, 0, 1, b"abc", 9)),
        iloc(0, 0x0000, struct.pack(">HHH", 1, 0, 1)),
        box(b"meta", bytes(4), box(b"iloc", struct.pack(">IHH", 0, 0x4400, 60000))),
        box(b"moov", box(b"cmov", b"x")),
        within(*[b"moov"] * 60, table=b""),
    ],
)
def test_tables_that_lie_are_refused(data: bytes) -> None:
    with pytest.raises(MalformedError):
        shifted(data)


def test_tables_have_a_limit() -> None:
    table = within(*STBL, table=box(b"stco", struct.pack(">II4000s", 0, 1000, b"")))
    with pytest.raises(LimitError):
        shifted(table, limits=Limits(text=1000))


@given(st.binary(max_size=120), st.sampled_from([b"stco", b"co64", b"saio", b"tfhd", b"tfra", b"iloc"]))
def test_any_table_is_rewritten_or_refused(content: bytes, kind: bytes) -> None:
    data = box(b"moov", box(b"traf" if kind == b"tfhd" else b"stbl", box(kind, content)))
    try:
        made = shifted(data)
    except MalformedError:
        return
    assert len(made) == len(data)


def test_an_offset_into_the_old_store_is_refused(samples: dict[str, Path], labeler: Labeler, label: Label) -> None:
    labelled = labeler.label(samples["mp4"].read_bytes(), label)
    located = bmff.locate(BytesReader(labelled), DEFAULT_LIMITS)
    at = labelled.index(b"stco") + 12
    inside = located.carriers[0].excluded[0].start + 30
    spoilt = labelled[:at] + inside.to_bytes(4) + labelled[at + 4 :]
    with pytest.raises(MalformedError, match="manifest store"):
        bmff.splice(BytesReader(spoilt), located, 1000, DEFAULT_LIMITS)


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
@pytest.mark.parametrize(
    "flags",
    ["faststart", "frag_keyframe+empty_moov", "dash+frag_keyframe+empty_moov", "frag_keyframe+separate_moof"],
)
def test_movies_of_every_build_play_the_same_with_two_labels(
    flags: str, samples: dict[str, Path], labeler: Labeler, label: Label, trust: Trust, tmp_path: Path
) -> None:
    def run(*arguments: str) -> str:
        done = subprocess.run(["ffmpeg", "-v", "error", *arguments], capture_output=True, text=True, check=True)
        assert not done.stderr
        return done.stdout

    source, once, twice = (tmp_path / name for name in ("source.mp4", "once.mp4", "twice.mp4"))
    run("-i", str(samples["mp4"]), "-c", "copy", "-movflags", flags, str(source))
    labeler.label(source, label, once)
    labeler.label(once, label, twice)
    played = [run("-i", str(path), "-f", "md5", "-") for path in (source, once, twice)]
    assert len(set(played)) == 1
    for path in (once, twice):
        for engine in (Engine.NATIVE, Engine.REFERENCE):
            verdict = Verifier(trust=trust, engine=engine).verify(path)
            assert verdict.status is Status.TRUSTED, verdict
            assert not {"assertion.bmffHash.additionalExclusionsPresent"} & {str(f.code) for f in verdict.findings}
