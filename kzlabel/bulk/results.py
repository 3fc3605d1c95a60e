"""What became of a row: a row of a scan, of the file that was written, and what belongs to labelling."""

from kzlabel.scanning import Record

__all__ = ["Result"]


class Result(Record, frozen=True, omit_defaults=True, kw_only=True):
    """One row; `status` and the rest are what verifying says of the labelled file, `error` if there is none."""

    row: int = 0
    """Row of the table, from 1."""

    source: str = ""
    """The file that was labelled, or was to be; escaped as `path` is."""

    parent: str = ""
    """Status of the label that it carried before and that is kept as a parent; empty without one."""

    stamped: bool = False
    """Whether a time-stamp proves when the label was signed."""

    remedy: str = ""
    """What would help where it wasn't labelled."""

    refused: bool = False
    """Whether it wasn't labelled since its content stands in the way, and not because of reading or writing."""
