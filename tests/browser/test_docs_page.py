"""The page at ``/docs`` in a real browser: it shows the routes, sends requests, and loads nothing from elsewhere."""

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from tests.browser.browsing import asked, hosts, in_thread, press, wait_for
from triblerd.testing import StartDaemon

pytestmark = pytest.mark.browser

AREAS = ("downloads", "events", "libtorrent", "settings", "shutdown", "state")
LIST_DOWNLOADS = "#operations-downloads-get_downloads"


async def test_the_page_lists_the_routes_of_running_plugins(
    start_daemon: StartDaemon, chromium: webdriver.Chrome
) -> None:
    async with start_daemon("state") as daemon:

        def look() -> None:
            chromium.get(f"{daemon.url}/docs")
            wait_for(chromium, "#operations-tag-state")

        await in_thread(look)

    assert chromium.get_log("browser") == []
    assert hosts(chromium) == {"127.0.0.1"}


async def test_a_plugin_that_is_turned_off_leaves_the_page(
    start_daemon: StartDaemon, chromium: webdriver.Chrome
) -> None:
    async with start_daemon("state") as daemon:
        await daemon.patch("/plugins/state", json={"enabled": False})

        def look() -> None:
            chromium.get(f"{daemon.url}/docs")
            wait_for(chromium, "#operations-tag-kernel")

        await in_thread(look)

    assert chromium.find_elements(By.CSS_SELECTOR, "#operations-tag-state") == []


async def test_all_areas_are_on_the_page_and_nothing_comes_from_elsewhere(
    start_daemon: StartDaemon, chromium: webdriver.Chrome
) -> None:
    async with start_daemon(*AREAS) as daemon:
        document = await daemon.get("/docs/openapi.json")
        offered = {tag for path in document["paths"].values() for way in path.values() for tag in way["tags"]}

        def look() -> None:
            chromium.get(f"{daemon.url}/docs")
            for tag in offered:
                wait_for(chromium, f"#operations-tag-{tag}")

        await in_thread(look)
        shown = {tag.get_attribute("data-tag") for tag in chromium.find_elements(By.CSS_SELECTOR, "[data-tag]")}
        operations = chromium.find_elements(By.CSS_SELECTOR, ".opblock")

    assert shown == offered >= set(AREAS)
    assert len(operations) == sum(len(path) for path in document["paths"].values())
    assert chromium.get_log("browser") == []
    assert asked(chromium) == {"127.0.0.1"}


async def test_a_request_can_be_sent_from_the_page(start_daemon: StartDaemon, chromium: webdriver.Chrome) -> None:
    async with start_daemon("downloads") as daemon:
        shown: list[str] = []
        bodies: list[str] = []

        def try_it() -> None:
            chromium.get(f"{daemon.url}/docs")
            press(chromium, "button.authorize")
            wait_for(chromium, ".auth-container input").send_keys(daemon.key)
            press(chromium, ".auth-btn-wrapper button.authorize")
            press(chromium, ".btn-done")
            press(chromium, f"{LIST_DOWNLOADS} button.opblock-summary-control")
            press(chromium, ".try-out__btn")
            press(chromium, ".execute")
            shown.append(wait_for(chromium, ".live-responses-table tr.response .response-col_status").text)
            bodies.append(wait_for(chromium, ".live-responses-table .highlight-code").text)

        await in_thread(try_it)

    assert shown[0].startswith("200")
    assert '"downloads": []' in bodies[0]
    assert asked(chromium) == {"127.0.0.1"}
