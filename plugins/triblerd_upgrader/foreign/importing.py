"""One import from the first file that is read to the last row of the report."""

import asyncio
import logging
import shutil
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import msgspec

from triblerd.errors import TriblerdError, UnavailableError
from triblerd.services import Configuration
from triblerd_downloads.api import DownloadTakeover
from triblerd_libtorrent.api import TorrentEngine
from triblerd_upgrader.foreign.copying import copy_state
from triblerd_upgrader.foreign.replacing import Replacements
from triblerd_upgrader.foreign.report import Journal, Report, Run, State
from triblerd_upgrader.foreign.settings import SECRETS, SettingsTaker
from triblerd_upgrader.foreign.spool import Spool
from triblerd_upgrader.foreign.taking import DownloadTaker
from triblerd_upgrader.foreign.values import (
    Find,
    ForeignCategory,
    ForeignDownload,
    ForeignRecords,
    ForeignSettings,
    Item,
    Keeper,
    NotTaken,
    Reader,
)

log = logging.getLogger(__name__)

BATCH = 100
"""Downloads in one transaction."""


class Ours(msgspec.Struct, frozen=True, kw_only=True):
    """What an import needs of this daemon.

    Attributes:
        is_there: Tells whether ``takeover`` is still what takes downloads over.
    """

    takeover: DownloadTakeover
    engine: TorrentEngine
    configuration: Configuration
    keepers: Mapping[str, Keeper]
    journal: Journal
    is_there: Callable[[], bool]


class Import:
    """Takes one state over.

    Args:
        find: What is taken over.
        reader: Reads it.
        run: Says how.
        ours: Of this daemon.
        folder: An empty directory for the copy; it is gone when this ends.

    Attributes:
        run: As it is now.
        phase: What is being done, in a word.
        done: How much of it; ``total`` likewise, 0 while that is not known.
        report: What became of everything so far.
    """

    def __init__(self, *, find: Find, reader: Reader, run: Run, ours: Ours, folder: Path) -> None:
        self._find = find
        self._reader = reader
        self._ours = ours
        self._folder = folder
        self._mapped = Replacements(run.options.replace)
        self._records: dict[str, tuple[int, int]] = {}
        self._settings: list[ForeignSettings] = []
        self._is_cancelled = False
        self.run = run
        self.phase = "waiting"
        self.done = 0
        self.total = find.downloads
        self.report = Report({}, None)
        self._taker = self._new_taker()

    def cancel(self) -> None:
        """End it after the batch that it is at."""
        self._is_cancelled = True

    async def work(self) -> None:
        """Do it; what goes wrong as a whole stands in the run."""
        try:
            await self._begin()
            await self._all()
            state, error = (State.CANCELLED if self._is_cancelled else State.FINISHED), ""
        except TriblerdError as failure:
            state, error = State.FAILED, str(failure)
        except OSError as failure:
            state, error = State.FAILED, f"{failure.filename or self._find.root}: {failure.strerror or failure}"
        except Exception as failure:  # a border: what is wrong with a state ends its import alone
            log.exception("The import of %s ended", self._find.root)
            state, error = State.FAILED, f"{type(failure).__name__}: {failure}"
        finally:
            await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)
        await self._end(state, error)

    async def _begin(self) -> None:
        if self.run.options.is_dry:
            return
        journal, before = self._ours.journal, self._ours.journal.last()
        goes_on = before is not None and before.state is not State.FINISHED and before.root == self.run.root
        rows = await asyncio.to_thread(journal.rows) if goes_on else {}
        await journal.begin(self.run, goes_on=goes_on)
        self.report = Report(rows, journal)
        self._taker = self._new_taker()

    def _new_taker(self) -> DownloadTaker:
        return DownloadTaker(
            takeover=self._ours.takeover, engine=self._ours.engine, options=self.run.options, report=self.report
        )

    async def _all(self) -> None:
        self.phase = "copying"
        copy = self._folder / "state"
        await self.report.not_taken(await asyncio.to_thread(copy_state, self._find.root, copy))
        await self._ours.takeover.prepare()
        self.phase = "reading"
        with ThreadPoolExecutor(1) as thread:
            items = _Items(thread, self._reader.read(copy, self._mapped, self._find.root))
            try:
                await self._take_items(items)
            finally:
                await items.close()
        if self.run.options.with_settings and not self._is_cancelled:
            self.phase = "settings"
            await self._take_settings()
        await self._tell_of_the_queue()
        self.phase, taken = "checking", self._taker.taken
        self.done, self.total = 0, len(taken)
        for first in range(0, len(taken), BATCH):
            await self._taker.see_what_is_checked(taken[first : first + BATCH])
            self.done = min(first + BATCH, len(taken))

    async def _take_items(self, items: "_Items") -> None:
        with Spool(self._folder / "downloads") as spool:
            records = await self._read_downloads(items, spool)
            await self._take_downloads(spool)
        self.phase, self.done, self.total = "records", 0, 0
        while records and not self._is_cancelled:
            await self._take_records(records)
            records = await items.some()

    async def _end(self, state: State, error: str) -> None:
        run = msgspec.structs.replace(
            self.run,
            state=state,
            error=error,
            ended=time.time(),
            roots=dict(self._taker.roots),
            counts=dict(self.report.counts()),
            records=self._records,
        )
        try:
            if not run.options.is_dry:
                await self._ours.journal.note(run)
        finally:  # not earlier: it has not ended before it is known that the state was taken over
            self.phase, self.run = "", run

    # --- downloads ----------------------------------------------------------------------------------------------

    async def _read_downloads(self, items: "_Items", spool: Spool) -> Sequence[Item]:
        """Put the downloads, which come first, into the spool; return what was read with the first records."""
        while (batch := await items.some()) and not self._is_cancelled:
            downloads = [item for item in batch if isinstance(item, ForeignDownload)]
            await asyncio.to_thread(spool.put, downloads)
            self.done = len(spool)
            rest = [item for item in batch if not isinstance(item, ForeignDownload)]
            if any(isinstance(item, ForeignRecords) for item in rest):
                return rest
            await self._take_records(rest)
        return ()

    async def _take_downloads(self, spool: Spool) -> None:
        self.phase, self.done, self.total = "downloads", 0, len(spool)
        batches = spool.batches(BATCH)
        while (batch := await asyncio.to_thread(next, batches, ())) and not self._is_cancelled:
            if not self._ours.is_there():
                msg = "the plugin downloads was stopped meanwhile"
                raise UnavailableError(msg)
            await self._taker.take(batch)
            self.done += len(batch)

    # --- the rest -----------------------------------------------------------------------------------------------

    async def _take_records(self, items: Iterable[Item]) -> None:
        for item in items:
            if isinstance(item, ForeignRecords):
                await self._keep(item)
                self.done += len(item.values)
            elif isinstance(item, NotTaken):
                await self.report.not_taken([item])
            elif isinstance(item, ForeignSettings):
                self._settings.append(item)
            elif isinstance(item, ForeignCategory):
                await self._taker.make_category(item.name, item.save_path)

    async def _keep(self, records: ForeignRecords) -> None:
        kind, keeper = records.kind, self._ours.keepers.get(records.kind)
        if keeper is None:
            await self.report.not_taken([NotTaken(kind, f"nobody here takes {len(records.values)} of them")])
            return
        if keeper.is_asked_for and kind not in self.run.options.include:
            await self.report.not_taken([NotTaken(kind, f"taken over only if `{kind}` is included")])
            return
        added, present = self._records.get(kind, (0, 0))
        if self.run.options.is_dry:
            self._records[kind] = (added + len(records.values), present)
            return
        try:
            kept = await keeper.keep(records.values)
        except UnavailableError as error:
            await self.report.not_taken([NotTaken(kind, str(error))])
            return
        self._records[kind] = (added + kept.added, present + kept.present)
        await self.report.not_taken(kept.not_taken)

    async def _tell_of_the_queue(self) -> None:
        """Tell when more downloads take part in the queue than run at once here."""
        values, queued = self._ours.configuration.values().get("libtorrent", {}), self._taker.queued_seeds
        limits = {name: values.get(name) for name in ("active_seeds", "active_limit")}
        exceeded = {name: most for name, most in limits.items() if isinstance(most, int) and 0 <= most < queued}
        if exceeded:
            name = min(exceeded, key=exceeded.__getitem__)
            reason = f"{queued} complete downloads take part in it, of which only {exceeded[name]} seed at once here"
            await self.report.not_taken([NotTaken("queue", f"{reason}: see the setting libtorrent.{name}")])

    async def _take_settings(self) -> None:
        taker = SettingsTaker(self._ours.configuration, is_running=bool(self._find.running))
        taken: list[str] = []
        for foreign in self._settings:
            changes, not_taken = taker.plan(foreign, with_secrets=SECRETS in self.run.options.include)
            if not self.run.options.is_dry and changes:
                not_taken += await taker.take(changes)
            refused = {one.what for one in not_taken}
            names = [f"{section}.{option}" for section, options in changes.items() for option in options]
            taken += [name for name in names if f"setting {name}" not in refused]
            await self.report.not_taken(not_taken)
        self.run = msgspec.structs.replace(self.run, settings=tuple(taken))


class _Items:
    """What a reader yields, all of it in one thread: a database belongs to the thread that opened it."""

    def __init__(self, thread: ThreadPoolExecutor, items: Iterator[Item]) -> None:
        self._thread = thread
        self._items = items

    async def some(self) -> list[Item]:
        """Return the next items, none at the end."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, _some, self._items)

    async def close(self) -> None:
        """Have the reader let go of what it has open."""
        if isinstance(self._items, Generator):
            await asyncio.get_running_loop().run_in_executor(self._thread, self._items.close)


def _some(items: Iterator[Item]) -> list[Item]:
    """Return some items; of records, which are some thousand each, only the first."""
    found: list[Item] = []
    for item in islice(items, BATCH):
        found.append(item)
        if isinstance(item, ForeignRecords):
            break
    return found
