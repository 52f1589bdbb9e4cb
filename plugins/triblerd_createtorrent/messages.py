"""What the daemon and the process that hashes tell each other: msgpack, each message after its length."""

import msgspec

from triblerd_createtorrent.api import TorrentRecipe

LENGTH_BYTES = 4


class Order(msgspec.Struct, frozen=True):
    """What is to be made, by how many threads."""

    recipe: TorrentRecipe
    threads: int


class Hashed(msgspec.Struct, frozen=True, tag=True):
    """How many bytes have been hashed."""

    size: int


class Made(msgspec.Struct, frozen=True, tag=True):
    """The end: the torrent file."""

    metainfo: bytes


class Failed(msgspec.Struct, frozen=True, tag=True):
    """The end: why there is none.

    Attributes:
        kind: The name of the error's class.
    """

    kind: str
    text: str


Reply = Hashed | Made | Failed


def frame(message: Order | Reply) -> bytes:
    """Return a message with its length before it."""
    content = msgspec.msgpack.encode(message)
    return len(content).to_bytes(LENGTH_BYTES) + content
