"""The reference engine's settings and contexts, made once per process and trust.

By default the engine follows references into the network and trusts nothing; a context neither survives a
fork nor can be changed, so contexts are cached by process, trust and what may be fetched.
"""

import os
from functools import lru_cache
from typing import TYPE_CHECKING

from kzlabel.trust import Trust, reader_settings

if TYPE_CHECKING:
    import c2pa

__all__ = ["engine_version", "reading_context", "signing_context"]

_CONTEXTS = 32


def reading_context(trust: Trust, *, online: bool = False) -> "c2pa.Context":
    """Return the context in which files are verified against `trust`.

    Remote manifests and OCSP responses are fetched only when `online` is true.
    """
    return _context(os.getpid(), trust, online, signing=False)


def signing_context(trust: Trust) -> "c2pa.Context":
    """Return the context in which files are labelled: offline, no thumbnails, no invented actions.

    The engine checks its own output before it hands it over (`verify_after_sign`); `trust` decides what is
    recorded about the label that a source already carries.
    """
    return _context(os.getpid(), trust, online=False, signing=True)


def engine_version() -> str:
    """Return the reference engine's name and version, for example `c2pa-rs/0.91.3`."""
    import c2pa  # noqa: PLC0415 - costs 50 ms, and most commands never need it

    return f"c2pa-rs/{c2pa.sdk_version()}"


@lru_cache(maxsize=_CONTEXTS)
def _context(pid: int, trust: Trust, online: bool, *, signing: bool) -> "c2pa.Context":  # noqa: ARG001
    import c2pa  # noqa: PLC0415 - as above

    settings = reader_settings(trust)
    settings.setdefault("verify", {}).update(
        {"remote_manifest_fetch": online, "ocsp_fetch": online, "verify_after_sign": signing}
    )
    if not online:
        settings["core"] = {"allowed_network_hosts": []}
    if signing:
        settings["builder"] = {
            "thumbnail": {"enabled": False},
            "actions": {"auto_created_action": {"enabled": False}},
        }
    return c2pa.Context(c2pa.Settings.from_dict(settings))
