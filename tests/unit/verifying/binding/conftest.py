"""Samples signed by the reference engine, one for each kind of container."""

import io
from pathlib import Path

import pytest
from PIL import Image

from tests.unit.verifying.binding.forging import sign


def _image() -> Image.Image:
    return Image.effect_noise((48, 32), 70).convert("RGB")


def _saved(form: str, **options: object) -> bytes:
    out = io.BytesIO()
    _image().save(out, form, **options)
    return out.getvalue()


def _movie(path: Path) -> bytes:
    import av
    import numpy as np

    random = np.random.default_rng(1)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=8)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(6):
            picture = random.integers(0, 255, (48, 64, 3), dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        container.mux(stream.encode())
    return path.read_bytes()


@pytest.fixture(scope="session")
def jpeg() -> bytes:
    return sign(_saved("JPEG"), "image/jpeg")


@pytest.fixture(scope="session")
def png() -> bytes:
    return sign(_saved("PNG"), "image/png")


@pytest.fixture(scope="session")
def gif() -> bytes:
    return sign(_saved("GIF"), "image/gif")


@pytest.fixture(scope="session")
def webp() -> bytes:
    return sign(_saved("WEBP"), "image/webp")


@pytest.fixture(scope="session")
def tiff() -> bytes:
    return sign(_saved("TIFF"), "image/tiff")


@pytest.fixture(scope="session")
def movie(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return _movie(tmp_path_factory.mktemp("movie") / "sample.mp4")


@pytest.fixture(scope="session")
def mp4(movie: bytes) -> bytes:
    return sign(movie, "video/mp4")


@pytest.fixture(scope="session")
def avif() -> bytes:
    return sign(_saved("AVIF"), "image/avif")
