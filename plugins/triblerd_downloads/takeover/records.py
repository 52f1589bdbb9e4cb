"""What is written of a download that is taken over."""

import time
from typing import Any

import msgspec

from triblerd_downloads.api import DownloadRecord, SwarmWishes, TakenDownload
from triblerd_downloads.download import description
from triblerd_downloads.selection import NORMAL_PRIORITY, UNWANTED, selection_of
from triblerd_downloads.swarm.peers import peers_of
from triblerd_downloads.swarm.trackers import urls_of
from triblerd_libtorrent.api import KnownProgress, Magnet, Metainfo


class Written(msgspec.Struct, frozen=True):
    """A download as it goes to disk.

    Attributes:
        progress: While some files have other names than the torrent's.
        final_progress: When those that are given back have them; the same if there are none.
    """

    record: DownloadRecord
    progress: KnownProgress
    final_progress: KnownProgress


def to_write(download: TakenDownload, order: int) -> Written:
    """Return what is written of a download. CPU-bound."""
    source = download.source
    tiers = tuple(filter(None, download.trackers)) or _tiers(source)
    progress = KnownProgress(
        infohash_v1=bytes.fromhex(source.infohash_v1),
        infohash_v2=bytes.fromhex(source.infohash_v2),
        name=source.name,
        save_path=download.save_path,
        renamed_files=download.renamed_files,
        piece_count=source.total_pieces if isinstance(source, Metainfo) else 0,
        have=download.have,
        trees=download.trees,
        added_time=download.added_time or int(time.time()),
        completed_time=download.completed_time,
        total_downloaded=download.total_downloaded,
        total_uploaded=download.total_uploaded,
        active_time=download.active_time,
        finished_time=download.finished_time,
        seeding_time=download.seeding_time_spent,
        max_uploads=download.max_uploads,
        sequential=download.sequential,
        trackers=tiers,
        web_seeds=download.web_seeds or source.web_seeds,
    )
    final = {index: path for index, path in download.renamed_files.items() if index not in download.given_back}
    return Written(
        _record(download, order, [url for tier in tiers for url in tier]),
        progress,
        msgspec.structs.replace(progress, renamed_files=final),
    )


def is_complete(download: TakenDownload) -> bool:
    """Return whether everything that is wanted of a download is there, as it is said."""
    source = download.source
    if isinstance(source, Magnet) or download.have is None:
        return False
    chosen = download.priorities or (NORMAL_PRIORITY,) * len(source.files)
    offset = 0
    for file, priority in zip(source.files, chosen, strict=True):
        if priority != UNWANTED and file.size and not file.is_pad:
            first, last = offset // source.piece_length, (offset + file.size - 1) // source.piece_length
            if not all(_has(download.have, piece) for piece in range(first, last + 1)):
                return False
        offset += file.size
    return True


def _record(download: TakenDownload, order: int, trackers: list[str]) -> DownloadRecord:
    source = download.source
    own = urls_of(source)
    web_seeds = download.web_seeds or source.web_seeds
    record = DownloadRecord(
        order=order,
        time_added=download.added_time or int(time.time()),
        name=source.name,
        magnet=source.uri if isinstance(source, Magnet) else "",
        only_metadata=download.only_metadata and isinstance(source, Magnet),
        trackers=tuple(dict.fromkeys(url for url in trackers if url not in own)),
        destination=download.save_path,
        completed_dir="" if download.completed_dir == download.save_path else download.completed_dir,
        hops=download.hops,
        safe_seeding=download.safe_seeding,
        user_stopped=download.stopped,
        auto_managed=download.auto_managed,
        upload_limit=download.upload_limit,
        download_limit=download.download_limit,
        seeding_ratio=download.seeding_ratio,
        seeding_time=download.seeding_time,
        all_time_upload=download.total_uploaded,
        all_time_download=download.total_downloaded,
        time_finished=download.completed_time,
        category=download.category,
        tags=tuple(dict.fromkeys(download.tags)),
        swarm=SwarmWishes(
            removed_trackers=tuple(url for url in own if url not in trackers),
            web_seeds=tuple(url for url in web_seeds if url not in source.web_seeds),
            removed_web_seeds=tuple(url for url in source.web_seeds if url not in web_seeds),
            peers=peers_of(source),
        ),
    )
    if isinstance(source, Magnet):
        return record
    return msgspec.structs.replace(record, **_of_files(download, source))


def _of_files(download: TakenDownload, source: Metainfo) -> dict[str, Any]:
    chosen = [
        NORMAL_PRIORITY if file.is_pad else priority
        for file, priority in zip(
            source.files, download.priorities or (NORMAL_PRIORITY,) * len(source.files), strict=True
        )
    ]
    selection, levels = selection_of(chosen, len(chosen))
    complete = is_complete(download)
    fields = {**description(source), "selection": selection, "levels": levels, "total_done": _done(download, source)}
    fields["progress"] = 1.0 if complete else min(fields["total_done"] / max(source.size, 1), 1.0)
    if complete:  # where they are to stay
        fields["completed_dir"] = ""
    return fields


def _done(download: TakenDownload, source: Metainfo) -> int:
    have = download.have
    if have is None or not source.total_pieces:
        return 0
    pieces = int.from_bytes(have).bit_count()
    whole = sum(file.size for file in source.files)
    missing = source.total_pieces * source.piece_length - whole if _has(have, source.total_pieces - 1) else 0
    return min(max(pieces * source.piece_length - missing, 0), source.size)


def _has(have: bytes, piece: int) -> bool:
    return bool(have[piece >> 3] >> (7 - (piece & 7)) & 1)


def _tiers(source: Metainfo | Magnet) -> tuple[tuple[str, ...], ...]:
    return tuple((url,) for url in source.trackers) if isinstance(source, Magnet) else source.trackers
