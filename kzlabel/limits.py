"""How much work one file may cause, so that no file can stop a scan."""

import msgspec

__all__ = ["DEFAULT_LIMITS", "Limits"]


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds on one file; reaching one is the finding `org.kzlabel.limit.exceeded`, never a crash."""

    head: int = 65_536
    """Bytes read from the start of a file to recognise its format."""

    store_size: int = 64 * 1024 * 1024
    """Bytes of one C2PA Manifest Store."""

    boxes: int = 100_000
    """Boxes, chunks, segments, blocks or frames visited while walking a small container; a large one gets more,
    see `boxes_for`."""

    depth: int = 32
    """Levels of nested boxes."""

    cbor_depth: int = 127
    """Levels of nested arrays and maps in a claim or an assertion; the reference engine reads as many."""

    text: int = 64 * 1024 * 1024
    """Bytes of a text that is read as a whole, since it is hashed in a normal form or is HTML."""

    exclusions: int = 10_000
    """Byte ranges, rules or hash entries that one hard binding may list."""

    leaves: int = 200_000
    """Leaves of the Merkle trees of one hard binding."""

    assertions: int = 2_000
    """Assertions of one manifest, and references to them in its claim."""

    ingredient_depth: int = 64
    """Generations of ingredients that are followed."""

    carriers: int = 16
    """Places in one file where a manifest store was found, before the walk is given up."""

    pdf_objects: int = 200_000
    """Indirect objects that a PDF may list in its cross-reference tables."""

    pdf_read: int = 64 * 1024 * 1024
    """Bytes of a PDF that may be fetched to find its objects, a kilobyte at a time; one with broken
    cross-references is read as a whole."""

    certificates: int = 16
    """Certificates in one signature."""

    certificate_size: int = 32_768
    """Bytes of one certificate."""

    reads: int = 1_000_000
    """Reads that the reference engine may make of a small file; a large one gets one more for each 4 KiB."""

    seconds: float = 30.0
    """Time that the reference engine may spend on a small file; a large one gets more, see `seconds_for`."""

    def boxes_for(self, size: int) -> int:
        """Return the number of boxes allowed in a file of `size` bytes: real ones hold 128 bytes and more."""
        return self.boxes + size // 128

    def seconds_for(self, size: int) -> float:
        """Return the time allowed for a file of `size` bytes: read at 20 MB/s it must still fit."""
        return self.seconds + size / 20e6

    def reads_for(self, size: int) -> int:
        """Return the number of reads allowed for a file of `size` bytes."""
        return self.reads + size // 4096


DEFAULT_LIMITS = Limits()
"""What applies where the caller says nothing."""
