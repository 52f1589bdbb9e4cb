import subprocess
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.daemon.swarm import start_swarm


@pytest.fixture
def saved(tmp_path):
    """Where downloads are put."""
    return tmp_path / "saved"


@pytest.fixture
def certificate(tmp_path):
    """A key and its certificate for this machine, in one file."""
    file = tmp_path / "both.pem"
    parts = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    names = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", file, "-out", tmp_path / "certificate.pem"]
    subprocess.run(["/usr/bin/openssl", "req", *parts, *names], check=True, capture_output=True)
    file.write_bytes(file.read_bytes() + (tmp_path / "certificate.pem").read_bytes())
    return file


@pytest.fixture
async def swarm(tmp_path):
    """Run a seeder, and a tracker that tells everybody of it."""
    async with start_swarm(tmp_path / "seeder") as swarm:
        yield swarm


@pytest.fixture
def start_program(daemon_process, saved):
    """Run the real program; downloads are put into ``saved``. Further settings by section."""

    @asynccontextmanager
    async def start(*plugins, environment=None, arguments=(), **config):
        settings = {**config, "download_defaults": {"saveas": str(saved), **config.get("download_defaults", {})}}
        settings["libtorrent"] = {"checkpoint_interval": 0.5, **config.get("libtorrent", {})}
        areas = plugins or ("downloads", "events", "settings", "state", "shutdown")
        async with daemon_process(*areas, config=settings, environment=environment, arguments=arguments) as daemon:
            yield daemon

    return start


@pytest.fixture
def mount_disk(tmp_path):
    """Mount a small file system of its own, full or not, and return its folder."""
    mounted: list[Path] = []

    def mount(name, options):
        folder = tmp_path / name
        folder.mkdir()
        done = subprocess.run(
            ["/bin/mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=False, capture_output=True, text=True
        )
        if done.returncode:
            pytest.skip(f"mounting is not allowed here: {done.stderr.strip()}")
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["/bin/umount", "--lazy", folder], check=True)


async def blocks_read(daemon):
    """Return how often the engine has read from disk: for peers, and for hashing what is there already.

    Its counter of hashed blocks never moves, not even in a check.
    """
    return (await daemon.get("/libtorrent/session"))["session"]["disk.num_read_ops"]
