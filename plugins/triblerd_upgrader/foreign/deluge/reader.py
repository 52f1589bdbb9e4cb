"""Where Deluge keeps what."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar, TypeVar

from triblerd_libtorrent.api import bdecode
from triblerd_upgrader.foreign.deluge.pickles import Attributes, read_pickle
from triblerd_upgrader.foreign.deluge.record import Context, download_of
from triblerd_upgrader.foreign.deluge.settings import other_plugins, read_settings
from triblerd_upgrader.foreign.fields import Fields
from triblerd_upgrader.foreign.native import NativeResume
from triblerd_upgrader.foreign.running import answers, is_alive
from triblerd_upgrader.foreign.stored import MOST_VALUES, salvaged, stored_bytes, stored_json, stored_torrent
from triblerd_upgrader.foreign.values import Find, Item, NotTaken, Program

_STATE = "state/torrents.state"
_RESUME = "state/torrents.fastresume"
_CORE = "core.conf"
_LABELS = "label.conf"
_BACKUP = ".bak"
_SIGN = b"deluge.core.torrentmanager"
_SIGN_BYTES = 200
_ID = re.compile(r"[0-9a-f]{40}")
_MOST_TORRENTS = 200_000

T = TypeVar("T")


class Deluge:
    """Reads ``torrents.state`` and ``torrents.fastresume``, labels and settings."""

    program: ClassVar[Program] = Program.DELUGE

    def find(self, directory: Path) -> Find | None:
        """Recognise a directory of configuration."""
        if not (directory / _CORE).is_file() and not (directory / (_CORE + _BACKUP)).is_file():
            return None
        if not _has_sign(directory) and not (directory / _RESUME).is_file():
            return None
        read = salvaged(_STATE, lambda: _attributes(directory / _STATE))
        downloads = len(list((directory / "state").glob("*.torrent"))) if isinstance(read, NotTaken) else len(read)
        return Find(program=self.program, root=directory, downloads=downloads, running=_running(directory))

    def read(self, copy: Path, mapped: Callable[[str], str], source: Path) -> Iterator[Item]:
        """Yield downloads and settings."""
        del source  # all paths are absolute
        damage: list[NotTaken] = []
        attributes = _first_whole(copy, _STATE, _attributes, damage) or {}
        is_whole = not damage
        resumes = _first_whole(copy, _RESUME, _resumes, damage) or {}
        labels = _labels(_first_whole(copy, _LABELS, stored_json, damage)) if _exists(copy, _LABELS) else {}
        core = _first_whole(copy, _CORE, stored_json, damage)
        yield from damage
        context = Context(mapped, labels)
        for torrent_id, state in attributes.items():
            yield from _record(copy, torrent_id, state, resumes.pop(torrent_id, None), context)
        if not is_whole:  # else they are leftovers of downloads that were removed
            for torrent_id in _ids(copy, resumes).difference(attributes):
                yield from _record(copy, torrent_id, None, resumes.get(torrent_id), context)
        if core is not None:
            yield from read_settings(_CORE, core, mapped)
        yield from other_plugins(lambda name: (copy / name).is_file())


def _record(
    copy: Path, torrent_id: str, state: Fields | None, stored: bytes | None, context: Context
) -> Iterator[Item]:
    path = copy / "state" / f"{torrent_id}.torrent"
    resume = salvaged(f"{_RESUME}: {torrent_id}", lambda: NativeResume(stored)) if stored is not None else None
    if isinstance(resume, NotTaken):
        yield resume
        resume = None
    torrent = salvaged(f"state/{path.name}", lambda: stored_torrent(path)) if path.exists() else None
    if isinstance(torrent, NotTaken):
        yield torrent
        return
    yield salvaged(f"{_STATE}: {torrent_id}", lambda: download_of(torrent_id, state, resume, torrent, context))
    if state is not None and state.flag("stop_at_ratio") and state.flag("remove_at_ratio"):
        yield NotTaken(f"{_STATE}: {torrent_id}, remove_at_ratio", "it stops at its ratio; it is not removed")


def _first_whole(copy: Path, name: str, read: Callable[[Path], T], damage: list[NotTaken]) -> T | None:
    """Return what a file holds, or the one that the program kept of the time before, or ``None``; and tell why."""
    found = salvaged(name, lambda: read(copy / name))
    if not isinstance(found, NotTaken):
        return found
    before = name + _BACKUP
    kept = salvaged(before, lambda: read(copy / before))
    if not isinstance(kept, NotTaken):
        damage.append(NotTaken(name, f"{found.reason}; that of the time before is read instead"))
        return kept
    damage += [found, kept] if (copy / before).exists() else [found]
    return None


def _attributes(path: Path) -> dict[str, Fields]:
    """Return the attributes of the downloads by id, in their order."""
    state = read_pickle(stored_bytes(path))
    torrents = state.values.get("torrents") if isinstance(state, Attributes) else None
    if not isinstance(torrents, list) or len(torrents) > _MOST_TORRENTS:
        msg = "it holds no list of torrents"
        raise ValueError(msg)
    found = {}
    for torrent in torrents:
        values = torrent.values if isinstance(torrent, Attributes) else {}
        fields = Fields({key: value for key, value in values.items() if isinstance(key, str)})
        if _ID.fullmatch(fields.text("torrent_id")):
            found[fields.text("torrent_id")] = fields
    return found


def _resumes(path: Path) -> dict[str, bytes]:
    """Return the resume data of the downloads by id."""
    resumes = bdecode(stored_bytes(path), most_values=MOST_VALUES)
    if not isinstance(resumes, dict):
        msg = "it holds no dictionary"
        raise ValueError(msg)  # noqa: TRY004  # the content is wrong, not the type of an argument
    return {key.decode(errors="replace"): value for key, value in resumes.items() if isinstance(value, bytes)}


def _labels(stored: Fields | None) -> dict[str, str]:
    labels = stored.fields("torrent_labels") if stored is not None else Fields({})
    return {torrent_id: labels.text(torrent_id) for torrent_id in labels}


def _ids(copy: Path, resumes: dict[str, bytes]) -> set[str]:
    names = {path.stem for path in (copy / "state").glob("*.torrent")}
    return {name for name in names.union(resumes) if _ID.fullmatch(name)}


def _exists(copy: Path, name: str) -> bool:
    return (copy / name).exists() or (copy / (name + _BACKUP)).exists()


def _has_sign(directory: Path) -> bool:
    for name in (_STATE, _STATE + _BACKUP):
        try:
            with (directory / name).open("rb") as file:
                if _SIGN in file.read(_SIGN_BYTES):
                    return True
        except OSError:
            continue
    return False


def _running(directory: Path) -> str:
    """Return who has written his number there, which is taken away at a clean end."""
    try:
        process, port = (directory / "deluged.pid").read_text("ascii").strip().split(";")
        if is_alive(int(process)):
            return f"deluged.pid names process {int(process)}, which runs"
        return f"deluged.pid names port {int(port)}, where it answers" if answers(int(port)) else ""
    except (OSError, ValueError):
        return ""
