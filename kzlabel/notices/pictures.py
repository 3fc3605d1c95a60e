"""What the pictures of all formats share: opening them within bounds, what lies below a badge, turned pictures."""

import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, NamedTuple

from kzlabel.errors import KzlabelError
from kzlabel.files import Reader
from kzlabel.notices.badge import Below, draw, lay_out
from kzlabel.notices.errors import NoticeError
from kzlabel.notices.wanted import Wanted

if TYPE_CHECKING:
    from PIL import Image

__all__ = [
    "MOST_BYTES",
    "MOST_PIXELS",
    "Box",
    "Stamp",
    "below",
    "check_size",
    "guarded",
    "laid_over",
    "opened",
    "stamp",
]

MOST_PIXELS: Final = 89_478_485
"""Pixels of a picture that is opened, a quarter of a gigabyte in three colours."""
MOST_BYTES: Final = 4 * MOST_PIXELS
"""Bytes of its samples as they are stored, unpacked."""
_FRAMES: Final = 2
"""How many times as many pixels all frames of an animation may have that is held in memory as a whole."""

Box = tuple[int, int, int, int]
"""Left, upper, right and lower edge."""


class Stamp(NamedTuple):
    """A badge, turned as the picture is stored."""

    box: Box
    """Where it comes, in stored pixels."""

    badge: "Image.Image"
    """RGBA."""


@contextmanager
def guarded(what: str = "the picture") -> Iterator[None]:
    """Turn whatever a decoder raises on a broken file into one exception.

    Raises:
        NoticeError: The file is broken or too large, or Pillow isn't installed.
    """
    try:
        yield
    except KzlabelError:
        raise
    except ImportError as error:
        raise NoticeError(
            f"notices in pictures and sounds need {error.name}", "pip install 'kzlabel[notices]'"
        ) from None
    except Exception as error:  # noqa: BLE001 - hostile pictures make decoders raise anything
        raise NoticeError(
            f"{what} can't be read: {type(error).__name__}: {error}"[:200], "check that the file is whole"
        ) from None


def opened(file: Reader, form: str) -> "Image.Image":
    """Return the picture in `file`, which must be of `form` as Pillow calls it; nothing is decoded yet.

    Raises:
        NoticeError: It has too many pixels.
    """
    from PIL import Image  # noqa: PLC0415 - an extra, and slow to import

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what Pillow warns of, `check_size` refuses
        picture = Image.open(file.stream(), formats=(form,))
    frames = int(getattr(picture, "n_frames", 1))
    check_size(*picture.size, frames)
    return picture


def check_size(width: int, height: int, frames: int = 1, most: int = _FRAMES) -> None:
    """Check that a picture can be decoded in memory, and all its frames `most` times over.

    Raises:
        NoticeError: It has too many pixels, or none.
    """
    if width < 1 or height < 1:
        raise NoticeError("the picture has no pixels", "check that the file is whole")
    if width * height > MOST_PIXELS or width * height * frames > most * MOST_PIXELS:
        raise NoticeError(
            f"a picture of {width} by {height} pixels in {frames} frames is too large for a notice",
            f"up to {MOST_PIXELS:,} pixels are drawn on, {most} times as many in all frames",
        )


def below(regions: Iterable["Image.Image"]) -> Below:
    """Return what the badge will lie on: the extremes of all `regions`, which have the same size."""
    from PIL import ImageStat  # noqa: PLC0415 - as above

    low, high, sums, count, opaque = [255] * 3, [0] * 3, [0.0] * 3, 0, True
    for region in regions:
        seen = region.convert("RGBA")
        opaque = opaque and seen.getchannel("A").getextrema()[0] == 255
        colours = seen.convert("RGB")
        extremes: tuple[tuple[int, int], ...] = colours.getextrema()  # type: ignore[assignment]
        means = ImageStat.Stat(colours).mean
        for band in range(3):
            low[band] = min(low[band], extremes[band][0])
            high[band] = max(high[band], extremes[band][1])
            sums[band] += means[band]
        count += 1
    mean = [round(value / max(1, count)) for value in sums]
    return Below((low[0], low[1], low[2]), (high[0], high[1], high[2]), (mean[0], mean[1], mean[2]), opaque)


def stamp(
    size: tuple[int, int],
    orientation: int,
    wanted: Wanted,
    regions: Callable[[Box], Iterable["Image.Image"]],
    *,
    solid: bool = False,
) -> Stamp:
    """Return the badge for a picture.

    Args:
        size: Its width and height as it is stored.
        orientation: How it is turned to be seen, 1 to 8 (EXIF 0x0112).
        wanted: The notice.
        regions: Gives what lies in a box of stored pixels, in every frame.
        solid: Whether nothing may shine through the badge.

    Raises:
        NoticeError: The picture is too small.
    """
    from PIL import Image  # noqa: PLC0415 - as above

    width, height = size
    turned = orientation in (5, 6, 7, 8)
    layout = lay_out(height if turned else width, width if turned else height, wanted)
    box = _stored(layout.box, width, height, orientation)
    badge = draw(layout, below(regions(box)), wanted, solid=solid)
    back = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }.get(orientation)
    return Stamp(box, badge if back is None else badge.transpose(back))


def _stored(box: Box, width: int, height: int, orientation: int) -> Box:
    """Return where a box of the upright picture lies in the stored one of `width` by `height`."""
    left, top, right, bottom = box
    turned: dict[int, Box] = {
        2: (width - right, top, width - left, bottom),
        3: (width - right, height - bottom, width - left, height - top),
        4: (left, height - bottom, right, height - top),
        5: (top, left, bottom, right),
        6: (top, height - right, bottom, height - left),
        7: (width - bottom, height - right, width - top, height - left),
        8: (width - bottom, left, width - top, right),
    }
    return turned.get(orientation, box)


def laid_over(picture: "Image.Image", mark: Stamp) -> None:
    """Draw the badge into `picture`, whose mode is 1, L, LA, RGB, RGBA or CMYK.

    Raises:
        NoticeError: It has another mode.
    """
    from PIL import Image, ImageOps  # noqa: PLC0415 - as above

    alpha = mark.badge.getchannel("A")
    grey = mark.badge.convert("RGB").convert("L")
    match picture.mode:
        case "RGBA" | "LA":
            under = picture.crop(mark.box).convert("RGBA")
            picture.paste(Image.alpha_composite(under, mark.badge).convert(picture.mode), mark.box[:2])
        case "RGB":
            picture.paste(mark.badge.convert("RGB"), mark.box[:2], alpha)
        case "L":
            picture.paste(grey, mark.box[:2], alpha)
        case "CMYK":
            none = Image.new("L", grey.size, 0)
            picture.paste(Image.merge("CMYK", (none, none, none, ImageOps.invert(grey))), mark.box[:2], alpha)
        case _:
            raise NoticeError(f"pictures of mode {picture.mode} can't have a notice", "convert it to RGB")
