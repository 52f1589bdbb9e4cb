"""Directory pickers of version 8."""

import pytest


@pytest.fixture
async def daemon(start_daemon):
    async with start_daemon("tribler8", "files") as daemon:
        yield daemon


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "data/album").mkdir(parents=True)
    (tmp_path / "data/01.flac").write_text("x")
    return tmp_path / "data"


async def test_a_directory_is_browsed(daemon, folder):
    answer = await daemon.get("/api/files/browse", params={"path": str(folder / "nothing"), "files": "1"})

    assert answer["current"] == str(folder)
    assert answer["separator"] == "/"
    assert answer["paths"] == [
        {"name": "..", "path": str(folder.parent), "dir": True},
        {"name": "album", "path": str(folder / "album"), "dir": True},
        {"name": "01.flac", "path": str(folder / "01.flac"), "dir": False},
    ]


async def test_files_are_listed(daemon, folder):
    answer = await daemon.get("/api/files/list", params={"path": str(folder), "recursively": "0"})

    assert answer["paths"] == [{"name": "01.flac", "path": str(folder / "01.flac")}]


async def test_a_directory_is_made_by_get(daemon, folder):
    looked = await daemon.request("HEAD", "/api/files/create", params={"path": str(folder / "new")})
    assert looked.status == 200
    assert not (folder / "new").exists()

    answer = await daemon.get("/api/files/create", params={"path": str(folder / "new/inner")})

    assert answer["paths"] == [{"name": "inner", "path": str(folder / "new/inner"), "dir": True}]
    assert (folder / "new/inner").is_dir()


REFUSALS = (
    ("browse?path=data", 400, "path must be an absolute path, not 'data'"),
    ("list?path=data", 400, "path must be an absolute path, not 'data'"),
    ("list?path={folder}/nothing", 404, "Directory {folder}/nothing does not exist"),
    ("list", 400, "path parameter missing"),
    ("create?path=data", 400, "path must be an absolute path, not 'data'"),
    ("create?path={folder}/01.flac", 500, "[Errno 17] File exists: '{folder}/01.flac'"),
)


async def test_errors_have_the_form_of_the_dialect(daemon, folder):
    for path, status, message in REFUSALS:
        answer = await daemon.get(f"/api/files/{path.format(folder=folder)}", status=status)

        assert answer == {"error": {"handled": True, "message": message.format(folder=folder)}}


async def test_it_is_not_ready_while_the_area_is_off(start_daemon):
    async with start_daemon("tribler8") as daemon:
        answer = await daemon.get("/api/files/browse", status=404)

    message = "Required components not initialized to serve /api/files/browse"
    assert answer == {"error": {"handled": True, "message": message}}
