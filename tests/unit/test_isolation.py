"""The child process: it answers, it may die, and the next call finds a new one."""

import ctypes
import os
import signal
import time

import pytest

from kzlabel.errors import InputError
from kzlabel.isolation import Child, ChildDiedError


def add(a: int, b: int) -> int:
    return a + b


def refuse() -> None:
    raise InputError("no", "yes")


def die_of(number: int) -> None:
    os.kill(os.getpid(), number)


def crash() -> None:
    ctypes.string_at(0)


def test_a_child_answers_and_hands_on_exceptions() -> None:
    with Child() as child:
        assert child.call(30, add, 2, b=3) == 5
        with pytest.raises(InputError) as caught:
            child.call(30, refuse)
        assert (caught.value.message, caught.value.remedy) == ("no", "yes")


def test_a_death_is_told_and_the_next_call_works() -> None:
    with Child() as child:
        with pytest.raises(ChildDiedError, match="SIGKILL") as caught:
            child.call(30, die_of, signal.SIGKILL)
        assert caught.value.pid > 0
        with pytest.raises(ChildDiedError, match="SIGSEGV"):
            child.call(30, crash)
        assert child.call(30, add, 1, 1) == 2


def test_a_call_that_takes_too_long_is_ended() -> None:
    with Child() as child:
        assert child.call(30, add, 0, 0) == 0
        start = time.monotonic()
        with pytest.raises(ChildDiedError, match="longer than 0 seconds"):
            child.call(0.2, time.sleep, 60)
        assert time.monotonic() - start < 30
        assert child.call(30, add, 1, 1) == 2
