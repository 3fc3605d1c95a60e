"""Running a program as a user without privileges, so that tests of permissions mean something as root too."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]

_DROP = """
import os
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
"""


def run_unprivileged(imports: str, program: str, *arguments: object) -> str:
    """Run Python code as somebody who is not root, and return what it prints.

    Privileges are dropped after `imports`: nobody may be unable to read this interpreter's own files.
    """
    command = [sys.executable, "-c", imports + _DROP + program, *map(str, arguments)]
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert result.returncode == 0, result.stderr
    return result.stdout
