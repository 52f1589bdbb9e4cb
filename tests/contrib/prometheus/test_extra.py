"""Without what the extra brings, the plugin says so, and everything else runs."""

import json
import os
import subprocess
import sys

import pytest

REASON = "requires the Python module prometheus_client, which is not installed: pip install 'triblerd[prometheus]'"


@pytest.fixture
def without_client(tmp_path):
    """Return the environment of a Python that has no ``prometheus_client``."""
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text("import sys\nsys.modules['prometheus_client'] = None\n")
    return {"PYTHONPATH": str(folder)}


async def test_the_plugin_is_unmet_and_names_the_extra(daemon_process, without_client):
    async with daemon_process("prometheus", "state", environment=without_client) as daemon:
        state = await daemon.get("/state")
        refusal = await daemon.get("/metrics", status=503)

    assert state["plugins"]["prometheus"] == {"state": "unmet", "reason": REASON, "report": None}
    assert state["plugins"]["state"]["state"] == "running"
    assert REASON in refusal["error"]["message"]
    assert "Traceback" not in daemon.output


def test_the_command_line_says_so_without_a_daemon(tmp_path, without_client):
    def triblerd(*words):
        command = [sys.executable, "-m", "triblerd", "--state-dir", tmp_path / "state", *words, "--json"]
        return json.loads(subprocess.check_output(command, env={**os.environ, **without_client}, timeout=30))

    (switched,) = triblerd("plugins", "enable", "prometheus")

    assert (switched["state"], switched["reason"]) == ("unmet", REASON)
