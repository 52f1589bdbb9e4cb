"""The downloads of a state, some hundred at a time: planned, taken over, and told of."""

import asyncio
from collections import Counter
from collections.abc import Sequence

import msgspec

from triblerd.errors import InvalidInputError
from triblerd_downloads.api import DownloadTakeover, Outcome, Taken, TakenDownload
from triblerd_libtorrent.api import Infohash, Magnet, MagnetError, Metainfo, MetainfoError, TorrentEngine
from triblerd_upgrader.foreign.empty_files import make_empty_files
from triblerd_upgrader.foreign.options import Options
from triblerd_upgrader.foreign.planning import Plan, plan
from triblerd_upgrader.foreign.report import Report, Row, Verdict
from triblerd_upgrader.foreign.sources import source_of
from triblerd_upgrader.foreign.values import ForeignDownload, NotTaken


class DownloadTaker:
    """Takes downloads over, or only tells what would become of them.

    Attributes:
        roots: Directories that are not there, with the number of downloads that are said to be in them.
        taken: What was taken over.
        queued_seeds: Complete downloads that run in the queue of the program.
    """

    def __init__(self, *, takeover: DownloadTakeover, engine: TorrentEngine, options: Options, report: Report) -> None:
        self._takeover = takeover
        self._engine = engine
        self._options = options
        self._report = report
        self._categories: dict[str, str] = {}
        self._seen: set[Infohash] = set()
        self.roots: Counter[str] = Counter()
        self.taken: list[Infohash] = []
        self.queued_seeds = 0

    async def make_category(self, name: str, save_path: str = "") -> None:
        """Make a category, or plan to; one that was made already, or is there, stays as it is."""
        if name in self._categories:
            return
        try:
            if self._options.is_dry:
                self._categories[name] = self._takeover.category_name(name)
            else:
                self._categories[name] = await self._takeover.make_category(name, save_path)
        except InvalidInputError as error:
            self._categories[name] = ""
            await self._report.not_taken([NotTaken(f"category {name}", str(error))])
            return
        if self._categories[name] != name:
            reason = f"it is called {self._categories[name]!r} here"
            await self._report.not_taken([NotTaken(f"category {name}", reason)])

    async def take(self, batch: Sequence[ForeignDownload]) -> None:
        """Take some hundred downloads over, in this order."""
        for foreign in batch:
            if foreign.category:
                await self.make_category(foreign.category)
            self.queued_seeds += foreign.auto_managed and not foreign.stopped and foreign.completed_time > 0
        # In the order of the state, so that a run in two parts tells the same.
        numbered = [_Numbered(self._report.next_number(), foreign) for foreign in batch]
        plans, rows = await self._plans(numbered)
        made = [
            one.row(Verdict.CHECKED if plan.is_checked else Verdict.IMPORTED, _infohash(plan), plan.reason, plan.notes)
            for one, plan in plans
        ]
        rows = [self._report.settled(row) for row in rows]
        downloads = [plan.download for _, plan in plans if plan.download is not None]
        if self._options.is_dry or not downloads:
            await self._report.put([*rows, *made])
            return
        await asyncio.to_thread(make_empty_files, [plan for _, plan in plans])
        await self._take(downloads, made, rows)

    async def see_what_is_checked(self, infohashes: Sequence[Infohash]) -> None:
        """Wait until the engine has looked at files of downloads, and tell of those that it found otherwise."""
        rejected = await self._takeover.settled(infohashes)
        await self._report.put(
            msgspec.structs.replace(row, verdict=Verdict.CHECKED, reason=rejected[Infohash(row.infohash)])
            for row in self._report.rows
            if row.infohash in rejected and row.verdict is Verdict.IMPORTED
        )

    async def _plans(self, batch: Sequence["_Numbered"]) -> tuple[list[tuple["_Numbered", Plan]], list[Row]]:
        """Return what may be taken, and the rows of what is not."""
        found: list[tuple[_Numbered, Metainfo | Magnet]] = []
        rows: list[Row] = []
        for one in batch:
            try:
                source = await source_of(one.foreign, self._engine)
            except (MetainfoError, MagnetError) as error:
                rows.append(one.row(Verdict.SKIPPED, reason=str(error)))
                continue
            known = self._takeover.find(source)
            if known is not None or source.infohash in self._seen:
                rows.append(one.row(Verdict.PRESENT, known or source.infohash))
            else:
                found.append((one, source))
        plans = await asyncio.to_thread(self._planned, found)
        wanted: list[tuple[_Numbered, Plan]] = []
        for (one, source), made in zip(found, plans, strict=True):
            if made.missing_root:
                self.roots[made.missing_root] += 1
            made = self._without_bad_end(made)  # noqa: PLW2901 - the same plan
            obstacle = made.reason if made.download is None else self._takeover.obstacle(made.download)
            if made.download is None or obstacle:
                rows.append(one.row(Verdict.SKIPPED, source.infohash, obstacle, made.notes))
            elif source.infohash in self._seen:
                rows.append(one.row(Verdict.PRESENT, source.infohash))
            else:
                self._seen.add(source.infohash)
                wanted.append((one, made))
        return wanted, rows

    def _without_bad_end(self, made: Plan) -> Plan:
        """Return a plan whose files stay where they are, if they may not go where they should in the end."""
        if made.download is None or not made.download.completed_dir or not self._takeover.obstacle(made.download):
            return made
        stays = msgspec.structs.replace(made.download, completed_dir="")
        if obstacle := self._takeover.obstacle(stays):
            return msgspec.structs.replace(made, download=None, reason=obstacle)
        note = f"it stays where it is when it is complete, and does not go to {made.download.completed_dir}"
        return msgspec.structs.replace(made, download=stays, notes=(*made.notes, note))

    def _planned(self, found: Sequence[tuple["_Numbered", Metainfo | Magnet]]) -> list[Plan]:
        return [plan(one.foreign, source, self._options, self._categories) for one, source in found]

    async def _take(self, downloads: Sequence[TakenDownload], made: Sequence[Row], rows: Sequence[Row]) -> None:
        taken = await self._takeover.take(
            downloads,
            lambda transaction, answer: self._report.write(transaction, [*rows, *map(_become, made, answer)]),
        )
        become = [_become(row, one) for row, one in zip(made, taken, strict=True)]
        self._report.add([*rows, *become])
        # Whether files got their names is known only afterwards.
        await self._report.put(
            msgspec.structs.replace(row, notes=(*row.notes, f"a file keeps its name: {one.reason}"))
            for row, one in zip(become, taken, strict=True)
            if one.outcome is Outcome.TAKEN and one.reason
        )
        self.taken += [one.infohash for one in taken if one.outcome is Outcome.TAKEN]


class _Numbered(msgspec.Struct, frozen=True):
    """A download, and its place in the report."""

    number: int
    foreign: ForeignDownload

    def row(self, verdict: Verdict, infohash: str = "", reason: str = "", notes: tuple[str, ...] = ()) -> Row:
        """Return its row."""
        return Row(
            number=self.number,
            what=self.foreign.origin,
            verdict=verdict,
            infohash=str(infohash),  # plain text, as the store wants it
            name=self.foreign.name,
            reason=reason,
            notes=notes,
        )


def _infohash(plan: Plan) -> str:
    return "" if plan.download is None else plan.download.source.infohash


def _become(row: Row, taken: Taken) -> Row:
    """Return the row of a download that was to be taken, now that it was, or was not."""
    if taken.outcome is Outcome.PRESENT:
        return msgspec.structs.replace(row, verdict=Verdict.PRESENT, infohash=str(taken.infohash), reason="", notes=())
    if taken.outcome is Outcome.REFUSED:
        return msgspec.structs.replace(row, verdict=Verdict.SKIPPED, reason=taken.reason)
    return row
