"""``PUT /statistics/dirspace``: how full the disk of a directory is."""

import os
import shutil

import pytest

from tests.plugins.downloads.conftest import mount_disk

__all__ = ["mount_disk"]


@pytest.fixture
async def daemon(start_daemon, tmp_path):
    async with start_daemon(
        "statistics", "downloads", config={"download_defaults": {"saveas": str(tmp_path / "saved")}}
    ) as daemon:
        yield daemon


async def space_of(daemon, body):
    return (await daemon.put("/statistics/dirspace", json=body))["statistics"]


def size_of_disk(folder):
    return shutil.disk_usage(folder).total


async def test_a_directory_has_the_space_of_its_file_system(daemon, mount_disk):
    disk = mount_disk("disk", "size=8m")
    (disk / "film").write_bytes(os.urandom(1 << 20))

    space = await space_of(daemon, {"directory": str(disk)})

    assert space == {"total": 8 << 20, "used": 1 << 20, "free": 7 << 20}


async def test_a_missing_directory_has_the_space_of_its_nearest_parent(daemon, mount_disk):
    disk = mount_disk("disk", "size=8m")

    space = await space_of(daemon, {"directory": str(disk / "not" / "there")})

    assert space["total"] == 8 << 20


async def test_without_a_directory_it_is_that_of_downloads(daemon, tmp_path):
    for body in ({}, {"directory": ""}, {"directory": None}, {"else": 1}):
        assert (await space_of(daemon, body))["total"] == size_of_disk(tmp_path)


async def test_without_a_directory_and_without_downloads_there_is_no_answer(start_daemon):
    async with start_daemon("statistics") as daemon:
        answer = await daemon.put("/statistics/dirspace", json={}, status=404)

    assert answer == {"error": "Session was not initialized!"}


async def test_a_directory_that_names_no_place_has_no_space(daemon):
    for directory in ("films", "./films", "~/films", "/a\0b"):
        answer = await daemon.put("/statistics/dirspace", json={"directory": directory}, status=404)
        assert answer == {"error": "No stats for directory!"}


async def test_a_name_longer_than_any_is_that_of_a_missing_directory(daemon):
    assert (await space_of(daemon, {"directory": "/" + "a" * 5000}))["total"] == size_of_disk("/")


async def test_a_directory_outside_of_the_roots_is_not_looked_at(start_daemon, tmp_path):
    async with start_daemon("statistics", config={"api": {"file_roots": [str(tmp_path)]}}) as daemon:
        answer = await daemon.put("/statistics/dirspace", json={"directory": "/"}, status=400)

    assert answer == {"error": "directory / is outside of the allowed directories"}


async def test_a_body_that_names_no_directory_is_refused(daemon):
    for body, error in (
        (b"", "Bad JSON"),
        (b"[]", "Bad JSON"),
        (b'{"directory": 1}', "directory: expected str | null, got int"),
    ):
        assert await daemon.put("/statistics/dirspace", data=body, status=400) == {"error": error}
