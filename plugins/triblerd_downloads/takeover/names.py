"""Files of downloads that are taken over, whose names are given back to them: those with a suffix of another program.

What is to be done is on disk with the download, so that a start finishes what the end of an earlier life broke off. The
engine gets the download only afterwards, with resume data that have the names that the files really have then.
"""

import asyncio
import logging
import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from triblerd.store import StoreView, Table, Transaction
from triblerd_libtorrent.api import Infohash, TorrentStore

log = logging.getLogger(__name__)


class Renaming(msgspec.Struct, frozen=True, array_like=True):
    """What is on disk of a download with files to be renamed.

    Attributes:
        folder: The absolute directory of all the paths.
        paths: Pairs of the present and the wanted path, relative.
        resume_data: For when the files have the wanted names.
    """

    folder: str
    paths: tuple[tuple[str, str], ...]
    resume_data: bytes


class GivenNames:
    """Gives files the names that their torrents have for them."""

    def __init__(self, *, store: StoreView, table: Table[Renaming], torrents: TorrentStore) -> None:
        self._store = store
        self._table = table
        self._torrents = torrents

    def plan(self, transaction: Transaction, infohash: Infohash, renaming: Renaming) -> None:
        """Note what is to be done, with the download itself."""
        transaction.put(self._table, infohash.key, renaming)

    async def give(self) -> Mapping[Infohash, str]:
        """Do what is to be done; the engine does not have these downloads. Return why some files keep their names."""
        waiting = await asyncio.to_thread(lambda: dict(self._table.items()))
        if not waiting:
            return {}
        failures = await asyncio.to_thread(lambda: {key: _rename(one) for key, one in waiting.items()})

        def write(transaction: Transaction) -> None:
            for key, renaming in waiting.items():
                transaction.delete(self._table, key)
                if not failures[key]:
                    self._torrents.keep_resume_data(transaction, Infohash(key.hex()), renaming.resume_data)

        await self._store.write(write)
        return {Infohash(key.hex()): failure for key, failure in failures.items() if failure}


def _rename(renaming: Renaming) -> str:
    """Return why files keep their names, all of them; empty when they have the wanted ones."""
    folder = Path(renaming.folder)
    done: list[tuple[str, str]] = []
    for present, wanted in renaming.paths:
        try:
            if not os.path.lexists(folder / wanted):
                (folder / present).rename(folder / wanted)
                done.append((present, wanted))
            elif os.path.lexists(folder / present):
                raise FileExistsError(None, "there is a file of that name already", str(folder / wanted))
        except OSError as error:
            for before, after in reversed(done):
                (folder / after).rename(folder / before)
            text = f"{error.filename or folder / present}: {error.strerror or error}"
            log.warning("A file keeps its name: %s", text)
            return text
    return ""
