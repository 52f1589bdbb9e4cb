"""One download of Deluge: what its own state, its resume data and its torrent file say together."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from triblerd_upgrader.foreign.fields import Fields, integer_of
from triblerd_upgrader.foreign.native import NativeResume
from triblerd_upgrader.foreign.renames import renames, wanted_or_not
from triblerd_upgrader.foreign.stored import Torrent
from triblerd_upgrader.foreign.values import ForeignDownload, Limit, SeedingLimit

_KIB = 1024
_MOST_TRACKERS = 1000
_SHA1 = 20
_DIGITS = 40


@dataclass(frozen=True)
class Context:
    """What downloads are read with: ``place`` turns a path into one of ours; labels are by the ids of downloads."""

    place: Callable[[str], str]
    labels: Mapping[str, str]


def download_of(
    torrent_id: str, state: Fields | None, resume: NativeResume | None, torrent: Torrent | None, context: Context
) -> ForeignDownload:
    """Return a download.

    Args:
        torrent_id: 40 hex digits.
        state: Its attributes; ``None`` when they are lost.
        resume: Its resume data; ``None`` when they are lost.
        torrent: Its torrent file; ``None`` for a link without metadata.
        context: What all downloads have in common.

    Raises:
        ValueError: it cannot be told what it is, or where.
    """
    own = state if state is not None else _of_resume(resume)
    save_path = own.text("save_path") or (resume.text(b"save_path") if resume else "")
    if not save_path:
        msg = "it does not say where the files are"
        raise ValueError(msg)
    layout = torrent.layout if torrent else None
    v1, v2 = (layout.infohash_v1, layout.infohash_v2) if layout else _hashes(torrent_id, resume)
    if torrent_id.lower() not in {v1.hex(), v2.hex()[:_DIGITS]}:
        msg = "its torrent file is that of another torrent"
        raise ValueError(msg)
    names = resume.mapped_files if resume else {}
    if not save_path.startswith("/"):
        names = {index: name.replace("\\", "/") for index, name in names.items()}
    place = context.place(save_path)
    completed = own.text("move_completed_path") if own.flag("move_completed") else ""
    completed_dir = context.place(completed) if completed else ""
    label = context.labels.get(torrent_id, "")
    return ForeignDownload(
        origin=f"state/{torrent_id}.torrent" if torrent else f"state/torrents.state: {torrent_id}",
        infohash_v1=v1,
        infohash_v2=v2,
        name=own.text("name") or (layout.name if layout else resume.text(b"name") if resume else ""),
        metainfo=torrent.raw if torrent else b"",
        magnet="" if torrent else own.text("magnet"),
        save_path=place,
        renamed_files=renames(layout, names) if layout else {},
        completed_dir=completed_dir if completed_dir != place else "",
        have=resume.have(layout.total_pieces) if resume and layout else None,
        trees=resume.trees if resume else b"",
        priorities=wanted_or_not(layout, _priorities(own, len(layout.files))) if layout else (),
        stopped=own.flag("paused"),
        auto_managed=own.flag("auto_managed"),
        queue_position=own.number("queue", -1),
        **_counted(resume),
        download_limit=_rate(own.fraction("max_download_speed", -1)),
        upload_limit=_rate(own.fraction("max_upload_speed", -1)),
        max_connections=max(own.number("max_connections", -1), -1),
        max_uploads=max(own.number("max_upload_slots", -1), -1),
        sequential=own.flag("sequential_download"),
        first_last_pieces=own.flag("prioritize_first_last"),
        trackers=_trackers(own) or (resume.trackers if resume else layout.trackers if layout else ()),
        web_seeds=resume.web_seeds if resume else layout.web_seeds if layout else (),
        ratio_limit=_ratio(own),
        seeding_time_limit=Limit.NONE,
        labels=(label,) if label else (),
    )


def _of_resume(resume: NativeResume | None) -> Fields:
    """Return what resume data alone tell of a download whose attributes are lost."""
    if resume is None:
        return Fields({})
    is_managed = resume.flag(b"auto_managed")
    return Fields(
        {
            "paused": resume.flag(b"paused") and not is_managed,
            "auto_managed": is_managed,
            "file_priorities": list(resume.priorities),
            "sequential_download": resume.flag(b"sequential_download"),
            "max_download_speed": resume.limit(b"download_rate_limit") / _KIB,
            "max_upload_speed": resume.limit(b"upload_rate_limit") / _KIB,
        }
    )


def _hashes(torrent_id: str, resume: NativeResume | None) -> tuple[bytes, bytes]:
    if resume is not None and (resume.infohash_v1 or resume.infohash_v2):
        return resume.infohash_v1, resume.infohash_v2
    return bytes.fromhex(torrent_id), b""


def _counted(resume: NativeResume | None) -> dict[str, Any]:
    if resume is None:
        return {}
    return {
        name: resume.number(name.encode())
        for name in (
            *("added_time", "completed_time", "total_downloaded", "total_uploaded"),
            *("active_time", "finished_time", "seeding_time"),
        )
    }


def _priorities(own: Fields, count: int) -> tuple[int, ...]:
    return tuple(min(max(integer_of(one, 4), 0), 7) for one in own.list("file_priorities")[:count])


def _trackers(own: Fields) -> tuple[tuple[str, ...], ...]:
    tiers: dict[int, list[str]] = {}
    for entry in own.list("trackers")[:_MOST_TRACKERS]:
        if isinstance(entry, dict):
            tracker = Fields(entry)
            if url := tracker.text("url"):
                tiers.setdefault(tracker.number("tier"), []).append(url)
    return tuple(tuple(tiers[tier]) for tier in sorted(tiers))


def _rate(kib: float) -> int:
    return int(kib * _KIB) if kib > 0 else -1


def _ratio(own: Fields) -> SeedingLimit:
    if "stop_at_ratio" not in own:
        return Limit.GLOBAL
    return own.fraction("stop_ratio") if own.flag("stop_at_ratio") else Limit.NONE
