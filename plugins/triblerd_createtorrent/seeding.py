"""Seeds what was made, without hashing it again. The plugin ``downloads`` does it, while it runs."""

from pathlib import Path

import msgspec

from triblerd.errors import FailedError, InvalidInputError, UnavailableError
from triblerd.plugin import Services
from triblerd.services import FileRoots
from triblerd_createtorrent.api import TorrentRecipe
from triblerd_downloads.api import AddWishes, DefaultHops, Downloads, UnknownDownloadError
from triblerd_libtorrent.api import Metainfo, TunnelAccess


class NotSeedableError(FailedError):
    """A torrent was made that cannot be seeded from where its files are."""


class Seeding:
    """Adds made torrents to the downloads, as complete ones."""

    def __init__(
        self, *, default_hops: DefaultHops, tunnels: TunnelAccess, services: Services, roots: FileRoots
    ) -> None:
        self._default_hops = default_hops
        self._tunnels = tunnels
        self._services = services
        self._roots = roots

    def wishes(self, destination: str, hops: int | None) -> AddWishes:
        """Return how the download shall be added. Asked before anything is hashed, so that nobody waits in vain.

        Args:
            destination: The directory that has the torrent's name in it; empty for none.
            hops: ``None`` is what the defaults of downloads say.

        Raises:
            InvalidInputError: there is no directory to seed from, or it is not allowed.
            UnavailableError: the plugin of downloads does not run.
            NoTunnelsError: there can be no session of so many hops.
        """
        defaults = self._downloads().default_wishes()
        if not destination:
            msg = "files: they share no directory but /, from which no torrent can be seeded"
            raise InvalidInputError(msg)
        if not self._roots.allow(Path(destination)):
            msg = f"files: {destination}, from which they would be seeded, is outside of the allowed directories"
            raise InvalidInputError(msg)
        if hops is None:
            hops = self._default_hops.now()
        self._tunnels.require(hops)
        return msgspec.structs.replace(defaults, destination=destination, completed_dir="", hops=hops, is_verified=True)

    async def seed(self, metainfo: Metainfo, recipe: TorrentRecipe, wishes: AddWishes) -> None:
        """Add the download; when there is one already nothing changes.

        Raises:
            NotSeedableError: a file has a name on disk that clients would not give it.
        """
        downloads = self._downloads()
        on_disk = sorted(f"{recipe.name}/{file.path}".rstrip("/") for file in recipe.files)
        in_torrent = sorted(file.path for file in metainfo.files if not file.is_pad)
        if on_disk != in_torrent:
            differing = next(path for path in on_disk if path not in set(in_torrent))
            msg = f"{differing} has a name that clients change when they write it, so that it cannot be seeded"
            raise NotSeedableError(msg)
        try:
            downloads.get(metainfo.infohash)
        except UnknownDownloadError:
            await downloads.add(metainfo, wishes)

    def _downloads(self) -> Downloads:
        downloads = self._services.find(Downloads)
        if downloads is None:
            msg = "The plugin downloads is not running"
            raise UnavailableError(msg)
        return downloads
