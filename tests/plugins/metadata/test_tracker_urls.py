"""The one spelling of each tracker."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triblerd_metadata.tracker_urls import MOST_TRACKERS, normalise_tracker, normalise_trackers


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("http://Tracker.Example:80/announce/", "http://tracker.example/announce"),
        ("udp://tracker.example:1337/announce", "udp://tracker.example:1337"),
        ("https://tracker.example:443/announce", "https://tracker.example/announce"),
        ("http://t.example/announce?passkey=1", "http://t.example/announce"),
        ("udp://a.example:1 udp://b.example:2", "udp://a.example:1"),
        ("rubbish;\0udp://b.example:2", "udp://b.example:2"),
        ("HTTP://t.example:8080/Announce#top", "http://t.example:8080/Announce"),
        ("https://t.example:80/announce//", "https://t.example:80/announce"),
        ("udp://t.example:80*,", "udp://t.example:80"),
        ("http://t.example/announce.:", "http://t.example/announce"),
        ("udp://localhost:6969", "udp://localhost:6969"),
        ("udp://10.0.0.1:6969/", "udp://10.0.0.1:6969"),
        ("udp://my_tracker.example:6969", "udp://my_tracker.example:6969"),
        ("http://t.example/a/announce.php", "http://t.example/a/announce.php"),
    ],
)
def test_a_tracker_has_one_spelling(text, url):
    assert normalise_tracker(text) == url


@pytest.mark.parametrize(
    "text",
    [
        "",
        "rubbish",
        "http://tracker.example/",
        "http://tracker.example",
        "udp://tracker.example",
        "wss://tracker.example/x",
        "udp://[::1]:6969",
        "udp://[::1:6969",
        "http://a.example/ann...",
        "http:///announce",
        "http://name/announce",
        "http://a..example/announce",
        "http://-a.example/announce",
        f"http://{'a' * 64}.example/announce",
        f"http://{'a.' * 130}example/announce",
        "http://1.2.3/announce",
        "http://1.2.3.256/announce",
        "udp://t.example:0",
        "udp://t.example:65536",
        "udp://t.example:many",
        "http://t\xe4.example/announce",
        "http://me:secret@t.example/announce",
        f"http://t.example/{'a' * 600}",
    ],
)
def test_what_no_tracker_could_have_is_rejected(text):
    assert normalise_tracker(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "http://t.example/0123456789abcdef0123456789abcdef/announce",
        "http://t.example/announce/Zm9vYmFyMTIzZm9vYmFyMTIz",
    ],
)
def test_an_address_with_a_key_in_its_path_is_nobody_elses_business(text):
    assert normalise_tracker(text) is None


def test_of_many_trackers_each_is_taken_once_up_to_a_limit():
    urls = [f"udp://t{number}.example:80" for number in range(100)]

    assert normalise_trackers(["x", *urls, *urls]) == tuple(urls[:MOST_TRACKERS])
    assert normalise_trackers([urls[0].upper(), urls[0] + "/announce"]) == (urls[0],)


@settings(deadline=None)
@given(st.text() | st.from_regex(r"(http|udp)s?://[a-zA-Z0-9.:@/?;_-]*"))
def test_a_spelling_is_its_own_spelling_and_tells_no_secret(text):
    url = normalise_tracker(text)

    if url is not None:
        assert normalise_tracker(url) == url
        assert "?" not in url
        assert "@" not in url
