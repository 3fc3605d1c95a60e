"""Ray: how it is reached or started, and how the death of one of its workers is told from other troubles."""

import logging
import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from kzlabel.errors import InputError, KzlabelError, OutputError

__all__ = ["connected", "death_of", "imported"]

_HOME: Final = str(Path(__file__).parents[2])
_QUIET: Final = {
    "RAY_USAGE_STATS_ENABLED": "0",  # nothing is reported to anybody
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # what makes Ray listen on the loopback interface alone
    "RAY_AUTH_MODE": "token",  # nobody else on the machine may give it work; said here, Ray needn't say it
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # keeps it from warning about a change in how it treats GPUs
}
_KNOCK: Final = 10.0
"""Seconds within which a cluster must answer."""
_MEMORY: Final = 80 * 1024 * 1024
"""Bytes of Ray's object store: rows don't pass through it."""


def imported(*, local: bool) -> Any:
    """Return the package `ray`, told not to report to anybody.

    Raises:
        InputError: It, or pyarrow, isn't installed.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    try:
        with _environment(_QUIET if local else {}):
            import pyarrow.parquet  # noqa: F401, PLC0415 - an extra
            import ray  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise InputError(f"a cluster needs the package {error.name}", "pip install 'kzlabel[ray]'") from None
    return ray


@contextmanager
def connected(address: str, workers: int) -> Iterator[Any]:
    """Join the cluster at `address`, or start one on this machine and end it afterwards.

    A connection that the program has already is used, and left as it is. One that is joined is never stopped.

    Args:
        address: `HOST:PORT`, `auto`, or empty for a cluster of this machine's own.
        workers: Processes of such a one; as many as there are processors for 0.

    Raises:
        InputError: Ray isn't installed, or there is no cluster at `address`.
    """
    ray = imported(local=not address)
    if ray.is_initialized():
        yield ray
        return
    handler = signal.getsignal(signal.SIGTERM)
    how: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR, "configure_logging": False}
    try:
        if address:
            _knock(address)
            ray.init(address=address, **how)
        else:
            _start(ray, workers, how)
    except Exception as error:  # noqa: BLE001 - Ray raises whatever its libraries do
        where = f"joined at {address}" if address else "started"
        reason = str(error).strip().partition("\n")[0]
        raise InputError(f"a Ray cluster can't be {where}: {reason}", "check that it runs") from None
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, handler)  # Ray puts its own there
    try:
        yield ray
    finally:
        ray.shutdown()


def _knock(address: str) -> None:
    """See whether anybody is there, which Ray would take minutes for."""
    host, colon, port = address.rpartition("://")[2].rpartition(":")
    if colon and port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), timeout=_KNOCK).close()


def _start(ray: Any, workers: int, how: dict[str, Any]) -> None:
    from ray._private import ray_constants  # noqa: PLC0415 - an extra

    ray_constants.ENABLE_RAY_CLUSTER = False  # it may have been imported before, without what `_QUIET` says
    path = os.pathsep.join(filter(None, (_HOME, os.environ.get("PYTHONPATH"))))
    with _environment({**_QUIET, "PYTHONPATH": path}):
        ray.init(
            address="local",
            num_cpus=workers or os.cpu_count() or 1,
            num_gpus=0,
            include_dashboard=False,
            object_store_memory=_MEMORY,
            _node_ip_address="127.0.0.1",
            **how,
        )


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    """Set variables for what is started meanwhile."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def death_of(ray: Any, error: Exception) -> tuple[str, bool]:
    """Return what a worker died of, and whether its whole machine did; what is no death is raised.

    Raises:
        KzlabelError: What the worker's work raised.
        OutputError: The cluster is lost, or the work failed in another way.
    """
    known = ray.exceptions
    if isinstance(error, known.RayTaskError):
        cause = getattr(error, "cause", None)
        if isinstance(cause, KzlabelError):
            raise type(cause)(cause.message, cause.remedy) from None
        if isinstance(cause, ImportError):
            raise InputError(
                f"a node can't import {cause.name}", "pip install 'kzlabel[ray]' on every node"
            ) from None
        told = str(cause or error).strip().rpartition("\n")[2]
        raise OutputError(f"a worker could not do its part: {told}", "go on with --resume") from None
    if isinstance(error, known.OutOfMemoryError):
        return "it ran out of memory", False
    if isinstance(error, known.WorkerCrashedError):
        return "it was ended by the system or crashed", False
    if isinstance(error, known.NodeDiedError | known.ObjectLostError):
        return "its machine was lost", True
    reason = str(error).strip().partition("\n")[0]
    raise OutputError(f"the cluster failed: {reason}", "go on with --resume when it is back") from None
