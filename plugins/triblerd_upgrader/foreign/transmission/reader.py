"""Where Transmission keeps what."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

from triblerd_libtorrent.api import bdecode
from triblerd_upgrader.foreign.fields import Fields
from triblerd_upgrader.foreign.layout import read_layout, tiers_of
from triblerd_upgrader.foreign.links import Link, parse_link
from triblerd_upgrader.foreign.running import answers
from triblerd_upgrader.foreign.stored import (
    MOST_VALUES,
    Torrent,
    salvaged,
    stored_bytes,
    stored_json,
    stored_json_value,
)
from triblerd_upgrader.foreign.transmission.resume import Context, download_of, with_dashes
from triblerd_upgrader.foreign.transmission.settings import has_queue, read_settings
from triblerd_upgrader.foreign.values import Find, Item, NotTaken, Program

_SETTINGS = "settings.json"
_TORRENTS = ("torrents", "Torrents")
_RESUME = ("resume", "Resume")
"""On macOS with capitals."""
_SUFFIXES = frozenset({".torrent", ".magnet"})
_MAGNET = b"11:magnet-info"
_SIGNS = (b'"download-dir"', b'"download_dir"')


class Transmission:
    """Reads ``torrents`` and ``resume``, the queue and settings."""

    program: ClassVar[Program] = Program.TRANSMISSION

    def find(self, directory: Path) -> Find | None:
        """Recognise a directory of configuration."""
        torrents, resume = _below(directory, _TORRENTS), _below(directory, _RESUME)
        if torrents is None or resume is None or not _has_sign(directory, resume):
            return None
        count = len(_paths(torrents))
        return Find(program=self.program, root=directory, downloads=count, running=_running(directory))

    def read(self, copy: Path, mapped: Callable[[str], str], source: Path) -> Iterator[Item]:
        """Yield downloads and settings."""
        del source  # all paths are absolute
        settings = Fields({})
        read = salvaged(_SETTINGS, lambda: Fields.of(with_dashes(stored_json_value(copy / _SETTINGS))))
        if isinstance(read, NotTaken):
            yield read
        else:
            settings = read
        positions = salvaged("queue.json", lambda: _positions(copy / "queue.json"))
        if isinstance(positions, NotTaken):
            yield positions
            positions = {}
        has_parts = settings.flag("rename-partial-files", otherwise=True)
        yield from _downloads(copy, Context(mapped, has_queue(settings), has_parts, positions))
        yield from read_settings(_SETTINGS, settings, mapped)
        yield from _groups(copy / "bandwidth-groups.json")


def _downloads(copy: Path, context: Context) -> Iterator[Item]:
    torrents, resumes = _below(copy, _TORRENTS), _below(copy, _RESUME)
    left = {path.stem: path for path in resumes.glob("*.resume")} if resumes else {}
    for path in _paths(torrents) if torrents else ():
        yield from _record(path, left.pop(path.stem, None), context)
    for stem in sorted(left):
        yield NotTaken(f"resume/{stem}.resume", "there is no torrent file for it")


def _record(path: Path, resume: Path | None, context: Context) -> Iterator[Item]:
    origin = f"torrents/{path.name}"
    torrent = salvaged(origin, lambda: _torrent_or_link(path))
    if resume is None:
        yield torrent if isinstance(torrent, NotTaken) else NotTaken(origin, "there are no resume data beside it")
        return
    kept = salvaged(f"resume/{resume.name}", lambda: _resume(resume))
    if isinstance(torrent, NotTaken) or isinstance(kept, NotTaken):
        yield from (part for part in (torrent, kept) if isinstance(part, NotTaken))
        return
    yield salvaged(origin, lambda: download_of(path.name, torrent, kept, context))


def _torrent_or_link(path: Path) -> Torrent | Link:
    raw = stored_bytes(path)
    if path.suffix == ".magnet":
        return parse_link(raw.decode())
    if _MAGNET in raw:  # version 3 makes a torrent file of a link
        content = bdecode(raw, most_values=MOST_VALUES)
        if isinstance(content, dict) and b"info" not in content:
            link = Fields.of(content).fields("magnet-info")
            return Link(infohash_v1=link.raw("info_hash"), name=link.text("display-name"), trackers=tiers_of(content))
    return Torrent(raw, read_layout(raw))


def _resume(path: Path) -> Fields:
    return Fields.of(with_dashes(bdecode(stored_bytes(path), most_values=MOST_VALUES)))


def _positions(path: Path) -> dict[str, int]:
    """Return the places in the queue, by the names of files in ``torrents``. Before version 4 nothing is kept of it."""
    if not path.exists():
        return {}
    names = stored_json_value(path)
    if not isinstance(names, list):
        msg = "it holds no list"
        raise ValueError(msg)  # noqa: TRY004  # the content is wrong, not the type of an argument
    return {name: place for place, name in enumerate(names) if isinstance(name, str)}


def _groups(path: Path) -> Iterator[NotTaken]:
    groups = salvaged(path.name, lambda: list(stored_json(path))) if path.exists() else []
    if isinstance(groups, NotTaken):
        yield groups
    else:
        yield from (NotTaken(f"group {name}", "there are no limits of groups of downloads here") for name in groups)


def _below(directory: Path, names: tuple[str, ...]) -> Path | None:
    return next((path for name in names if (path := directory / name).is_dir()), None)


def _paths(torrents: Path) -> list[Path]:
    return sorted(path for path in torrents.iterdir() if path.suffix in _SUFFIXES)


def _has_sign(directory: Path, resume: Path) -> bool:
    """Return whether settings lie there that are the program's; damaged ones are, when there are resume files."""
    if not (directory / _SETTINGS).is_file():
        return False
    raw = salvaged(_SETTINGS, lambda: stored_bytes(directory / _SETTINGS))
    has_key = isinstance(raw, bytes) and any(sign in raw for sign in _SIGNS)
    return has_key or any(resume.glob("*.resume"))


def _running(directory: Path) -> str:
    """Return who answers where the settings say that the program is asked."""
    settings = salvaged(_SETTINGS, lambda: Fields.of(with_dashes(stored_json_value(directory / _SETTINGS))))
    if isinstance(settings, NotTaken) or not settings.flag("rpc-enabled", otherwise=True):
        return ""
    port = settings.number("rpc-port", 9091)
    question = f"GET {settings.text('rpc-url', '/transmission/')}rpc HTTP/1.0\r\n\r\n".encode(errors="replace")
    return f"it answers on port {port}" if answers(port, question, b"ransmission") else ""
