"""What it means for a file that an engine found no manifest in it, or gave no answer."""

from kzlabel.formats import Located
from kzlabel.status import Code, Finding
from kzlabel.verifying.reading import Absent, Refused
from kzlabel.verifying.verdict import Status

__all__ = ["absent", "refused"]


def absent(answer: Absent, located: Located) -> tuple[Status, tuple[Finding, ...]]:
    """Decide about a file in which the engine found no manifest: a damaged one is not an absent one."""
    if located.carriers:
        at = located.carriers[0].store[0].start
        said = f"the manifest at byte {at} can't be made out"
        return Status.INVALID, (Finding.of(Code.KZLABEL_MANIFEST_DAMAGED, said),)
    if not answer.remote_url:
        return Status.UNLABELLED, ()
    said = f"the manifest is said to be at {answer.remote_url}"
    return Status.REMOTE, (Finding.of(Code.KZLABEL_MANIFEST_REMOTE, said),)


def refused(answer: Refused, located: Located) -> tuple[Status, tuple[Finding, ...]]:
    """Decide about a file that the engine could not read: a label that fails, or no answer at all."""
    refusal = (Finding.of(answer.code, answer.reason),)
    if answer.code is Code.KZLABEL_INPUT_UNRECOGNISED:
        return Status.UNSUPPORTED, refusal
    if located.carriers and answer.code is Code.KZLABEL_ENGINE_FAILED:
        return Status.INVALID, refusal
    return Status.ERROR, refusal
