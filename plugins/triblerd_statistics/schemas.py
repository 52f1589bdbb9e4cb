"""What ``/statistics`` is asked and answers."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from triblerd_statistics.hookspecs import Figure
from triblerd_statistics.transfers import Period


class AllStatistics(msgspec.Struct, frozen=True):
    """What the running plugins count."""

    statistics: Annotated[dict[str, dict[str, Figure]], Meta(description="Figures by section and name")]


class TriblerFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Figures of the metadata store; empty while there is none."""

    db_size: Annotated[int | UnsetType, Meta(description="Bytes that it takes in the store's file")] = UNSET
    num_channels: Annotated[int | UnsetType, Meta(description="Known channels")] = UNSET
    num_torrents: Annotated[int | UnsetType, Meta(description="Known torrents")] = UNSET


class TriblerStatistics(msgspec.Struct, frozen=True):
    """General figures."""

    tribler_statistics: TriblerFigures


class OverlayFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Figures of the overlay network; empty while it is off."""

    total_up: Annotated[int | UnsetType, Meta(description="Bytes sent since the start, UDP payload")] = UNSET
    total_down: Annotated[int | UnsetType, Meta(description="Bytes received since the start, UDP payload")] = UNSET


class OverlayStatistics(msgspec.Struct, frozen=True):
    """Traffic of the overlay network."""

    ipv8_statistics: OverlayFigures


class HistoryQuery(msgspec.Struct, frozen=True):
    """Which part of the history."""

    period: Annotated[Period, Meta(description="`hour`: the last two weeks; `day`: the last ten years")] = Period.DAY
    since: Annotated[int, Meta(ge=0, le=2**40, description="Leave out what begins before this Unix time")] = 0


class Amounts(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes that went through the network."""

    downloaded: Annotated[int, Meta(description="Bytes of torrents' content received")]
    uploaded: Annotated[int, Meta(description="Bytes of torrents' content sent")]
    received: Annotated[int, Meta(description="Bytes received by the engine, protocol included")]
    sent: Annotated[int, Meta(description="Bytes sent by the engine, protocol included")]


class PeriodAmounts(Amounts, frozen=True, kw_only=True):
    """What was transferred in one period."""

    time: Annotated[int, Meta(description="When the hour or the day (UTC) begins, Unix time")]


class History(msgspec.Struct, frozen=True, kw_only=True):
    """What was transferred when."""

    since: Annotated[int | None, Meta(description="When counting began, Unix time; null before anything was counted")]
    total: Annotated[Amounts, Meta(description="All of it since then")]
    period: Annotated[Period, Meta(description="What one entry stands for")]
    history: Annotated[
        list[PeriodAmounts], Meta(description="The oldest first; without those in which nothing was transferred")
    ]


class SpaceQuestion(msgspec.Struct, frozen=True):
    """Which directory."""

    directory: Annotated[
        str | None, Meta(description="Absolute; empty or missing: where downloads are put by default")
    ] = None


class SpaceFigures(msgspec.Struct, frozen=True):
    """A file system's bytes."""

    total: Annotated[int, Meta(description="Its size")]
    used: Annotated[int, Meta(description="What is in use")]
    free: Annotated[int, Meta(description="What an ordinary user may still use")]


class SpaceAnswer(msgspec.Struct, frozen=True):
    """How full a file system is."""

    statistics: SpaceFigures
