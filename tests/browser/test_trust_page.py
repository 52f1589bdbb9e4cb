"""The page at ``/docs/trustview`` in a real browser: it draws the graph, and tells of each node."""

from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.browser.browsing import asked, in_thread, press, wait_for
from tests.plugins.bandwidth.people import both, person
from tests.plugins.downloads.conftest import service
from triblerd.testing import RunningDaemon, StartDaemon
from triblerd_bandwidth.api import Ledger, LedgerRow
from triblerd_identity.api import OwnIdentity

pytestmark = pytest.mark.browser

ME, A, B, C = map(person, range(1, 5))
ROWS = [both(ME, A, 100), both(B, ME, 3 << 30), both(A, C, 40), both(B, A, 60), both(C, B, 40)]
SIGN_IN = "#sign-in:not([hidden]) input"


async def begin(daemon: RunningDaemon, rows: list[LedgerRow]) -> None:
    """Give the daemon a key of its own, and a ledger."""
    await service(daemon, OwnIdentity).adopt(ME.private)
    await service(daemon, Ledger).take_over(rows)


def sign_in(page: webdriver.Chrome, daemon: RunningDaemon) -> None:
    """Open the page and give it the API's key."""
    page.get(f"{daemon.url}/docs/trustview")
    wait_for(page, SIGN_IN).send_keys(daemon.key + Keys.ENTER)
    wait_for(page, "circle")


def drawn(page: webdriver.Chrome) -> dict[str, str]:
    """Return the spoken name and the kind of each node."""
    circles = page.find_elements(By.CSS_SELECTOR, "circle")
    return {str(circle.get_attribute("aria-label")): str(circle.get_attribute("class")) for circle in circles}


def details(page: webdriver.Chrome) -> dict[str, str]:
    """Return what is told of the chosen node."""
    texts: Any = page.execute_script(
        "return [...document.querySelectorAll('#details dt')].map(e => [e.innerText, e.nextElementSibling.innerText])"
    )
    return dict(texts)


def width(page: webdriver.Chrome) -> float:
    """Return how much of the graph is seen."""
    return float(str(wait_for(page, "#graph").get_dom_attribute("viewBox")).split()[2])


async def test_the_graph_is_drawn_for_whoever_has_the_key(
    start_daemon: StartDaemon, chromium: webdriver.Chrome
) -> None:
    async with start_daemon("trustview") as daemon:
        await begin(daemon, ROWS)

        def look() -> None:
            chromium.get(f"{daemon.url}/docs")
            press(chromium, "nav a")
            wait_for(chromium, SIGN_IN).send_keys("wrong" + Keys.ENTER)
            wait_for(chromium, SIGN_IN)
            assert chromium.find_elements(By.CSS_SELECTOR, "circle") == []
            sign_in(chromium, daemon)

        await in_thread(look)
        nodes, told = drawn(chromium), details(chromium)
        summary = wait_for(chromium, "#summary").text
        name = wait_for(chromium, "#graph").get_attribute("aria-label")

    assert sorted(kind for kind in nodes.values() if "own" not in kind) == ["even", "gives", "takes"]
    assert nodes["this node: gave 3.00 GB, took 100 B"] == "gives own chosen"
    assert len(chromium.find_elements(By.CSS_SELECTOR, "line")) == 5
    assert len(chromium.find_elements(By.CSS_SELECTOR, "line.near")) == 2
    assert (summary, name) == ("4 nodes, 5 relations", "Graph of 4 nodes, 5 relations")
    assert told["Public key"] == ME.full_public_key.hex()
    assert asked(chromium) == {"127.0.0.1"}
    assert [entry for entry in chromium.get_log("browser") if "401" not in entry["message"]] == []


async def test_a_node_is_chosen_by_pointer_and_by_keyboard(
    start_daemon: StartDaemon, chromium: webdriver.Chrome
) -> None:
    seen: list[dict[str, str]] = []
    async with start_daemon("trustview") as daemon:
        await begin(daemon, ROWS)

        def choose() -> None:
            sign_in(chromium, daemon)
            for key in (A, B):
                node = wait_for(chromium, f'circle[aria-label*="{key.full_public_key.hex()[20:28]}"]')
                ActionChains(chromium).move_to_element(node).perform()
                seen.append(details(chromium))
            wait_for(chromium, 'circle[tabindex="0"]').send_keys(Keys.HOME)
            seen.append(details(chromium))
            chromium.switch_to.active_element.send_keys(Keys.ARROW_RIGHT)
            seen.append(details(chromium))

        await in_thread(choose)

    assert [told["Public key"] for told in seen[:3]] == [key.full_public_key.hex() for key in (A, B, ME)]
    assert (seen[0]["Gave"], seen[0]["Took"], seen[0]["Balance"], seen[0]["Relations"]) == (
        "160 B",
        "40 B",
        "120 B",
        "3",
    )
    assert (seen[1]["Balance"], seen[3]["Node"][:7]) == ("\N{MINUS SIGN}3.00 GB", "node 1,")


async def test_the_picture_is_zoomed_and_refreshed(start_daemon: StartDaemon, chromium: webdriver.Chrome) -> None:
    widths: list[float] = []
    async with start_daemon("trustview") as daemon:
        await begin(daemon, ROWS)

        def zoom() -> None:
            sign_in(chromium, daemon)
            for selector in ("#whole", "#closer", "#closer", "#farther", "#whole", "#farther"):
                press(chromium, selector)
                widths.append(width(chromium))
            chromium.execute_script(
                "document.getElementById('graph').dispatchEvent(new WheelEvent('wheel', {deltaY: -1}))"
            )
            widths.append(width(chromium))

        await in_thread(zoom)
        await service(daemon, Ledger).take_over([both(ME, person(9), 5)])

        def refresh() -> None:
            press(chromium, "#refresh")
            wait_for(chromium, "circle[data-id='4']")

        await in_thread(refresh)

    whole, once, twice, back, again, no_further, wheel = widths
    assert whole == again == no_further
    assert twice < once < whole
    assert [back, wheel] == [pytest.approx(once), pytest.approx(once)]
    assert len(drawn(chromium)) == 5


async def test_the_key_is_shared_with_the_page_of_the_api(
    start_daemon: StartDaemon, chromium: webdriver.Chrome
) -> None:
    async with start_daemon("trustview") as daemon:

        def sign_in_there() -> None:
            chromium.get(f"{daemon.url}/docs")
            press(chromium, "button.authorize")
            wait_for(chromium, ".auth-container input").send_keys(daemon.key)
            press(chromium, ".auth-btn-wrapper button.authorize")
            chromium.get(f"{daemon.url}/docs/trustview")
            wait_for(chromium, "circle")

        await in_thread(sign_in_there)
        summary = wait_for(chromium, "#summary").text

        def sign_in_here() -> None:
            chromium.execute_script("localStorage.clear()")
            sign_in(chromium, daemon)
            chromium.get(f"{daemon.url}/docs")
            wait_for(chromium, "button.authorize.locked")

        await in_thread(sign_in_here)

    assert summary.startswith("This node has neither given anything to others nor taken anything")


async def test_five_hundred_nodes_are_drawn(start_daemon: StartDaemon, chromium: webdriver.Chrome) -> None:
    partners = [person(number) for number in range(2, 27)]
    rows = [both(ME, partner, 1 << number) for number, partner in enumerate(partners)]
    rows += [both(person(1000 + number), partners[number % 25], number) for number in range(600)]
    async with start_daemon("trustview") as daemon:
        await begin(daemon, rows)

        await in_thread(lambda: sign_in(chromium, daemon))

    places: Any = chromium.execute_script(
        "return [...document.querySelectorAll('circle')].map(e => e.getBoundingClientRect()).map(r => `${r.x} ${r.y}`)"
    )
    assert wait_for(chromium, "#summary").text == "500 nodes, 499 relations"
    assert len(places) == len(set(places)) == 500  # none stands where another one does
