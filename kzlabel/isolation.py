"""Calling native code in a child process, so that a crash there costs one file and not the program.

The reference engine is a compiled library: should it panic, run out of memory or hang, the process that called it
is lost. Whoever handles many files, or must always answer, calls through a `Child`.
"""

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from kzlabel.errors import KzlabelError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

__all__ = ["Child", "ChildDiedError"]

P = ParamSpec("P")
T = TypeVar("T")


class ChildDiedError(KzlabelError):
    """The child process ended, or was ended after its time limit, before it answered."""

    pid: int
    """Process that died; what it was writing may be left behind."""

    def __init__(self, message: str, pid: int) -> None:
        super().__init__(message)
        self.pid = pid


class Child:
    """A process that runs functions one after the other, started when first needed and again after a death.

    Functions are sent by name, arguments and results by pickle. Not for use by several threads at once.
    """

    def __init__(self) -> None:
        """Prepare a child; it starts with the first call."""
        self._process: BaseProcess | None = None
        self._connection: Connection | None = None

    def __enter__(self) -> "Child":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def call(self, seconds: float, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `function` in the child and return what it returns, within `seconds`.

        Raises:
            ChildDiedError: The child ended without an answer.
            Exception: Whatever `function` raised.
        """
        connection = self._started()
        try:
            connection.send((function, args, kwargs))
            if not connection.poll(seconds):
                raise self._ended(f"took longer than {seconds:.0f} seconds")
            succeeded, value = connection.recv()
        except (EOFError, ConnectionError):
            raise self._ended("") from None
        if succeeded:
            return value  # type: ignore[no-any-return]
        raise value

    def close(self) -> None:
        """End the child, if it runs."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._process is not None:
            self._process.join(0.5)
            if self._process.is_alive():
                self._process.kill()
                self._process.join()
            self._process = None

    def _started(self) -> "Connection":
        if self._connection is None:
            import multiprocessing  # noqa: PLC0415 - most commands need no child

            context = multiprocessing.get_context("spawn")
            ours, theirs = context.Pipe()
            self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
            self._process.start()
            theirs.close()
            self._connection = ours
        return self._connection

    def _ended(self, why: str) -> ChildDiedError:
        process = self._process
        if process is None or process.pid is None:
            return ChildDiedError("the engine's process could not be started", 0)
        if why:
            process.kill()
        process.join()
        code = process.exitcode or 0
        self.close()
        if not why:
            why = f"was ended by signal {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
        return ChildDiedError(f"the engine's process {why}", process.pid)


def _serve(connection: "Connection") -> None:
    """Answer calls until the other end closes. What native code prints when it dies is not for users."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 2)
    with suppress(EOFError, ConnectionError):
        while True:
            function, args, kwargs = connection.recv()
            try:
                answer = True, function(*args, **kwargs)
            except Exception as error:  # noqa: BLE001 - it is raised again on the other side
                answer = False, error
            connection.send(answer)
