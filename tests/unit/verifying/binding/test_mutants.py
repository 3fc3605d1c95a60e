"""Changed bytes anywhere: our match is the reference engine's match, our mismatch its mismatch or refusal."""

import random

import pytest

from kzlabel.errors import MalformedError
from kzlabel.verifying.abstain import Abstention
from tests.conftest import CorpusFile, corpus, needs_corpora
from tests.unit.verifying.binding.forging import UnreadableError, located, native, reference

_HELD = frozenset({"jpeg", "png", "gif", "wav", "mp3", "mp4", "tiff", "svg", "webp"})
_NO_ANSWER = (Abstention, MalformedError, UnreadableError)


def _mutant(file: bytes, dice: random.Random, places: list[int]) -> bytes:
    changed, at = bytearray(file), dice.choice(places)
    match dice.randrange(8):
        case 0:
            del changed[at : at + dice.choice([1, 2, 8, 100])]
        case 1:
            changed[at:at] = dice.randbytes(dice.choice([1, 2, 8]))
        case 2:
            changed += dice.randbytes(dice.choice([1, 7, 30]))
        case 3:
            changed[at:at] = changed[at : at + dice.choice([8, 50, 500])]
        case _:
            changed[at] ^= 1 << dice.randrange(8)
    return bytes(changed)


@pytest.mark.parametrize("name", ["jpeg", "png", "gif", "webp", "tiff", "mp4", "avif"])
def test_mutants_are_judged_alike(name: str, request: pytest.FixtureRequest) -> None:
    file = request.getfixturevalue(name)
    dice = random.Random(name)
    inside = {at for span in located(file)[1].carriers[0].store for at in range(span.start, span.end)}
    places = [at for at in range(len(file)) if at not in inside]
    judged = 0
    for _ in range(150):
        mutant = _mutant(file, dice, dice.choice([places, places[:150], places[-80:]]))
        try:
            ours = native(mutant)
        except _NO_ANSWER:
            continue
        judged += 1
        theirs = reference(mutant)
        assert ours == theirs or (theirs is None and not any(code.endswith(".match") for code in ours))
    assert judged > 40


@needs_corpora
@pytest.mark.parametrize(
    "row",
    [
        row
        for row in corpus()
        if row.has_c2pa == "yes" and row.format in _HELD and not row.state.startswith("ERR")  # those it refuses
    ],
    ids=lambda row: row.name,
)
def test_third_party_file_is_judged_alike(row: CorpusFile) -> None:
    file = row.path.read_bytes()
    theirs = reference(file)
    try:
        ours = native(file)
    except Abstention as abstention:
        pytest.fail(f"no answer: {abstention}")

    assert ours == theirs
