import pytest

from triblerd.services import Configuration, FileRoots


@pytest.fixture
async def services(start_daemon):
    async with start_daemon() as daemon:
        yield daemon.daemon.container.services()


async def test_without_roots_every_path_is_allowed(services, tmp_path):
    assert services.find(FileRoots).allow(tmp_path)


async def test_paths_are_confined_to_the_roots_with_links_followed(services, tmp_path):
    inside, outside = tmp_path / "in", tmp_path / "out"
    inside.mkdir()
    (inside / "link").symlink_to(outside)

    await services.find(Configuration).change({"api": {"file_roots": [str(inside)]}})

    roots = services.find(FileRoots)
    assert roots.allow(inside)
    assert roots.allow(inside / "new" / "file")
    for path in (outside, inside / "link", inside / "link" / "file", inside / ".." / "out", tmp_path / "in2"):
        assert not roots.allow(path)
