"""``/api/versioning``."""

import shutil

import pytest

import triblerd
from tests.plugins.upgrader.samples import SAMPLES
from tests.plugins.versioning.conftest import serving
from triblerd.testing import wait_for

NOT_LOOKING = {"general": {"version_checker_enabled": False}}
ROUTES = (
    ("GET", "/versions"),
    ("GET", "/versions/current"),
    ("GET", "/versions/check"),
    ("DELETE", f"/versions/{triblerd.__version__}"),
    ("GET", "/upgrade/available"),
    ("POST", "/upgrade"),
    ("GET", "/upgrade/working"),
)


@pytest.fixture
async def daemon(start_daemon):
    """Run the dialect with versions alone."""
    async with start_daemon("tribler8", "versioning") as daemon:
        yield daemon


async def test_the_present_version_is_the_only_one(daemon):
    assert await daemon.get("/api/versioning/versions") == {
        "versions": [triblerd.__version__],
        "current": triblerd.__version__,
    }
    assert await daemon.get("/api/versioning/versions/current") == {"version": triblerd.__version__}


async def test_no_version_can_be_removed(daemon):
    for version in (triblerd.__version__, "7.13", "store", "%2Fstore", "..."):
        answer = await daemon.delete(f"/api/versioning/versions/{version}", status=400)
        assert answer == {"error": {"handled": True, "message": "No version given"}}, version
    assert (daemon.state_dir / "store").is_dir()


async def test_nobody_is_asked_for_releases_without_a_source(daemon):
    assert await daemon.get("/api/versioning/versions/check") == {"new_version": "", "has_version": False}


async def test_a_newer_release_is_told(start_daemon):
    async with serving() as index:
        index.body = b'{"info": {"version": "999.1"}}'
        async with start_daemon("tribler8", "versioning", config={"versioning": {"update_url": index.url}}) as daemon:
            newer = await daemon.get("/api/versioning/versions/check")
            index.status = 500
            unreachable = await daemon.get("/api/versioning/versions/check")

    assert newer == {"new_version": "999.1", "has_version": True}
    assert unreachable == {"new_version": "", "has_version": False}


async def test_without_the_upgrader_nothing_can_be_taken_over(daemon):
    message = "Required components not initialized to serve /api/versioning/upgrade"

    assert await daemon.get("/api/versioning/upgrade/available") == {"can_upgrade": False}
    assert await daemon.get("/api/versioning/upgrade/working") == {"running": False}
    assert await daemon.post("/api/versioning/upgrade", status=404) == {"error": {"handled": True, "message": message}}


@pytest.mark.parametrize("plugins", [("tribler8",), ("tribler8", "versioning")], ids=["off", "not wanted"])
async def test_nothing_is_ready_while_the_area_is_off_or_releases_are_not_wanted(start_daemon, plugins):
    async with start_daemon(*plugins, config=NOT_LOOKING) as daemon:
        for method, path in ROUTES:
            answer = await daemon.call(method, f"/api/versioning{path}", status=404)
            message = f"Required components not initialized to serve /api/versioning{path}"
            assert answer == {"error": {"handled": True, "message": message}}


async def test_what_version_7_left_is_taken_over_once(daemon_process, tmp_path):
    shutil.copytree(SAMPLES / "tribler-7.13" / "state", tmp_path / ".Tribler")
    settings = {"download_defaults": {"saveas": str(tmp_path / "saved")}}
    async with daemon_process(
        "tribler8", "versioning", "upgrader", "downloads", config=settings, environment={"HOME": str(tmp_path)}
    ) as daemon:
        before = await daemon.get("/api/versioning/upgrade/available")
        started = [await daemon.post("/api/versioning/upgrade") for _ in range(2)]

        async def is_over():
            return not (await daemon.get("/api/versioning/upgrade/working"))["running"]

        await wait_for(is_over, 30)
        after = await daemon.get("/api/versioning/upgrade/available")
        again = await daemon.post("/api/versioning/upgrade")
        last = await daemon.get("/upgrader/import")

    assert before == {"can_upgrade": "7.13.1"}
    assert started == [{"success": True}] * 2
    assert after == {"can_upgrade": False}
    assert again == {"success": True}
    assert (last["state"], last["program"]) == ("finished", "tribler7")
