"""``/metadata/torrents/{infohash}/health``."""

from typing import Annotated

import msgspec
from msgspec import Meta

from triblerd.errors import InvalidInputError
from triblerd.http.endpoint import Endpoint, Scope, route
from triblerd_libtorrent.api import Infohash
from triblerd_metadata.health.checker import DEFAULT_LIMIT_SECONDS, HealthChecker
from triblerd_metadata.health.config import TorrentCheckingConfig

_LIMITS = range(1, 121)


class HealthQuery(msgspec.Struct):
    """How long a check may take."""

    timeout: Annotated[str, Meta(description="Seconds for each tracker, 1..120")] = f"{DEFAULT_LIMIT_SECONDS:.0f}"


class HealthAnswer(msgspec.Struct, frozen=True):
    """Whether there will be an outcome."""

    checking: Annotated[bool, Meta(description="False when checks are turned off, or too many wait already")]


class HealthEndpoint(Endpoint):
    """How many seeders and leechers a torrent has."""

    prefix = "/metadata/torrents"

    def __init__(self, *, checker: HealthChecker, config: TorrentCheckingConfig) -> None:
        self._checker = checker
        self._config = config

    @route(
        "GET",
        "/{infohash}/health",
        scope=Scope.WRITE,  # strangers are asked
        raises=(InvalidInputError,),
        examples={"answer": {"checking": True}},
    )
    async def check(self, infohash: Infohash, query: HealthQuery) -> HealthAnswer:
        """Check how many peers a torrent has, however recently that was done.

        The answer comes at once. The outcome is told by events `channel_entity_updated`, one for each answer that knows
        of more peers than those before, at least one, if the metadata store has the torrent. Trackers, the DHT and our
        own downloads are asked, as anonymously as the default for downloads says.
        """
        limit = _seconds(query.timeout)
        is_on = self._config.enabled
        return HealthAnswer(checking=is_on and self._checker.ask(infohash.key, limit_seconds=limit))


def _seconds(text: str) -> int:
    try:
        seconds = int(text)
        if seconds not in _LIMITS:
            msg = f"{seconds} is not within {_LIMITS[0]}..{_LIMITS[-1]}"
            raise ValueError(msg)  # noqa: TRY301 - one text for both
    except ValueError as error:
        msg = f"Error processing timeout parameter: {error}"
        raise InvalidInputError(msg) from error
    return seconds
