"""Rows of an archive as there might be one."""

import random
from collections.abc import Iterator

from kzlabel.scanning.record import Record

_STATUSES = {
    "unlabelled": 60, "trusted": 22, "valid": 6, "declared": 6, "invalid": 3, "unsupported": 2, "error": 1
}  # fmt: skip
_FORMATS = {"image/jpeg": 60, "image/png": 20, "audio/wav": 8, "video/mp4": 10, "": 2}
_WHY = {
    "invalid": "the data hash is not that of the file",
    "declared": "XMP DigitalSourceType: trainedAlgorithmicMedia",
    "error": "the file is cut off",
}
_FOLDERS = ("press", "stock", "user uploads", "2026/film", "аудио")


def rows(count: int, seed: int = 1) -> Iterator[Record]:
    rng = random.Random(seed)

    def one(of: dict[str, int]) -> str:
        return rng.choices(list(of), list(of.values()))[0]

    for number in range(count):
        status = one(_STATUSES)
        labelled = status in ("trusted", "valid", "invalid")
        yield Record(
            path=f"/archive/{rng.choice(_FOLDERS)}/{rng.randrange(40):02}/{number:06}.jpg",
            size=rng.randrange(10**4, 10**7),
            modified=f"202{rng.randrange(5, 7)}-{rng.randrange(1, 13):02}-01T00:00:00Z",
            media_type=one(_FORMATS),
            status=status,
            ai="generated" if labelled and rng.random() < 0.8 else "unknown",
            codes=("assertion.dataHash.mismatch",) if status == "invalid" else (),
            signer=rng.choice(("Example Media LLP", "QazStudio", "Somebody Inc.")) if labelled else "",
            system=rng.choice(("Painter 2.1", "VoiceMaker 4", "Writer")) if labelled else "",
            explanation=_WHY.get(status, ""),
        )
