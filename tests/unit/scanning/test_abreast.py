"""Several items at once in one process."""

import threading
from collections.abc import Generator, Iterator
from typing import cast

import pytest

from kzlabel.scanning.abreast import AHEAD, abreast


def test_results_come_in_the_order_of_items_whatever_takes_longest() -> None:
    first = threading.Event()

    def work(number: int) -> int:
        if number == 0:
            assert first.wait(30)
        if number == 5:
            first.set()
        return number * number

    assert list(abreast(work, range(50), 4)) == [number * number for number in range(50)]


def test_no_more_are_taken_than_are_needed() -> None:
    taken = []

    def items() -> Iterator[int]:
        for number in range(1000):
            taken.append(number)
            yield number

    results = cast("Generator[int]", abreast(lambda number: number, items(), 2))
    for _ in range(10):
        next(results)
        assert len(taken) <= 10 + 2 * AHEAD + 1
    results.close()
    assert len(taken) < 50


def test_an_error_comes_out_where_its_item_is() -> None:
    def work(number: int) -> int:
        if number == 3:
            raise ValueError("three")
        return number

    results = abreast(work, range(10), 2)
    assert [next(results), next(results), next(results)] == [0, 1, 2]
    with pytest.raises(ValueError, match="three"):
        next(results)
