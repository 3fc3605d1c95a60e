"""APNG and animated WebP: every frame is drawn on as people see it; times and loops stay."""

from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from typing import TYPE_CHECKING, Any, BinaryIO

from kzlabel.files import Reader
from kzlabel.notices.errors import NoticeError
from kzlabel.notices.pictures import Box, Stamp, laid_over, opened, stamp
from kzlabel.notices.wanted import Wanted

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["animated", "write"]


def write(file: Reader, wanted: Wanted, destination: BinaryIO, finish: Callable[[bytes], bytes]) -> None:
    """Write the APNG in `file` with the badge to `destination`, after `finish` has put its other chunks back.

    Raises:
        NoticeError: It is too small or too large, or has 16 bits for each sample.
    """
    picture = opened(file, "PNG")
    if file.read(24, 1) == b"\x10":
        raise NoticeError("an animated PNG of 16 bits can't have a notice without losing 8 of them", "reduce it")
    if picture.info.get("default_image"):
        raise NoticeError(
            "an animated PNG with a picture for programs that can't show it moving can't have a notice",
            "leave that picture out",
        )
    encoded = BytesIO()
    animated(picture, wanted, encoded, "PNG", {"disposal": 0, "blend": 0})
    destination.write(finish(encoded.getvalue()))


def animated(
    picture: "Image.Image", wanted: Wanted, destination: BinaryIO, form: str, options: dict[str, Any]
) -> None:
    """Encode every frame of `picture` with the badge over it."""
    count = int(getattr(picture, "n_frames", 1))

    def regions(box: Box) -> Iterable["Image.Image"]:
        for number in range(count):
            picture.seek(number)
            yield picture.crop(box)

    mark = stamp(picture.size, 1, wanted, regions)
    durations: list[float] = []
    frames = list(_frames(picture, mark, count, durations))
    loop = picture.info.get("loop", 0)
    frames[0].save(
        destination, form, save_all=True, append_images=frames[1:], duration=durations, loop=loop, **options
    )


def _frames(picture: "Image.Image", mark: Stamp, count: int, durations: list[float]) -> Iterator["Image.Image"]:
    for number in range(count):
        picture.seek(number)
        picture.load()
        durations.append(picture.info.get("duration", 0))
        frame = picture.convert("RGBA")
        laid_over(frame, mark)
        frame.info = {}
        yield frame
