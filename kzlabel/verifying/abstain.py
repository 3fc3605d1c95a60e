"""How the native engine says: I don't understand this in full, ask the reference engine."""

__all__ = ["Abstention"]


class Abstention(Exception):  # noqa: N818 - not an error: a decision
    """The native engine gives no answer; its argument says why, in a clause for a person.

    Raised anywhere below the native engine and caught once, where the engine is chosen.
    """
