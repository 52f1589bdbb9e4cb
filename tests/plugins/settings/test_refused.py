"""Settings with which the daemon, or its downloads, would not start any more are refused when they are set."""

import pytest


@pytest.mark.parametrize("prefix", ["", "/api"])
async def test_what_would_keep_it_from_starting_is_refused(start_daemon, prefix):
    changes = {"api": {"key": "", "http_host": "0.0.0.0"}}
    async with start_daemon("settings", "tribler8") as daemon:
        answer = await daemon.request("POST", f"{prefix}/settings", json=changes)
        key = (await daemon.get("/settings"))["settings"]["api"]["key"]

    error = answer.json()["error"]
    message = error["message"] if prefix else error
    text = "http_host: 0.0.0.0 is not bound without a key; set api.key"
    assert (answer.status, message[len("api.") :]) == (400, text)
    assert key == daemon.key


@pytest.mark.parametrize("key", ["saveas", "completed_dir"])
async def test_directories_for_downloads_are_absolute(start_daemon, key):
    async with start_daemon("settings", "downloads") as daemon:
        answer = await daemon.request("POST", "/settings", json={"download_defaults": {key: "rel"}})

    assert (answer.status, answer.json()["error"].partition(": ")[0]) == (400, f"download_defaults.{key}")
