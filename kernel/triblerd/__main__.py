"""``python -m triblerd`` is ``triblerd``."""

from triblerd.cli import main

main()
