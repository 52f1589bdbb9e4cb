"""Reads a request's body: never more than the limit, never longer than the time limit."""

import asyncio
from typing import TypeVar

from aiohttp import hdrs, web

from triblerd.errors import InvalidInputError, TooLargeError, TooSlowError

Body = TypeVar("Body", bytes, bytearray)

BODY_LIMIT = 16 * 1024 * 1024
"""Bytes of a request's body."""


async def read_body(request: web.Request, limit_seconds: float) -> bytes:
    """Return the whole body.

    Raises:
        TooLargeError: it is larger than 16 MiB. When its length is announced, nothing of it is read.
        TooSlowError: it did not come within ``limit_seconds``.
        InvalidInputError: it broke off, or its encoding is wrong.
    """
    announced = request.content_length or 0
    if announced > BODY_LIMIT:
        raise _too_large(announced)
    try:
        if request.content.is_eof():  # the common case: it came together with the headers
            return _checked(request.content.read_nowait())
        await _invite(request)
        async with asyncio.timeout(limit_seconds):
            return await _read(request)
    except TimeoutError as error:
        msg = f"The body did not come within {limit_seconds:g} seconds"
        raise TooSlowError(msg) from error
    except web.RequestPayloadError as error:
        msg = "The body is broken"
        raise InvalidInputError(msg) from error


async def _invite(request: web.Request) -> None:
    if request.headers.get(hdrs.EXPECT, "").lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")


async def _read(request: web.Request) -> bytes:
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        _checked(body)
    return bytes(body)


def _checked(body: Body) -> Body:
    if len(body) > BODY_LIMIT:
        raise _too_large(len(body))
    return body


def _too_large(size: int) -> TooLargeError:
    return TooLargeError(f"Maximum request body size {BODY_LIMIT} exceeded, actual body size {size}")
