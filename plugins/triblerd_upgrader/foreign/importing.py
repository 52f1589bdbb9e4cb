"""One import from the first file that is read to the last row of the report."""

import asyncio
import logging
import shutil
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

import msgspec

from triblerd.errors import InvalidInputError, TriblerdError, UnavailableError
from triblerd.services import Configuration
from triblerd_downloads.api import DownloadTakeover, Outcome, Taken, TakenDownload
from triblerd_libtorrent.api import Infohash, Magnet, MagnetError, Metainfo, MetainfoError, TorrentEngine
from triblerd_upgrader.foreign.copying import copy_state
from triblerd_upgrader.foreign.empty_files import make_empty_files
from triblerd_upgrader.foreign.planning import Plan, plan
from triblerd_upgrader.foreign.replacing import Replacements
from triblerd_upgrader.foreign.report import Journal, Report, Row, Run, State, Verdict
from triblerd_upgrader.foreign.settings import SECRETS, SettingsTaker
from triblerd_upgrader.foreign.sources import source_of
from triblerd_upgrader.foreign.spool import Spool
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
    """What an import needs of this daemon."""

    takeover: DownloadTakeover
    engine: TorrentEngine
    configuration: Configuration
    keepers: Mapping[str, Keeper]
    journal: Journal


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
        self._categories: dict[str, str] = {}
        self._roots: Counter[str] = Counter()
        self._records: dict[str, tuple[int, int]] = {}
        self._settings: list[ForeignSettings] = []
        self._taken: list[Infohash] = []
        self._number = 0
        self._is_cancelled = False
        self.run = run
        self.phase = "waiting"
        self.done = 0
        self.total = find.downloads
        self.report = Report({}, None)

    @property
    def is_dry(self) -> bool:
        """Whether nothing is changed."""
        return self.run.options.is_dry

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
        if self.is_dry:
            return
        journal, before = self._ours.journal, self._ours.journal.last()
        goes_on = before is not None and before.state is not State.FINISHED and before.root == self.run.root
        rows = await asyncio.to_thread(journal.rows) if goes_on else {}
        await journal.begin(self.run, goes_on=goes_on)
        self.report = Report(rows, journal)

    async def _end(self, state: State, error: str) -> None:
        self.phase = ""
        self.run = msgspec.structs.replace(
            self.run,
            state=state,
            error=error,
            ended=time.time(),
            roots=dict(self._roots),
            counts=dict(self.report.counts()),
            records=self._records,
        )
        if not self.is_dry:
            await self._ours.journal.note(self.run)

    async def _all(self) -> None:
        self.phase = "copying"
        copy = self._folder / "state"
        await self._not_taken(await asyncio.to_thread(copy_state, self._find.root, copy, self._find.parts))
        await self._ours.takeover.prepare()
        self.phase = "reading"
        items = self._reader.read(copy, self._mapped, self._find.root)
        with Spool(self._folder / "downloads") as spool:
            records = await self._read_downloads(items, spool)
            await self._take_downloads(spool)
        self.phase = "records"
        while records and not self._is_cancelled:
            await self._take_records(records)
            records = await asyncio.to_thread(_some, items)
        if self.run.options.with_settings and not self._is_cancelled:
            await self._take_settings()
        if not self.is_dry:
            self.phase = "checking"
            await self._see_what_is_checked()

    # --- reading ------------------------------------------------------------------------------------------------

    async def _read_downloads(self, items: Iterator[Item], spool: Spool) -> Sequence[Item]:
        """Put the downloads, which come first, into the spool; return what was read with the first records."""
        while (batch := await asyncio.to_thread(_some, items)) and not self._is_cancelled:
            downloads = [item for item in batch if isinstance(item, ForeignDownload)]
            await asyncio.to_thread(spool.put, downloads)
            self.done = len(spool)
            rest = [item for item in batch if not isinstance(item, ForeignDownload | ForeignCategory | NotTaken)]
            await self._not_taken([item for item in batch if isinstance(item, NotTaken)])
            for category in batch:
                if isinstance(category, ForeignCategory):
                    await self._make_category(category.name, category.save_path)
            if any(isinstance(item, ForeignRecords) for item in rest):
                return rest
            self._settings += [item for item in rest if isinstance(item, ForeignSettings)]
        return ()

    async def _make_category(self, name: str, save_path: str = "") -> None:
        if name in self._categories:
            return
        try:
            if self.is_dry:
                self._categories[name] = self._ours.takeover.category_name(name)
            else:
                self._categories[name] = await self._ours.takeover.make_category(name, save_path)
        except InvalidInputError as error:
            self._categories[name] = ""
            await self._not_taken([NotTaken(f"category {name}", str(error))])
            return
        if self._categories[name] != name:
            await self._not_taken([NotTaken(f"category {name}", f"it is called {self._categories[name]!r} here")])

    # --- downloads ----------------------------------------------------------------------------------------------

    async def _take_downloads(self, spool: Spool) -> None:
        self.phase, self.done, self.total = "downloads", 0, len(spool)
        seen: set[Infohash] = set()
        batches = spool.batches(BATCH)
        while (batch := await asyncio.to_thread(next, batches, ())) and not self._is_cancelled:
            for foreign in batch:
                if foreign.category:
                    await self._make_category(foreign.category)
            plans, rows = await self._plans(batch, seen)
            await self._take(plans, rows)
            self.done += len(batch)

    async def _plans(
        self, batch: Sequence[ForeignDownload], seen: set[Infohash]
    ) -> tuple[list[tuple[ForeignDownload, Plan]], list[Row]]:
        """Return what may be taken, and the rows of what is not."""
        found: list[tuple[ForeignDownload, Metainfo | Magnet]] = []
        rows: list[Row] = []
        for foreign in batch:
            try:
                source = await source_of(foreign, self._ours.engine)
            except (MetainfoError, MagnetError) as error:
                rows.append(self._row(foreign, Verdict.SKIPPED, reason=str(error)))
                continue
            known = self._ours.takeover.find(source)
            if known is not None or source.infohash in seen:
                rows.append(self._row(foreign, Verdict.PRESENT, known or source.infohash))
                continue
            found.append((foreign, source))
        plans = await asyncio.to_thread(self._planned, found)
        wanted: list[tuple[ForeignDownload, Plan]] = []
        for (foreign, source), made in zip(found, plans, strict=True):
            if made.missing_root:
                self._roots[made.missing_root] += 1
            obstacle = made.reason if made.download is None else self._ours.takeover.obstacle(made.download)
            if made.download is None or obstacle:
                rows.append(self._row(foreign, Verdict.SKIPPED, source.infohash, obstacle, made.notes))
            elif source.infohash in seen:
                rows.append(self._row(foreign, Verdict.PRESENT, source.infohash))
            else:
                seen.add(source.infohash)
                wanted.append((foreign, made))
        return wanted, rows

    def _planned(self, found: Sequence[tuple[ForeignDownload, Metainfo | Magnet]]) -> list[Plan]:
        return [plan(foreign, source, self.run.options, self._categories) for foreign, source in found]

    async def _take(self, plans: Sequence[tuple[ForeignDownload, Plan]], rows: Sequence[Row]) -> None:
        downloads = [made.download for _, made in plans if made.download is not None]
        made_rows = [
            self._row(
                foreign,
                Verdict.CHECKED if made.is_checked else Verdict.IMPORTED,
                _infohash(made),
                made.reason,
                made.notes,
            )
            for foreign, made in plans
        ]
        rows = [self.report.settle(row) for row in rows]
        if self.is_dry or not downloads:
            await self.report.put([*rows, *made_rows])
            return
        await self._take_for_good(plans, downloads, made_rows, rows)

    async def _take_for_good(
        self,
        plans: Sequence[tuple[ForeignDownload, Plan]],
        downloads: Sequence[TakenDownload],
        made_rows: Sequence[Row],
        rows: Sequence[Row],
    ) -> None:
        await asyncio.to_thread(make_empty_files, [made for _, made in plans])
        takeover = self._ours.takeover
        taken = await takeover.take(
            downloads,
            lambda transaction, answer: self.report.write(transaction, [*rows, *map(_settled, made_rows, answer)]),
        )
        settled = [_settled(row, one) for row, one in zip(made_rows, taken, strict=True)]
        self.report.add([*rows, *settled])
        renamed = [row for row, one in zip(settled, taken, strict=True) if one.outcome is Outcome.TAKEN and one.reason]
        await self.report.put(
            _with_note(row, f"a file keeps its name: {one.reason}")
            for row, one in zip(settled, taken, strict=True)
            if row in renamed
        )
        self._taken += [one.infohash for one in taken if one.outcome is Outcome.TAKEN]

    async def _see_what_is_checked(self) -> None:
        """Wait until the engine has looked at all files, and tell of those that it found otherwise."""
        self.done, self.total = 0, len(self._taken)
        for first in range(0, len(self._taken), BATCH):
            part = self._taken[first : first + BATCH]
            rejected = await self._ours.takeover.settled(part)
            rows = [row for row in self.report.rows if row.infohash in rejected and row.verdict is Verdict.IMPORTED]
            await self.report.put(
                msgspec.structs.replace(row, verdict=Verdict.CHECKED, reason=rejected[Infohash(row.infohash)])
                for row in rows
            )
            self.done = first + len(part)

    # --- the rest -----------------------------------------------------------------------------------------------

    async def _take_records(self, items: Iterable[Item]) -> None:
        for item in items:
            if isinstance(item, ForeignRecords):
                await self._keep(item)
            elif isinstance(item, NotTaken):
                await self._not_taken([item])
            elif isinstance(item, ForeignSettings):
                self._settings.append(item)
            elif isinstance(item, ForeignCategory):
                await self._make_category(item.name, item.save_path)

    async def _keep(self, records: ForeignRecords) -> None:
        keeper = self._ours.keepers.get(records.kind)
        count = len(records.values)
        if keeper is None:
            await self._not_taken([NotTaken(records.kind, f"nobody here takes {count} of them")])
            return
        if keeper.is_asked_for and records.kind not in self.run.options.include:
            reason = f"they are taken over if `{records.kind}` are included"
            await self._not_taken([NotTaken(records.kind, reason)])
            return
        added, present = self._records.get(records.kind, (0, 0))
        if self.is_dry:
            self._records[records.kind] = (added + count, present)
            return
        try:
            kept = await keeper.keep(records.values)
        except UnavailableError as error:
            await self._not_taken([NotTaken(records.kind, str(error))])
            return
        self._records[records.kind] = (added + kept.added, present + kept.present)
        await self._not_taken(kept.not_taken)

    async def _take_settings(self) -> None:
        self.phase = "settings"
        taker = SettingsTaker(self._ours.configuration, is_running=bool(self._find.running))
        taken: list[str] = []
        for foreign in self._settings:
            changes, not_taken = taker.plan(foreign, with_secrets=SECRETS in self.run.options.include)
            if not self.is_dry and changes:
                not_taken += await taker.take(changes)
            refused = {one.what for one in not_taken}
            taken += [
                f"{section}.{option}"
                for section, options in changes.items()
                for option in options
                if f"setting {section}.{option}" not in refused
            ]
            await self._not_taken(not_taken)
        self.run = msgspec.structs.replace(self.run, settings=tuple(taken))

    async def _not_taken(self, found: Iterable[NotTaken]) -> None:
        await self.report.put(
            Row(number=self._next(), what=one.what, verdict=Verdict.NOT_TAKEN, reason=one.reason) for one in found
        )

    def _row(
        self,
        foreign: ForeignDownload,
        verdict: Verdict,
        infohash: str = "",
        reason: str = "",
        notes: tuple[str, ...] = (),
    ) -> Row:
        return Row(
            number=self._next(),
            what=foreign.origin,
            verdict=verdict,
            infohash=str(infohash),  # plain text, as the store wants it
            name=foreign.name,
            reason=reason,
            notes=notes,
        )

    def _next(self) -> int:
        self._number += 1
        return self._number


def _some(items: Iterator[Item]) -> list[Item]:
    """Return some items; of records, which are some thousand each, only the first."""
    found: list[Item] = []
    for item in islice(items, BATCH):
        found.append(item)
        if isinstance(item, ForeignRecords):
            break
    return found


def _infohash(made: Plan) -> str:
    return "" if made.download is None else made.download.source.infohash


def _settled(row: Row, taken: Taken) -> Row:
    """Return the row of a download that was to be taken, now that it was, or was not."""
    if taken.outcome is Outcome.PRESENT:
        return msgspec.structs.replace(row, verdict=Verdict.PRESENT, infohash=str(taken.infohash), reason="", notes=())
    if taken.outcome is Outcome.REFUSED:
        return msgspec.structs.replace(row, verdict=Verdict.SKIPPED, reason=taken.reason)
    return row


def _with_note(row: Row, note: str) -> Row:
    return msgspec.structs.replace(row, notes=(*row.notes, note))
