"""Files that the reference engine labelled, small enough to be changed everywhere."""

import io
import wave

import pytest
from PIL import Image

from kzlabel.credentials import Signer
from kzlabel.labels import Label, System
from kzlabel.trust import Trust
from tests.building import build


def _picture() -> Image.Image:
    return Image.linear_gradient("L").resize((24, 16)).convert("RGB")


def _encoded(kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    _picture().save(buffer, kind, **options)
    return buffer.getvalue()


def _sound() -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as sound:
        sound.setparams((1, 1, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(range(200)))
    return buffer.getvalue()


@pytest.fixture(scope="session")
def small() -> dict[str, bytes]:
    """Return small unlabelled files by a name of their kind."""
    return {
        "jpeg": _encoded("JPEG"),
        "png": _encoded("PNG"),
        "gif": _encoded("GIF"),
        "animation": _encoded("GIF", save_all=True, append_images=[_picture().rotate(90), _picture().rotate(180)]),
        "tiff": _encoded("TIFF"),
        "bigtiff": _encoded("TIFF", big_tiff=True),
        "pages": _encoded("TIFF", save_all=True, append_images=[_picture(), _picture()]),
        "webp": _encoded("WEBP"),
        "wav": _sound(),
        "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><desc>a</desc><g><path d="M0 0h9"/></g></svg>',
    }


@pytest.fixture(scope="session")
def labelled(small: dict[str, bytes], signer: Signer, trust: Trust) -> dict[str, bytes]:
    """Return the same files, labelled by the reference engine."""
    label = Label(level="ai-generated", system=System(name="Painter"))
    return {name: build(data, label, signer, trust) for name, data in small.items()}
