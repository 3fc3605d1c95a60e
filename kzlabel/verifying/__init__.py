"""Verification: from a file to a verdict.

`verifier.py` lists the steps. What an engine reads comes as a `Reading` (`reading.py`), whichever engine it was:
the native one (`native.py`) or the reference engine (`reference.py`), between which `engines.py` chooses.
`judgement.py` turns the reading into a `Verdict` (`verdict.py`).
"""

from kzlabel.verifying.engines import Engine
from kzlabel.verifying.verifier import Verifier, unreadable, verify, verify_text

__all__ = ["Engine", "Verifier", "unreadable", "verify", "verify_text"]
