"""Looking for a newer release, and telling of it."""

import logging
from collections.abc import Callable

import aiohttp

from triblerd.events import Event
from triblerd.fetching import read_at_most
from triblerd.services import Configuration
from triblerd_versioning.api import NewVersion, UpdateSourceError
from triblerd_versioning.config import VersioningConfig
from triblerd_versioning.releases import newer_release

log = logging.getLogger(__name__)

LIMIT_SECONDS = 5.0
MOST_BYTES = 16 * 1024 * 1024
_MOST_REDIRECTS = 5
_OK = 200


class UpdateChecker:
    """Implements :class:`triblerd_versioning.api.UpdateCheck`.

    Args:
        version: The one that runs.
        configuration: Tells whether the daemon looks by itself.
        publish: Tells of a newer one.
        limit_seconds: How long the source may take.
    """

    def __init__(
        self,
        *,
        config: VersioningConfig,
        version: str,
        configuration: Configuration,
        publish: Callable[[Event], None],
        limit_seconds: float = LIMIT_SECONDS,
    ) -> None:
        self._config = config
        self._version = version
        self._configuration = configuration
        self._publish = publish
        self._limit_seconds = limit_seconds

    @property
    def is_wanted(self) -> bool:
        """Whether the daemon looks by itself."""
        return bool(self._configuration.values()["general"]["version_checker_enabled"])

    @property
    def has_source(self) -> bool:
        """Whether there is somebody to ask."""
        return bool(self._config.update_url)

    async def newer(self) -> str:
        """Ask now, and return the newer release."""
        if not self.has_source:
            return ""
        content = await self._fetch()
        try:
            return newer_release(content, self._version, allow_pre=self._config.allow_pre)
        except ValueError as error:
            msg = f"The update source does not send releases: {error}"
            raise UpdateSourceError(msg) from error

    async def look(self) -> None:
        """Ask, if that is wanted, and tell of a newer release."""
        if not self.is_wanted:
            return
        try:
            found = await self.newer()
        except UpdateSourceError as error:
            log.info("%s", error)  # the next time is in six hours
            return
        if found:
            log.info("There is a newer release: %s", found)
            self._publish(NewVersion(version=found))

    async def _fetch(self) -> bytes:
        # No text of the library's goes out: it names the address, which may hold a key.
        try:
            async with (
                aiohttp.ClientSession(
                    timeout=aiohttp.ClientTimeout(total=self._limit_seconds), headers={"User-Agent": "triblerd"}
                ) as session,
                session.get(self._config.update_url, max_redirects=_MOST_REDIRECTS) as response,
            ):
                if response.status != _OK:
                    msg = f"The update source answers with HTTP status code {response.status}"
                    raise UpdateSourceError(msg)
                content = await read_at_most(response, MOST_BYTES)
        except TimeoutError as error:
            msg = f"The update source does not answer within {self._limit_seconds:g} s"
            raise UpdateSourceError(msg) from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            msg = f"The update source cannot be asked: {type(error).__name__}"
            raise UpdateSourceError(msg) from error
        if content is None:
            msg = f"The update source sends more than {MOST_BYTES} bytes"
            raise UpdateSourceError(msg)
        return content
