"""The routes of ``/statistics``."""

import asyncio
import logging

import msgspec

from triblerd.errors import FailedError, NotFoundError
from triblerd.http.endpoint import Endpoint, route
from triblerd.plugin import HookCaller
from triblerd_statistics.api import DiskSpace
from triblerd_statistics.hookspecs import Figure
from triblerd_statistics.schemas import (
    AllStatistics,
    Amounts,
    History,
    HistoryQuery,
    OverlayFigures,
    OverlayStatistics,
    PeriodAmounts,
    SpaceAnswer,
    SpaceFigures,
    SpaceQuestion,
    TriblerFigures,
    TriblerStatistics,
)
from triblerd_statistics.transfers import NOTHING, TransferHistory, Transferred

log = logging.getLogger(__name__)

Sections = dict[str, dict[str, Figure]]


class StatisticsEndpoint(Endpoint):
    """What the daemon and its plugins have done."""

    prefix = "/statistics"

    def __init__(self, *, hooks: HookCaller, history: TransferHistory, disks: DiskSpace) -> None:
        self._hooks = hooks
        self._history = history
        self._disks = disks

    @route("GET", "", examples={"answer": {"statistics": {"tribler": {"num_torrents": 1402}}}})
    async def all_statistics(self) -> AllStatistics:
        """Return everything that the running plugins count."""
        return AllStatistics(statistics=self._sections())

    @route(
        "GET",
        "/tribler",
        examples={"answer": {"tribler_statistics": {"db_size": 135168, "num_channels": 0, "num_torrents": 1402}}},
    )
    async def tribler(self) -> TriblerStatistics:
        """Return how much the metadata store holds."""
        return TriblerStatistics(tribler_statistics=msgspec.convert(self._numbers("tribler"), TriblerFigures))

    @route("GET", "/ipv8", examples={"answer": {"ipv8_statistics": {"total_up": 297466, "total_down": 194811}}})
    async def ipv8(self) -> OverlayStatistics:
        """Return the traffic of the overlay network since the start."""
        return OverlayStatistics(ipv8_statistics=msgspec.convert(self._numbers("ipv8"), OverlayFigures))

    @route("GET", "/history")
    async def history(self, query: HistoryQuery) -> History:
        """Return how much was transferred when, restarts included.

        It is renewed every `statistics.sample_interval` seconds.
        """
        total = self._history.total()
        entries = await asyncio.to_thread(self._history.history, query.period, query.since)
        return History(
            since=total.time if total else None,
            total=Amounts(**_named(total.transferred if total else NOTHING)),
            period=query.period,
            history=[PeriodAmounts(time=entry.time, **_named(entry.transferred)) for entry in entries],
        )

    @route(
        "PUT",
        "/dirspace",
        raises=(NotFoundError, FailedError),
        examples={
            "body": {"directory": "/srv/torrents"},
            "answer": {"statistics": {"total": 270553174016, "used": 35485282304, "free": 73459011584}},
        },
    )
    async def space(self, body: SpaceQuestion) -> SpaceAnswer:
        """Return how full the file system is that holds a directory, or its nearest parent that exists."""
        space = await self._disks.of(body.directory or "")
        return SpaceAnswer(SpaceFigures(total=space.total, used=space.used, free=space.free))

    def _numbers(self, section: str) -> dict[str, int]:
        figures = self._sections().get(section, {})
        return {name: figure for name, figure in figures.items() if isinstance(figure, int)}

    def _sections(self) -> Sections:
        sections: Sections = {}
        for plugin, answer in self._hooks.call_each("triblerd_statistics"):
            try:
                told = msgspec.convert(answer, Sections)
            except msgspec.ValidationError as error:
                log.warning("The plugin %s tells statistics that are none: %s", plugin, error)
                continue
            for section, figures in told.items():
                sections.setdefault(section, {}).update(figures)
        return sections


def _named(transferred: Transferred) -> dict[str, int]:
    return dict(zip(("downloaded", "uploaded", "received", "sent"), transferred.amounts, strict=True))
