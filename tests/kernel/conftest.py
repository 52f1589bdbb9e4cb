import sys
import textwrap
from importlib.metadata import EntryPoint

import pytest

PREAMBLE = """\
from contextlib import asynccontextmanager
from triblerd.plugin import *
from triblerd.config import Section
from triblerd.events import Event
from triblerd.http.endpoint import Endpoint, route
import asyncio, msgspec

REQUIRES = ()
AFTER = ()
EXTRA = ""
MODULES = ()

@hookimpl
def triblerd_manifest():
    name = __name__.removeprefix("plugin_")
    return Manifest(name, "A plugin under test.", requires=REQUIRES, after=AFTER, extra=EXTRA, modules=MODULES)
"""


@pytest.fixture
def write_plugin(tmp_path):
    """Write a plugin module ``plugin_<name>`` and return its entry point; forget the modules afterwards."""
    folder = tmp_path / "plugins"
    folder.mkdir()
    sys.path.insert(0, str(folder))
    names = []

    def write(name: str, source: str = "", *, group: str = "triblerd") -> EntryPoint:
        (folder / f"plugin_{name}.py").write_text(PREAMBLE + textwrap.dedent(source))
        names.append(f"plugin_{name}")
        return EntryPoint(name, f"plugin_{name}", group)

    yield write
    sys.path.remove(str(folder))
    for name in names:
        sys.modules.pop(name, None)
