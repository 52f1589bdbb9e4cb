"""Reading what other servers send, for plugins that are their clients."""

import aiohttp

_PART_BYTES = 1 << 16


async def read_at_most(response: aiohttp.ClientResponse, most_bytes: int) -> bytes | None:
    """Return the body of a response; ``None`` when it is larger, whatever its head said of that.

    Raises:
        aiohttp.ClientError: the server broke off.
    """
    body = bytearray()
    async for part in response.content.iter_chunked(_PART_BYTES):
        body += part
        if len(body) > most_bytes:
            return None
    return bytes(body)
