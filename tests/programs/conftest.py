"""Films made on the spot, and the programs that play them: Debian's ffmpeg and ffprobe."""

import subprocess

import pytest

from tests.plugins.downloads.streaming.conftest import seeder, start_downloads, start_player

__all__ = ["film", "seeder", "start_downloads", "start_player"]

SECONDS = 20


@pytest.fixture(scope="session")
def film(tmp_path_factory):
    """Make films of some megabytes; the index of the first is at its end, as cameras write it."""
    folder = tmp_path_factory.mktemp("films")
    picture = ["-f", "lavfi", "-i", f"testsrc2=size=640x360:rate=25:duration={SECONDS}"]
    sound = ["-f", "lavfi", "-i", f"sine=frequency=440:duration={SECONDS}"]
    coded = ["-c:v", "mpeg4", "-b:v", "3M", "-c:a", "aac"]
    for name in ("index-last.mp4", "film.mkv"):
        run("ffmpeg", "-v", "error", *picture, *sound, *coded, folder / name)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def run(*command, limit_seconds=60):
    """Run a program to its end and return what it printed."""
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=limit_seconds)
    assert done.returncode == 0, done.stderr
    return done.stdout
