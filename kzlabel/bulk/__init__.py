"""Labelling by a table: one file a row, by several processes, resumed after a kill, each file labelled once."""

from kzlabel.bulk.labelling import How
from kzlabel.bulk.orders import Order, Orders, Places
from kzlabel.bulk.results import Result
from kzlabel.bulk.run import Bulk, Summary
from kzlabel.bulk.table import Column, Table

__all__ = ["Bulk", "Column", "How", "Order", "Orders", "Places", "Result", "Summary", "Table"]
