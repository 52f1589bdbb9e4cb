"""Watches one directory: looks, deals with each new file, and tells how it went."""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from triblerd.disk_calls import DiskCalls
from triblerd.errors import FailedError, InvalidInputError, TriblerdError
from triblerd.events import Event
from triblerd.services import FileRoots
from triblerd_downloads.api import AddWishes
from triblerd_libtorrent.api import Magnet, Metainfo
from triblerd_watch_folder.adding import BrokenFileError, TorrentAdder
from triblerd_watch_folder.api import WatchFolderCorruptFile
from triblerd_watch_folder.config import Afterwards, WatchFolderConfig
from triblerd_watch_folder.files import FileChangedError, delete_file, read_file, rename_file
from triblerd_watch_folder.folders import Folder
from triblerd_watch_folder.looking import FoundFile, Look, look_into
from triblerd_watch_folder.problems import Problems
from triblerd_watch_folder.reports import FileReport, FolderReport, FolderState, printable
from triblerd_watch_folder.seen import Outcome, SeenFiles, Stamp

log = logging.getLogger(__name__)

T = TypeVar("T")

SILENT_SECONDS = 30.0
READ_SECONDS = 30.0
STEP_SECONDS = 4.0
"""For renaming or deleting a file. The plugin's stop waits for it, and not much longer."""
LONGEST_PAUSE = 3600.0
"""Seconds before what failed again and again is tried once more."""
CORRUPT_ENDING = ".corrupt"
ADDED_ENDING = ".added"


class _UnsettledError(Exception):
    """A file may still be written."""


@dataclass(kw_only=True)
class _Waiting:
    """A file that is not dealt with yet.

    Attributes:
        since: When it was first found like this; all times are of the monotonic clock.
        settles_at: It is not looked at before: it was found broken.
        tries_at: It is not tried again before, unless somebody asks for it.
        failures: So far, in a row.
    """

    stamp: Stamp
    since: float
    is_fresh: bool = True
    settles_at: float = 0.0
    tries_at: float = 0.0
    failures: int = 0
    reason: str = ""
    outcome: Outcome = Outcome.WAITING


@dataclass(kw_only=True)
class _Tally:
    added: int = 0
    known: int = 0
    broken: int = 0


@dataclass(kw_only=True)
class _Status:
    """How the last look went, and what the present one waits for."""

    state: FolderState = FolderState.STARTING
    reason: str = ""
    last_scan: float = 0.0
    scan_seconds: float = 0.0
    files: int = 0
    asked_at: float | None = None
    tally: _Tally = field(default_factory=_Tally)


class FolderWatch:
    """One directory that is watched.

    Args:
        folder: The directory.
        seen: Its files that were dealt with.
        roots: The directories that paths given by clients are confined to.
        disk: Threads of its own: when the disk hangs, nobody else waits.
        publish: Tells of broken files.
        silent_seconds: A disk that is asked for so long is said not to answer.
    """

    def __init__(  # noqa: PLR0913 - what watching takes, by keyword
        self,
        folder: Folder,
        *,
        config: WatchFolderConfig,
        seen: SeenFiles,
        adder: TorrentAdder,
        roots: FileRoots,
        disk: DiskCalls,
        publish: Callable[[Event], None],
        silent_seconds: float = SILENT_SECONDS,
    ) -> None:
        self._silent_seconds = silent_seconds
        self._folder = folder
        self._config = config
        self._seen = seen
        self._adder = adder
        self._roots = roots
        self._disk = disk
        self._publish = publish
        self._waiting: dict[str, _Waiting] = {}
        self._problems = Problems()
        self._status = _Status()
        self._looking = asyncio.Lock()

    async def scan(self, *, at_once: bool = False) -> list[FileReport]:
        """Look into the directory and deal with what is new. What goes wrong is part of the report.

        Args:
            at_once: Also try again what failed a moment ago.
        """
        async with self._looking:
            look = await self._look()
            if look is None:
                return []
            new = {file.path for file in look.new}
            self._waiting = {path: waiting for path, waiting in self._waiting.items() if path in new}
            self._problems.keep(lambda path: path in new or path in look.unreadable or path in self._seen.files)
            for path, reason in look.unreadable.items():
                self._problems.note(path, reason)
            reports = [await self._deal_with(file, look.missing, at_once=at_once) for file in look.new]
            await self._seen.update(missing=look.missing, there=look.there)
            return reports

    async def renew(self) -> None:
        """Look into the directory, as ``scan`` does."""
        await self.scan()

    async def preview(self, most: int) -> list[FileReport]:
        """Return what a scan would do with the first new files. Nothing is changed, and no server is asked."""
        async with self._looking:
            look = await self._look()
            return [await self._foresee(file, look.missing) for file in look.new[:most]] if look is not None else []

    def report(self) -> FolderReport:
        """Return how the directory fares."""
        status = self._status
        state, reason = status.state, status.reason
        asked_for = 0.0 if status.asked_at is None else time.monotonic() - status.asked_at
        if asked_for > self._silent_seconds:
            state, reason = FolderState.SILENT, f"The disk has not answered for {asked_for:.0f} s"
        return FolderReport(
            name=self._folder.name,
            directory=printable(self._folder.path),
            recursive=self._folder.options.recursive,
            state=state,
            reason=reason,
            last_scan=int(status.last_scan),
            scan_seconds=round(status.scan_seconds, 4),
            files=status.files,
            waiting=len(self._waiting),
            added=status.tally.added,
            known=status.tally.known,
            broken=status.tally.broken,
            problems=self._problems.latest(),
        )

    # -- looking -----------------------------------------------------------------------------------------------

    async def _look(self) -> Look | None:
        """Return what is in the directory, ``None`` when it cannot be looked into."""
        began = self._status.asked_at = time.monotonic()
        try:
            look = await self._disk.run(self._look_into)
        except FileNotFoundError:
            self._turn(FolderState.MISSING, "There is no such directory")
        except NotADirectoryError:
            self._turn(FolderState.MISSING, "It is no directory")
        except OSError as error:
            self._turn(FolderState.UNREADABLE, error.strerror or str(error))
        except InvalidInputError as error:
            self._turn(FolderState.REFUSED, str(error))
        else:
            self._turn(FolderState.WATCHING, "")
            self._status.last_scan = time.time()
            self._status.scan_seconds = time.monotonic() - began
            self._status.files = look.count
            return look
        finally:
            self._status.asked_at = None
        return None

    def _look_into(self) -> Look:
        if self._folder.rival is not None:
            msg = f"{self._folder.rival or 'watch_folder.directory'} has the same directory"
            raise InvalidInputError(msg)
        if not self._roots.allow(Path(self._folder.path)):
            msg = "It is outside of the allowed directories"
            raise InvalidInputError(msg)
        return look_into(self._folder, self._seen.files)

    def _turn(self, state: FolderState, reason: str) -> None:
        if (state, reason) != (self._status.state, self._status.reason) and reason:
            log.warning("The directory %s is not watched: %s", printable(self._folder.path), reason)
        elif state is not self._status.state:
            log.info("The directory %s is watched", printable(self._folder.path))
        self._status.state, self._status.reason = state, reason

    # -- one file ----------------------------------------------------------------------------------------------

    async def _deal_with(self, file: FoundFile, missing: Sequence[str], *, at_once: bool) -> FileReport:
        now = time.monotonic()
        waiting = self._waiting.get(file.path)
        if waiting is None or waiting.stamp != file.stamp:
            waiting = self._waiting[file.path] = _Waiting(stamp=file.stamp, since=now)
        elif now < waiting.settles_at or (now < waiting.tries_at and not at_once):
            return self._report(file, waiting.outcome, reason=waiting.reason)
        else:
            waiting.is_fresh = False
        try:
            report = await self._try(file, waiting, missing)
        except (_UnsettledError, FileChangedError, FileNotFoundError) as error:
            reason = str(error) if isinstance(error, _UnsettledError) else ""
            waiting.outcome, waiting.reason = Outcome.WAITING, reason or "It is being written"
            return self._report(file, Outcome.WAITING, reason=waiting.reason)
        except (TriblerdError, OSError) as error:
            return self._failed(file, waiting, _text(error))
        except Exception as error:  # a border: one file keeps no other from being added
            log.exception("The file %s cannot be dealt with", printable(file.path))
            return self._failed(file, waiting, _text(error))
        self._waiting.pop(file.path, None)
        return report

    async def _try(self, file: FoundFile, waiting: _Waiting, missing: Sequence[str]) -> FileReport:
        wishes = self._adder.wishes(self._folder.options)
        try:
            source = await self._read(file, wishes, is_fresh=waiting.is_fresh)
        except BrokenFileError as error:
            waiting.settles_at = waiting.since + self._config.settle_time
            if time.monotonic() < waiting.settles_at:
                raise _UnsettledError(_text(error)) from error
            return await _to_the_end(self._put_aside(file, _text(error)))
        if self._seen.moved(file.stamp, str(source.infohash), missing):
            await self._seen.note(file.path, file.stamp, Outcome.KNOWN, str(source.infohash))
            return self._dealt_with(file, Outcome.KNOWN, source)
        return await _to_the_end(self._add(file, source, wishes))

    async def _read(self, file: FoundFile, wishes: AddWishes, *, is_fresh: bool) -> Metainfo | Magnet:
        raw = await self._disk.run(partial(read_file, self._folder, file), limit_seconds=READ_SECONDS)
        if not file.is_magnet:
            return await self._adder.read_torrent(raw)
        if is_fresh and self._config.settle_time and not raw.endswith(b"\n"):
            raise _UnsettledError  # unlike a torrent, half a link may look like a whole one
        source = await self._adder.read_link(raw, wishes)
        assert source is not None  # noqa: S101 - servers were asked
        return source

    async def _add(self, file: FoundFile, source: Metainfo | Magnet, wishes: AddWishes) -> FileReport:
        """Add the download, then do with the file what is wanted, then remember it if it is still there.

        In this order, since the daemon may be killed in between: the file is found again then, and its download, too.
        """
        outcome = await self._adder.add(source, wishes)
        report = self._dealt_with(file, outcome, source)
        if await self._stays(file):
            await self._seen.note(file.path, file.stamp, outcome, str(source.infohash))
        return report

    async def _stays(self, file: FoundFile) -> bool:
        """Rename or delete a file that was added, and return whether it is still there."""
        match self._folder.options.after:
            case Afterwards.KEEP:
                return True
            case Afterwards.RENAME:
                step: Callable[[], object] = partial(rename_file, self._folder, file, ADDED_ENDING)
            case Afterwards.DELETE:
                step = partial(delete_file, self._folder, file)
        try:
            return not await self._done(file, step)
        except (FileChangedError, FileNotFoundError):
            return False  # there is another one, or none

    async def _put_aside(self, file: FoundFile, reason: str) -> FileReport:
        if not await self._done(file, partial(rename_file, self._folder, file, CORRUPT_ENDING)):
            await self._seen.note(file.path, file.stamp, Outcome.BROKEN)
        log.warning("The file %s is broken: %s", printable(file.path), reason)
        self._status.tally.broken += 1
        self._publish(WatchFolderCorruptFile(name=printable(file.name)))
        return self._report(file, Outcome.BROKEN, reason=reason)

    async def _done(self, file: FoundFile, step: Callable[[], object]) -> bool:
        """Take a step with a file, and return whether that was possible; if not, a problem is noted.

        Raises:
            FileChangedError: it is another file by now.
            FileNotFoundError: it is gone.
        """
        try:
            await self._disk.run(step, limit_seconds=STEP_SECONDS)
        except FileNotFoundError:
            raise
        except (OSError, FailedError) as error:
            self._problems.note(file.path, f"It cannot be renamed or deleted: {_text(error)}")
            log.warning("The file %s cannot be renamed or deleted: %s", printable(file.path), _text(error))
            return False
        return True

    async def _foresee(self, file: FoundFile, missing: Sequence[str]) -> FileReport:
        wishes = self._adder.wishes(self._folder.options)
        source: Metainfo | Magnet | None
        try:
            raw = await self._disk.run(partial(read_file, self._folder, file), limit_seconds=READ_SECONDS)
            if file.is_magnet:
                source = await self._adder.read_link(raw, wishes, may_fetch=False)
            else:
                source = await self._adder.read_torrent(raw)
        except BrokenFileError as error:
            return self._report(file, Outcome.BROKEN, reason=_text(error))
        except FileChangedError:
            return self._report(file, Outcome.WAITING, reason="It is being written")
        except (TriblerdError, OSError) as error:
            return self._report(file, Outcome.FAILED, reason=_text(error))
        if source is None:
            return self._report(file, Outcome.ADDED)
        is_known = self._adder.is_known(source.infohash) or self._seen.moved(file.stamp, source.infohash, missing)
        return self._report(file, Outcome.KNOWN if is_known else Outcome.ADDED, source)

    # -- telling -----------------------------------------------------------------------------------------------

    def _failed(self, file: FoundFile, waiting: _Waiting, reason: str) -> FileReport:
        if reason != waiting.reason:
            log.warning("The file %s is not added: %s", printable(file.path), reason)
        waiting.failures += 1
        waiting.outcome, waiting.reason = Outcome.FAILED, reason
        waiting.tries_at = time.monotonic() + min(self._config.check_interval * 2**waiting.failures, LONGEST_PAUSE)
        self._problems.note(file.path, reason)
        return self._report(file, Outcome.FAILED, reason=reason)

    def _dealt_with(self, file: FoundFile, outcome: Outcome, source: Metainfo | Magnet) -> FileReport:
        self._problems.forget(file.path)
        if outcome is Outcome.ADDED:
            self._status.tally.added += 1
            log.info("Added %s from %s", source.infohash, printable(file.path))
        else:
            self._status.tally.known += 1
        return self._report(file, outcome, source)

    def _report(
        self, file: FoundFile, outcome: Outcome, source: Metainfo | Magnet | None = None, *, reason: str = ""
    ) -> FileReport:
        return FileReport(
            path=printable(file.path),
            folder=self._folder.name,
            outcome=outcome,
            infohash="" if source is None else str(source.infohash),
            name="" if source is None else printable(source.name),
            reason=reason,
        )


async def _to_the_end(work: Coroutine[object, object, T]) -> T:
    """Await what must not be left half done, also when the plugin is stopped meanwhile."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


def _text(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
