"""``triblerd versions`` beside a running daemon."""

import json

from triblerd_versioning.inventory import libraries


async def test_what_runs_is_shown(start_daemon, triblerd):
    async with start_daemon("versioning"):
        table = (await triblerd("versions", "show")).splitlines()
        found = json.loads(await triblerd("versions", "show", "--json"))

    rows = [line.split() for line in table]
    assert ["triblerd", found["version"]] in rows
    assert ["libtorrent", dict(libraries())["libtorrent"]] in rows
    assert ["plugin", "versioning", found["version"], "(running)"] in rows
    assert [row[1] for row in rows if row[-1] == "(disabled)"].count("rss") == 1


async def test_a_newer_release_is_told(start_daemon, triblerd, index):
    index.body = json.dumps({"releases": {"999.1": [{}]}}).encode()
    async with start_daemon("versioning", config={"versioning": {"update_url": index.url}}):
        newer = await triblerd("versions", "check")
        index.body = b'{"releases": {"0.0.1": [{}]}}'
        none = await triblerd("versions", "check")
        answer = json.loads(await triblerd("versions", "check", "--json"))

    assert newer.startswith("999.1 is newer than ")
    assert none.startswith("There is nothing newer than ")
    assert answer["has_version"] is False


async def test_without_a_source_nobody_is_asked_for_releases(start_daemon, triblerd):
    async with start_daemon("versioning"):
        assert "versioning.update_url" in await triblerd("versions", "check")
