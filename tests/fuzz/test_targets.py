"""Every fuzz target runs for a moment over its seeds, whole and spoilt, the same ones each time."""

import random

import pytest

from tests.fuzz.seeds import files, parts
from tests.fuzz.targets import Target, targets

_ROUNDS = 150


@pytest.fixture(scope="module")
def whole() -> list[bytes]:
    return list(files())


@pytest.fixture(scope="module")
def inner(whole: list[bytes]) -> list[bytes]:
    return list(parts(whole))


def spoilt(data: bytes, chance: random.Random) -> bytes:
    """Return `data` with a few bytes flipped, cut out, doubled, or overwritten by a number that lies."""
    changed = bytearray(data)
    for _ in range(chance.randrange(1, 4)):
        at = chance.randrange(len(changed) + 1)
        end = min(len(changed), at + chance.choice((1, 2, 4, 8, 100)))
        match chance.randrange(4):
            case 0:
                changed[at:end] = bytes(chance.randrange(256) for _ in range(end - at))
            case 1:
                del changed[at:end]
            case 2:
                changed[at:at] = changed[at:end]
            case _:
                changed[at : at + 4] = chance.choice(
                    (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\1")
                )
    return bytes(changed)


@pytest.mark.parametrize("name", sorted(targets()))
def test_a_target_holds_for_its_seeds_whole_cut_and_spoilt(
    name: str, whole: list[bytes], inner: list[bytes]
) -> None:
    target: Target = targets()[name]
    samples = whole if name.startswith("format-") or name in ("identify", "verify") else inner
    chance = random.Random(name)
    for data in (b"", *samples):
        target(data)
    for _ in range(_ROUNDS):
        data = chance.choice(samples)
        target(spoilt(data, chance))
        target(data[: chance.randrange(len(data) + 1)])
