"""One download of qBittorrent, from whichever of its storages."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import msgspec

from triblerd_upgrader.foreign.fields import number_of
from triblerd_upgrader.foreign.layout import Layout
from triblerd_upgrader.foreign.native import NativeResume
from triblerd_upgrader.foreign.qbittorrent.categories import Categories
from triblerd_upgrader.foreign.renames import renames, wanted_or_not
from triblerd_upgrader.foreign.stored import Torrent
from triblerd_upgrader.foreign.values import ForeignDownload, Limit, NotTaken, SeedingLimit

_NORMAL, _OURS = 1, 4
"""Priorities of files."""
_RATIO_SCALE = 1000
_RATIO_GLOBAL = -2000
_TIME_GLOBAL = -2
_ACTIONS = {
    "Remove": "it was to be removed when it reaches its limit; here it stops",
    "RemoveWithContent": "it was to be removed with its files when it reaches its limit; here it stops",
    "EnableSuperSeeding": "it was to go on in another way when it reaches its limit; here it stops",
}


@dataclass(frozen=True)
class Context:
    """What downloads are read with.

    Attributes:
        place: Turns a path into one of ours.
        has_queue: Whether those that the program manages wait for one another; without a queue all of them run.
    """

    place: Callable[[str], str]
    categories: Categories
    has_queue: bool


class Own(msgspec.Struct, frozen=True, kw_only=True):
    """What qBittorrent keeps of a download itself.

    Attributes:
        save_path: Where it goes; empty when its category says that.
        ratio_limit: As it is stored, in thousandths or in words of the program; times in minutes likewise.
        is_first_last: First and last pieces first.
    """

    name: str = ""
    category: str = ""
    tags: tuple[str, ...] = ()
    save_path: str = ""
    ratio_limit: object = _RATIO_GLOBAL
    seeding_time_limit: object = _TIME_GLOBAL
    inactive_time_limit: object = _TIME_GLOBAL
    share_limit_action: str = ""
    is_first_last: bool = False
    stopped: bool = False
    auto_managed: bool = False
    queue_position: int = -1


def lost_of(origin: str, own: Own) -> Iterator[NotTaken]:
    """Yield what of a download is not taken over."""
    if reason := _ACTIONS.get(own.share_limit_action):
        yield NotTaken(f"{origin}: share limit", reason)


def download_of(
    origin: str, resume: NativeResume, torrent: Torrent | None, own: Own, context: Context
) -> ForeignDownload:
    """Return a download.

    Args:
        origin: Where it was stored.
        resume: Its resume data.
        torrent: ``None`` for a link without metadata.
        own: What else is known.
        context: What all downloads have in common.

    Raises:
        ValueError: it is damaged.
    """
    layout = torrent.layout if torrent else None
    save_path = resume.text(b"save_path") or own.save_path
    if not save_path:
        msg = "it does not say where the files are"
        raise ValueError(msg)
    v1, v2 = _hashes(resume, layout)
    place = context.place(save_path)
    destination = context.place(own.save_path) if own.save_path else context.categories.destination(own.category)
    return ForeignDownload(
        origin=origin,
        infohash_v1=v1,
        infohash_v2=v2,
        name=own.name or (layout.name if layout else resume.text(b"name")),
        metainfo=torrent.raw if torrent else b"",
        save_path=place,
        renamed_files=renames(layout, _slashed(resume.mapped_files, save_path)) if layout else {},
        completed_dir=destination if destination != place else "",
        have=resume.have(layout.total_pieces) if layout else None,
        trees=resume.trees,
        priorities=wanted_or_not(layout, _priorities(resume)) if layout else (),
        stopped=own.stopped,
        auto_managed=own.auto_managed and context.has_queue,
        queue_position=own.queue_position,
        added_time=resume.number(b"added_time"),
        completed_time=resume.number(b"completed_time"),
        total_downloaded=resume.number(b"total_downloaded"),
        total_uploaded=resume.number(b"total_uploaded"),
        active_time=resume.number(b"active_time"),
        finished_time=resume.number(b"finished_time"),
        seeding_time=resume.number(b"seeding_time"),
        download_limit=resume.limit(b"download_rate_limit"),
        upload_limit=resume.limit(b"upload_rate_limit"),
        sequential=resume.flag(b"sequential_download"),
        first_last_pieces=own.is_first_last,
        trackers=resume.trackers,
        web_seeds=resume.web_seeds,
        ratio_limit=_ratio(own.ratio_limit),
        seeding_time_limit=_limit(own.seeding_time_limit, _TIME_GLOBAL, 60),
        idle_limit=_limit(own.inactive_time_limit, _TIME_GLOBAL, 60),
        category=own.category,
        labels=own.tags,
    )


def _hashes(resume: NativeResume, layout: Layout | None) -> tuple[bytes, bytes]:
    v1, v2 = resume.infohash_v1, resume.infohash_v2
    if layout is not None:
        pairs = ((v1, layout.infohash_v1), (v2, layout.infohash_v2))
        if any(stored and computed and stored != computed for stored, computed in pairs):
            msg = "its torrent file is that of another torrent"
            raise ValueError(msg)
        return layout.infohash_v1, layout.infohash_v2
    if not v1 and not v2:
        msg = "it has no infohash"
        raise ValueError(msg)
    return v1, v2


def _priorities(resume: NativeResume) -> tuple[int, ...]:
    return tuple(_OURS if one == _NORMAL else one for one in resume.priorities)


def _slashed(names: dict[int, str], save_path: str) -> dict[int, str]:
    if save_path.startswith("/"):
        return names
    return {index: name.replace("\\", "/") for index, name in names.items()}


def _ratio(stored: object) -> SeedingLimit:
    if isinstance(stored, str | bytes):  # of old versions: the ratio itself, or codes in its scale
        return _limit(number_of(stored, _RATIO_GLOBAL / _RATIO_SCALE), _RATIO_GLOBAL / _RATIO_SCALE, 1)
    return _limit(stored, _RATIO_GLOBAL, 1 / _RATIO_SCALE)


def _limit(stored: object, follows: float, scale: float) -> SeedingLimit:
    value = number_of(stored, follows)
    if value >= 0:
        return round(value * scale, 3)
    return Limit.GLOBAL if value == follows else Limit.NONE
