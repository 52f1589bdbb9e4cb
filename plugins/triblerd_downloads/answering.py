"""A list answer: encoded rows, in pieces when there are many."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from aiohttp import hdrs, web

from triblerd.http.endpoint import encode_json

ROWS_AT_ONCE = 128
"""A longer list leaves in pieces of so many rows, so that other requests are answered in between."""

_TYPE = "application/json"
_START = b'{"downloads":['


async def list_answer(
    request: web.Request, rows: Sequence[bytes], about: Mapping[str, object], headers: Mapping[str, str] | None = None
) -> web.StreamResponse:
    """Return the answer that has ``rows`` as its ``downloads``, and what is to be told beside them."""
    tail = b"]," + encode_json(about)[1:]
    if len(rows) <= ROWS_AT_ONCE or request.method == hdrs.METH_HEAD:
        return web.Response(body=b"".join(_parts(rows, tail)), content_type=_TYPE, headers=headers)
    return await _sent_in_pieces(request, rows, tail, headers)


def with_members(row: bytes, members: bytes) -> bytes:
    """Return a row with further members, which are encoded and have no braces."""
    return b"%b,%b}" % (row[:-1], members) if members else row


def _parts(rows: Sequence[bytes], tail: bytes) -> Iterator[bytes]:
    """Yield the JSON text in pieces."""
    start = _START
    remaining = iter(rows)
    while batch := list(islice(remaining, ROWS_AT_ONCE)):
        yield start + b",".join(batch)
        start = b","
    yield tail if rows else start + tail


async def _sent_in_pieces(
    request: web.Request, rows: Sequence[bytes], tail: bytes, headers: Mapping[str, str] | None
) -> web.StreamResponse:
    response = web.StreamResponse(headers=headers)
    response.content_type = _TYPE
    response.content_length = len(_START) + sum(map(len, rows)) + len(rows) - 1 + len(tail)
    await response.prepare(request)
    for part in _parts(rows, tail):
        await response.write(part)
        await asyncio.sleep(0)  # a write waits only when the socket is full
    await response.write_eof()
    return response
