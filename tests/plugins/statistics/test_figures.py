"""``/statistics``: what plugins count, told through their hook."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.plugins.downloads.conftest import service
from triblerd.plugin import hookimpl
from triblerd_metadata.api import MetadataStore
from triblerd_metadata.testing import make_torrents


class Counter:
    def __init__(self, figures: Any) -> None:
        self._figures = figures

    @hookimpl(optionalhook=True)
    def triblerd_statistics(self) -> Mapping[str, Mapping[str, int]]:
        return self._figures


class BrokenCounter:
    @hookimpl(optionalhook=True)
    def triblerd_statistics(self) -> Mapping[str, Mapping[str, int]]:
        raise ValueError


@pytest.fixture
def add_counter():
    """Let a running plugin count."""

    def add(daemon, owner, counter):
        daemon.daemon.container.plugins().hooks.add(owner, counter)

    return add


async def test_without_a_metadata_store_there_are_no_general_figures(start_daemon):
    async with start_daemon("statistics") as daemon:
        assert await daemon.get("/statistics/tribler") == {"tribler_statistics": {}}


async def test_without_an_overlay_there_is_no_traffic(start_daemon):
    async with start_daemon("statistics") as daemon:
        assert await daemon.get("/statistics/ipv8") == {"ipv8_statistics": {}}


async def test_the_metadata_store_tells_its_size_and_what_it_holds(start_daemon):
    async with start_daemon("statistics", "metadata") as daemon:
        empty = (await daemon.get("/statistics/tribler"))["tribler_statistics"]
        await service(daemon, MetadataStore).add(make_torrents(50))
        filled = (await daemon.get("/statistics/tribler"))["tribler_statistics"]

    assert (empty["num_channels"], empty["num_torrents"]) == (0, 0)
    assert (filled["num_channels"], filled["num_torrents"]) == (0, 50)
    assert filled["db_size"] > empty["db_size"]


async def test_several_plugins_may_add_to_one_section(start_daemon, add_counter):
    async with start_daemon("statistics", "state", "events") as daemon:
        add_counter(daemon, "state", Counter({"ipv8": {"total_up": 297466}}))
        add_counter(daemon, "events", Counter({"ipv8": {"total_down": 194811, "peers": 3}, "bell": {"tone": "a"}}))

        assert await daemon.get("/statistics/ipv8") == {
            "ipv8_statistics": {"total_up": 297466, "total_down": 194811},
        }
        assert (await daemon.get("/statistics"))["statistics"] == {
            "ipv8": {"total_up": 297466, "total_down": 194811, "peers": 3},
            "bell": {"tone": "a"},
        }


@pytest.mark.parametrize(
    "broken", [BrokenCounter(), Counter([1]), Counter({"a": 1}), Counter({"ipv8": {"total_up": [1]}})]
)
async def test_a_plugin_that_cannot_count_does_not_hide_the_others(start_daemon, add_counter, broken, caplog):
    async with start_daemon("statistics", "state", "events") as daemon:
        add_counter(daemon, "state", broken)
        add_counter(daemon, "events", Counter({"ipv8": {"total_up": 1}}))

        answer = await daemon.get("/statistics/ipv8")

    assert answer == {"ipv8_statistics": {"total_up": 1}}
    assert "The plugin state" in caplog.text


async def test_a_figure_that_is_no_number_is_not_sent_where_numbers_are_promised(start_daemon, add_counter):
    async with start_daemon("statistics", "state") as daemon:
        add_counter(daemon, "state", Counter({"ipv8": {"total_up": "many", "total_down": 2}}))

        assert await daemon.get("/statistics/ipv8") == {"ipv8_statistics": {"total_down": 2}}
