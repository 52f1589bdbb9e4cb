"""Build the wheel, look into it, install it into an empty environment elsewhere, and start the daemon from it.

Run by ``tox -e dist``. Ends with status 1 and a sentence at the first thing that is wrong.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
import urllib.request
import venv
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
SOURCE_ROOTS = ("kernel", "plugins", "contrib")
START_LIMIT_SECONDS = 60
STOP_LIMIT_SECONDS = 40
EXTRAS = {"ipv8": "overlay", "prometheus": "prometheus"}
"""Plugins that need what an extra brings."""
LARGEST_WHEEL_BYTES = 3 * 1024 * 1024  # the pages of the API's documentation are two thirds of it


def build(folder: Path) -> Path:
    """Return the wheel, built in isolation as an installer would."""
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run(pip, check=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def expect(found: object, what: str) -> None:
    """End the check when something is not as it must be."""
    if not found:
        sys.exit(f"dist: {what}")


def check_contents(wheel: Path) -> None:
    """Compare the wheel with the tree: every package whole, and nothing else."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        entry_points = next(archive.read(name).decode() for name in names if name.endswith("entry_points.txt"))
    expect(wheel.stat().st_size <= LARGEST_WHEEL_BYTES, f"the wheel has {wheel.stat().st_size} bytes")

    packages = [init.parent for root in SOURCE_ROOTS for init in sorted((ROOT / root).glob("*/__init__.py"))]
    expected = {
        str(file.relative_to(package.parent))
        for package in packages
        for file in package.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    missing = expected - names
    expect(not missing, f"these files are not in the wheel: {sorted(missing)}")
    surplus = {name for name in names - expected if ".dist-info/" not in name}
    expect(not surplus, f"these files do not belong into the wheel: {sorted(surplus)}")

    for package in packages:
        expect(f"{package.name}/py.typed" in names, f"{package.name} has no py.typed")
    for licence in ("LICENSE", "NOTICE"):
        expect(any(name.endswith(f".dist-info/licenses/{licence}") for name in names), f"{licence} is not in the wheel")
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]
    for name, module in declared["triblerd"].items():
        expect(f"{name} = {module}" in entry_points, f"the plugin {name} has no entry point")
        expect(f"{module.replace('.', '/')}.py" in names, f"the plugin {name} names {module}, which is not there")


def install(wheel: Path, folder: Path) -> Path:
    """Return the program ``triblerd`` of a new environment that holds the wheel and what it requires."""
    venv.create(folder, with_pip=True)
    subprocess.run([folder / "bin/pip", "install", "--quiet", "--disable-pip-version-check", str(wheel)], check=True)
    subprocess.run([folder / "bin/pip", "check", "--disable-pip-version-check"], check=True)
    return folder / "bin/triblerd"


def add_overlay(wheel: Path, folder: Path) -> None:
    """Install what the extra ``overlay`` brings, as the README says."""
    pip = folder / "bin/pip"
    subprocess.run([pip, "install", "--quiet", "--disable-pip-version-check", f"{wheel}[overlay]"], check=True)
    subprocess.run([pip, "check", "--disable-pip-version-check"], check=True)


def check_daemon(program: Path, state_dir: Path, expected: Mapping[str, tuple[str, str]]) -> None:
    """Start the daemon, ask it for its health, its documentation and its plugins, and stop it.

    Args:
        program: What starts it.
        state_dir: Where it lives.
        expected: Of some plugins, the state, and what has to be said of the reason.
    """
    environment = {"PATH": os.environ["PATH"], "HOME": str(state_dir.parent), "PYTHONWARNINGS": "error"}
    offline = [f"libtorrent.{key}=false" for key in ("dht", "lsd", "upnp", "natpmp")]
    offline += ["libtorrent.listen_interface=127.0.0.1", "libtorrent.port=0", "prometheus.enabled=true"]
    offline += ["ipv8.address=127.0.0.1", "ipv8.port=0", "ipv8.bootstrap=[]"]
    options = [option for setting in offline for option in ("--set", setting)]
    daemon = subprocess.Popen(
        [program, "--state-dir", state_dir, "--port", "0", *options],
        cwd=state_dir.parent,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    signal.alarm(START_LIMIT_SECONDS)  # reading the first line has no limit of its own
    try:
        address = wait_for_address(daemon, state_dir)
        signal.alarm(0)
        health = json.loads(get(f"{address}/healthz"))
        expect(health, "/healthz says nothing")
        expect("swagger" in get(f"{address}/docs"), "/docs is not the page of Swagger UI")
        expect("openapi" in json.loads(get(f"{address}/docs/openapi.json")), "there is no OpenAPI document")
        listed = started_plugins(program, state_dir)
        for name, (state, words) in expected.items():
            plugin = listed[name]
            expect(plugin["state"] == state and words in plugin["reason"], f"it is said of a plugin: {plugin}")
        daemon.send_signal(signal.SIGTERM)
        expect(daemon.wait(STOP_LIMIT_SECONDS) == 0, f"the daemon ended with status {daemon.returncode}")
    finally:
        signal.alarm(0)
        daemon.kill()
        daemon.wait()


def wait_for_address(daemon: subprocess.Popen[str], state_dir: Path) -> str:
    """Return the API's address, once the daemon has printed where it is."""
    expect(daemon.stdout and daemon.stdout.readline(), "the daemon ended without a word")
    return str(json.loads((state_dir / "triblerd.address").read_text())["http"])


def started_plugins(program: Path, state_dir: Path) -> Mapping[str, Mapping[str, Any]]:
    """Return the plugins by name, once each was started or found that it cannot be: the API answers before that."""
    deadline = time.monotonic() + START_LIMIT_SECONDS
    while True:
        rows = json.loads(subprocess.check_output([program, "--state-dir", state_dir, "plugins", "--json"], text=True))
        if not any(row["state"] in ("declared", "ordered", "starting") for row in rows):
            return {row["name"]: row for row in rows}
        expect(time.monotonic() < deadline, f"not all plugins were started within {START_LIMIT_SECONDS} s")
        time.sleep(0.2)


def get(url: str) -> str:
    """Return the text of a page that needs no key."""
    with urllib.request.urlopen(url, timeout=10) as answer:
        return str(answer.read().decode())


def main() -> None:
    """Run all checks in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="triblerd-dist-") as name:
        folder = Path(name)
        wheel = build(folder / "dist")
        check_contents(wheel)
        program = install(wheel, folder / "venv")
        without = {name: ("unmet", f"triblerd[{extra}]") for name, extra in EXTRAS.items()}
        check_daemon(program, folder / "state", without)
        add_overlay(wheel, folder / "venv")
        check_daemon(program, folder / "state", {name: ("running", "") for name in ("ipv8", "discovery")})
        print(f"dist: {wheel.name} is whole, installs, starts, answers and stops")


if __name__ == "__main__":
    main()
