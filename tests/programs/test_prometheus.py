"""What Debian's Prometheus and its promtool say of ``/metrics``, and of the configuration that our page shows."""

import asyncio
import json
import re
import socket
import subprocess
from contextlib import contextmanager
from urllib.parse import quote
from urllib.request import urlopen

import pytest

from tests.docs.examples import blocks
from tests.docs.paths import DOCS
from tests.plugins.downloads.conftest import upload
from tests.programs.conftest import run
from triblerd.testing import wait_for

pytestmark = pytest.mark.programs

PAGE = DOCS / "how-to/watch-with-prometheus.md"
SCRAPE, RULES = (block.text for block in blocks(PAGE) if block.language == "yaml")
READ_KEY = "a key that only looks"
KEYS = {"api": {"keys": {"prometheus": {"key": READ_KEY, "scope": "read"}}}}


@contextmanager
def prometheus(folder, configuration):
    """Run a Prometheus of its own, and yield where it answers."""
    folder.mkdir()
    (folder / "prometheus.yml").write_text(configuration)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    command = [
        "prometheus",
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={address}",
    ]
    with (folder / "output").open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output) as process:
        try:
            yield f"http://{address}"
        finally:
            process.terminate()


async def ask(url, path):
    """Return the data of an answer, ``None`` while there is no good one."""

    def fetch():
        with urlopen(f"{url}/api/v1/{path}", timeout=10) as answer:
            return json.loads(answer.read())["data"]

    try:
        return await asyncio.to_thread(fetch)
    except OSError:
        return None


async def query(url, expression):
    """Return the series that an expression has, empty while there are none."""
    data = await ask(url, f"query?query={quote(expression)}")
    return data["result"] if data else []


async def test_promtool_finds_nothing_to_say_against_the_page(start_downloads, seeder):
    torrent = seeder.seed_new()
    async with start_downloads("prometheus", "metadata", "search") as daemon:
        await upload(daemon, torrent)
        await daemon.request("GET", "/nothing")
        answer = await daemon.request("GET", "/metrics")

    assert complaints_of_promtool(answer.body) == ""


def complaints_of_promtool(page):
    """Return what the program says of a page; its status counts, too."""
    command = ["/usr/bin/env", "promtool", "check", "metrics"]
    done = subprocess.run(command, input=page, capture_output=True, check=False, timeout=60)
    return (done.stdout + done.stderr).decode() + (f"status {done.returncode}" if done.returncode else "")


def test_promtool_takes_the_rules_that_the_page_shows(tmp_path):
    (tmp_path / "rules.yml").write_text(RULES)

    assert f"SUCCESS: {RULES.count('alert:')} rules found" in run("promtool", "check", "rules", tmp_path / "rules.yml")


async def test_prometheus_scrapes_with_the_configuration_that_the_page_shows(start_downloads, seeder, tmp_path):
    torrent = seeder.seed_new()
    (tmp_path / "key").write_text(READ_KEY)
    (tmp_path / "rules.yml").write_text(RULES)
    async with start_downloads("prometheus", "state", **KEYS) as daemon:
        await upload(daemon, torrent)
        shown = SCRAPE.replace("/etc/prometheus/triblerd.key", str(tmp_path / "key"))
        shown = shown.replace("localhost:20100", f"127.0.0.1:{daemon.port}").replace("15s", "1s")
        with prometheus(tmp_path / "prometheus", f"{shown}rule_files: [{tmp_path / 'rules.yml'}]\n") as url:
            await wait_for(lambda: query(url, 'up{job="triblerd"} == 1'), 60)
            (downloads,) = await query(url, "sum(triblerd_downloads)")
            (target,) = (await ask(url, "targets"))["activeTargets"]
            kinds = {name: kind for name, (kind, *_) in (await ask(url, "metadata")).items()}
            lacking = [name for name in named_in(RULES) if not await query(url, name)]

    assert downloads["value"][1] == "1"
    assert (target["health"], target["lastError"]) == ("up", "")
    assert READ_KEY not in json.dumps(target)
    assert kinds["triblerd_engine_received_bytes"]["type"] == "counter"  # OpenMetrics names it without its ending
    assert kinds["triblerd_http_request_duration_seconds"]["type"] == "histogram"
    assert lacking == []


def named_in(rules):
    """Return the series that rules speak of, without their labels."""
    return sorted(set(re.findall(r"\b(?:triblerd|process)_\w+", rules)))
