"""The hooks of the watch_folder plugin."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from triblerd.config import Section
from triblerd.disk_calls import DiskCalls
from triblerd.events import Event
from triblerd.http.endpoint import Endpoint
from triblerd.plugin import Manifest, PluginContext, Running, hookimpl
from triblerd.services import FileRoots, PluginDirectory
from triblerd_downloads.api import DefaultHops, Downloads
from triblerd_libtorrent.api import TorrentEngine
from triblerd_watch_folder.adding import TorrentAdder
from triblerd_watch_folder.api import WatchFolderCorruptFile
from triblerd_watch_folder.config import WatchFolderConfig
from triblerd_watch_folder.endpoint import WatchFolderEndpoint
from triblerd_watch_folder.folders import folders_of
from triblerd_watch_folder.seen import load_seen
from triblerd_watch_folder.watcher import Watcher
from triblerd_watch_folder.watching import FolderWatch

THREADS = 2
"""Of each directory: one may hang in a look while a file is renamed."""


@hookimpl
def triblerd_manifest() -> Manifest:
    """Say who this is."""
    summary = "Adds the torrents and magnet links that appear in directories."
    return Manifest("watch_folder", summary, requires=("downloads", "libtorrent"))


@hookimpl
def triblerd_config() -> type[Section]:
    """Have a section of our own, the documented one."""
    return WatchFolderConfig


@hookimpl
def triblerd_endpoints() -> Iterable[type[Endpoint]]:
    """Serve ``/watch_folder``."""
    return [WatchFolderEndpoint]


@hookimpl
def triblerd_events() -> Iterable[type[Event]]:
    """Tell of broken files."""
    return [WatchFolderCorruptFile]


@hookimpl
@asynccontextmanager
async def triblerd_lifespan(context: PluginContext[WatchFolderConfig]) -> AsyncIterator[Running]:
    """Watch while the plugin runs. Other settings have it restarted, so that all of this is made anew."""
    folders = folders_of(context.config, context.state_dir)
    engine, plugins = context.service(TorrentEngine), context.service(PluginDirectory)
    adder = TorrentAdder(
        downloads=context.service(Downloads),
        engine=engine,
        default_hops=DefaultHops(services=context.services, plugins=plugins, engine=engine),
    )
    seen = await load_seen(context.store, {folder.name: folder.owns for folder in folders})
    watches = [
        FolderWatch(
            folder,
            config=context.config,
            seen=seen[folder.name],
            adder=adder,
            roots=context.service(FileRoots),
            disk=DiskCalls(most=THREADS),
            publish=context.events.publish,
        )
        for folder in folders
    ]
    watcher = Watcher(watches, config=context.config, tasks=context.tasks)
    watcher.start()
    yield Running(endpoints=[WatchFolderEndpoint(watcher=watcher)], hooks=[watcher])
