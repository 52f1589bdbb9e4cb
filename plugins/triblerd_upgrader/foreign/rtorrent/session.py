"""The session directory: three files for each download, in old versions one."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from triblerd_libtorrent.api import bdecode_dictionary, bencode
from triblerd_upgrader.foreign.fields import Fields
from triblerd_upgrader.foreign.layout import read_layout, tiers_of
from triblerd_upgrader.foreign.links import Link, parse_link
from triblerd_upgrader.foreign.rtorrent.record import Context, Parts, download_of, lost_of
from triblerd_upgrader.foreign.stored import MOST_VALUES, Torrent, salvaged, stored_bytes, stored_fields
from triblerd_upgrader.foreign.values import Item, NotTaken

_NAME = re.compile(r"[0-9A-F]{40}\.torrent")
_STATE, _RESUME = ".rtorrent", ".libtorrent_resume"
_OLD_STATE, _OLD_RESUME = b"rtorrent", b"libtorrent_resume"
_LOOKED_AT = 20


def names_in(folder: Path) -> list[str]:
    """Return the names of the torrent files."""
    try:
        return sorted(path.name for path in folder.iterdir() if _NAME.fullmatch(path.name))
    except OSError:
        return []


def is_session(folder: Path) -> bool:
    """Return whether torrent files lie there that have a state beside them, or in themselves."""
    names = names_in(folder)[:_LOOKED_AT]
    return any((folder / (name + _STATE)).is_file() or _has_state(folder / name) for name in names)


def read_session(folder: Path, context: Context) -> Iterator[Item]:
    """Yield the downloads."""
    present = frozenset(
        path.name for path in folder.iterdir()
    )  # once: to ask for each file takes as long as to read it
    for name in names_in(folder):
        yield from _record(folder, name, present, context)
    for name in sorted(present):
        torrent = name.removesuffix(_STATE).removesuffix(_RESUME)
        if torrent != name and torrent.endswith(".torrent") and torrent not in present:
            yield NotTaken(name, "there is no torrent file for it")


def _record(folder: Path, name: str, present: frozenset[str], context: Context) -> Iterator[Item]:
    read = salvaged(name, lambda: _torrent(folder / name))
    state = _stored(folder, name + _STATE) if name + _STATE in present else None
    resume = _stored(folder, name + _RESUME) if name + _RESUME in present else None
    if isinstance(read, NotTaken) or isinstance(state, NotTaken) or isinstance(resume, NotTaken):
        yield from (part for part in (read, state, resume) if isinstance(part, NotTaken))
        return
    state, resume = state or read.state, resume or read.resume
    if state is None:
        yield NotTaken(name, "its state does not lie beside it")
        return
    parts = Parts(name, read.torrent, state, resume or Fields({}), read.directory, read.is_meant_to_start)
    yield salvaged(name, lambda: download_of(parts, context))
    yield from lost_of(parts)


def _stored(folder: Path, name: str) -> Fields | NotTaken:
    return salvaged(name, lambda: stored_fields(folder / name))


@dataclass(frozen=True)
class _Read:
    """What a torrent file holds; in old versions state and resume data, too, and of a link where it goes."""

    torrent: Torrent | Link
    state: Fields | None = None
    resume: Fields | None = None
    directory: str = ""
    is_meant_to_start: bool = True


def _torrent(path: Path) -> _Read:
    raw = stored_bytes(path)
    content, spans = bdecode_dictionary(raw, most_values=MOST_VALUES)
    fields = Fields.of(content)
    info = fields.fields("info")
    if info.flag("meta_download"):
        return _link(fields, info, tiers_of(content))
    if _OLD_STATE in content or _OLD_RESUME in content:
        raw = _without(raw, spans)
    return _Read(
        Torrent(raw, read_layout(raw)),
        fields.fields("rtorrent") if _OLD_STATE in content else None,
        fields.fields("libtorrent_resume") if _OLD_RESUME in content else None,
    )


def _link(fields: Fields, info: Fields, trackers: tuple[tuple[str, ...], ...]) -> _Read:
    """Return what stands for a link until its metadata arrive: a torrent file whose only piece is the infohash."""
    uri = fields.text("magnet-uri")
    bare = Link(infohash_v1=info.raw("pieces"), name=info.text("name"), trackers=trackers)
    link = parse_link(uri) if uri else bare
    meant = fields.fields("rtorrent_meta_download")
    directory = ""
    for command in meant.texts("commands"):  # that were to be run; one is read
        name, _, value = command.partition("=")
        if name.strip() == "d.directory.set":
            directory = value.strip().strip('"')
    return _Read(link, directory=directory, is_meant_to_start=meant.flag("start", otherwise=True))


def _without(raw: bytes, spans: dict[bytes, slice]) -> bytes:
    """Return a torrent file without what the program put into it."""
    kept = sorted(key for key in spans if key not in {_OLD_STATE, _OLD_RESUME})
    return b"d%be" % b"".join(bencode(key) + raw[spans[key]] for key in kept)


def _has_state(path: Path) -> bool:
    try:
        return bencode(_OLD_STATE) in stored_bytes(path)
    except (OSError, ValueError):
        return False
