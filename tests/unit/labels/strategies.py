"""Hypothesis strategies for labels, written without a look at the rules that they are to test."""

import unicodedata
from datetime import datetime, timedelta, timezone

from hypothesis import strategies as st

from kzlabel.labels import (
    SOURCE_TYPES,
    Autonomy,
    HumanContribution,
    Identifier,
    Label,
    Level,
    Notice,
    NoticeKind,
    Operator,
    Oversight,
    Permission,
    Risk,
    Role,
    Simulated,
    Step,
    System,
    Training,
    Use,
)

MODEL_IDENTIFIERS = (
    "",
    "pkg:huggingface/meta-llama/Llama-2-70b-chat-hf@main",
    "pkg:pypi/diffusers@0.31?x=y#sub/path",
    "https://example.kz/models/%D0%B0?v=1#top",
    "urn:example:model:7",
    "did:web:example.kz",
)
LANGUAGES = ("kk", "ru", "en", "kk-Cyrl-KZ", "zh-cmn-Hans-CN", "de-1996", "en-US-x-twain", "mul", "x-own")


def forbidden(character: str) -> bool:
    """Say whether no label may have a character, by the definitions of Unicode."""
    code = ord(character)
    return (
        unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")
        or unicodedata.bidirectional(character) in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
        or code == 0xFEFF
        or 0xFDD0 <= code <= 0xFDEF
        or code & 0xFFFE == 0xFFFE
    )


def expected_check_digit(digits: str) -> int | None:
    """Return the last digit of a 12-digit number of Kazakhstan, or nothing when there is none."""
    for shift in (0, 2):
        remainder = sum(((i + shift) % 11 + 1) * int(digits[i]) for i in range(11)) % 11
        if remainder < 10:
            return remainder
    return None


def _shown(text: str) -> bool:
    return any(unicodedata.category(character)[0] in "LNPS" for character in text)


allowed_characters = st.characters(codec="utf-8").filter(lambda c: not forbidden(c))
lines = st.text(allowed_characters, min_size=1, max_size=40).filter(_shown)
paragraphs = st.lists(lines, min_size=1, max_size=4).map("\n".join)
absent = st.just("")

business_numbers = (
    st.tuples(st.from_regex(r"[0-9]{4}", fullmatch=True), st.sampled_from("456"), st.integers(0, 999_999))
    .map(lambda parts: f"{parts[0]}{parts[1]}{parts[2]:06}")
    .filter(lambda digits: digits.isascii() and expected_check_digit(digits) is not None)
    .map(lambda digits: f"{digits}{expected_check_digit(digits)}")
)

systems = st.builds(
    System,
    name=lines,
    version=absent | lines,
    provider=absent | lines,
    model=absent | lines,
    model_identifier=st.sampled_from(MODEL_IDENTIFIERS),
    model_type=st.sampled_from(["c2pa.types.model", "c2pa.types.model.onnx", "c2pa.types.model.tflite"]),
    risk=st.none() | st.sampled_from(Risk),
    autonomy=st.none() | st.sampled_from(Autonomy),
)
operators = st.builds(
    Operator,
    role=st.sampled_from(Role),
    name=lines,
    country=st.sampled_from(["", "KZ", "DE", "kz"]),
    bin=absent | business_numbers,
    identifier=st.none() | st.builds(Identifier, scheme=st.sampled_from(["euid", "vat", "x-1"]), value=lines),
)
contributions = st.builds(
    HumanContribution,
    who=absent | lines,
    what=paragraphs,
    steps=st.sets(st.sampled_from(Step)),
    oversight=st.none() | st.sampled_from(Oversight),
)
notices = st.builds(Notice, kind=st.sampled_from(NoticeKind), language=st.sampled_from(LANGUAGES), text=paragraphs)
permissions = (
    st.none()
    | st.sampled_from([Use.ALLOWED, Use.NOT_ALLOWED]).map(lambda use: Permission(use=use))
    | st.builds(Permission, use=st.just(Use.CONSTRAINED), constraint_info=paragraphs)
)
trainings = st.builds(
    Training,
    ai_generative_training=permissions,
    ai_training=permissions,
    data_mining=st.just(Use.NOT_ALLOWED),
)
times = st.builds(
    datetime.replace,
    st.datetimes(),
    tzinfo=st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
).map(datetime.isoformat)


@st.composite
def labels(draw: st.DrawFn) -> Label:
    """Make any label."""
    level = draw(st.sampled_from(Level))
    types = [""] + [kind.uri for kind in SOURCE_TYPES if level in kind.levels]
    return Label(
        level=level,
        digital_source_type=draw(st.sampled_from(types)),
        system=draw(systems),
        operator=draw(st.none() | operators),
        content_id=str(draw(st.uuids(version=4))),
        created=draw(times),
        simulates=draw(st.sets(st.sampled_from(Simulated))),
        human_contribution=draw(st.none() | contributions),
        notice=draw(st.none() | notices),
        regimes=draw(st.sets(st.from_regex(r"[a-z]{2}(-[a-z0-9]{1,5})?", fullmatch=True), max_size=5)),
        training=draw(st.none() | trainings),
    )
