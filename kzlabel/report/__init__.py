"""A scan's report for people: one HTML file that needs nothing else."""

from kzlabel.report.writing import write_report

__all__ = ["write_report"]
