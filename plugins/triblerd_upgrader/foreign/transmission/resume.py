"""``resume/*.resume``: what Transmission keeps of a download beside its torrent file."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from triblerd_upgrader.foreign.bits import all_bits, incomplete_files, no_bits, pieces_of_blocks
from triblerd_upgrader.foreign.fields import Fields, integer_of, text_of
from triblerd_upgrader.foreign.layout import Layout
from triblerd_upgrader.foreign.links import Link
from triblerd_upgrader.foreign.renames import in_directory, renames, wanted_or_not
from triblerd_upgrader.foreign.stored import Torrent
from triblerd_upgrader.foreign.values import ForeignDownload, Limit, SeedingLimit

PART = ".part"
_INFOHASH = re.compile(r"[0-9a-f]{40}")
_BLOCK = 16 * 1024
_PRIORITIES = {-1: 1, 0: 4, 1: 7}
_OWN, _NONE = 1, 2  # modes of limits; any other is the program's


@dataclass(frozen=True)
class Context:
    """What downloads are read with.

    Attributes:
        place: Turns a path into one of ours.
        has_queue: Downloads wait for one another.
        has_parts: Incomplete files have a suffix.
        positions: Places in the queue, by the names of files in ``torrents``.
    """

    place: Callable[[str], str]
    has_queue: bool
    has_parts: bool
    positions: Mapping[str, int]


def download_of(origin: str, torrent: Torrent | Link, resume: Fields, context: Context) -> ForeignDownload:
    """Return a download.

    Args:
        origin: The name of the file with the torrent or the link.
        torrent: What it holds.
        resume: The keys of the other file, written with ``-``.
        context: What all downloads have in common.

    Raises:
        ValueError: it is damaged.
    """
    known = torrent.layout if isinstance(torrent, Torrent) else torrent
    layout = known if isinstance(known, Layout) else None
    destination = resume.text("destination")
    if not destination:
        msg = "it does not say where the files are"
        raise ValueError(msg)
    stem = origin.partition(".")[0].lower()
    if _INFOHASH.fullmatch(stem) and known.infohash_v1.hex() != stem:
        msg = "it is another torrent than its name says"
        raise ValueError(msg)
    incomplete = resume.text("incomplete-dir")
    save_path = context.place(incomplete or destination)
    progress = resume.fields("progress")
    have = _have(progress, layout) if layout else None
    seeding_time = resume.number("seeding-time-seconds")
    return ForeignDownload(
        origin=origin,
        infohash_v1=known.infohash_v1,
        infohash_v2=known.infohash_v2,
        name=resume.text("name") or known.name,
        metainfo=torrent.raw if isinstance(torrent, Torrent) else b"",
        magnet=torrent.uri if isinstance(torrent, Link) else "",
        save_path=save_path,
        renamed_files=_renames(resume, layout, have, context) if layout else {},
        completed_dir=context.place(destination) if incomplete else "",
        have=have,
        priorities=_priorities(resume, layout) if layout else (),
        mtimes=_times(progress.list("mtimes")),
        checked_times=_times(progress.list("time-checked")),
        suspicion=_suspicion(progress),
        stopped=resume.flag("paused"),
        auto_managed=context.has_queue,
        queue_position=context.positions.get(origin, resume.number("queue-position", -1)),
        added_time=resume.number("added-date"),
        completed_time=resume.number("done-date"),
        total_downloaded=resume.number("downloaded"),
        total_uploaded=resume.number("uploaded"),
        active_time=resume.number("downloading-time-seconds") + seeding_time,
        finished_time=seeding_time,
        seeding_time=seeding_time,
        download_limit=_rate(resume.fields("speed-limit-down")),
        upload_limit=_rate(resume.fields("speed-limit-up")),
        max_connections=resume.number("max-peers", -1),
        sequential=resume.flag("sequential-download"),
        trackers=known.trackers,
        web_seeds=known.web_seeds,
        ratio_limit=_limit(resume.fields("ratio-limit"), "ratio"),
        idle_limit=_limit(resume.fields("idle-limit"), "idle", 60),
        labels=resume.texts("labels"),
    )


def with_dashes(value: object) -> object:
    """Return a value whose keys are written as before version 4.1, which has ``_`` where they had ``-``."""
    if isinstance(value, dict):
        return {text_of(key).replace("_", "-"): with_dashes(item) for key, item in value.items()}
    return value


def _have(progress: Fields, layout: Layout) -> bytes | None:
    """Return the pieces that are there, of blocks that are: ``None`` when nothing is said of them."""
    blocks = progress.raw("blocks") or progress.raw("bitfield")
    if blocks == b"all":
        return all_bits(layout.total_pieces)
    if blocks == b"none":
        return no_bits(layout.total_pieces)
    if not blocks:
        return None
    return pieces_of_blocks(blocks, _block_size(progress, layout), layout)


def _block_size(progress: Fields, layout: Layout) -> int:
    """Return 16 KiB; before version 4 a piece had a number of blocks that is a power of two."""
    if "mtimes" in progress:
        return _BLOCK
    size = layout.piece_length
    while size > _BLOCK:
        size //= 2
    return size


def _renames(resume: Fields, layout: Layout, have: bytes | None, context: Context) -> dict[int, str]:
    names = {index: text_of(name) for index, name in enumerate(resume.list("files"))}
    if len(names) != len(layout.files):
        names = in_directory(layout, resume.text("name"))
    if context.has_parts and have is not None:
        for index in incomplete_files(have, layout):
            names[index] = names.get(index, layout.files[index].path) + PART
    return renames(layout, names)


def _priorities(resume: Fields, layout: Layout) -> tuple[int, ...]:
    told = [_PRIORITIES.get(integer_of(one), 4) for one in resume.list("priority")]
    told += [4] * (len(layout.files) - len(told))
    for index, is_unwanted in enumerate(resume.list("dnd")[: len(told)]):
        if is_unwanted:
            told[index] = 0
    return wanted_or_not(layout, tuple(told))


def _times(stored: Iterable[object]) -> dict[int, int]:
    """Return the times of files, those unknown left out; of several, one for each piece, the latest."""
    found = {}
    for index, entry in enumerate(stored):
        if isinstance(entry, list):
            base, *offsets = [integer_of(one) for one in entry] or [0]
            time = base + max(offsets, default=0) if any(offsets) else 0
        else:
            time = integer_of(entry)
        if time > 0:
            found[index] = time
    return found


def _suspicion(progress: Fields) -> str:
    return "Transmission itself had not checked the pieces yet" if progress.raw("pieces") == b"none" else ""


def _rate(limit: Fields) -> int:
    if not limit.flag("use-speed-limit"):
        return -1
    return limit.number("speed-Bps", limit.number("speed") * 1000)


def _limit(limit: Fields, kind: str, scale: int = 1) -> SeedingLimit:
    match limit.number(f"{kind}-mode"):
        case mode if mode == _OWN:
            return limit.fraction(f"{kind}-limit") * scale
        case mode if mode == _NONE:
            return Limit.NONE
        case _:
            return Limit.GLOBAL
