"""The services ``NodeKey`` and ``OwnIdentity``."""

import asyncio

from triblerd_identity.key_file import KeyFile
from triblerd_identity.keys import Curve25519Key


class Identity:
    """The key of this node, and where it is kept.

    Args:
        file: Where.
        key: As it is there.
    """

    def __init__(self, file: KeyFile, key: Curve25519Key) -> None:
        self._file = file
        self._key = key

    def __repr__(self) -> str:
        return repr(self._key)

    @property
    def public_key(self) -> bytes:
        """64 bytes, as records have it."""
        return self._key.public_key

    @property
    def full_public_key(self) -> bytes:
        """74 bytes: the public key with its kind before it."""
        return self._key.full_public_key

    @property
    def private(self) -> bytes:
        """74 bytes; see ``OwnIdentity``."""
        return self._key.private

    def sign(self, data: bytes) -> bytes:
        """Return the signature of ``data``; see ``NodeKey``."""
        return self._key.sign(data)

    async def adopt(self, private: bytes) -> None:
        """Go on with another key; see ``OwnIdentity``."""
        self._key = await asyncio.to_thread(self._file.keep, private)


async def open_identity(file: KeyFile) -> Identity:
    """Return the identity in a file, which is made when it is missing.

    Raises:
        KeyFileError: the file cannot be read or written.
    """
    return Identity(file, await asyncio.to_thread(file.load))
