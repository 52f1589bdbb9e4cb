"""Tells a server of a completed download."""

import hashlib
import hmac
from collections.abc import Mapping

import aiohttp

from triblerd.http.endpoint import encode_json
from triblerd_downloads.completion.jobs import Job, delivery_of, infohash_of

SIGNATURE = "X-Triblerd-Signature"
DELIVERY = "X-Triblerd-Delivery"

_OK = range(200, 300)


class WebhookError(Exception):
    """The server was not reached, or did not accept; the text says why."""


async def tell_server(url: str, key: bytes, job: Job, *, secret: str, limit_seconds: float) -> str:
    """Post what is complete, as JSON, and return how the server answered.

    Redirects are not followed: what is told, and signed, is for the server that the user has named.

    Args:
        url: ``http`` or ``https``.
        key: The job's key.
        job: What is complete.
        secret: Signs the body (HMAC-SHA256, RFC 2104); empty for no signature.
        limit_seconds: For all of it.

    Raises:
        WebhookError: there is no answer, or another one than 2xx.
    """
    body = body_of(key, job)
    timeout = aiohttp.ClientTimeout(total=limit_seconds)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.post(url, data=body, headers=headers_of(key, body, secret), allow_redirects=False) as response,
        ):
            status = response.status
    except TimeoutError as error:
        msg = f"the server did not answer within {limit_seconds:g} s"
        raise WebhookError(msg) from error
    except (aiohttp.ClientError, OSError, ValueError) as error:
        msg = str(error) or type(error).__name__
        raise WebhookError(msg) from error
    if status not in _OK:
        msg = f"the server answered with HTTP status code {status}"
        raise WebhookError(msg)
    return f"HTTP status code {status}"


def body_of(key: bytes, job: Job) -> bytes:
    """Return the JSON text that is posted."""
    return encode_json(
        {
            "event": "download_completed",
            "delivery": delivery_of(key),
            "attempt": job.attempts,
            "infohash": infohash_of(key),
            "name": job.name,
            "destination": job.destination,
            "path": job.path,
            "size": job.size,
            "category": job.category,
            "tags": job.tags,
            "completed": job.completed,
        }
    )


def headers_of(key: bytes, body: bytes, secret: str) -> Mapping[str, str]:
    """Return the request's headers."""
    headers = {"Content-Type": "application/json", "User-Agent": "triblerd", DELIVERY: delivery_of(key)}
    if secret:
        headers[SIGNATURE] = f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"
    return headers
