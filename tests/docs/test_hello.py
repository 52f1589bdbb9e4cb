"""The example plugin, built as its author would build it and installed beside the daemon."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.paths import HELLO, ROOT


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which the example is installed, and nothing of our tree is in sight but the daemon."""
    target = tmp_path_factory.mktemp("site")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*pip, "--no-build-isolation", "--no-index", "--target", target, HELLO], check=True)
    return {**os.environ, "PYTHONPATH": str(target)}


def run(environment: dict[str, str], folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_examples_own_tests_pass(environment: dict[str, str], tmp_path: Path) -> None:
    result = run(
        environment, tmp_path, "pytest", "-c", str(HELLO / "pyproject.toml"), "--rootdir", str(tmp_path),
        "-p", "no:cacheprovider", str(HELLO / "tests"),
    )  # fmt: skip

    assert result.returncode == 0, result.stdout


def test_an_installed_plugin_is_found_without_further_words(environment: dict[str, str], tmp_path: Path) -> None:
    result = run(environment, tmp_path, "triblerd", "--state-dir", str(tmp_path / "state"), "plugins")

    assert result.returncode == 0, result.stdout
    assert "hello" in result.stdout


def test_the_guide_shows_the_example_as_it_is() -> None:
    guide = (ROOT / "docs/how-to/write-a-plugin.md").read_text()

    for name in ("plugin.py", "config.py", "endpoint.py", "api.py"):
        assert (HELLO / "triblerd_hello" / name).read_text().strip() in guide, name
