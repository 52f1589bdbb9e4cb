"""The hooks of the files plugin."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import cast

from triblerd.config import NoSettings
from triblerd.disk_calls import DiskCalls
from triblerd.http.endpoint import Endpoint
from triblerd.plugin import Manifest, PluginContext, Running, hookimpl
from triblerd.services import Configuration, FileRoots
from triblerd_files.browsing import ServerFiles
from triblerd_files.endpoint import FilesEndpoint


@hookimpl
def triblerd_manifest() -> Manifest:
    """Say who this is."""
    return Manifest("files", "Shows and makes directories of this machine, for those who pick one.")


@hookimpl
def triblerd_endpoints() -> Iterable[type[Endpoint]]:
    """Serve ``/files``."""
    return [FilesEndpoint]


@hookimpl
@asynccontextmanager
async def triblerd_lifespan(context: PluginContext[NoSettings]) -> AsyncIterator[Running]:
    """Answer while the plugin runs."""
    configuration = context.service(Configuration)
    files = ServerFiles(
        roots=context.service(FileRoots),
        listed_roots=lambda: cast("list[str]", configuration.values()["api"]["file_roots"]),
        disk=DiskCalls(),
    )
    yield Running(endpoints=[FilesEndpoint(files=files)])
