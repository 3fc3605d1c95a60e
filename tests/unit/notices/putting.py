"""What the tests of notices share: putting one in, and pictures to put it into."""

from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image

from fixtures.landscape import photograph
from kzlabel.files import BytesReader
from kzlabel.notices import Applied, Wanted, apply

__all__ = ["DEFAULT_TEXT", "changed_box", "encoded", "photo", "put"]

DEFAULT_TEXT = "Жасанды интеллект көмегімен жасалған / Создано с использованием искусственного интеллекта"


def put(media_type: str, data: bytes, **wanted: Any) -> tuple[bytes, Applied]:
    """Return `data` with a notice, and what was applied."""
    out = BytesIO()
    applied = apply(BytesReader(data), media_type, Wanted(**wanted), out)
    return out.getvalue(), applied


def photo(width: int = 480, height: int = 320, mode: str = "RGB") -> Image.Image:
    """Return a photograph in a mode."""
    return Image.fromarray(photograph(width, height)).convert("RGB").convert(mode)


def encoded(picture: Image.Image, form: str, **options: Any) -> bytes:
    """Return a picture as a file."""
    out = BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()


def changed_box(before: Image.Image, after: Image.Image) -> tuple[int, int, int, int]:
    """Return the smallest box outside which two pictures have the same pixels, in every channel."""
    one, other = np.asarray(before), np.asarray(after)
    assert one.shape == other.shape
    differs = one != other
    if differs.ndim == 3:
        differs = differs.any(axis=2)
    rows, columns = np.nonzero(differs)
    return int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1
