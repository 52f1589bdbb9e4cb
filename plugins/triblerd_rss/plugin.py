"""The hooks of the rss plugin."""

from triblerd.config import Section
from triblerd.plugin import Manifest, hookimpl
from triblerd_rss.config import RssConfig


@hookimpl
def triblerd_manifest() -> Manifest:
    """Say who this is."""
    return Manifest(
        "rss",
        "Follows feeds of torrents, and downloads what rules ask for.",
        requires=("libtorrent", "downloads", "torrentinfo"),
        after=("metadata",),
    )


@hookimpl
def triblerd_config() -> type[Section]:
    """Have a section of our own."""
    return RssConfig
