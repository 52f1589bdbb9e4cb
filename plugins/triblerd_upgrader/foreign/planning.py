"""What becomes of one download of another program: decided by what is on the disk, before anything is changed."""

import os
import posixpath
from collections.abc import Mapping

import msgspec

from triblerd_downloads.api import MOST_TAGS, MOST_URLS, UNLIMITED, TakenDownload
from triblerd_libtorrent.api import EngineError, Magnet, Metainfo, refuse_links_out
from triblerd_upgrader.foreign.files import Found, look_at, without_pieces
from triblerd_upgrader.foreign.options import Missing, Options
from triblerd_upgrader.foreign.replacing import is_of_windows
from triblerd_upgrader.foreign.values import ForeignDownload, Limit, SeedingLimit

_NAMED = 3
"""Files that a reason names."""
_LONGEST_TAG = 100


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of a download.

    Attributes:
        download: As it is handed over; ``None`` when it is skipped.
        reason: Why it is skipped, or checked.
        is_checked: Its files are checked, at once or when it is started.
        notes: What of it is not taken over, or otherwise than the program had it.
        empty: Absolute paths of files of no length that have to be made.
        missing_root: The directory that is not there, when that is the reason; empty when it is not.
    """

    download: TakenDownload | None = None
    reason: str = ""
    is_checked: bool = False
    notes: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    missing_root: str = ""


class _Findings:
    """What is found out on the way."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.checks: list[str] = []
        self.stopped = False


def plan(foreign: ForeignDownload, source: Metainfo | Magnet, options: Options, categories: Mapping[str, str]) -> Plan:
    """Decide what becomes of a download. Asks the disk: for a thread.

    Args:
        foreign: As it was read.
        source: What its torrent file or link says.
        options: What the user said.
        categories: The names of categories here, by those that the program has for them.
    """
    if is_of_windows(foreign.save_path) or not foreign.save_path.startswith("/"):
        where = f"its directory {foreign.save_path!r} is not one of this machine; say where that is with --replace"
        return Plan(reason=where, missing_root=foreign.save_path)
    if isinstance(source, Metainfo) and (obstacle := _link_out(foreign, source)):
        return Plan(reason=obstacle)
    found = _Findings()
    download = _as_ours(foreign, source, categories, found)
    if isinstance(source, Magnet):
        missing = _missing_root(download.save_path)
        return _decided(download, found, options, missing, Found(renamed_files={}))
    download = _with_pieces(download, source, found)
    download, on_disk = _on_disk(foreign, download, source, found)
    if on_disk.lost and download.have is not None:
        download = msgspec.structs.replace(download, have=without_pieces(download.have, on_disk.lost))
        found.notes.append(
            f"{len(on_disk.lost)} pieces reach into files that are neither wanted nor there; they are not counted"
        )
    download = msgspec.structs.replace(download, renamed_files=on_disk.renamed_files, given_back=on_disk.given_back)
    changed = [foreign.suspicion] if foreign.suspicion else []
    if on_disk.changed:
        changed.append(f"{_named(on_disk.changed)} otherwise than when the program last looked")
    if changed and options.recheck_changed:
        found.checks += changed
    else:
        found.notes += [f"{why}; trusted, since the sizes are right" for why in changed]
    missing = _missing(download, on_disk, foreign)
    return _decided(download, found, options, missing or _missing_root(download.save_path), on_disk)


def _link_out(foreign: ForeignDownload, source: Metainfo) -> str:
    paths = (foreign.renamed_files.get(file.index, file.path) for file in source.files if not file.is_pad)
    try:
        refuse_links_out(foreign.save_path, paths)
    except EngineError as error:
        return str(error)
    return ""


def _decided(download: TakenDownload, found: _Findings, options: Options, missing: str, on_disk: Found) -> Plan:
    root = download.save_path if not os.path.isdir(download.save_path) else ""  # noqa: PTH112 - a text it is
    if missing:
        match options.missing:
            case Missing.SKIP:
                return Plan(reason=missing, notes=tuple(found.notes), missing_root=root)
            case Missing.STOP:
                download = msgspec.structs.replace(download, stopped=True)
                found.notes.append("it is stopped")
        found.checks.append(missing)
    if found.checks:
        download = msgspec.structs.replace(download, have=None)
    empty = () if missing else tuple(posixpath.join(download.save_path, path) for path in on_disk.empty)
    reason = "; ".join(found.checks)
    return Plan(
        download=download,
        reason=reason,
        is_checked=bool(reason) and isinstance(download.source, Metainfo),
        notes=tuple(found.notes),
        empty=empty,
        missing_root=root if missing else "",
    )


def _as_ours(
    foreign: ForeignDownload, source: Metainfo | Magnet, categories: Mapping[str, str], found: _Findings
) -> TakenDownload:
    ratio, seconds = _limits(foreign)
    _note_what_is_lost(foreign, found)
    category = categories.get(foreign.category, "")
    if foreign.category and not category:
        found.notes.append(f"category {foreign.category!r} cannot be a category here")
    return TakenDownload(
        source=source,
        save_path=foreign.save_path,
        renamed_files=foreign.renamed_files,
        completed_dir=_completed_dir(foreign, found),
        have=foreign.have,
        trees=foreign.trees,
        priorities=foreign.priorities,
        stopped=foreign.stopped,
        auto_managed=foreign.auto_managed,
        added_time=max(foreign.added_time, 0),
        completed_time=max(foreign.completed_time, 0),
        total_downloaded=max(foreign.total_downloaded, 0),
        total_uploaded=max(foreign.total_uploaded, 0),
        active_time=max(foreign.active_time, 0),
        finished_time=max(foreign.finished_time, 0),
        seeding_time_spent=max(foreign.seeding_time, 0),
        download_limit=_rate(foreign.download_limit),
        upload_limit=_rate(foreign.upload_limit),
        max_uploads=foreign.max_uploads if foreign.max_uploads > 0 else -1,
        sequential=foreign.sequential,
        trackers=_trackers(foreign, found),
        web_seeds=foreign.web_seeds[:MOST_URLS],
        seeding_ratio=ratio,
        seeding_time=seconds,
        category=category,
        tags=_tags(foreign, found),
        hops=foreign.hops,
        safe_seeding=foreign.safe_seeding,
        only_metadata=foreign.only_metadata,
    )


def _note_what_is_lost(foreign: ForeignDownload, found: _Findings) -> None:
    if foreign.first_last_pieces:
        found.notes.append("first and last pieces first: there is no such setting here")
    if foreign.max_connections > 0:
        found.notes.append(f"{foreign.max_connections} connections at most: there is only one limit for all downloads")
    if isinstance(foreign.idle_limit, float | int):
        found.notes.append(f"stop after {foreign.idle_limit:.0f} s without uploads: there is no such limit here")


def _completed_dir(foreign: ForeignDownload, found: _Findings) -> str:
    folder = foreign.completed_dir
    if folder and (is_of_windows(folder) or not folder.startswith("/")):
        found.notes.append(f"its directory when complete, {folder!r}, is not one of this machine")
        return ""
    return folder


def _limits(foreign: ForeignDownload) -> tuple[float | None, float | None]:
    """Return the ratio and the seconds at which it stops, ``None`` for what is said for all downloads."""
    ratio, seconds = _number(foreign.ratio_limit), _number(foreign.seeding_time_limit)
    if ratio is None and seconds is None and Limit.NONE in {foreign.ratio_limit, foreign.seeding_time_limit}:
        return UNLIMITED, None
    return ratio, seconds


def _number(limit: SeedingLimit) -> float | None:
    return float(limit) if not isinstance(limit, Limit) and limit >= 0 else None


def _rate(limit: int) -> int:
    return limit if limit > 0 else -1


def _tags(foreign: ForeignDownload, found: _Findings) -> tuple[str, ...]:
    tags: list[str] = []
    for label in foreign.labels:
        tag = " ".join("".join(sign if sign.isprintable() and sign != "," else " " for sign in label).split())
        tag = tag[:_LONGEST_TAG].strip()
        if tag and tag not in tags:
            tags.append(tag)
        if tag != label:
            found.notes.append(f"label {label!r} is {tag!r} here" if tag else f"label {label!r} cannot be a tag here")
    if len(tags) > MOST_TAGS:
        found.notes.append(f"only the first {MOST_TAGS} of its {len(tags)} labels")
    return tuple(tags[:MOST_TAGS])


def _trackers(foreign: ForeignDownload, found: _Findings) -> tuple[tuple[str, ...], ...]:
    tiers: list[tuple[str, ...]] = []
    room = MOST_URLS
    for tier in foreign.trackers:
        tiers.append(tier[:room])
        room -= len(tiers[-1])
    if sum(map(len, foreign.trackers)) > MOST_URLS or len(foreign.web_seeds) > MOST_URLS:
        found.notes.append(f"only the first {MOST_URLS} of its trackers and web seeds")
    return tuple(filter(None, tiers))


def _with_pieces(download: TakenDownload, source: Metainfo, found: _Findings) -> TakenDownload:
    """Return a download whose pieces and priorities are as many as the torrent's."""
    have, count = download.have, source.total_pieces
    length = (count + 7) // 8
    if have is None or len(have) < length:
        found.checks.append("the program did not say which pieces are there")
        have = None
    else:
        spare = length * 8 - count
        have = (int.from_bytes(have[:length]) >> spare << spare).to_bytes(length)
    priorities = download.priorities
    if priorities and len(priorities) != len(source.files):
        found.notes.append("the priorities are not those of the torrent's files: all files are wanted")
        priorities = ()
    priorities = tuple(min(max(one, 0), 7) for one in priorities)
    return msgspec.structs.replace(download, have=have, priorities=priorities)


def _on_disk(
    foreign: ForeignDownload, download: TakenDownload, source: Metainfo, found: _Findings
) -> tuple[TakenDownload, Found]:
    """Return what is on disk: where the program says, or else where the files go when they are complete."""

    def look(folder: str) -> Found:
        return look_at(
            folder,
            source,
            renamed=foreign.renamed_files,
            have=download.have,
            priorities=download.priorities,
            times=foreign.mtimes,
            looks=foreign.checked_times,
        )

    here = look(download.save_path)
    if here.missing and download.completed_dir not in {"", download.save_path}:
        there = look(download.completed_dir)
        if not there.missing:
            found.notes.append(f"its files are in {download.completed_dir} already")
            return msgspec.structs.replace(download, save_path=download.completed_dir), there
    return download, here


def _missing(download: TakenDownload, on_disk: Found, foreign: ForeignDownload) -> str:
    if on_disk.missing:
        return f"{_named(on_disk.missing)} missing or too short in {download.save_path}"
    name = posixpath.join(download.save_path, download.source.name)
    if download.have is None and foreign.total_downloaded > 0 and not (on_disk.renamed_files or os.path.lexists(name)):
        return f"nothing of it is in {download.save_path}"
    return ""


def _missing_root(folder: str) -> str:
    """Return what is wrong with a directory that need not hold anything yet: it may be elsewhere here."""
    return "" if os.path.isdir(folder) else f"its directory {folder} does not exist"  # noqa: PTH112 - a text it is


def _named(paths: tuple[str, ...]) -> str:
    shown = ", ".join(paths[:_NAMED])
    further = len(paths) - _NAMED
    return f"{shown} and {further} more are" if further > 0 else f"{shown} {'is' if len(paths) == 1 else 'are'}"
