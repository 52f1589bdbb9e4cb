"""Everything that the dialect has: its own routes, and those that are the same in both."""

from collections.abc import Mapping

from triblerd_tribler8.createtorrent.part import CreatetorrentPart
from triblerd_tribler8.downloads.adding import AddedDownloads
from triblerd_tribler8.downloads.changing import ChangedDownloads
from triblerd_tribler8.downloads.contents import DownloadContents
from triblerd_tribler8.downloads.listing import DownloadsList
from triblerd_tribler8.events import EventsPart
from triblerd_tribler8.log import LogPart
from triblerd_tribler8.metadata.searches import LocalSearch, PeersSearch
from triblerd_tribler8.metadata.torrents import KnownTorrents
from triblerd_tribler8.parts import Dialect
from triblerd_tribler8.recommender import RecommenderPart
from triblerd_tribler8.rss import RssPart
from triblerd_tribler8.settings.part import SettingsPart
from triblerd_tribler8.shutdown import ShutdownPart
from triblerd_tribler8.statistics import StatisticsPart
from triblerd_tribler8.torrentinfo import TorrentInfoPart
from triblerd_tribler8.ui import RootPart, UiPart
from triblerd_tribler8.versioning import VersioningPart

PARTS: tuple[type[Dialect], ...] = (
    AddedDownloads,
    ChangedDownloads,
    CreatetorrentPart,
    DownloadContents,
    DownloadsList,
    EventsPart,
    KnownTorrents,
    LocalSearch,
    LogPart,
    PeersSearch,
    RecommenderPart,
    RootPart,
    RssPart,
    SettingsPart,
    ShutdownPart,
    StatisticsPart,
    TorrentInfoPart,
    UiPart,
    VersioningPart,
)
"""Where request or answer differ from those of the unprefixed API."""
SAME: Mapping[str, str] = {
    "/api/files": "/files",
    "/api/ipv8": "/ipv8",
    "/api/libtorrent": "/libtorrent",
    "/api/metadata/search/completions": "/metadata/search/completions",
    "/api/metadata/torrents/{infohash}/health": "/metadata/torrents/{infohash}/health",
    "/api/statistics/dirspace": "/statistics/dirspace",
    "/api/statistics/ipv8": "/statistics/ipv8",
}
"""Where they do not."""
