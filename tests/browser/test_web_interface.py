"""A web interface of version 8 in a real browser: it signs in by its address, and follows the events."""

from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from tests.browser.browsing import asked, in_thread, wait_for
from triblerd.events import ShutdownProgress
from triblerd.testing import StartDaemon

pytestmark = pytest.mark.browser

PAGE = """<!doctype html><meta charset="utf-8"><title>An interface</title>
<script type="module" src="assets/app.js"></script><p id="version"></p><p id="saveas"></p><p id="state"></p>"""
SCRIPT = """
const key = new URLSearchParams(location.search).get("key");
if (key) document.cookie = `api_key=${key};path=/;SameSite=Strict`;
const show = (id, text) => {
    const place = document.getElementById(id);
    place.innerText = text;
    place.className = "told";
};
const source = new EventSource("/api/events");
source.addEventListener("events_start", event => show("version", JSON.parse(event.data).version));
source.addEventListener("tribler_shutdown_state", event => show("state", JSON.parse(event.data).state));
const answer = await fetch("/api/settings", {method: "POST", body: JSON.stringify({ui: {theme: "dark"}})});
const { libtorrent, ui } = (await (await fetch("/api/settings")).json()).settings;
if ((await answer.json()).modified) show("saveas", `${libtorrent.download_defaults.saveas} ${ui.theme}`);
"""


async def test_a_page_of_the_user_signs_in_by_its_address_and_hears_events(
    start_daemon: StartDaemon, chromium: webdriver.Chrome, tmp_path: Path
) -> None:
    folder = tmp_path / "interface"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(PAGE)
    (folder / "assets" / "app.js").write_text(SCRIPT)
    config = {"tribler8": {"ui_directory": str(folder)}, "download_defaults": {"saveas": "/srv/torrents"}}
    async with start_daemon("tribler8", "events", config=config) as daemon:

        def sign_in() -> None:
            chromium.get(f"{daemon.url}/?key={daemon.key}")
            wait_for(chromium, "#version.told")
            wait_for(chromium, "#saveas.told")

        def hear() -> None:
            wait_for(chromium, "#state.told")

        def come_back() -> None:
            chromium.get(f"{daemon.url}/ui/")
            wait_for(chromium, "#saveas.told")

        await in_thread(sign_in)
        where = chromium.current_url
        daemon.daemon.container.bus().publish(ShutdownProgress(state="Going dark."))
        await in_thread(hear)
        told = [chromium.find_element(By.ID, name).text for name in ("saveas", "state")]
        await in_thread(come_back)

    assert where.endswith(f"/ui/?key={daemon.key}")
    assert told == ["/srv/torrents dark", "Going dark."]
    assert asked(chromium) == {"127.0.0.1"}
    assert [entry for entry in chromium.get_log("browser") if "favicon" not in entry["message"]] == []
