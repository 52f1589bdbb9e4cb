"""The plugin's settings as they are now; they may change while it runs."""

from triblerd.plugin import PluginContext, hookimpl
from triblerd_createtorrent.config import CreatetorrentConfig


class CreatetorrentSettings:
    """The section, always the present one. Jobs that work go on as they began."""

    def __init__(self, *, config: CreatetorrentConfig) -> None:
        self.config = config

    @hookimpl
    def triblerd_reconfigure(self, context: PluginContext[CreatetorrentConfig]) -> None:
        """Take a changed section; who reads it asks anew each time."""
        self.config = context.config
