"""A whole import of Tribler by a whole daemon: what is not a download goes to the plugins that keep it."""

import json
import logging
from contextlib import asynccontextmanager

import pytest

from tests.plugins.downloads.conftest import service
from tests.plugins.upgrader.conftest import run_import
from tests.plugins.upgrader.samples import PROGRAMS
from tests.plugins.upgrader.tribler.states import NEW, OLD, copied
from triblerd_bandwidth.api import Ledger
from triblerd_downloads.api import Downloads
from triblerd_identity.api import NodeKey
from triblerd_ipv8.api import Overlays
from triblerd_metadata.api import MetadataStore

LEDGER = PROGRAMS[OLD]["ledger"]
ME = bytes.fromhex(LEDGER["my_public_key"])
THETA = PROGRAMS[NEW]["downloads"]["magnet"]["infohash_v1"]
ALPHA = PROGRAMS[OLD]["downloads"]["single"]["infohash_v1"]


@pytest.fixture
def start_whole(start_daemon, tmp_path):
    """Run a daemon with all that records go to; it remembers no downloads of its own."""

    @asynccontextmanager
    async def start():
        config = {"download_defaults": {"saveas": str(tmp_path / "saved")}, "metadata": {"remember_own": False}}
        async with start_daemon(
            "upgrader", "downloads", "metadata", "knowledge", "search", "bandwidth", config=config
        ) as daemon:
            yield daemon

    return start


async def test_all_of_version_7_is_found_where_clients_look_for_it(sample, start_whole):
    _, _, body = sample(OLD)
    async with start_whole() as daemon:
        view, _ = await run_import(daemon, {**body, "include": ["identity"]})
        found = await daemon.get("/search", params={"txt_filter": "signed peer"})
        totals = service(daemon, Ledger).totals(ME)
        key = service(daemon, NodeKey).full_public_key

    assert view["records"] == {
        "identity": [1, 0],
        "torrents": [5, 0],
        "own statements": [4, 0],
        "statements": [4, 0],
        "transactions": [4, 0],
        "balances": [4, 0],
    }
    assert [entry["name"] for entry in found["results"]] == ["Signed by another peer"]
    assert (totals.taken, totals.given) == (LEDGER["total_taken"], LEDGER["total_given"])
    assert key == ME


async def test_other_nodes_know_us_by_the_key_that_came_along(sample, start_daemon, tmp_path):
    _, _, body = sample(OLD)
    config = {"download_defaults": {"saveas": str(tmp_path / "saved")}}
    async with start_daemon("upgrader", "downloads", "metadata", "ipv8", config=config) as daemon:
        await run_import(daemon, {**body, "include": ["identity"]})
        parts = service(daemon, Overlays).parts

    assert parts.my_peer.public_key.key_to_bin() == ME


async def test_what_nobody_knows_cannot_be_included(sample, start_whole):
    _, _, body = sample(OLD)
    async with start_whole() as daemon:
        answer = await daemon.request("POST", "/upgrader/import", json={**body, "include": ["identiy"]})

    assert (answer.status, answer.json()) == (
        400,
        {"error": "include: there is no 'identiy'; there are identity, secrets"},
    )


async def test_a_dry_run_counts_the_records_and_changes_nothing(sample, start_whole):
    _, _, body = sample(OLD)
    async with start_whole() as daemon:
        key = service(daemon, NodeKey).public_key
        view, _ = await run_import(daemon, {**body, "include": ["identity"], "dry_run": True})

        assert service(daemon, MetadataStore).last_rowid() == 0
        assert service(daemon, Ledger).count() == 0
        assert service(daemon, NodeKey).public_key == key
    assert {kind: added for kind, (added, _) in view["records"].items()} == {
        "identity": 1,
        "torrents": 5,
        "own statements": 4,
        "statements": 4,
        "transactions": 4,
        "balances": 4,
    }


async def test_tags_of_version_8_are_labels_and_statements(sample, start_whole):
    _, _, body = sample(NEW)
    async with start_whole() as daemon:
        await run_import(daemon, body)
        listed = (await daemon.get("/downloads"))["downloads"]
        found = await daemon.get("/search", params={"tags": "red", "metadata_type": 300})

    [alpha] = [download for download in listed if download["infohash"] == ALPHA]
    assert set(alpha["tags"]) == {"books", "red"}
    assert [entry["infohash"] for entry in found["results"]] == [ALPHA]


async def test_a_magnet_that_was_to_stop_still_is(sample, start_whole):
    state, _, body = sample(NEW)
    file = state / "dlcheckpoints" / f"{THETA}.conf"
    file.write_text(file.read_text().replace("stop_after_metainfo = False", "stop_after_metainfo = True"))
    async with start_whole() as daemon:
        await run_import(daemon, body)
        records = {one.infohash: one.record for one in service(daemon, Downloads).all()}

    assert [infohash for infohash, record in records.items() if record.only_metadata] == [THETA]


async def test_nothing_of_a_key_is_told_or_logged(sample, start_whole, caplog):
    state, _, body = sample(OLD)
    private = (state / "7.13" / "ec_multichain.pem").read_bytes()
    caplog.set_level(logging.DEBUG)
    async with start_whole() as daemon:
        told = await run_import(daemon, {**body, "include": ["identity", "secrets"], "settings": True})

    for secret in (private.hex(), private[:32].hex(), repr(private)[2:40], "0123456789abcdef" * 2):
        assert secret not in json.dumps(told)
        assert secret not in caplog.text


async def test_without_the_plugins_that_keep_them_records_are_told(sample, start_upgrader):
    _, _, body = sample(OLD)
    async with start_upgrader() as daemon:
        view, report = await run_import(daemon, body)

    reasons = {row["what"]: row["reason"] for row in report if row["verdict"] == "not_taken"}
    assert reasons["torrents"] == "the plugin metadata, which takes them, does not run"
    assert reasons["statements"] == "the plugin knowledge, which takes them, does not run"
    assert reasons["transactions"] == "the plugin bandwidth, which takes them, does not run"
    assert view["counts"]["imported"] == 9


async def test_the_source_stays_as_it_is(sample, start_whole, tmp_path):
    state, _, body = sample(OLD)
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in state.rglob("*") if path.is_file()}
    async with start_whole() as daemon:
        await run_import(daemon, body)

    after = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in state.rglob("*") if path.is_file()}
    assert after == before
    assert {path.name for path in copied(OLD, tmp_path / "again").rglob("*")} == {
        path.name for path in state.rglob("*")
    }
