"""Torrents that the user met through tunnels: of these nobody is asked in the clear, also when they are long gone."""

from triblerd.store import Table

_ROW = 1


class Discretion:
    """Their infohashes.

    Args:
        table: Where they are stored, by infohash.
    """

    def __init__(self, table: Table[int]) -> None:
        self._table = table

    async def note(self, infohash: bytes) -> None:
        """Remember that a torrent, of 20 bytes, was met through tunnels; on disk when this returns."""
        if not self.covers(infohash):
            await self._table.put(infohash, _ROW)

    def covers(self, infohash: bytes) -> bool:
        """Return whether a torrent was met through tunnels. Takes microseconds."""
        return self._table.get(infohash) is not None
