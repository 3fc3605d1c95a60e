"""Keys that this process doesn't hold: somebody else signs, and what comes back is checked before it is used."""

import contextlib
import inspect
import os
import selectors
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, runtime_checkable

import msgspec

from kzlabel.credentials.keys import Algorithm
from kzlabel.errors import SigningError

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

__all__ = ["Callback", "CommandKey", "Held", "SignFunction"]

SignFunction = Callable[[bytes], bytes | Awaitable[bytes]]
"""Signs a message: it is handed the message itself, not its hash."""

_LARGEST: Final = 8192
"""Bytes of an answer that are read: a signature has 1024 at most."""
_BY_HAND: Final = "run the command by hand, with any file as its input, to see what it says"


@runtime_checkable
class Held(Protocol):
    """A key that is held elsewhere. Its text form shows no secret."""

    def sign(self, message: bytes, algorithm: Algorithm) -> bytes:
        """Return the signature of `message`; ECDSA's as r and s side by side, or as the DER structure.

        Raises:
            SigningError: There is none to be had.
        """


class Callback:
    """A function of the caller's that signs; it may be a coroutine function."""

    __slots__ = ("_loop", "_sign")

    def __init__(self, sign: SignFunction, loop: "AbstractEventLoop | None") -> None:
        """Keep the function, and the event loop on which its awaitables run; a loop of their own for None."""
        self._sign = sign
        self._loop = loop

    def sign(self, message: bytes, algorithm: Algorithm) -> bytes:  # noqa: ARG002 - the caller has chosen it
        """See `Held.sign`."""
        try:
            answer = self._sign(message)
            signature = self._awaited(answer) if inspect.isawaitable(answer) else answer
        except SigningError:
            raise
        except Exception as error:
            raise SigningError(f"the function that signs raised {type(error).__name__}") from error
        if not isinstance(signature, bytes | bytearray | memoryview):
            raise SigningError(f"the function that signs returned {type(signature).__name__} instead of bytes")
        return bytes(signature)

    def _awaited(self, answer: Awaitable[bytes]) -> bytes:
        import asyncio  # noqa: PLC0415 - slow to import, and verifying, which imports this package, never needs it

        try:
            running = asyncio.get_running_loop()
        except RuntimeError:
            running = None
        if self._loop is None:
            return asyncio.run(_coroutine(answer)) if running is None else _in_thread(_coroutine(answer))
        if running is self._loop:
            if inspect.iscoroutine(answer):
                answer.close()
            raise SigningError(
                "the event loop that is to sign is waiting for the signature",
                "label in another thread: await asyncio.to_thread(labeler.label, ...)",
            )
        return asyncio.run_coroutine_threadsafe(_coroutine(answer), self._loop).result()


class CommandKey(msgspec.Struct, frozen=True, tag="command"):
    """A command that reads a message from its standard input and writes the signature to its output."""

    arguments: tuple[str, ...]
    """The program and its arguments; no shell reads them."""

    seconds: float
    """How long it may take."""

    def sign(self, message: bytes, algorithm: Algorithm) -> bytes:  # noqa: ARG002 - the caller has chosen it
        """See `Held.sign`."""
        deadline = time.monotonic() + self.seconds
        # What is signed is no secret. A file can be read at any pace, and its reader may leave early.
        with tempfile.TemporaryFile() as question:
            question.write(message)
            question.seek(0)
            try:
                process = subprocess.Popen(
                    self.arguments,
                    stdin=question,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )
            except (OSError, ValueError) as error:
                raise SigningError(
                    f"the command that signs, {self._name}, can't be started: {_why(error)}", "check its path"
                ) from None
        try:
            answer = _read(process, deadline)
            code = process.wait(max(0.0, deadline - time.monotonic()))
        except (TimeoutError, subprocess.TimeoutExpired):
            raise SigningError(
                f"the command that signs, {self._name}, took longer than {self.seconds:g} seconds", _BY_HAND
            ) from None
        finally:
            _end(process)
        if code or len(answer) > _LARGEST:
            why = f"ended with code {code}" if code else "wrote far more than a signature"
            raise SigningError(f"the command that signs, {self._name}, {why}", _BY_HAND)
        return answer

    @property
    def _name(self) -> str:
        """The program alone: arguments may name what is nobody's business."""
        return ascii(Path(self.arguments[0]).name)

    def __repr__(self) -> str:
        return f"CommandKey({self._name})"


def _read(process: "subprocess.Popen[bytes]", deadline: float) -> bytes:
    """Return what the process writes, until it closes its output or has written far too much."""
    assert process.stdout is not None  # noqa: S101 - it was started with a pipe
    answer = bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while len(answer) <= _LARGEST:
            if not selector.select(max(0.0, deadline - time.monotonic())):
                raise TimeoutError
            piece = os.read(process.stdout.fileno(), _LARGEST + 1)
            if not piece:
                break
            answer += piece
        else:
            process.kill()
    return bytes(answer)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End the process and what it has started, if any of it is left."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _why(error: OSError | ValueError) -> str:
    return error.strerror or "" if isinstance(error, OSError) else "its arguments hold a null byte"


def _coroutine(answer: Awaitable[bytes]) -> Coroutine[Any, Any, bytes]:
    async def wait() -> bytes:
        return await answer

    return wait()


def _in_thread(coroutine: Coroutine[Any, Any, bytes]) -> bytes:
    """Run `coroutine` on an event loop of its own, since the one of this thread is busy waiting for it."""
    import asyncio  # noqa: PLC0415 - as above

    results: list[bytes] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(asyncio.run(coroutine))
        except BaseException as error:  # noqa: BLE001 - it is raised again in the caller's thread
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return results[0]
