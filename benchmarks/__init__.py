"""Measurements: two things in one run, medians and ratios. Never part of a test."""
