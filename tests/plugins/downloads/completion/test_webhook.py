import hashlib
import hmac
import socket

import pytest

from triblerd_downloads.completion.jobs import Action, Job, new_key
from triblerd_downloads.completion.webhook import WebhookError, tell_server
from triblerd_libtorrent.api import Infohash

INFOHASH = Infohash("ab" * 20)
JOB = Job(
    action=Action.WEBHOOK,
    completed=1_700_000_000,
    name="film",
    destination="/srv/films",
    size=5,
    category="films",
    tags=("new",),
    attempts=1,
)


async def tell(url, key=None, *, secret="", limit_seconds=5):
    """Tell a server of the job."""
    key = key or new_key(INFOHASH, Action.WEBHOOK)
    return await tell_server(url, key, JOB, secret=secret, limit_seconds=limit_seconds)


async def test_a_server_is_told_what_is_complete(receiver):
    result = await tell(f"{receiver.url}/hook?a=b")

    ((headers, body),) = receiver.calls
    assert result == "HTTP status code 200"
    assert headers["Content-Type"] == "application/json"
    assert "X-Triblerd-Signature" not in headers
    assert headers["X-Triblerd-Delivery"] == body.pop("delivery")
    assert body == {
        "event": "download_completed",
        "attempt": 1,
        "infohash": INFOHASH,
        "name": "film",
        "destination": "/srv/films",
        "path": "/srv/films/film",
        "size": 5,
        "category": "films",
        "tags": ["new"],
        "completed": 1_700_000_000,
    }


async def test_a_secret_signs_the_body(receiver):
    await tell(receiver.url, secret="sësame")

    signature = hmac.new("sësame".encode(), receiver.raw[0], hashlib.sha256).hexdigest()
    assert receiver.calls[0][0]["X-Triblerd-Signature"] == f"sha256={signature}"


async def test_all_attempts_of_a_job_have_one_name(receiver):
    keys = [new_key(INFOHASH, Action.WEBHOOK) for _ in range(2)]

    for key in (keys[0], keys[0], keys[1]):
        await tell(receiver.url, key)

    first, again, other = (headers["X-Triblerd-Delivery"] for headers, _ in receiver.calls)
    assert first == again != other


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 404, 410, 500, 503])
async def test_any_other_answer_than_2xx_is_a_failure_and_redirects_are_not_followed(receiver, status):
    receiver.answers = [status]

    with pytest.raises(WebhookError, match=f"HTTP status code {status}"):
        await tell(receiver.url)

    assert len(receiver.calls) == 1


async def test_a_server_that_is_not_there_is_a_failure():
    with pytest.raises(WebhookError, match=r"127\.0\.0\.1"):
        await tell("http://127.0.0.1:1/hook")
    with pytest.raises(WebhookError):
        await tell("http://")


async def test_a_server_that_hangs_is_not_waited_for_without_end():
    with socket.create_server(("127.0.0.1", 0)) as server:  # nobody answers
        port = server.getsockname()[1]

        with pytest.raises(WebhookError, match=r"within 0\.3 s"):
            await tell(f"http://127.0.0.1:{port}", limit_seconds=0.3)
