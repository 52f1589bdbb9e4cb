"""The generator of the reference, loaded as the script that it is."""

import importlib.util
import sys
from functools import cache
from types import ModuleType
from typing import Any

from tests.docs.paths import DOCS

FOLDER = DOCS / "reference"


@cache
def generator() -> ModuleType:
    """Return the script as a module."""
    sys.path.insert(0, str(FOLDER))
    try:
        spec = importlib.util.spec_from_file_location("generate_reference", FOLDER / "generate.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(FOLDER))
    return module


@cache
def pages() -> dict[str, str]:
    """Return the pages as the code wants them."""
    found: dict[str, str] = generator().pages()
    return found


@cache
def areas() -> list[Any]:
    """Return the kernel and its plugins, by what they declare."""
    found: list[Any] = generator().our_areas()
    return found
