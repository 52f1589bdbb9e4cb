"""Requests with no other headers than those of a program."""

import json

import aiohttp

SILENT = ("Accept", "Content-Type", "User-Agent")
"""What aiohttp would add by itself."""


class RefusedError(Exception):
    """The daemon did not answer with 200, and why."""

    def __init__(self, status, body):
        super().__init__(f"{status}: {body[:500]!r}")
        self.status = status
        self.body = body


def error_text(error):
    """Return the status, and what programs show of an answer that is none: ``error.message``."""
    return error.status, json.loads(error.body)["error"]["message"]


class Program:
    """What all programs have in common.

    Args:
        daemon: A daemon under test.
    """

    def __init__(self, daemon):
        self.url = daemon.url
        self.key = daemon.key

    @property
    def headers(self):
        """What every request carries."""
        return {}

    async def __aenter__(self):
        self._session = aiohttp.ClientSession(skip_auto_headers=SILENT)
        return self

    async def __aexit__(self, *_):
        await self._session.close()

    async def send(self, method, path, body=None, **headers):
        """Send a request and return the body of the answer, decoded."""
        headers = {**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        async with self._session.request(method, self.url + path, data=data, headers=headers) as response:
            answer = await response.read()
            if response.status != 200:
                raise RefusedError(response.status, answer)
            return json.loads(answer)
