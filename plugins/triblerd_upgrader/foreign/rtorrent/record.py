"""One download of rTorrent."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import unquote

from triblerd_upgrader.foreign.bits import all_bits, cut_bits, no_bits
from triblerd_upgrader.foreign.fields import Fields, integer_of
from triblerd_upgrader.foreign.layout import Layout
from triblerd_upgrader.foreign.links import Link
from triblerd_upgrader.foreign.renames import in_directory, renames, wanted_or_not
from triblerd_upgrader.foreign.rtorrent.rc import Script
from triblerd_upgrader.foreign.stored import Torrent
from triblerd_upgrader.foreign.values import ForeignDownload, NotTaken

_PRIORITIES = {0: 0, 1: 4, 2: 7}
_NOT_TRUSTED = -3
"""In the place of a time: the program does not trust the file."""
_UNLIMITED = "NULL"
_PSEUDO = "dht://"
_NUMBER_BYTES = 4


@dataclass(frozen=True)
class Context:
    """What downloads are read with.

    Attributes:
        place: Turns a path into one of ours.
        script: Has the limits of groups.
        ended_well: The program took its lock away.
    """

    place: Callable[[str], str]
    script: Script
    ended_well: bool


@dataclass(frozen=True)
class Parts:
    """What is stored of a download.

    Attributes:
        directory: Where a link was to go when its metadata arrive.
        is_meant_to_start: A link was to start then.
    """

    origin: str
    torrent: Torrent | Link
    state: Fields
    resume: Fields
    directory: str = ""
    is_meant_to_start: bool = True


def download_of(parts: Parts, context: Context) -> ForeignDownload:
    """Return a download.

    Raises:
        ValueError: it is damaged.
    """
    state, resume, torrent = parts.state, parts.resume, parts.torrent
    known = torrent.layout if isinstance(torrent, Torrent) else torrent
    layout = known if isinstance(known, Layout) else None
    if known.infohash_v1.hex() != parts.origin.partition(".")[0].lower():
        msg = "it is another torrent than its name says"
        raise ValueError(msg)
    save_path, names = _places(parts, layout)
    group = state.text("throttle_name").replace(_UNLIMITED, "")
    return ForeignDownload(
        origin=parts.origin,
        infohash_v1=known.infohash_v1,
        infohash_v2=known.infohash_v2,
        name=known.name,
        metainfo=torrent.raw if isinstance(torrent, Torrent) else b"",
        magnet=torrent.uri if isinstance(torrent, Link) else "",
        save_path=context.place(save_path),
        renamed_files=renames(layout, names) if layout else {},
        have=_have(parts, layout, context) if layout else None,
        priorities=_priorities(resume, layout) if layout else (),
        mtimes=dict(_times(resume)) if layout else {},
        suspicion=_suspicion(parts) if layout else "",
        stopped=not (
            state.flag("state", otherwise=True) and state.number("priority", 1) > 0 and parts.is_meant_to_start
        ),
        added_time=state.fields("custom").number("addtime") or state.number("timestamp.started"),
        completed_time=state.number("timestamp.finished"),
        total_downloaded=state.number("total_downloaded"),
        total_uploaded=state.number("total_uploaded"),
        download_limit=context.script.limit(group, "down"),
        upload_limit=context.script.limit(group, "up"),
        trackers=_trackers(known.trackers, resume.fields("trackers")),
        web_seeds=known.web_seeds,
        labels=tuple(filter(None, (unquote(part).strip() for part in state.text("custom1").split(",")))),
    )


def lost_of(parts: Parts) -> Iterator[NotTaken]:
    """Yield what of a download is not taken over."""
    if parts.state.flag("ignore_commands"):
        yield NotTaken(f"{parts.origin}: ignore_commands", "commands at times and ratios are not run here for any")
    for view in parts.state.texts("views"):
        if view.startswith("rat_"):
            yield NotTaken(f"{parts.origin}: view {view}", "what a group of ratios does is not kept with the downloads")


def _places(parts: Parts, layout: Layout | None) -> tuple[str, Mapping[int, str]]:
    """Return the directory that holds the torrent's name, and the paths of files when it is not called so."""
    directory = parts.directory or parts.state.text("directory")
    if not directory:
        msg = "it does not say where the files are"
        raise ValueError(msg)
    if layout is None or not layout.is_multi_file:
        return directory, {}
    path = PurePosixPath(directory)
    return str(path.parent), in_directory(layout, path.name)


def _have(parts: Parts, layout: Layout, context: Context) -> bytes | None:
    """Return the pieces that are there, ``None`` when that is not known."""
    bitfield = parts.resume.value("bitfield")
    if parts.state.number("hashing"):
        return None
    if isinstance(bitfield, int):
        have = {0: no_bits(layout.total_pieces), layout.total_pieces: all_bits(layout.total_pieces)}.get(bitfield)
    else:
        have = cut_bits(bitfield, layout.total_pieces) if isinstance(bitfield, bytes) else None
    if have is None or context.ended_well:
        return have
    bits = bytearray(have)
    for piece in _uncertain(parts.resume):
        if piece < layout.total_pieces:
            bits[piece >> 3] &= ~(1 << (7 - (piece & 7)))
    return bytes(bits)


def _uncertain(resume: Fields) -> Iterator[int]:
    """Yield the numbers of the pieces that may not have been written when the program ended."""
    stored = resume.raw("uncertain_pieces")
    for place in range(0, len(stored) - _NUMBER_BYTES + 1, _NUMBER_BYTES):
        yield int.from_bytes(stored[place : place + _NUMBER_BYTES])


def _entries(resume: Fields) -> Iterator[tuple[int, Fields]]:
    for index, entry in enumerate(resume.list("files")):
        yield index, Fields.of(entry)


def _priorities(resume: Fields, layout: Layout) -> tuple[int, ...]:
    told = tuple(_PRIORITIES.get(entry.number("priority", 1), 4) for _, entry in _entries(resume))
    return wanted_or_not(layout, told[: len(layout.files)])


def _times(resume: Fields) -> Iterator[tuple[int, int]]:
    for index, entry in _entries(resume):
        if (time := integer_of(entry.value("mtime"))) > 0:
            yield index, time


def _suspicion(parts: Parts) -> str:
    if parts.state.number("hashing"):
        return "rTorrent was checking it when it ended"
    if any(entry.number("mtime") == _NOT_TRUSTED for _, entry in _entries(parts.resume)):
        return "rTorrent did not trust one of its files any more"
    return ""


def _trackers(tiers: tuple[tuple[str, ...], ...], kept: Fields) -> tuple[tuple[str, ...], ...]:
    """Return the trackers of a torrent file without those turned off, with those that the user put there."""
    found = {number: [url for url in tier if _is_on(kept, url)] for number, tier in enumerate(tiers)}
    for url in kept:
        tracker = kept.fields(url)
        if tracker.flag("extra_tracker") and _is_on(kept, url):
            tier = found.setdefault(tracker.number("group"), [])
            tier.extend([url] if url not in tier else [])
    return tuple(tuple(found[number]) for number in sorted(found) if found[number])


def _is_on(kept: Fields, url: str) -> bool:
    return not url.startswith(_PSEUDO) and kept.fields(url).flag("enabled", otherwise=True)
