"""Looking torrents up, wherever they are."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from triblerd.events import Event
from triblerd.plugin import PluginContext, Services, hookimpl
from triblerd_downloads.api import DefaultHops, Downloads, UnknownDownloadError
from triblerd_libtorrent.api import (
    Infohash,
    LocalFileError,
    Magnet,
    MagnetError,
    MetadataLookups,
    Metainfo,
    MetainfoError,
    NotBencodedError,
    NoTunnelsError,
    Resolved,
    TorrentEngine,
    TorrentSources,
    TunnelAccess,
    UnknownSchemeError,
)
from triblerd_torrentinfo.api import (
    InvalidResponseError,
    InvalidUriError,
    LookedUp,
    NoInfohashError,
    NoMetainfoError,
    NotATorrentError,
    TorrentFileError,
    TorrentLookedUp,
)
from triblerd_torrentinfo.config import TorrentInfoConfig


class TorrentLooker:
    """Implements :class:`triblerd_torrentinfo.api.TorrentInfo`.

    Args:
        services: Finds the downloads, if there are any.
        publish: Tells of what was found.
    """

    def __init__(  # noqa: PLR0913 - where torrents are, by keyword
        self,
        *,
        config: TorrentInfoConfig,
        engine: TorrentEngine,
        sources: TorrentSources,
        lookups: MetadataLookups,
        default_hops: DefaultHops,
        tunnels: TunnelAccess,
        services: Services,
        publish: Callable[[Event], None],
    ) -> None:
        self._config = config
        self._engine = engine
        self._sources = sources
        self._lookups = lookups
        self._default_hops = default_hops
        self._tunnels = tunnels
        self._services = services
        self._publish = publish

    @hookimpl
    def triblerd_reconfigure(self, context: PluginContext[TorrentInfoConfig]) -> None:
        """Take another time limit."""
        self._config = context.config

    async def look_up(self, uri: str, *, hops: int | None = None) -> LookedUp:
        """Return the torrent that a URI leads to."""
        is_local = uri[:5].lower() == "file:"
        if is_local:
            hops = 0
        elif hops is None:
            hops = self._default_hops.now()
        found = await self._resolved(uri, hops)
        source = found.source
        metainfo = await self._from_peers(source, hops) if isinstance(source, Magnet) else source
        self._publish(TorrentLookedUp(metainfo=metainfo, for_store=not (is_local or metainfo.is_private), hops=hops))
        return LookedUp(metainfo, hops, found.has_valid_certificate)

    async def read(self, raw: bytes) -> Metainfo:
        """Return what an uploaded torrent file says."""
        try:
            return await self._engine.parse_metainfo(raw)
        except MetainfoError as error:
            raise NoMetainfoError from error

    def is_download(self, metainfo: Metainfo) -> bool:
        """Return whether there is a download of a torrent, under either of its hashes."""
        downloads = self._services.find(Downloads)
        if downloads is None:
            return False
        for digits in (metainfo.infohash, metainfo.infohash_v2[:40]):
            with suppress(UnknownDownloadError):
                downloads.get(Infohash(digits))
                return True
        return False

    async def _resolved(self, uri: str, hops: int) -> Resolved:
        try:
            return await self._sources.resolve_with_proof(uri, hops=hops)
        except UnknownSchemeError as error:
            raise InvalidUriError from error
        except MagnetError as error:
            raise NoInfohashError(error.reason) from error
        except LocalFileError as error:
            raise TorrentFileError(error.path) from error
        except NotBencodedError as error:
            raise NotATorrentError from error
        except MetainfoError as error:
            raise InvalidResponseError from error

    async def _from_peers(self, magnet: Magnet, hops: int) -> Metainfo:
        try:
            async with asyncio.timeout(self._config.lookup_timeout):
                return await self._lookups.look_up(magnet, hops=hops)
        except TimeoutError as error:
            if hops and (obstacle := self._tunnels.obstacle(hops)):
                raise NoTunnelsError(obstacle) from error
            raise NoMetainfoError from error
        except MetainfoError as error:
            raise NoMetainfoError from error
