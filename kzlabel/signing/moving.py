"""Moving a manifest out of a file into a sidecar, and back: nothing is signed, and nothing is lost.

A manifest is bound to a file with the manifest in it. Taken out, it seldom fits the file that is left; put back
where it was, it does. So a manifest is taken out only if that was tried before anything is written, and one that is
put in is verified before the file takes its name.
"""

import tempfile
from os import PathLike, fspath
from pathlib import Path
from typing import Final

import msgspec

from kzlabel.errors import KzlabelError, MalformedError, SigningError
from kzlabel.files import Reader
from kzlabel.formats import (
    bare_parts,
)
from kzlabel.limits import DEFAULT_LIMITS, Limits
from kzlabel.manifest.store import read_store as read_manifests
from kzlabel.outputs import check_destination, staged
from kzlabel.signing.carrying import Carried, candidates, carried, write
from kzlabel.sources import Opened, display_name, opened
from kzlabel.trust import Trust, default_trust
from kzlabel.verifying import Verifier
from kzlabel.verifying.sidecar import SUFFIX, read_sidecar
from kzlabel.verifying.verdict import Verdict

__all__ = ["Attached", "Detached", "Mover"]

_PIECE: Final = 1 << 20
_ANEW: Final = "label the file anew, with --sidecar if the label is to lie beside it"


class Detached(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What was done to a file whose manifest was taken out, or copied out."""

    uri: str
    """The file, as the caller named it."""

    destination: str = ""
    """The file without its manifest; empty where the manifest was only copied."""

    sidecar: str
    """Where the manifest is now."""

    manifest: str
    """Label of the active manifest."""

    beside: str
    """Status of the file without it when it is verified by the sidecar."""

    restores: str = ""
    """What `attach` makes of the two: `identical` bytes, or an `intact` file; empty if neither."""


class Attached(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What was done to a file into which a manifest was put."""

    uri: str
    """The file, as the caller named it."""

    destination: str
    """The file with the manifest."""

    sidecar: str
    """Where the manifest came from; it stays there."""

    manifest: str
    """Label of the active manifest."""

    status: str
    """Status of the file with it: `trusted` or `valid`."""


class Mover:
    """Moves manifests; it holds no state of files, so that threads may share it."""

    def __init__(self, *, trust: Trust | None = None, limits: Limits = DEFAULT_LIMITS) -> None:
        """Prepare; `trust` decides between `trusted` and `valid`, and either is intact."""
        self._limits = limits
        trust = default_trust() if trust is None else trust
        self._verifier = Verifier(trust=trust, limits=limits, markers=False, sidecars=False)

    def copy_out(
        self, path: str | PathLike[str], sidecar: str | PathLike[str] | None = None, *, replace: bool = False
    ) -> Detached:
        """Write the manifest that a file carries into a sidecar, too; the file stays as it is.

        Raises:
            InputError: The file can't be opened.
            OutputError: The sidecar exists, or can't be written.
            SigningError: The file carries no single manifest that can be read.
        """
        target = _beside(path) if sidecar is None else Path(sidecar)
        check_destination(target, replace=replace)
        _refuse_same(path, target)
        with opened(path) as file:
            held = carried(file, self._limits)
            beside = self._verifier.verify_with(path, held.store)
            with staged(target, replace=replace) as stage:
                stage.path.write_bytes(held.store)
        return Detached(
            uri=display_name(path),
            sidecar=display_name(target),
            manifest=held.label,
            beside=beside.status.value,
            restores="identical",
        )

    def detach(
        self,
        path: str | PathLike[str],
        destination: str | PathLike[str],
        sidecar: str | PathLike[str] | None = None,
        *,
        replace: bool = False,
        replace_sidecar: bool | None = None,
        anyway: bool = False,
    ) -> Detached:
        """Write a copy of a file without its manifest, and the manifest into a sidecar.

        The sidecar is complete before the copy takes its name, so that `destination` may be the file itself.

        Args:
            path: The file.
            destination: The file without a manifest.
            sidecar: Where the manifest goes; `destination` with `.c2pa` behind it unless given.
            replace: Whether files that are there may be replaced.
            replace_sidecar: Whether that holds for the sidecar, if it isn't the same.
            anyway: Write both even though the sidecar fits neither the copy nor can be put back into it; never
                where that replaces the file itself.

        Raises:
            InputError: The file can't be opened.
            OutputError: A destination exists, or can't be written.
            SigningError: The file carries no single manifest that can be taken out, or it would be of no use.
        """
        target = _beside(destination) if sidecar is None else Path(sidecar)
        over = replace if replace_sidecar is None else replace_sidecar
        check_destination(destination, replace=replace)
        check_destination(target, replace=over)
        _refuse_same(path, target)
        _refuse_same(destination, target)
        name = display_name(path)
        with opened(path) as file:
            held = carried(file, self._limits)
            with staged(destination, replace=replace, like=Path(path)) as stage:
                try:
                    parts = bare_parts(held.form, held.text.reader, held.located, self._limits)
                    with stage.path.open("wb") as out:
                        write(parts, held.text.reader, b"", held.wide, out)
                except MalformedError as error:
                    raise SigningError(
                        f"the manifest of {name} can't be taken out: {error.message}", _KEEP
                    ) from None
                beside = self._verifier.verify_with(stage.path, held.store)
                restores = self._restores(file, stage.path, held)
                if not beside.intact and not restores and (not anyway or _is_same(path, destination)):
                    raise SigningError(
                        f"the manifest of {name} would fit neither beside the file without it, nor back into it",
                        _KEEP,
                    )
                with staged(target, replace=over) as other:
                    other.path.write_bytes(held.store)
        return Detached(
            uri=name,
            destination=display_name(destination),
            sidecar=display_name(target),
            manifest=held.label,
            beside=beside.status.value,
            restores=restores,
        )

    def attach(
        self,
        path: str | PathLike[str],
        sidecar: str | PathLike[str],
        destination: str | PathLike[str],
        *,
        replace: bool = False,
    ) -> Attached:
        """Write a copy of a file with the manifest of a sidecar in it, if that is intact there.

        Raises:
            InputError: The file or the sidecar can't be opened.
            OutputError: The destination exists, or can't be written.
            SigningError: The file carries a manifest already, has no place for one, or this one isn't bound to it.
        """
        check_destination(destination, replace=replace)
        _refuse_same(sidecar, Path(destination))
        name = display_name(path)
        store = read_sidecar(fspath(sidecar), self._limits)
        with opened(path) as file, staged(destination, replace=replace, like=Path(path)) as stage:
            label, reason = "", ""
            try:
                label = read_manifests(store, self._limits).active.label
                for splice, wide, reader in candidates(file, store, self._limits):
                    with stage.path.open("wb") as out:
                        write(splice.parts, reader, store, wide, out)
                    verdict = self._judge(stage.path, file)
                    if verdict.intact and verdict.manifest == label:
                        return Attached(
                            uri=name,
                            destination=display_name(destination),
                            sidecar=display_name(sidecar),
                            manifest=label,
                            status=verdict.status.value,
                        )
                    reason = reason or next((f.explanation for f in verdict.findings if _is_about(f.code)), "")
            except MalformedError as error:
                reason = error.message
            raise SigningError(
                f"the manifest in {display_name(sidecar)} isn't one that is intact in {name}: "
                f"{reason or 'it is bound to other content'}",
                _ANEW,
            )

    def _judge(self, path: Path, file: Opened) -> Verdict:
        """Return the verdict on what was written at `path` under a name that says nothing."""
        with opened(path) as written:
            return self._verifier.verify_opened(Opened(written.reader, file.uri, file.suffix, str(path)))

    def _restores(self, file: Opened, bare: Path, held: Carried) -> str:
        """Return what becomes of a bare file when the manifest is put back."""
        with tempfile.TemporaryDirectory(prefix="kzlabel-") as place, opened(bare) as left:
            again = Path(place, "again")
            try:
                for splice, wide, reader in candidates(
                    Opened(left.reader, file.uri, file.suffix), held.store, self._limits
                ):
                    with again.open("wb") as out:
                        write(splice.parts, reader, held.store, wide, out)
                    with opened(again) as written:
                        if _equal(written.reader, file.reader):
                            return "identical"
                    verdict = self._judge(again, file)
                    if verdict.intact and verdict.manifest == held.label:
                        return "intact"
            except KzlabelError:
                return ""
        return ""


_KEEP: Final = "copy it out with --keep, which leaves the file as it is"


def _equal(one: Reader, other: Reader) -> bool:
    if one.size != other.size:
        return False
    return all(
        one.read(at, min(_PIECE, one.size - at)) == other.read(at, min(_PIECE, one.size - at))
        for at in range(0, one.size, _PIECE)
    )


def _is_about(code: str) -> bool:
    return "mismatch" in code or "malformed" in code or code.startswith("org.kzlabel.")


def _beside(path: str | PathLike[str]) -> Path:
    return Path(f"{fspath(path)}{SUFFIX}")


def _is_same(one: str | PathLike[str], other: str | PathLike[str]) -> bool:
    first, second = Path(one), Path(other)
    return first.resolve() == second.resolve() or (first.exists() and second.exists() and first.samefile(second))


def _refuse_same(one: str | PathLike[str], other: Path) -> None:
    if _is_same(one, other):
        raise SigningError(f"{display_name(other)} would be both the file and its sidecar", "name another one")
