"""Where rTorrent keeps what: a script wherever somebody put it, and the session directory that it names."""

import posixpath
import socket
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import ClassVar

from triblerd_upgrader.foreign.rtorrent.rc import NAMES, Script, parse_script, read_settings
from triblerd_upgrader.foreign.rtorrent.record import Context
from triblerd_upgrader.foreign.rtorrent.session import is_session, names_in, read_session
from triblerd_upgrader.foreign.running import is_alive
from triblerd_upgrader.foreign.stored import salvaged
from triblerd_upgrader.foreign.values import Find, Item, NotTaken, Program

_SESSIONS = ("session", ".session", "rtorrent_sess")
_LOCK = "rtorrent.lock"
_LONGEST_LOCK = 1000


class RTorrent:
    """Reads session directories, and simple lines of the script."""

    program: ClassVar[Program] = Program.RTORRENT

    def find(self, directory: Path) -> Find | None:
        """Recognise a session directory, or the directory of the script that has it inside."""
        session = _session(directory)
        if session is None:
            return None
        return Find(
            program=self.program,
            root=directory,
            downloads=len(names_in(session)),
            running=_running(session),
            parts=tuple(filter(None, (session, _script(directory)))),
        )

    def read(self, copy: Path, mapped: Callable[[str], str], source: Path) -> Iterator[Item]:
        """Yield downloads and settings."""
        place = _Paths(mapped, source)
        script = Script()
        file = _script(copy)
        if file is None:
            yield NotTaken("settings", "no rtorrent.rc lies with the downloads")
        else:
            read = salvaged(file.name, lambda: parse_script(file))
            if isinstance(read, NotTaken):
                yield read
            else:
                script = read
        session = _session(copy)
        if session is not None:
            yield from read_session(session, Context(place, script, not (session / _LOCK).exists()))
        if file is not None:
            yield from read_settings(file.name, script, place)


class _Paths:
    """Turns paths into ours: of the user who had the session, and relative ones, which begin where it is."""

    def __init__(self, mapped: Callable[[str], str], source: Path) -> None:
        self._mapped = mapped
        self._source = PurePosixPath(source)

    def __call__(self, path: str) -> str:
        if path == "~" or path.startswith("~/"):
            path = posixpath.join(self._home(), path[2:])
        return self._mapped(str(self._source / path))

    def _home(self) -> str:
        match self._source.parts:
            case ("/", "home", user, *_):
                return f"/home/{user}"
            case ("/", "root", *_):
                return "/root"
            case _:
                return str(Path.home())


def _session(root: Path) -> Path | None:
    """Return the directory itself, or the one in it that the script names, or that is called as usual."""
    if is_session(root):
        return root
    file = _script(root)
    script = salvaged(file.name, lambda: parse_script(file)) if file is not None else None
    named = _ends(PurePosixPath(script.session)) if isinstance(script, Script) else []
    return next((folder for name in (*named, *_SESSIONS) if is_session(folder := root / name)), None)


def _ends(path: PurePosixPath) -> list[str]:
    """Return the last components of a path, the longest first: below a root it may begin with any of them."""
    parts = [part for part in path.parts if part not in {"/", "~", ".", ".."}]
    return ["/".join(parts[start:]) for start in range(len(parts))]


def _script(root: Path) -> Path | None:
    return next((path for name in NAMES if (path := root / name).is_file()), None)


def _running(session: Path) -> str:
    """Return who has written his name there, which is taken away at a clean end."""
    try:
        host, _, number = (session / _LOCK).read_text(errors="replace")[:_LONGEST_LOCK].strip().partition(":+")
        pid = int(number)
    except (OSError, ValueError):
        return ""
    if host != socket.gethostname():
        return f"{_LOCK} names process {pid} of the machine {host}"
    return f"{_LOCK} names process {pid}, which runs" if is_alive(pid) else ""
