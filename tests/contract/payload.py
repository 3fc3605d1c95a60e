"""What a file is to whoever opens it: pixels, samples, pages and tags, read by libraries that know no label."""

import itertools
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL import Image

__all__ = ["payload"]

_IMAGES = frozenset({"jpeg", "png", "webp", "webp-lossless", "gif", "tiff", "dng", "avif", "heic", "heif", "jxl"})
_TAGGED = frozenset({"mp3", "flac", "m4a", "ogg", "opus"})
_PACKAGES = frozenset({"docx", "epub", "zip"})
_SOUNDS = frozenset({"wav"})
_FILMS = frozenset({"mp4", "mov", "avi"})


def payload(name: str, path: Path) -> object:
    """Return the decoded content of the file at `path`, of format `name`, in a form that can be compared."""
    if name in _IMAGES:
        return _image(path)
    if name in _TAGGED:
        return _tags(path), _streams(path)
    if name in _SOUNDS | _FILMS:
        return _streams(path)
    if name == "pdf":
        return _document(path)
    if name in _PACKAGES:
        return _members(path)
    if name == "svg":
        return _drawing(path)
    raise KeyError(name)


def _image(path: Path) -> object:
    import pillow_heif
    import pillow_jxl  # noqa: F401 - registers the format
    from PIL import Image

    pillow_heif.register_heif_opener()
    with Image.open(path) as image:
        kept = {key: image.info.get(key) for key in ("icc_profile", "exif", "xmp", "duration", "loop")}
        frames = [(frame.size, frame.mode, frame.tobytes()) for frame in _pages(image)]
    return frames, kept


def _pages(image: "Image.Image") -> "Iterator[Image.Image]":
    """Yield the pictures; a TIFF's manifest may have a directory of its own, which holds none (C2PA 2.4 A.3.6)."""
    for number in itertools.count():
        try:
            image.seek(number)
        except EOFError:
            return
        except TypeError as error:
            assert str(error) == "Missing dimensions"
            return
        yield image


def _tags(path: Path) -> object:
    import mutagen

    file = mutagen.File(path)
    tags = {
        key: getattr(value, "data", None) or str(value)
        for key, value in (file.tags or {}).items()
        if not key.startswith("GEOB")
    }
    return round(file.info.length, 3), tags


def _streams(path: Path) -> object:
    """Return a digest of every decoded stream: by ffmpeg where it is installed, by PyAV's ffmpeg elsewhere.

    In Ogg the manifest is a stream, too, of a kind that no decoder knows.
    """
    if shutil.which("ffmpeg"):
        kinds = ["-map", "0:v?", "-map", "0:a?"] if path.suffix in {".ogg", ".opus"} else ["-map", "0"]
        command = ["ffmpeg", "-v", "error", "-i", str(path), *kinds, "-f", "streamhash", "-"]
        return subprocess.run(command, capture_output=True, check=True).stdout
    import av

    with av.open(str(path)) as container:
        return [
            (stream.type, [bytes(packet) for packet in container.demux(stream)]) for stream in container.streams[:1]
        ]


def _document(path: Path) -> object:
    from pypdf import PdfReader

    reader = PdfReader(path)
    images = [image.data for page in reader.pages for image in page.images]
    outline = [item.title for item in reader.outline if not isinstance(item, list)]
    return [page.extract_text() for page in reader.pages], images, outline, dict(reader.metadata or {})


def _members(path: Path) -> object:
    """Return all members but the manifest, in their order; Office documents have a content type more."""
    from zipfile import ZipFile

    more = b'<Default Extension="c2pa" ContentType="application/c2pa"/>'
    with ZipFile(path) as archive:
        assert archive.testzip() is None
        infos = [one for one in archive.infolist() if one.filename != "META-INF/content_credential.c2pa"]
        return archive.comment, [(i.filename, i.date_time, archive.read(i).replace(more, b"")) for i in infos]


def _drawing(path: Path) -> object:
    from xml.etree import ElementTree

    root = ElementTree.parse(path).getroot()
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag == "{http://c2pa.org/manifest}manifest":
                parent.remove(child)
    return [
        (element.tag, sorted(element.attrib.items()), (element.text or "").strip())
        for element in root.iter()
        if len(element) or element.attrib or (element.text or "").strip()
    ]
