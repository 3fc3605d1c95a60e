"""The whole content of a manifest store as plain data, for people and tools that look inside."""

from typing import Any

from kzlabel.errors import MalformedError
from kzlabel.formats import identify
from kzlabel.limits import DEFAULT_LIMITS, Limits
from kzlabel.sources import Source, opened
from kzlabel.trust import Trust
from kzlabel.verifying import reference

__all__ = ["contents"]


def contents(source: Source, *, limits: Limits = DEFAULT_LIMITS) -> dict[str, Any] | None:
    """Return the manifest store of `source` in the reference engine's crJSON form, or None without a readable one.

    `active_manifest` is added: the label of the active manifest. Binary values are text of the form `b64'...'`.

    Raises:
        InputError: The source can't be opened.
    """
    with opened(source) as file:
        try:
            head = file.reader.read(0, min(limits.head, file.reader.size))
            recognised = identify(head)
            if recognised is None:
                return None
            recognised[0].locate(file.reader, limits)  # stops floods of boxes before the engine meets them
            return reference.read_contents(file.reader, recognised[1], Trust.none(), limits)
        except MalformedError:
            return None
