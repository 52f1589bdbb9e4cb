"""Where the documentation is."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
README = ROOT / "README.md"
HELLO = DOCS / "examples" / "triblerd_hello"
