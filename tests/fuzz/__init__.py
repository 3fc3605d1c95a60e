"""Fuzzing: whatever the bytes are, a parser answers or says that they are malformed or too much.

`python -m tests.fuzz --minutes 60` runs every target in turn under coverage guidance (atheris, Linux only, `pip
install atheris`); `tests/fuzz/test_targets.py` runs each of them for a moment without it.
"""
