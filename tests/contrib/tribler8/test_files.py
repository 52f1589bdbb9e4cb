"""Directory pickers of version 8."""

from pathlib import Path

import pytest

from tests.kernel.http.conftest import serve
from tests.plugins.files.conftest import closed, nobody
from triblerd.disk_calls import DiskCalls
from triblerd_files.browsing import ServerFiles
from triblerd_files.endpoint import FilesEndpoint

__all__ = ["closed", "serve"]


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


async def test_only_the_word_one_shows_files_and_no_path_is_the_working_directory(daemon, folder):
    for word in ("", "0", "2", "yes please"):
        answer = await daemon.get("/api/files/browse", params={"path": str(folder), "files": word})
        assert [row["name"] for row in answer["paths"]] == ["..", "album"], word
    here = await daemon.get("/api/files/browse")
    file = await daemon.get("/api/files/browse", params={"path": str(folder / "01.flac")})
    top = await daemon.get("/api/files/browse", params={"path": "/"})

    assert here["current"] == str(Path.cwd())
    assert file["current"] == str(folder)
    assert (top["current"], top["paths"][0]) == ("/", {"name": "..", "path": "/", "dir": True})


async def test_links_are_shown_by_where_they_lead(daemon, folder, tmp_path):
    (tmp_path / "link").symlink_to(folder)
    (folder / "twin").symlink_to(folder / "album")
    answer = await daemon.get("/api/files/browse", params={"path": str(tmp_path / "link")})

    assert answer["current"] == str(folder)
    assert answer["paths"][2] == {"name": "twin", "path": str(folder / "album"), "dir": True}


class OnTheWay:
    """The allowed directories: all of them, but while they are looked up somebody removes the one that is asked for."""

    def allow(self, path):
        if path.is_dir():
            path.rmdir()
        return True


class FilesOf8(FilesEndpoint):
    prefix = "/api/files"


async def test_a_directory_that_has_just_gone_does_not_exist(serve, tmp_path):
    gone = tmp_path / "gone"
    files = FilesOf8(files=ServerFiles(roots=OnTheWay(), listed_roots=list, disk=DiskCalls()))
    answers = {}
    async with serve(files) as served:
        for route in ("browse", "list"):
            gone.mkdir()
            answers[route] = await served.get(f"/api/files/{route}?path={gone}")

    assert [answer.status for answer in answers.values()] == [404, 404]
    assert answers["browse"].error == {"handled": True, "message": f"No directory named {gone} exists"}
    assert answers["list"].error == {"handled": True, "message": f"Directory {gone} does not exist"}


async def test_a_directory_that_is_closed_is_not_accessible(daemon, closed):
    with nobody(closed):
        answer = await daemon.get("/api/files/browse", params={"path": str(closed)}, status=500)

    assert answer == {"error": {"handled": True, "message": f"Directory {closed} is not accessible"}}


async def test_files_are_listed(daemon, folder):
    (folder / "album/02.flac").write_text("y")
    (folder / "gone").symlink_to(folder / "nothing")
    own, deeper = ({"name": path.name, "path": str(path)} for path in (folder / "01.flac", folder / "album/02.flac"))
    found = {
        word: (await daemon.get("/api/files/list", params={"path": str(folder), "recursively": word}))["paths"]
        for word in ("0", "1", "", "whatever")
    }
    absent = await daemon.get("/api/files/list", params={"path": str(folder)})

    assert found == {"0": [own], "1": [own, deeper], "": [own, deeper], "whatever": [own, deeper]}
    assert absent["paths"] == [own, deeper]


async def test_a_directory_is_made_by_get(daemon, folder):
    looked = await daemon.request("HEAD", "/api/files/create", params={"path": str(folder / "new")})
    assert looked.status == 200
    assert not (folder / "new").exists()

    for _ in range(2):  # the second time it exists
        answer = await daemon.get("/api/files/create", params={"path": str(folder / "new/inner")})
        assert answer == {"paths": [{"name": "inner", "path": str(folder / "new/inner"), "dir": True}]}

    assert (folder / "new/inner").is_dir()


REFUSALS = (
    ("browse?path=data", 400, "path must be an absolute path, not 'data'"),
    ("list?path=data", 400, "path must be an absolute path, not 'data'"),
    ("list?path={folder}/nothing", 404, "Directory {folder}/nothing does not exist"),
    ("list", 400, "path parameter missing"),
    ("list?path={folder}/01.flac", 404, "Directory {folder}/01.flac does not exist"),
    ("create?path=data", 400, "path must be an absolute path, not 'data'"),
    ("create", 400, "path parameter missing"),
    (
        "create?path={folder}/a/b&recursively=0",
        500,
        "[Errno 2] No such file or directory: '{folder}/a/b'",
    ),
    ("create?path=/proc/nothing", 500, "[Errno 2] No such file or directory: '/proc/nothing'"),
    ("create?path={folder}/01.flac", 500, "[Errno 17] File exists: '{folder}/01.flac'"),
)


async def test_errors_have_the_form_of_the_dialect(daemon, folder):
    for path, status, message in REFUSALS:
        answer = await daemon.get(f"/api/files/{path.format(folder=folder)}", status=status)

        assert answer == {"error": {"handled": True, "message": message.format(folder=folder)}}


async def test_only_listed_roots_are_shown_where_that_is_set(start_daemon, folder):
    async with start_daemon("tribler8", "files", config={"api": {"file_roots": [str(folder)]}}) as daemon:
        top = await daemon.get("/api/files/browse", params={"path": "/"})
        for route in ("browse", "list", "create"):
            path = f"{folder.parent}/other"
            answer = await daemon.get(f"/api/files/{route}", params={"path": path}, status=400)
            message = f"path {path} is outside of the allowed directories"
            assert answer == {"error": {"handled": True, "message": message}}

    assert top["paths"][1:] == [{"name": str(folder), "path": str(folder), "dir": True}]


async def test_it_is_not_ready_while_the_area_is_off(start_daemon):
    async with start_daemon("tribler8") as daemon:
        answer = await daemon.get("/api/files/browse", status=404)

    message = "Required components not initialized to serve /api/files/browse"
    assert answer == {"error": {"handled": True, "message": message}}
