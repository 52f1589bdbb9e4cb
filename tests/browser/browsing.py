"""What tests do with a browser, and what they see of what it does."""

import asyncio
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

LIMIT_SECONDS = 20


def wait_for(driver: webdriver.Chrome, selector: str) -> Any:
    """Return the first element that a CSS selector finds, once it is there."""
    return WebDriverWait(driver, LIMIT_SECONDS).until(lambda page: page.find_elements(By.CSS_SELECTOR, selector))[0]


def press(driver: webdriver.Chrome, selector: str) -> None:
    """Press a button, wherever on the page it is."""
    driver.execute_script("arguments[0].click()", wait_for(driver, selector))


def hosts(driver: webdriver.Chrome) -> set[str | None]:
    """Return the hosts that the browser was told to load something from."""
    urls = driver.execute_script("return performance.getEntriesByType('resource').map(entry => entry.name)")
    return {urlsplit(url).hostname for url in urls if url.startswith("http")}


def asked(driver: webdriver.Chrome) -> set[str | None]:
    """Return every host that the browser sent a request to, whatever for."""
    records = [json.loads(record["message"])["message"] for record in driver.get_log("performance")]
    sent = [record for record in records if record["method"] == "Network.requestWillBeSent"]
    urls = [urlsplit(record["params"]["request"]["url"]) for record in sent]
    return {url.hostname for url in urls if url.scheme in ("http", "https", "ws", "wss")}


async def in_thread(work: Callable[[], None]) -> None:
    """Let the browser wait elsewhere, since the daemon lives in the test's loop."""
    await asyncio.to_thread(work)
