"""``BT_backup``: two files for each download, and one with the order of the queue."""

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from triblerd_upgrader.foreign.native import NativeResume
from triblerd_upgrader.foreign.qbittorrent.record import Context, Own, download_of, lost_of
from triblerd_upgrader.foreign.stored import salvaged, stored_bytes, stored_torrent
from triblerd_upgrader.foreign.values import Item, NotTaken

FOLDER = "BT_backup"
_NAME = re.compile(r"[0-9a-fA-F]{40}\.fastresume")
_STAMP = b"qBt-"
_LOOKED_AT = 20


def names_in(folder: Path) -> list[str]:
    """Return the names of the files of resume data."""
    try:
        return sorted(path.name for path in folder.iterdir() if _NAME.fullmatch(path.name))
    except OSError:
        return []


def is_of_qbittorrent(folder: Path) -> bool:
    """Return whether the program wrote the files of resume data; a few of them may be damaged."""
    return any(_has_stamp(folder / name) for name in islice(names_in(folder), _LOOKED_AT))


def read_files(folder: Path, context: Context) -> Iterator[Item]:
    """Yield the downloads."""
    queue = salvaged(f"{FOLDER}/queue", lambda: _queue(folder / "queue"))
    if isinstance(queue, NotTaken):
        yield queue
        queue = {}
    names = names_in(folder)
    for name in names:
        yield from _record(folder, name, queue.get(name[:40].lower(), -1), context)
    torrents = {path.stem.lower() for path in folder.glob("*.torrent")}
    for stem in sorted(torrents.difference(name[:40].lower() for name in names)):
        yield NotTaken(f"{FOLDER}/{stem}.torrent", "there are no resume data beside it")


def _record(folder: Path, name: str, position: int, context: Context) -> Iterator[Item]:
    origin = f"{FOLDER}/{name}"
    beside = (folder / name).with_suffix(".torrent")
    resume = salvaged(origin, lambda: NativeResume(stored_bytes(folder / name)))
    torrent = salvaged(f"{FOLDER}/{beside.name}", lambda: stored_torrent(beside)) if beside.exists() else None
    if isinstance(resume, NotTaken) or isinstance(torrent, NotTaken):
        yield from (part for part in (resume, torrent) if isinstance(part, NotTaken))
        return
    own = _own(resume, position)
    yield salvaged(origin, lambda: download_of(origin, resume, torrent, own, context))
    yield from lost_of(origin, own)


def _own(resume: NativeResume, position: int) -> Own:
    fields = resume.fields
    is_managed = fields.flag("auto_managed")
    return Own(
        name=fields.text("qBt-name"),
        category=fields.text("qBt-category"),
        tags=fields.texts("qBt-tags"),
        save_path=fields.text("qBt-savePath"),
        ratio_limit=fields.value("qBt-ratioLimit"),
        seeding_time_limit=fields.value("qBt-seedingTimeLimit"),
        inactive_time_limit=fields.value("qBt-inactiveSeedingTimeLimit"),
        share_limit_action=fields.text("qBt-shareLimitAction"),
        is_first_last=fields.flag("qBt-firstLastPiecePriority"),
        stopped=fields.flag("paused") and not is_managed,
        auto_managed=is_managed,
        queue_position=position,
    )


def _queue(path: Path) -> dict[str, int]:
    """Return the places in the queue, by the names of files."""
    if not path.exists() or not path.stat().st_size:  # nobody waits
        return {}
    lines = stored_bytes(path).decode("ascii").lower().split()
    return {line: place for place, line in enumerate(lines)}


def _has_stamp(path: Path) -> bool:
    try:
        return _STAMP in stored_bytes(path)
    except (OSError, ValueError):
        return False
