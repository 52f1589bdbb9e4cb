"""The file with the private key: 74 bytes, as Tribler has it, for nobody but its owner."""

import logging
import os
from pathlib import Path
from typing import Final

from triblerd.errors import FailedError
from triblerd_identity.keys import HALF, PRIVATE_KIND, Curve25519Key, generate_private_key

log = logging.getLogger(__name__)

_MODE: Final = 0o600
_LARGEST = 4096
"""Bytes that are read of a file, more than any key has."""


class KeyFileError(FailedError):
    """The key cannot be read or written."""

    def __init__(self, path: Path, error: OSError) -> None:
        super().__init__(f"the key in {path} cannot be used: {error.strerror or error}")


class KeyFile:
    """One private key on disk.

    Args:
        path: The file; its directory exists.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> Curve25519Key:
        """Return the key, which is made at the first start.

        Tribler 7 left out the ten bytes that say what kind of key it is; they are put before it. What is no key at all
        stays under the name ``<file>.bad``.

        Raises:
            KeyFileError: the file cannot be read, or a new one cannot be written.
        """
        try:
            raw = self._read()
            if raw is not None:
                return self._understood(raw)
        except FileNotFoundError:
            log.info("A new key is made in %s: it is who this node is, so keep a copy of it", self._path)
        except OSError as error:
            raise KeyFileError(self._path, error) from error
        return self.keep(generate_private_key())

    def keep(self, private: bytes) -> Curve25519Key:
        """Write a key in the place of what was there, and return it when it is on disk.

        Raises:
            KeyFileError: that cannot be done; what was there stays.
            ValueError: it is no key.
        """
        key = Curve25519Key(private)
        new = self._path.with_name(self._path.name + ".new")
        try:
            with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, _MODE), "wb") as file:
                os.fchmod(file.fileno(), _MODE)  # the file may have been left over, with another mode
                file.write(private)
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._path)
            self._sync_folder()
        except OSError as error:
            raise KeyFileError(self._path, error) from error
        return key

    def _read(self) -> bytes | None:
        with self._path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if mode & 0o077:
                log.warning("Others could read the key in %s; now they cannot", self._path)
                os.fchmod(file.fileno(), _MODE)
            return file.read(_LARGEST)

    def _understood(self, raw: bytes) -> Curve25519Key:
        try:
            return Curve25519Key(raw)
        except ValueError as error:
            if len(raw) == 2 * HALF:
                return self.keep(PRIVATE_KIND + raw)
            bad = self._path.with_name(self._path.name + ".bad")
            self._path.replace(bad)
            log.warning("%s is no key (%s): it is kept as %s, and a new key is made", self._path, error, bad.name)
            return self.keep(generate_private_key())

    def _sync_folder(self) -> None:
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
