"""The business identification number of Kazakhstan, and how a person's number is kept out."""

from typing import Final

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from kzlabel.errors import LabelError
from kzlabel.labels import Operator
from tests.unit.labels.strategies import business_numbers, expected_check_digit

IN_USE: Final = ["941240000193", "940140000385", "971240001315"]
"""Numbers that companies print on their sites."""


def accepted(digits: str) -> bool:
    try:
        return Operator(role="owner", name="X", bin=digits).bin == digits
    except LabelError:
        return False


def decided_by_first_weights(digits: str) -> bool:
    return sum((i + 1) * int(digits[i]) for i in range(11)) % 11 != 10


@pytest.mark.parametrize("digits", IN_USE)
def test_a_number_in_use_is_accepted(digits: str) -> None:
    assert accepted(digits)


@given(business_numbers)
def test_a_number_with_the_right_check_digit_is_accepted_and_any_other_digit_is_refused(digits: str) -> None:
    assert [d for d in "0123456789" if accepted(digits[:11] + d)] == [digits[11]]


def test_the_second_weights_decide_when_the_first_give_ten() -> None:
    first_give_ten = [
        digits
        for serial in range(2000)
        if not decided_by_first_weights(digits := f"20014{serial:06}") and expected_check_digit(digits) is not None
    ]
    assert len(first_give_ten) > 100
    assert all(accepted(f"{digits}{expected_check_digit(digits)}") for digits in first_give_ten)


def test_a_number_whose_check_digit_would_be_ten_twice_does_not_exist() -> None:
    impossible = [d for serial in range(20_000) if expected_check_digit(d := f"20014{serial:06}") is None]
    assert len(impossible) > 10
    assert not any(accepted(digits + last) for digits in impossible for last in "0123456789")


@given(business_numbers, st.integers(0, 9), st.integers(1, 9))
def test_a_wrong_digit_is_noticed_wherever_the_first_weights_can(digits: str, place: int, by: int) -> None:
    wrong = digits[:place] + str((int(digits[place]) + by) % 10) + digits[place + 1 :]
    assume(decided_by_first_weights(digits) and decided_by_first_weights(wrong))
    assert not accepted(wrong)


@given(business_numbers, st.integers(1, 9))
def test_the_eleventh_digit_weighs_nothing_in_the_first_weights(digits: str, by: int) -> None:
    wrong = f"{digits[:10]}{(int(digits[10]) + by) % 10}{digits[11]}"
    assume(decided_by_first_weights(digits))
    assert accepted(wrong)


@given(st.from_regex(r"[0-9]{4}[0-3][0-9]{7}", fullmatch=True).filter(str.isascii))
def test_a_persons_number_is_refused_as_personal_data_and_not_repeated(digits: str) -> None:
    with pytest.raises(LabelError) as caught:
        Operator(role="owner", name="X", bin=digits)
    assert "IIN" in caught.value.message
    assert "personal data" in caught.value.message
    assert "organisation's BIN" in caught.value.remedy
    assert digits not in str(caught.value)


@pytest.mark.parametrize(
    ("digits", "hint"),
    [
        ("94124000019", "12 digits; write the number without spaces"),
        ("9412400001930", "12 digits"),
        ("94124 000019", "12 digits"),
        ("94124000019X", "12 digits"),
        ("٩٤١٢٤٠٠٠٠١٩٣", "12 digits"),
        ("941270000193", "fifth digit is none of 4, 5, 6"),
        ("941240000194", "check digit is wrong; check the number"),
    ],
)
def test_the_refusal_says_what_is_wrong(digits: str, hint: str) -> None:
    with pytest.raises(LabelError, match=rf"operator\.bin .*{hint}"):
        Operator(role="owner", name="X", bin=digits)
