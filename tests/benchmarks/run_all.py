"""Run every benchmark, each in a process of its own, one after the other: they would disturb each other.

``tox -e bench`` runs this; names of scripts, without ``.py``, choose some of them.
"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
SHARED = {"run_all", "rig", "swarm", "fts5", "inside"}


def main(wanted: list[str]) -> int:
    """Return 0 when every benchmark ran; what it missed is said where it is measured."""
    scripts = sorted(path for path in HERE.glob("*.py") if path.stem not in SHARED)
    known = {path.stem: path for path in scripts if "__main__" in path.read_text()}  # the others are parts of these
    if unknown := set(wanted) - set(known):
        print(f"no such benchmark: {', '.join(sorted(unknown))}; there are {', '.join(known)}", file=sys.stderr)
        return 2
    failed = []
    for name in wanted or known:
        print(f"== {name}", flush=True)
        if subprocess.run([sys.executable, known[name]], check=False).returncode:
            failed.append(name)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
