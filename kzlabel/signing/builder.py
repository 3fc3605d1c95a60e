"""Writing a manifest into a file with c2pa-python's Builder, told exactly what to say.

The Builder has traps: assertions not marked `created` become gathered ones, it invents actions and thumbnails
unless told otherwise, a source's own manifest is dropped unless it is added as an ingredient, and signing a path
onto itself truncates the file. It is only ever called here, from one open stream to another.
"""

from typing import TYPE_CHECKING, Any, BinaryIO

import kzlabel.labels as said
from kzlabel.credentials import Signer
from kzlabel.errors import SigningError
from kzlabel.files import Reader
from kzlabel.labels import Label
from kzlabel.limits import Limits
from kzlabel.reference.context import signing_context
from kzlabel.reference.streams import MeteredStream, RecordingStream
from kzlabel.trust import Trust
from kzlabel.version import __version__

if TYPE_CHECKING:
    import c2pa

__all__ = ["native_signer", "write"]

_PARENT = "org.kzlabel.parent"


def native_signer(signer: Signer) -> "c2pa.Signer":
    """Hand the key to the engine; the result may be shared by threads, not by processes.

    Raises:
        SigningError: The engine refuses the key or certificate.
    """
    import c2pa  # noqa: PLC0415 - costs 50 ms, and reading never needs it

    if not signer.holds_key:
        return _calling(signer)
    info = c2pa.C2paSignerInfo(
        signer.algorithm.value.encode(),
        signer.certificates_pem,
        signer.secret_key_pem(),
        signer.tsa_url.encode() if signer.tsa_url else None,
    )
    try:
        return c2pa.Signer.from_info(info)
    except c2pa.C2paError as error:
        raise SigningError(f"the signing engine refuses the key or certificate: {error}") from None


def _calling(signer: Signer) -> "c2pa.Signer":
    """Have the engine call `signer` for each signature, since the key is not here."""
    import c2pa  # noqa: PLC0415 - as above

    algorithm = getattr(c2pa.C2paSigningAlg, signer.algorithm.value.upper())
    try:
        return c2pa.Signer.from_callback(signer.sign, algorithm, signer.certificates_pem.decode(), signer.tsa_url)
    except c2pa.C2paError as error:
        raise SigningError(f"the signing engine refuses the certificate: {error}") from None


def write(
    source: Reader,
    destination: BinaryIO,
    *,
    media_type: str,
    label: Label,
    keep_parent: bool,
    signer: "c2pa.Signer",
    trust: Trust,
    limits: Limits,
) -> None:
    """Copy `source` to `destination` with a signed manifest that says what `label` says.

    Args:
        source: The file to label; read within `limits`.
        destination: Seekable, readable and writable; holds garbage after an error.
        media_type: What the engine takes the source for.
        label: What is said.
        keep_parent: Whether the source carries a manifest, which is then kept as a `parentOf` ingredient.
        signer: Made by `native_signer` in this process.
        trust: Whom the engine believes when it records how the source's own label was found.
        limits: How much work the source may cause.

    Raises:
        SigningError: The source is not what its media type says, or can't be written by the engine.
        OSError: `destination` can't be written.
    """
    import c2pa  # noqa: PLC0415 - as above

    metered = MeteredStream(source.stream(), source.size, limits)
    recording = RecordingStream(destination)
    try:
        with c2pa.Builder(_manifest(label, keep_parent=keep_parent), context=signing_context(trust)) as builder:
            if keep_parent:
                parent = {"relationship": "parentOf", "label": _PARENT}
                builder.add_ingredient(parent, media_type, metered)
                metered.seek(0)
            builder.sign(signer, media_type, metered, recording)
    except c2pa.C2paError as error:
        if recording.error is not None:
            raise recording.error from None
        reason = f"it asks for {metered.tripped}" if metered.tripped else _reason(error)
        raise SigningError(f"the file can't be labelled: {reason}") from None


def _manifest(label: Label, *, keep_parent: bool) -> dict[str, Any]:
    contents = {
        "c2pa.actions.v2": said.actions(label, parent_ingredient=_PARENT if keep_parent else None),
        "c2pa.ai-disclosure": said.ai_disclosure(label),
        "cawg.training-mining": said.training_mining(label),
        said.LABEL_ASSERTION: said.label_assertion(label),
    }
    return {
        "claim_version": 2,
        "claim_generator_info": [{"name": "kzlabel", "version": __version__}],
        "assertions": [
            {"label": name, "data": content, "created": True}
            for name, content in contents.items()
            if content is not None
        ],
    }


def _reason(error: Exception) -> str:
    kind, _, text = str(error).partition(": ")
    return text or kind
