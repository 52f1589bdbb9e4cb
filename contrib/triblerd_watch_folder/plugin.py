"""The hooks of the watch_folder plugin."""

from triblerd.config import Section
from triblerd.plugin import Manifest, hookimpl
from triblerd_watch_folder.config import WatchFolderConfig


@hookimpl
def triblerd_manifest() -> Manifest:
    """Say who this is."""
    summary = "Adds the torrents and magnet links that appear in directories."
    return Manifest("watch_folder", summary, requires=("downloads", "libtorrent"))


@hookimpl
def triblerd_config() -> type[Section]:
    """Have a section of our own, the documented one."""
    return WatchFolderConfig
