"""Files with parts of pieces that belong to no download any more, as an unclean removal leaves them."""

import asyncio
import logging
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from triblerd_downloads.unwritten import Parser
from triblerd_libtorrent.api import Infohash, MetainfoError

log = logging.getLogger(__name__)

_NAME = re.compile(r"\.([0-9a-f]{40})\.parts")
"""As the engine names them, after the infohash; a hybrid torrent's may have either of its two."""


class TorrentFiles(Protocol):
    """Has the torrent files of downloads."""

    def metainfo(self, infohash: Infohash) -> bytes | None:
        """Return one, ``None`` while it is unknown."""


async def clear_orphaned_parts(
    *, folders: Iterable[str], known: Iterable[Infohash], torrents: TorrentFiles, parser: Parser
) -> None:
    """Delete part files of torrents that are not known. To be called before the engine has any torrent.

    Nothing else is touched: neither what has another name, nor links, nor what is in a folder below.

    Args:
        folders: Absolute directories, where downloads are or were.
        known: All downloads, also those that cannot be read.
        torrents: Has their torrent files, which tell their other infohashes.
        parser: Reads these.
    """
    found = await asyncio.to_thread(_part_files, sorted(set(folders)))
    if not found:
        return
    wanted = set[str](known)
    for infohash in list(wanted):
        if raw := torrents.metainfo(Infohash(infohash)):
            try:
                metainfo = await parser.parse_metainfo(raw)
            except MetainfoError as error:
                log.warning(
                    "No part files are removed, since the torrent file of %s cannot be read: %s", infohash, error
                )
                return
            wanted |= {metainfo.infohash_v1, metainfo.infohash_v2[:40]}
    await asyncio.to_thread(_remove, [path for path, infohash in found.items() if infohash not in wanted])


def _part_files(folders: Iterable[str]) -> dict[Path, str]:
    found: dict[Path, str] = {}
    for folder in folders:
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if (name := _NAME.fullmatch(entry.name)) and entry.is_file(follow_symlinks=False):
                        found[Path(entry.path)] = name[1]
        except OSError as error:
            log.debug("No part files are looked for in %s: %s", folder, error)
    return found


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        try:
            path.unlink()
        except OSError as error:
            log.warning("The part file %s cannot be removed: %s", path, error)
        else:
            log.info("Removed %s, which belongs to no download", path)
