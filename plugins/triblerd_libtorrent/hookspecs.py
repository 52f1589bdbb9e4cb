"""The hook that this area calls."""

from collections.abc import Mapping

from triblerd.plugin import hookspec
from triblerd_libtorrent.api import SchemeReader


@hookspec
def triblerd_uri_schemes() -> Mapping[str, SchemeReader]:
    """Name further schemes of URIs, in lower case, each with a coroutine function that reads such a URI.

    Wherever a URI of a torrent is taken, as by ``PUT /downloads`` and ``GET /torrentinfo``, theirs are taken, too.
    Called for each URI whose scheme is none of ``magnet``, ``file``, ``http`` and ``https``, so it answers from
    memory. Where several plugins name a scheme, the first one in starting order has it. Implement it on a running
    object, and mark it ``optionalhook``, since the engine may be turned off.

    The reader is given the URI and a number of hops. It returns the bytes of a torrent file or a magnet link, and
    raises a ``FailedError`` whose text says what is wrong. With hops above 0 it talks to nobody but through that many
    hops, or refuses.

    Example::

        class Archive:
            @hookimpl(optionalhook=True)
            def triblerd_uri_schemes(self) -> Mapping[str, SchemeReader]:
                return {"archive": self.read}

            async def read(self, uri: str, hops: int) -> bytes | str:
                return f"magnet:?xt=urn:btih:{self.infohashes[uri]}"
    """
    raise NotImplementedError
