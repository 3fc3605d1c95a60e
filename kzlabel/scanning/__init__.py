"""Whole archives: files found, judged by several processes, remembered, and written to a table."""

from kzlabel.scanning.engine import Options, Scan, Summary
from kzlabel.scanning.items import Item, Source, Trouble
from kzlabel.scanning.judging import Judge, Settings
from kzlabel.scanning.record import Record
from kzlabel.scanning.walking import Tree

__all__ = ["Item", "Judge", "Options", "Record", "Scan", "Settings", "Source", "Summary", "Tree", "Trouble"]
