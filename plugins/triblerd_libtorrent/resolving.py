"""From a link to what it names, as others see it. For the package; others use ``api``."""

from collections.abc import Awaitable, Callable
from typing import Protocol, runtime_checkable

from triblerd_libtorrent.values import Magnet, Metainfo, Resolved

SchemeReader = Callable[[str, int], Awaitable[bytes | str]]
"""Reads a URI: given the URI and a number of hops, returns the bytes of a torrent file, or a magnet link.

With hops above 0 it must not talk to anybody but through the session of that many hops, or else refuse. It raises a
``FailedError`` whose text says what is wrong.
"""


@runtime_checkable
class TorrentSources(Protocol):
    """Reads torrents from wherever a URI points to."""

    async def resolve(self, uri: str, *, hops: int = 0) -> Metainfo | Magnet:
        """Return what ``uri`` names: a magnet link, a file of this machine, what a server or a plugin has for it.

        What a server sent, at most 16 MiB and ten redirects, is kept for five minutes.

        Args:
            uri: The scheme in any case.
            hops: With hops nothing is fetched in the clear, which leaves ``http:``; it waits until there are circuits,
                within the time limit of fetching.

        Raises:
            UnknownSchemeError: ``invalid uri``.
            MagnetError: the link names no torrent.
            LocalFileError: the file cannot be read, or may not be, or is no torrent.
            FetchError: the server does not send it.
            MetainfoError: what was sent is no torrent; ``NotBencodedError`` when it is nothing of the kind.
            NoTunnelsError: there is no circuit of that many hops (yet), or it cannot carry the request.
        """

    async def resolve_with_proof(self, uri: str, *, hops: int = 0) -> Resolved:
        """Return what ``uri`` names, as ``resolve`` does, and whether the server proved who it is.

        One that does not is asked only if ``libtorrent.accept_bad_certificates`` says so.
        """


@runtime_checkable
class MetadataLookups(Protocol):
    """Asks peers for the metadata of magnet links. Nothing is listed, and nothing written."""

    async def look_up(self, magnet: Magnet, *, hops: int = 0) -> Metainfo:
        """Return the metainfo that a link leads to, however long that takes; cancel it to give up.

        With hops it waits for the session of that many first. ``TunnelAccess.obstacle`` tells what is missing.

        Who asks for the same torrent shares one look-up, which ends with the last of them. A download of that torrent
        supplies its own metadata instead, in whatever session it is; while it is stopped, there are none. A result is
        kept for five minutes, and then bears the trackers and web seeds of each link.

        Raises:
            NoTunnelsError: there can be no session of that many hops.
            EngineError: the session ends.
            MetainfoError: the metadata cannot be used.
            UnavailableError: too many look-ups run.
        """

    def known(self, magnet: Magnet) -> Metainfo | None:
        """Return what was found in the last five minutes. No wait."""
