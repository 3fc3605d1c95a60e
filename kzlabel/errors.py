"""Exceptions: for the caller's mistakes only; a bad file is a verdict, not an exception.

Every exception that leaves kzlabel is a `KzlabelError`. It carries one sentence that says what is wrong
and, where there is something to do about it, one that says what to do next.
"""


class KzlabelError(Exception):
    """Root of every exception that kzlabel raises on purpose."""

    message: str
    """What is wrong, one sentence without a full stop."""

    remedy: str
    """What to do next; empty when nothing helps."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message, remedy)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message}; {self.remedy}" if self.remedy else self.message


class InputError(KzlabelError):
    """A source can't be read: missing, a directory, not a regular file, no permission."""


class OutputError(KzlabelError):
    """A destination can't be written: it exists, the disk is full, the directory is read-only."""


class LabelError(KzlabelError):
    """A label says something that it may not say: an unknown field, an incoherent pair, a bad identifier."""


class CredentialError(KzlabelError):
    """A key or certificate can't be used for signing."""


class TrustError(KzlabelError):
    """A trust anchor or trust store can't be used."""


class SigningError(KzlabelError):
    """A file can't be labelled: its format has no writer, its own label is broken, the signer failed."""


class TimeStampError(SigningError):
    """A time-stamping authority gave no time-stamp that can be used."""


class MalformedError(KzlabelError):
    """Bytes that don't follow their format. Raised by parsers and caught in `kzlabel.verifying`."""


class LimitError(MalformedError):
    """A file asks for more work than a limit allows. Raised by parsers and caught in `kzlabel.verifying`."""
