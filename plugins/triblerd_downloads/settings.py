"""The plugin's settings as they are now; they may change while it runs."""

from collections.abc import Iterable
from pathlib import Path

from triblerd.plugin import PluginContext, hookimpl
from triblerd_downloads.api import DownloadRecord
from triblerd_downloads.config import CompletionConfig, DownloadDefaults, DownloadsConfig


class DownloadSettings:
    """All sections, always the present ones.

    Attributes:
        config: ``[downloads]``.
        defaults: ``[download_defaults]``.
        completion: ``[completion]``.
    """

    def __init__(
        self, *, config: DownloadsConfig, defaults: DownloadDefaults, completion: CompletionConfig | None = None
    ) -> None:
        self.config = config
        self.defaults = defaults
        self.completion = completion or CompletionConfig()

    @property
    def saveas(self) -> str:
        """The directory for downloads that name none."""
        return str(Path(self.defaults.saveas).expanduser())

    @property
    def incomplete_dir(self) -> str:
        """The directory for downloads that are not complete; empty when they are where they end."""
        folder = self.config.incomplete_dir
        return str(Path(folder).expanduser()) if folder else ""

    def folders(self, records: Iterable[DownloadRecord]) -> set[str]:
        """Return the directories where downloads are put, and those where some are."""
        completed = str(Path(self.defaults.completed_dir).expanduser()) if self.defaults.completed_dir else ""
        own = {folder for record in records for folder in (record.destination, record.moving_to, record.completed_dir)}
        return {folder for folder in (self.saveas, self.incomplete_dir, completed, *own) if folder}

    @hookimpl
    def triblerd_reconfigure(self, context: PluginContext[DownloadsConfig]) -> None:
        """Take changed settings; who reads them asks anew each time."""
        self.config = context.config
        self.defaults = context.section(DownloadDefaults)
        self.completion = context.section(CompletionConfig)
