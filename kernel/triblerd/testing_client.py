"""The client of a daemon under test: it fails the test when an answer is not the expected one."""

import asyncio
import io
import json
from collections.abc import AsyncIterable, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the daemon answered. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the decoded body."""
        return json.loads(self.body)


class EventStream:
    """An open ``/events`` stream, read as strictly as the oldest clients read it: ``data:`` lines and empty ones."""

    def __init__(self, lines: AsyncIterable[bytes]) -> None:
        self._lines = lines
        self.seen: list[dict[str, Any]] = []
        """Every message so far."""

    async def next(self, topic: str = "", limit_seconds: float = 10.0) -> dict[str, Any]:
        """Return the next message, of a topic when one is given; others are passed over.

        Raises:
            TimeoutError: none came in time.
            EOFError: the daemon closed the stream.
        """
        async with asyncio.timeout(limit_seconds):
            async for line in self._lines:
                if line == b"\n":
                    continue
                assert line.startswith(b"data:"), f"no data line: {line!r}"  # noqa: S101 - fails the test
                message: dict[str, Any] = json.loads(line[5:])
                self.seen.append(message)
                if topic in ("", message["topic"]):
                    return message
        msg = f"the stream ended; it brought {[message['topic'] for message in self.seen]}"
        raise EOFError(msg)


class DaemonClient:
    """Speaks to a daemon under test.

    Attributes:
        state_dir: The daemon's state directory.
        key: The key that requests carry; an empty text sends none.
        port: The port of plain HTTP, 0 while the daemon is down.
    """

    def __init__(self, state_dir: Path, key: str) -> None:
        self.state_dir = state_dir
        self.key = key
        self.port = 0
        self._is_open = False

    @property
    def url(self) -> str:
        """Where the API is, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    async def open_client(self) -> None:
        """Make ready to send requests. Called by what starts the daemon; a second call changes nothing."""
        import aiohttp  # noqa: PLC0415 - a quarter of a second that other projects' test runs do not need

        if not self._is_open:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60))
            self._is_open = True

    async def close_client(self) -> None:
        """Close all connections."""
        if self._is_open:
            self._is_open = False
            await self._session.close()
            await asyncio.sleep(0)  # lets the transports say goodbye before the loop ends

    async def request(  # noqa: PLR0913 - each is a part of a request, by keyword
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        data: bytes | None = None,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request, whatever comes of it."""
        body = None if data is None else io.BytesIO(data)  # large bytes as they are make aiohttp warn
        async with self._session.request(
            method, self.url + path, json=json, data=body, params=params, headers=self._headers(headers)
        ) as response:
            return Answer(
                status=response.status,
                headers={name.lower(): value for name, value in response.headers.items()},
                body=await response.read(),
            )

    async def get(self, path: str, *, status: int = 200, **parts: Any) -> Any:
        """Send a ``GET`` and return the decoded answer; see :meth:`call`."""
        return await self.call("GET", path, status=status, **parts)

    async def put(self, path: str, *, status: int = 200, **parts: Any) -> Any:
        """Send a ``PUT`` and return the decoded answer; see :meth:`call`."""
        return await self.call("PUT", path, status=status, **parts)

    async def post(self, path: str, *, status: int = 200, **parts: Any) -> Any:
        """Send a ``POST`` and return the decoded answer; see :meth:`call`."""
        return await self.call("POST", path, status=status, **parts)

    async def patch(self, path: str, *, status: int = 200, **parts: Any) -> Any:
        """Send a ``PATCH`` and return the decoded answer; see :meth:`call`."""
        return await self.call("PATCH", path, status=status, **parts)

    async def delete(self, path: str, *, status: int = 200, **parts: Any) -> Any:
        """Send a ``DELETE`` and return the decoded answer; see :meth:`call`."""
        return await self.call("DELETE", path, status=status, **parts)

    async def call(self, method: str, path: str, *, status: int = 200, **parts: Any) -> Any:
        """Send a request and return the decoded answer, ``None`` for an empty one.

        Args:
            method: The HTTP method.
            path: What follows the address, with its query.
            status: The expected status; another one fails the test and shows the body.
            parts: ``json``, ``data``, ``params``, ``headers`` of :meth:`request`.
        """
        answer = await self.request(method, path, **parts)
        if answer.status != status:
            pytest.fail(f"{method} {path} answered {answer.status} instead of {status}: {answer.body[:2000]!r}")
        return answer.json() if answer.body else None

    @asynccontextmanager
    async def stream(self, path: str = "/events") -> AsyncIterator[EventStream]:
        """Open an event stream and yield it once the daemon has answered."""
        import aiohttp  # noqa: PLC0415

        endless = aiohttp.ClientTimeout(total=None, sock_connect=10)
        async with self._session.get(self.url + path, headers=self._headers(None), timeout=endless) as response:
            if response.status != 200:  # noqa: PLR2004 - OK
                pytest.fail(f"GET {path} answered {response.status}: {await response.text()}")
            yield EventStream(response.content)

    def _headers(self, headers: Mapping[str, str] | None) -> dict[str, str]:
        return ({"X-Api-Key": self.key} if self.key else {}) | dict(headers or {})
