"""A peer that has an info dictionary to offer (BEP 9, BEP 10), good or bad, and nothing else."""

import asyncio
import hashlib
from types import TracebackType
from typing import Self

from tests.daemon.hostile.torrents import bencode

BLOCK = 16 * 1024
PROTOCOL = b"\x13BitTorrent protocol"
EXTENSIONS = bytes([0, 0, 0, 0, 0, 0x10, 0, 0])
EXTENDED = 20
OUR_ID = 3


class MetadataPeer:
    """Answers whoever connects with pieces of ``info``.

    Args:
        info: The bencoded info dictionary.
        announced_size: What the peer says its size is; by default the truth.
        infohash: What the peer says it has; by default the hash of ``info``.
    """

    def __init__(self, info: bytes, *, announced_size: int | None = None, infohash: str = "") -> None:
        self._info = info
        self._size = len(info) if announced_size is None else announced_size
        self.infohash = infohash or hashlib.sha1(info, usedforsecurity=False).hexdigest()
        self.requests = 0
        """Pieces of metadata that were asked for."""
        self.connections = 0
        """Conversations that have begun."""

    @property
    def magnet(self) -> str:
        """A magnet link that leads here."""
        host, port = self._server.sockets[0].getsockname()
        return f"magnet:?xt=urn:btih:{self.infohash}&x.pe={host}:{port}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._talk(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        opening = await reader.readexactly(68)
        if not opening.startswith(PROTOCOL):
            return  # encrypted; the next attempt is not
        writer.write(PROTOCOL + EXTENSIONS + bytes.fromhex(self.infohash) + b"-XX0000-" + b"x" * 12)
        writer.write(_message(0, bencode({"m": {"ut_metadata": OUR_ID}, "metadata_size": self._size})))
        self.connections += 1
        their_id = 0
        while True:
            message = await reader.readexactly(int.from_bytes(await reader.readexactly(4)))
            if message[:2] == bytes([EXTENDED, 0]):
                their_id = _number(message, b"11:ut_metadatai")
            elif message[:2] == bytes([EXTENDED, OUR_ID]) and b"8:msg_typei0e" in message:
                self.requests += 1
                piece = _number(message, b"5:piecei")
                answer = bencode({"msg_type": 1, "piece": piece, "total_size": self._size})
                writer.write(_message(their_id, answer + self._info[piece * BLOCK : (piece + 1) * BLOCK]))
                await writer.drain()


def _message(number: int, payload: bytes) -> bytes:
    return (len(payload) + 2).to_bytes(4) + bytes([EXTENDED, number]) + payload


def _number(message: bytes, key: bytes) -> int:
    _, _, rest = message.partition(key)
    return int(rest.partition(b"e")[0] or 0)
