"""The look for newer releases: whom it asks and when, and what it tells."""

import pytest

from tests.plugins.downloads.conftest import service
from triblerd.services import Configuration
from triblerd.testing import wait_for
from triblerd_versioning.api import NewVersion, UpdateCheck, UpdateSourceError
from triblerd_versioning.checking import UpdateChecker
from triblerd_versioning.config import VersioningConfig

NEWER = b'{"info": {"version": "999.1"}}'
UNFINISHED = b'{"info": {"version": "999.1rc1"}}'


async def test_without_a_source_nobody_is_asked_and_there_is_no_release(start_daemon):
    async with start_daemon("versioning") as daemon:
        answer = await daemon.get("/versions/check")
        tasks = (await daemon.get("/plugins/versioning"))["tasks"]

    assert (answer["new_version"], answer["has_version"]) == ("", False)
    assert (answer["has_source"], answer["automatic"]) == (False, False)
    assert tasks == []


async def test_a_newer_release_is_found_when_somebody_asks(start_daemon, index):
    index.body = NEWER
    config = {"versioning": {"update_url": index.url}, "general": {"version_checker_enabled": False}}
    async with start_daemon("versioning", config=config) as daemon:
        answer = await daemon.get("/versions/check")

    assert (answer["new_version"], answer["has_version"]) == ("999.1", True)
    assert (answer["has_source"], answer["automatic"]) == (True, False)
    assert index.asked == ["/pypi/triblerd/json"]


async def test_a_newer_release_is_told_to_listeners_at_the_start(start_daemon, index):
    index.body = None
    async with start_daemon("versioning", "events", config={"versioning": {"update_url": index.url}}) as daemon:
        await wait_for(lambda: index.asked)
        index.body = NEWER
        async with daemon.stream() as stream:
            await daemon.patch("/plugins/versioning", json={"enabled": False})
            await daemon.patch("/plugins/versioning", json={"enabled": True})

            message = await stream.next("tribler_new_version")

    assert message == {"topic": "tribler_new_version", "args": ["999.1"], "kwargs": {}}


async def test_another_source_is_asked_at_once(start_daemon, index):
    index.body = NEWER
    async with start_daemon("versioning", "settings") as daemon:
        with daemon.events(NewVersion) as events:
            await daemon.post("/settings", json={"versioning": {"update_url": index.url}})

            assert await events.next() == NewVersion(version="999.1")


async def test_unfinished_releases_are_told_of_only_if_they_are_wanted(start_daemon, index):
    index.body = UNFINISHED
    async with start_daemon("versioning", "settings", config={"versioning": {"update_url": index.url}}) as daemon:
        before = await daemon.get("/versions/check")
        await daemon.post("/settings", json={"versioning": {"allow_pre": True}})
        after = await daemon.get("/versions/check")

    assert (before["new_version"], after["new_version"]) == ("", "999.1rc1")


async def test_a_daemon_that_is_not_to_look_does_not(start_daemon, index):
    index.body = NEWER
    config = {"versioning": {"update_url": index.url}, "general": {"version_checker_enabled": False}}
    async with start_daemon("versioning", config=config) as daemon:
        await service(daemon, UpdateCheck).look()

    assert index.asked == []


async def test_what_is_wrong_with_the_source_is_told_without_its_address(start_daemon, index):
    config = {"versioning": {"update_url": f"{index.url}?token=s3cr3t"}, "general": {"version_checker_enabled": False}}
    async with start_daemon("versioning", "settings", config=config) as daemon:

        async def failure(status=200, body=b""):
            index.status, index.body = status, body
            return (await daemon.get("/versions/check", status=500))["error"]

        assert await failure(status=404) == "The update source answers with HTTP status code 404"
        assert (await failure(body=b"<html>")).startswith("The update source does not send releases: ")
        assert await failure(status=302) == "The update source cannot be asked: TooManyRedirects"
        assert await failure(body=b" " * (16 * 1024 * 1024 + 1)) == "The update source sends more than 16777216 bytes"


async def test_a_source_that_does_not_answer_is_given_up(start_daemon, index):
    index.body = None
    async with start_daemon("versioning") as daemon:
        checker = UpdateChecker(
            config=VersioningConfig(update_url=index.url),
            version="1.5",
            configuration=service(daemon, Configuration),
            publish=lambda _: None,
            limit_seconds=0.1,
        )

        with pytest.raises(UpdateSourceError, match=r"^The update source does not answer within 0\.1 s$"):
            await checker.newer()
        await checker.look()  # which is not stopped by that


async def test_an_address_that_is_none_is_refused(start_daemon):
    async with start_daemon("versioning", "settings") as daemon:
        for url in ("file:///etc/passwd", "ftp://host/x", "pypi.org", "http://", "https:// /x"):
            answer = await daemon.post("/settings", json={"versioning": {"update_url": url}}, status=400)
            assert answer["error"].startswith("versioning.update_url: "), url
