import os
import threading
from pathlib import Path

import pytest

from tests.plugins.files.conftest import nobody
from triblerd.disk_calls import DiskCalls, DiskTimeoutError
from triblerd_files.browsing import MOST_ROWS, ServerFiles


@pytest.fixture
def tree(tmp_path):
    """Directories ``b``, ``A`` and ``.hidden``, files ``z`` and ``b/deep/one``, and links to ``b`` and to nothing."""
    top = tmp_path / "tree"
    for folder in ("b/deep", "A", ".hidden"):
        (top / folder).mkdir(parents=True)
    for file in ("z", "b/deep/one", "b/two"):
        (top / file).write_text("x")
    (top / "link").symlink_to(top / "b")
    (top / "broken").symlink_to(top / "nothing")
    (top / "circle").symlink_to(top / "circle")
    os.mkfifo(top / "pipe")
    return top


@pytest.fixture
async def daemon(start_daemon):
    async with start_daemon("files") as daemon:
        yield daemon


def row(path, name=None, *, is_dir=True):
    return {"name": name or path.name, "path": str(path), "dir": is_dir}


async def test_directories_are_shown_by_name_with_the_one_above_first(daemon, tree):
    answer = await daemon.get("/files/browse", params={"path": str(tree)})

    assert answer == {
        "current": str(tree),
        "paths": [
            row(tree.parent, ".."),
            row(tree / ".hidden"),
            row(tree / "A"),
            row(tree / "b"),
            row(tree / "b", "link"),
        ],
        "separator": "/",
        "truncated": False,
        "left_out": 0,
    }


async def test_files_are_shown_after_the_directories_if_they_are_wanted(daemon, tree):
    found = {}
    for word in ("1", "true", "0", "", "2"):
        answer = await daemon.get("/files/browse", params={"path": str(tree), "files": word})
        found[word] = [entry["name"] for entry in answer["paths"]]

    directories = ["..", ".hidden", "A", "b", "link"]
    assert found["1"] == found["true"] == [*directories, "z"]
    assert found["0"] == found[""] == found["2"] == directories


async def test_the_nearest_directory_that_exists_is_shown(daemon, tree):
    for path in ("b/nothing/here", "b/two", "b/two/below", "link/nothing", "A/../b", "b/" + "x" * 300):
        answer = await daemon.get("/files/browse", params={"path": f"{tree}/{path}"})

        assert answer["current"] == str(tree / "b"), path


async def test_without_a_path_the_working_directory_is_shown(daemon):
    assert (await daemon.get("/files/browse"))["current"] == str(Path.cwd())
    assert (await daemon.get("/files/browse", params={"path": ""}))["current"] == str(Path.cwd())


async def test_above_the_top_is_the_top(daemon):
    answer = await daemon.get("/files/browse", params={"path": "//"})

    assert answer["current"] == "/"
    assert answer["paths"][0] == {"name": "..", "path": "/", "dir": True}


@pytest.mark.parametrize("path", ["b", "./b", "~", "/b\0"])
async def test_a_path_that_is_not_absolute_is_refused(daemon, path):
    for route in ("browse", "list", "create"):
        answer = await daemon.get(f"/files/{route}", params={"path": path}, status=400)

        assert answer == {"error": f"path must be an absolute path, not {path!r}"}


async def test_a_directory_that_is_closed_to_the_daemon_is_said_to_be(daemon, closed):
    with nobody(closed):
        answers = [
            await daemon.get(f"/files/{route}", params={"path": str(closed)}, status=500)
            for route in ("browse", "list")
        ]

    assert answers == [{"error": f"Directory {closed} is not accessible"}] * 2


async def test_names_that_are_not_utf8_are_counted_and_left_out(daemon, tree):
    album = tree / os.fsdecode(b"alb\xfcm")
    (album / "inner").mkdir(parents=True)
    (album / "inner/file").touch()
    (tree / "b/to album").symlink_to(album)

    browsed = await daemon.get("/files/browse", params={"path": str(tree)})
    linked = await daemon.get("/files/browse", params={"path": str(tree / "b")})
    through = await daemon.get("/files/browse", params={"path": str(tree / "b/to album")}, status=500)
    listed = await daemon.get("/files/list", params={"path": str(tree)})

    assert (browsed["left_out"], len(browsed["paths"])) == (1, 5)
    assert (linked["left_out"], [entry["name"] for entry in linked["paths"]]) == (1, ["..", "deep"])
    assert "is not UTF-8" in through["error"]
    assert (listed["left_out"], [entry["name"] for entry in listed["paths"]]) == (1, ["z", "two", "one"])


async def test_regular_files_are_listed(daemon, tree):
    path = {"path": str(tree)}
    found = {"absent": await daemon.get("/files/list", params=path)}
    for word in ("1", "", "x", "0", "false"):
        found[word] = await daemon.get("/files/list", params={**path, "recursively": word})

    names = {word: [row["name"] for row in answer["paths"]] for word, answer in found.items()}
    deep, flat = ["z", "two", "one"], ["z"]
    assert names == {"absent": deep, "1": deep, "": deep, "x": deep, "0": flat, "false": flat}
    assert found["absent"]["paths"][0] == {"name": "z", "path": str(tree / "z")}


async def test_what_is_no_directory_cannot_be_listed(daemon, tree):
    for path in ("nothing", "z"):
        answer = await daemon.get("/files/list", params={"path": f"{tree}/{path}"}, status=404)

        assert answer == {"error": f"Directory {tree}/{path} does not exist"}


async def test_a_path_has_to_be_named(daemon):
    for route in ("list", "create"):
        assert await daemon.get(f"/files/{route}", status=400) == {"error": "path parameter missing"}


async def test_rows_have_an_end(tmp_path):
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(11):
        (folder / f"{number:02}").touch()
    files = files_of(AllRoots(), most_rows=10)

    listed = await files.list_files(str(folder), recursively=True)
    browsed = await files.browse(str(folder), with_files=True)
    (folder / "00").unlink()
    fewer = await files.list_files(str(folder), recursively=True)
    shown = await files.browse(str(folder), with_files=True)

    assert MOST_ROWS == 10_000
    assert (len(listed.paths), listed.truncated) == (10, True)
    assert (len(browsed.paths), browsed.truncated) == (11, True)  # with the directory above
    assert (len(fewer.paths), fewer.truncated) == (len(shown.paths) - 1, shown.truncated) == (10, False)


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_directory_is_made_with_those_above_it(daemon, tmp_path, method):
    path = tmp_path / "new/inner"
    given = {"params": {"path": str(path)}} if method == "GET" else {"json": {"path": str(path)}}

    for _ in range(2):  # the second time it exists
        assert await daemon.call(method, "/files/create", **given) == {"paths": [row(path)]}

    assert path.is_dir()


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_what_is_missing_above_is_not_made_unless_that_is_wanted(daemon, tmp_path, method):
    wish = {"path": str(tmp_path / "new/inner"), "recursively": 0}
    given = {"params": wish} if method == "GET" else {"json": {**wish, "recursively": False}}

    answer = await daemon.call(method, "/files/create", **given, status=500)

    assert answer == {"error": f"[Errno 2] No such file or directory: '{tmp_path / 'new/inner'}'"}
    assert not (tmp_path / "new").exists()


async def test_a_directory_that_cannot_be_made_has_the_systems_text(daemon, tree):
    answer = await daemon.get("/files/create", params={"path": str(tree / "z")}, status=500)

    assert answer == {"error": f"[Errno 17] File exists: '{tree / 'z'}'"}


async def test_a_mere_look_makes_nothing(daemon, tmp_path):
    answer = await daemon.request("HEAD", "/files/create", params={"path": str(tmp_path / "new")})
    look = await daemon.request("HEAD", "/files/browse", params={"path": "new"})

    assert (answer.status, look.status) == (200, 400)
    assert not (tmp_path / "new").exists()


async def test_a_key_that_only_reads_sees_no_directories(start_daemon, tmp_path):
    config = {"api": {"keys": {"guest": {"key": "guest-key", "scope": "read"}}}}
    async with start_daemon("files", config=config) as daemon:
        daemon.key = "guest-key"
        for route in ("browse", "list", "create"):
            await daemon.get(f"/files/{route}", params={"path": str(tmp_path)}, status=403)


class TestConfined:
    @pytest.fixture
    async def daemon(self, start_daemon, tree):
        roots = [str(tree / "b"), str(tree / "A"), str(tree / "gone")]
        async with start_daemon("files", config={"api": {"file_roots": roots}}) as daemon:
            yield daemon

    async def test_the_top_shows_where_one_may_go(self, daemon, tree):
        for params in ({"path": "/"}, {}):
            answer = await daemon.get("/files/browse", params=params)

            assert answer["current"] == "/"
            assert answer["paths"] == [
                {"name": "..", "path": "/", "dir": True},
                row(tree / "b", str(tree / "b")),
                row(tree / "A", str(tree / "A")),
            ]

    async def test_from_a_root_the_way_up_leads_to_the_top(self, daemon, tree):
        root = await daemon.get("/files/browse", params={"path": str(tree / "b")})
        inner = await daemon.get("/files/browse", params={"path": str(tree / "b/deep")})

        assert root["paths"] == [{"name": "..", "path": "/", "dir": True}, row(tree / "b/deep")]
        assert inner["paths"] == [row(tree / "b", "..")]

    @pytest.mark.parametrize("path", ["", "/A2", "/b/../z", "/b/out", "/b/out/new"])
    async def test_nothing_else_is_shown_or_made(self, daemon, tree, path):
        (tree / "b/out").symlink_to(tree / ".hidden")
        before = sorted(os.walk(tree))

        for route in ("browse", "list", "create"):
            answer = await daemon.get(f"/files/{route}", params={"path": f"{tree}{path}"}, status=400)

            assert answer == {"error": f"path {tree}{path} is outside of the allowed directories"}
        assert sorted(os.walk(tree)) == before

    async def test_links_that_lead_out_are_not_shown(self, daemon, tree):
        (tree / "b/out").symlink_to(tree / ".hidden")
        (tree / "b/file").symlink_to(tree / "z")
        (tree / "b/in").symlink_to(tree / "A")

        browsed = await daemon.get("/files/browse", params={"path": str(tree / "b"), "files": 1})
        listed = await daemon.get("/files/list", params={"path": str(tree / "b")})

        assert [entry["name"] for entry in browsed["paths"]] == ["..", "deep", "in", "two"]
        assert [entry["name"] for entry in listed["paths"]] == ["two", "one"]


class AllRoots:
    def allow(self, _path):
        return True


class StuckRoots:
    """A disk that does not answer."""

    def __init__(self) -> None:
        self.answer = threading.Event()

    def allow(self, _path):
        return self.answer.wait(20)


def files_of(roots, **limits):
    return ServerFiles(roots=roots, listed_roots=list, disk=DiskCalls(), **limits)


async def test_a_disk_that_does_not_answer_holds_up_nobody_else(tmp_path):
    roots = StuckRoots()
    files = files_of(roots, limit_seconds=0.05)

    for ask in (files.browse(str(tmp_path), with_files=True), files.list_files(str(tmp_path), recursively=True)):
        with pytest.raises(DiskTimeoutError):
            await ask

    roots.answer.set()
    assert (await files_of(roots).browse(str(tmp_path), with_files=True)).current == str(tmp_path)
