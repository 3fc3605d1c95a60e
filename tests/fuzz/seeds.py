"""What fuzzing begins with: small files of every format, labelled, and the parts of their manifest stores."""

import io
import wave
from collections.abc import Iterator

import numpy as np
import pillow_heif
import pillow_jxl  # noqa: F401 - registers JPEG XL with Pillow
import soundfile
from PIL import Image
from pypdf import PdfWriter

from fixtures import packages
from fixtures.authority import Authority
from fixtures.hostile import HOSTILE
from kzlabel.errors import KzlabelError
from kzlabel.files import BytesReader
from kzlabel.formats import identify
from kzlabel.labels import Label, System
from kzlabel.limits import DEFAULT_LIMITS
from kzlabel.manifest.store import read_store
from kzlabel.signing import Labeler
from kzlabel.trust import Trust
from tests.conftest import corpus

_LARGEST = 60_000


def files() -> Iterator[bytes]:
    """Yield small files, bare and labelled once and twice, hostile ones, and third-party ones that are small."""
    labeler = Labeler(Authority().signer(), trust=Trust.none())
    for bare in _bare():
        yield bare
        try:
            once = labeler.label(bare, _label("ai-generated"))
            yield once
            yield labeler.label(once, _label("ai-assisted"))
        except KzlabelError:
            continue
    for case in HOSTILE:
        if case.name.startswith(("tiny-", "sparse")):
            continue
        made = case.make()
        if len(made) <= _LARGEST:
            yield made
    for row in corpus():
        if row.path.stat().st_size <= _LARGEST:
            yield row.path.read_bytes()


def parts(samples: list[bytes]) -> Iterator[bytes]:
    """Yield stores, claims, signatures and assertions of the files."""
    for data in samples:
        found = identify(data)
        if found is None:
            continue
        try:
            located = found[0].locate(BytesReader(data), DEFAULT_LIMITS)
            for carrier in located.carriers:
                store = b"".join(data[span.start : span.end] for span in carrier.store)
                yield store
                for manifest in read_store(store, DEFAULT_LIMITS).manifests:
                    yield manifest.claim
                    yield manifest.signature
                    for assertion in manifest.assertions:
                        yield assertion.content
                        yield bytes([len(assertion.label) % 128]) + assertion.content
        except KzlabelError:
            continue


def _label(level: str) -> Label:
    return Label(level=level, system=System(name="Painter", version="1"))


def _bare() -> Iterator[bytes]:
    pillow_heif.register_heif_opener()
    pillow_heif.register_avif_opener() if hasattr(pillow_heif, "register_avif_opener") else None
    picture = Image.fromarray(np.arange(16 * 16 * 3, dtype=np.uint8).reshape(16, 16, 3))
    for name in ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "AVIF", "HEIF", "JXL"):
        made = io.BytesIO()
        try:
            picture.save(made, name)
        except (KeyError, OSError):
            continue
        yield made.getvalue()
    yield b'<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="8" height="8"/></svg>'
    samples = np.zeros((2000, 1), dtype=np.int16)
    tone = io.BytesIO()
    with wave.open(tone, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(samples.tobytes())
    yield tone.getvalue()
    for name in ("FLAC", "MP3", "OGG"):
        made = io.BytesIO()
        soundfile.write(made, samples, 8000, format=name)
        yield made.getvalue()
    yield packages.docx()
    yield packages.archive()
    page = PdfWriter()
    page.add_blank_page(72, 72)
    made = io.BytesIO()
    page.write(made)
    yield made.getvalue()
