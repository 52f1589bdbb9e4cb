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


@pytest.mark.parametrize("prefix", ["", "/api"])
async def test_addresses_that_no_feed_can_have_are_refused_and_one_in_the_file_stays(start_daemon, prefix):
    config = {"rss": {"urls": ["ftp://old.example/"]}}
    async with start_daemon("settings", "tribler8", "rss", config=config) as daemon:

        async def post(urls):
            answer = await daemon.request("POST", f"{prefix}/settings", json={"rss": {"urls": urls}})
            error = answer.json().get("error", "")
            return answer.status, error["message"] if prefix and error else error

        wrong = await post(["ftp://old.example/", "feeds.example/torrents.xml"])
        many = await post([f"http://127.0.0.1/{number}" for number in range(201)])
        kept = await daemon.get("/rss/feeds")
        other = await daemon.request(
            "POST", "/settings", json={"rss": {"urls": ["ftp://old.example/"], "interval": 90}}
        )

    name = "rss/urls" if prefix else "rss.urls"
    assert wrong == (400, f"{name}: 'feeds.example/torrents.xml' is no http: or https: address")
    assert many == (400, f"{name}: at most 200, not 201")
    assert [feed["error"] for feed in kept["feeds"]] == ["The address is no http: or https: address"]
    assert other.status == 200
