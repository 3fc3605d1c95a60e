"""Words that several commands print, by the value that stands for each in machine output; columns of them."""

from collections.abc import Mapping
from typing import Final

from kzlabel.cli.speech import marked, say, say_finished

__all__ = ["AI_LEVELS", "AI_PARTS", "CHANGES", "KEY_FACTS", "STATUSES", "column", "explained", "width"]

STATUSES: Final[Mapping[str, str]] = {
    "trusted": marked("trusted"),
    "valid": marked("valid"),
    "invalid": marked("invalid"),
    "error": marked("error"),
    "declared": marked("declared"),
    "remote": marked("remote"),
    "unlabelled": marked("unlabelled"),
    "unsupported": marked("unsupported"),
}
"""What a verdict is (`kzlabel.verifying.verdict.Status`)."""

AI_LEVELS: Final[Mapping[str, str]] = {
    "generated": marked("AI generated"),
    "assisted": marked("AI assisted"),
    "none": marked("AI none"),
    "unknown": marked("AI unknown"),
}
"""What is said about AI's part (`kzlabel.labels.AI`)."""

AI_PARTS: Final[Mapping[str, str]] = {
    "generated": marked("generated"),
    "assisted": marked("assisted"),
    "none": marked("none"),
    "unknown": marked("unknown"),
}
"""The same where AI is named already."""


CHANGES: Final[Mapping[str, str]] = {
    "new": marked("new"),
    "changed": marked("changed"),
    "same": marked("same"),
    "vanished": marked("vanished"),
}
"""How a file stands to the last scan."""

KEY_FACTS: Final[Mapping[str, str]] = {
    "source": marked("source"),
    "subject": marked("subject"),
    "issuer": marked("issuer"),
    "serial_number": marked("serial number"),
    "not_before": marked("not before"),
    "not_after": marked("not after"),
    "algorithm": marked("algorithm"),
    "sha256": marked("sha256"),
    "directory": marked("directory"),
}
"""What `kzlabel keys show` says of a certificate."""


def width(words: Mapping[str, str]) -> int:
    """Return how wide a column of `words` is, in the chosen language."""
    return 1 + max(len(say(word)) for word in words.values())


def column(value: str, words: Mapping[str, str]) -> str:
    """Return the word for `value`, filled up to the width of its column."""
    return f"{say(words.get(value, value)):<{width(words)}}"


def explained(code: str, explanation: str) -> str:
    """Return what a finding says, in the chosen language; what its code means where nothing more is said.

    What no catalog knows, such as the reference engine's words, follows the meaning of the code in English.
    """
    from kzlabel.meanings import MEANINGS  # noqa: PLC0415 - only for people

    said = say_finished(explanation)
    english = MEANINGS.get(code, "")
    meaning = say(english)
    if not said:
        return meaning
    return f"{meaning} ({said})" if said == explanation and meaning != english else said
