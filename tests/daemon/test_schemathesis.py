"""The API does what its own OpenAPI document says, whatever is asked: schemathesis against a running daemon.

Requests stay harmless: they name no other host, write nowhere but below the test's directory, turn nothing off, and
change no settings that matter.
"""

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import requests
import schemathesis
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from triblerd.testing import DaemonProcess, Settings
from triblerd.testing_settings import prepare_state_dir
from triblerd_libtorrent.testing import MadeTorrent, make_torrent

AREAS = (
    "libtorrent",
    "downloads",
    "createtorrent",
    "debug",
    "logging",
    "events",
    "files",
    "knowledge",
    "metadata",
    "rss",
    "search",
    "settings",
    "state",
    "shutdown",
    "statistics",
    "torrentinfo",
    "trustview",
    "ipv8",
    "tunnels",
    "versioning",
    "discovery",
    "watch_folder",
    "tribler8",
)
CHECKS = [
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
]
Case = schemathesis.Case[Any]

EXAMPLES = 6
EXAMPLES_OF_DIALECT = 2
MANY_EXAMPLES = 500
SECONDS = 20
ALIASES = "^/api/(files|ipv8|libtorrent|metadata/search/completions|statistics/ipv8)"
"""Those are asked by their other names."""
INFOHASH = "a" * 40
MAGNET = f"magnet:?xt=urn:btih:{INFOHASH}"

SETTINGS = hypothesis.settings(
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(hypothesis.HealthCheck),
    max_examples=EXAMPLES,
)


@schemathesis.serializer("application/x-ndjson", "application/x-bittorrent")
def as_it_is(_: object, value: object) -> bytes:
    """Send lines of JSON and torrent files, which schemathesis does not know, as they were made up."""
    return value if isinstance(value, bytes) else str(value).encode()


@dataclass(frozen=True)
class Served:
    """A running daemon, where it may write, and a torrent whose file is there."""

    daemon: DaemonProcess
    folder: Path
    film: MadeTorrent

    @property
    def headers(self) -> dict[str, str]:
        return {"X-Api-Key": self.daemon.key}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("fuzz")
    settings: Settings = {
        "api": {"file_roots": [str(folder)]},
        "libtorrent": {"fetch_timeout": 1.0},
        "torrentinfo": {"lookup_timeout": 0.2},
        "download_defaults": {"saveas": str(folder / "saved")},
    }
    daemon = DaemonProcess(folder / "state", prepare_state_dir(folder / "state", AREAS, settings), (), {})
    with asyncio.Runner() as runner:
        runner.run(daemon.start())
        try:
            yield Served(daemon, folder, make_torrent(folder / "saved", b"film" * 5000, name="film.mkv"))
        finally:
            runner.run(daemon.close())


@pytest.fixture(scope="module")
def document(served: Served) -> schemathesis.BaseSchema:
    schema = schemathesis.openapi.from_url(f"{served.daemon.url}/docs/openapi.json")
    schema.config.generation.update(with_security_parameters=False)
    return (
        schema.exclude(path=["/shutdown", "/api/shutdown"])  # it would be the last request
        .exclude(path=["/events", "/api/events"])  # its answer does not end
        .exclude(path="/plugins/{name}", method="PATCH")  # what is off answers 404
        .exclude(path=["/debug/profiler", "/debug/memory/tracing"], method="PUT")  # all that follows would be slow
    )


@pytest.mark.parametrize("mode", schemathesis.GenerationMode)
def test_every_answer_is_one_that_is_documented(document, served, mode):
    # The rules of feeds are many operations that take half a minute; those below ask them, too.
    ask_everything(document.exclude(path_regex="^/(rss|api/|ui)"), served, mode, SETTINGS)


@pytest.mark.parametrize("mode", schemathesis.GenerationMode)
def test_every_answer_of_the_dialect_is_one_that_is_documented(document, served, mode):
    own = document.include(path_regex="^/api/").exclude(path_regex=ALIASES)
    ask_everything(own, served, mode, hypothesis.settings(SETTINGS, max_examples=EXAMPLES_OF_DIALECT))


@pytest.mark.soak
@pytest.mark.parametrize("mode", schemathesis.GenerationMode)
def test_every_one_of_very_many_answers_is_documented(document, served, mode):
    settings = hypothesis.settings(SETTINGS, max_examples=MANY_EXAMPLES, derandomize=False)
    ask_everything(document, served, mode, settings)


def ask_everything(
    document: schemathesis.BaseSchema,
    served: Served,
    mode: schemathesis.GenerationMode,
    settings: hypothesis.settings,
) -> None:
    """Send every operation many requests, valid ones or such as break the document; the daemon is well after each."""
    asked = 0
    for found in document.get_all_operations():
        assert isinstance(found, schemathesis.core.result.Ok)
        cases = found.ok().as_strategy(generation_mode=mode)

        @settings
        @hypothesis.given(case=cases)
        def check(case: Case) -> None:
            ask(case, served)

        with contextlib.suppress(hypothesis.errors.Unsatisfiable):  # nothing can be wrong with a request without parts
            check()
            asked += 1
        assert requests.get(f"{served.daemon.url}/healthz", timeout=SECONDS).status_code == requests.codes.ok
    assert asked


def ask(case: Case, served: Served) -> None:
    """Send a tamed request and hold the answer, and the daemon's log, to what is documented."""
    tame(case, served)
    log_begins = served.daemon.log_path.stat().st_size

    response = case.call_and_validate(headers=served.headers, checks=CHECKS, timeout=SECONDS)

    assert '"handled":false' not in response.text, response.text
    with served.daemon.log_path.open(errors="replace") as log:
        log.seek(log_begins)
        assert "Traceback" not in log.read()


def tame(case: Case, served: Served) -> None:
    """Lead a request to what there is, and away from other hosts, other directories and settings that matter.

    Texts of even length stay as they are.
    """
    parts = case.path_parameters if isinstance(case.path_parameters, dict) else {}
    if len(str(parts.get("infohash", ""))) == len(INFOHASH):
        requests.put(f"{served.daemon.url}/downloads", json={"uri": MAGNET}, headers=served.headers, timeout=SECONDS)
        parts["infohash"] = INFOHASH
        if is_played(case):  # a magnet link that nobody has is waited for, each time for ten seconds
            parts["infohash"] = put_film(served)
    if len(str(parts.get("name", ""))) % 2:
        parts["name"] = "state"
    if "uri" in (case.query or {}):
        case.query["uri"] = tame_uri(case.query["uri"])
    if not isinstance(case.body, dict):
        return
    if "uri" in case.body:
        case.body["uri"] = tame_uri(case.body["uri"])
    tame_feeds(case.body, served)
    path = case.body.get("path")
    if isinstance(path, str) and (len(path) % 2 or path.startswith("/")):
        case.body["path"] = str(served.folder / f"{case.id}.backup")
    if case.operation.path == "/api/settings":
        case.body = {name: value for name, value in case.body.items() if name == "ui"}
    if case.operation.path == "/settings":
        case.body = {
            name: value for name, value in case.body.items() if name not in {"api", "general", "store", *AREAS}
        }


def is_played(case: Case) -> bool:
    """Return whether a request wants to play a file."""
    return case.operation.path.endswith("/stream/{fileindex}") or (
        isinstance(case.body, dict) and case.body.get("vod_mode") is True
    )


def put_film(served: Served) -> str:
    """Have a complete download, whatever became of it; return its infohash."""
    film = served.film
    (film.folder / film.name).write_bytes(b"film" * 5000)
    requests.put(
        f"{served.daemon.url}/downloads",
        data=film.metainfo,
        headers={**served.headers, "Content-Type": "application/x-bittorrent"},
        timeout=SECONDS,
    )
    return film.infohash


def tame_feeds(body: dict[str, Any], served: Served) -> None:
    """Lead the addresses of feeds to a page of the daemon that is none."""
    page = f"{served.daemon.url}/docs"
    if isinstance(body.get("urls"), list):
        body["urls"] = [page if isinstance(url, str) and url.strip() else url for url in body["urls"]]
    if isinstance(body.get("url"), str):
        body["url"] = page


def tame_uri(uri: Any) -> Any:
    """Lead a URI away from other hosts."""
    is_wild = isinstance(uri, str) and (len(uri) % 2 or uri.lower().lstrip().startswith(("http", "magnet")))
    return MAGNET if is_wild else uri
