"""The program in the place of itself."""

import subprocess
import sys

PROGRAM = """
import os, sys
from triblerd.running_again import run_again

if "AGAIN" not in os.environ:
    os.environ["AGAIN"] = "1"
    print("first", flush=False)
    os.dup2(os.open("/dev/null", os.O_RDONLY), 50, inheritable=True)
    run_again()
print("second", sys.argv[1:], os.path.exists("/proc/self/fd/50"))
"""


def test_it_has_its_arguments_again_and_nothing_else_of_what_it_had_open(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)

    done = subprocess.run(
        [sys.executable, "-W", "error", program, "a b"], capture_output=True, text=True, timeout=30, check=True
    )

    assert done.stdout == "first\nsecond ['a b'] False\n"
