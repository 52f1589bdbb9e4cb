"""A daemon under attack, and what must hold of it whatever is sent."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from triblerd.testing import Answer, DaemonProcess

TORRENT = {"Content-Type": "application/x-bittorrent"}
MOST_LAG_SECONDS = 1.0
"""A trivial request's longest wait meanwhile. No torrent holds the loop for a tenth of that, but two cores also run the
test, its peers and whatever else there is."""
HEALTH_SECONDS = 2.0


class Target(DaemonProcess):
    """A daemon with every plugin, whose downloads have a place of their own.

    Attributes:
        saved: The default destination.
    """

    def __init__(self, root: Path, key: str) -> None:
        super().__init__(root / "state", key, (), {})
        self.root = root
        self.saved = root / "saved"

    async def add(self, uri: str, **options: object) -> Answer:
        """Add a download by URI, whatever comes of it."""
        return await self.request("PUT", "/downloads", json={"uri": uri, **options})

    async def upload(self, metainfo: bytes, **query: str | int) -> Answer:
        """Add a download by its torrent file, whatever comes of it."""
        return await self.request("PUT", "/downloads", data=metainfo, headers=TORRENT, params=query)

    async def download(self, infohash: str) -> Any:
        """Return one download as the list shows it."""
        listed = (await self.get("/downloads"))["downloads"]
        return next(item for item in listed if item["infohash"] == infohash)

    async def forget_all(self) -> None:
        """Remove every download with its data."""
        for item in (await self.get("/downloads"))["downloads"]:
            await self.delete(f"/downloads/{item['infohash']}", json={"remove_data": True})

    async def raw(self, request: bytes, *, limit_seconds: float = 10.0) -> bytes:
        """Send bytes as they are and return the answer, head and body; nothing when none comes."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(request)
            async with asyncio.timeout(limit_seconds):
                head = await reader.readuntil(b"\r\n\r\n")
                _, _, length = head.lower().partition(b"content-length: ")
                return head + await reader.readexactly(int(length.partition(b"\r\n")[0] or 0))
        except asyncio.IncompleteReadError as error:
            return error.partial
        finally:
            writer.transport.abort()

    def head(self, method: str, path: str, headers: Mapping[str, str] | None = None) -> bytes:
        """Return the head of a request that closes its connection, without the empty line."""
        fields = {"Host": "127.0.0.1", "X-Api-Key": self.key, "Connection": "close"} | dict(headers or {})
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
        return "\r\n".join(lines).encode() + b"\r\n"


def status_of(answer: bytes) -> int:
    """Return the status of an answer as it came over the wire, 0 when nothing came."""
    return int(answer.split(b" ", 2)[1]) if answer else 0


def refusal(answer: Answer, status: int = 500) -> str:
    """Return the text of a plain error, which is the whole body, short and no traceback."""
    assert answer.status == status, answer
    body = answer.json()
    assert list(body) == ["error"], body
    assert isinstance(body["error"], str), body
    assert body["error"].strip(), body
    assert "Traceback" not in body["error"]
    assert len(body["error"]) < 16_384
    return str(body["error"])


class Poll:
    """A process that asks for the daemon's health all the time."""

    def __init__(self, port: int) -> None:
        command = [sys.executable, str(Path(__file__).with_name("polling.py")), str(port)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def longest(self) -> float:
        """Return the longest that an answer took since this was last called, in seconds."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return float(self._process.stdout.readline())

    def close(self) -> None:
        """End it."""
        self._process.communicate(timeout=30)


class Watch:
    """Looks at a daemon while a test sends it what it should not."""

    def __init__(self, target: Target, poll: Poll) -> None:
        self._target = target
        self._log_begins = len(target.output)
        self._pid = target.pid
        self._poll = poll
        self.lag_seconds = 0.0
        """The longest that ``GET /healthz`` took."""

    def __enter__(self) -> Self:
        self._poll.longest()
        return self

    def __exit__(self, *_: object) -> None:
        self.lag_seconds = self._poll.longest()

    async def check(self) -> None:
        """Fail the test if the daemon took harm."""
        target = self._target
        started = time.monotonic()
        await target.get("/healthz")
        assert time.monotonic() - started < HEALTH_SECONDS
        assert target.pid == self._pid
        said = target.output[self._log_begins :]
        assert "Traceback" not in said, said[-4000:]
        assert " ERROR " not in said, said[-4000:]
        assert self.lag_seconds < MOST_LAG_SECONDS
        assert await self._undelivered_errors() == []

    async def _undelivered_errors(self) -> list[Any]:
        """Return the unhandled error, if there was one: a stream gets it together with its first event."""
        async with self._target.stream() as stream:
            await stream.next("events_start")
            try:
                message = await stream.next(limit_seconds=0.01)
            except TimeoutError:
                return []
        return [message] if message["topic"] == "tribler_exception" else []


def written(root: Path) -> set[str]:
    """Return every path below ``root`` but the daemon's own; symbolic links are not followed."""
    paths = {path.relative_to(root).as_posix() for path in root.rglob("*")}
    return {path for path in paths if not path.startswith("state")}
