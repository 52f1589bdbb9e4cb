"""Names that would leave the destination: what a torrent calls its files, they are written inside."""

import os
from pathlib import Path

import pytest

from tests.daemon.hostile.target import Target, refusal, written
from tests.daemon.hostile.torrents import CONTENT, many, multi, one_at, single
from triblerd.testing import wait_for
from triblerd_libtorrent.metainfo import parse_metainfo
from triblerd_libtorrent.testing import MadeTorrent, Seeder

pytestmark = pytest.mark.asyncio(loop_scope="module")

HALF = len(CONTENT) // 2

TAKEN = {
    "a parent above": one_at("..", "..", "evil"),
    "parents in between": one_at("a", "..", "..", "..", "..", "evil"),
    "only parents": one_at("..", ".."),
    "a parent as the folder": one_at("evil", name=".."),
    "parents as the folder": one_at("evil", name="../../.."),
    "an absolute name": single(name="/root/evil"),
    "an absolute folder": one_at("evil", name="/root"),
    "an absolute path": one_at("/", "root", "evil"),
    "slashes in a path": one_at("../../../evil"),
    "backslashes": one_at("..\\..\\evil"),
    "a drive": one_at("C:\\evil"),
    "an empty part": one_at("", "", "evil"),
    "a NUL in the name": single(name="ev\0il"),
    "a NUL in a path": one_at("ev\0il", "a"),
    "line ends": single(name="a\r\nX-Evil: 1\r\n\r\n<script>"),
    "terminal control": single(name="\x1b[2J\x07evil"),
    "text from right to left": single(name="evil\u202efdp.exe"),
    "no UTF-8": single(name=b"\xff\xfe\xfa"),
    "half a surrogate": single(name=b"\xed\xa0\x80"),
    "a long name": single(name="x" * 300),
    "a long name of notes": single(name="\U0001f3b5" * 200),
    "a tree 90 deep": one_at(*["a"] * 90),
    "spaces and dots": one_at(" ", "...", "evil. "),
    "one name twice": multi({"length": HALF, "path": ["a"]}, {"length": HALF, "path": ["a"]}),
    "a file that is also a folder": multi({"length": HALF, "path": ["a"]}, {"length": HALF, "path": ["a", "b"]}),
    "a symbolic link out": multi(
        {"length": len(CONTENT), "path": ["a"]},
        {"attr": "l", "length": 0, "path": ["link"], "symlink path": ["..", "..", "..", "etc"]},
    ),
    "an absolute symbolic link": multi(
        {"attr": "l", "length": 0, "path": ["link"], "symlink path": ["/", "etc"]},
        {"length": len(CONTENT), "path": ["link", "passwd"]},
    ),
    "a symbolic link to itself": multi(
        {"length": len(CONTENT), "path": ["a"]}, {"attr": "l", "length": 0, "path": ["l"], "symlink path": ["l"]}
    ),
    "a hidden program": multi({"attr": "xh", "length": len(CONTENT), "path": [".profile"]}),
    "hundreds of empty files": many(300),
}

REFUSED = {
    "a parent as the file": single(name=".."),
    "a slash as the name": single(name="/"),
    "a dot as the name": single(name="."),
    "an empty name": single(name=""),
    "a long path": one_at(*["x" * 200] * 40),
}


def offer(raw: bytes, folder: Path) -> MadeTorrent:
    """Put the content where a seeder finds it: below the names that the engine makes of the torrent's.

    Empty files have to be there, too, but for symbolic links, which the seeder makes itself.
    """
    metainfo = parse_metainfo(raw)
    for file in metainfo.files:
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        if file.size or b"symlink path" not in raw:
            path.write_bytes(CONTENT[: file.size])
    return MadeTorrent(
        metainfo=raw,
        infohash=metainfo.infohash,
        magnet=f"magnet:?xt=urn:btih:{metainfo.infohash}",
        folder=folder,
        name=metainfo.name,
        files={file.path: file.size for file in metainfo.files},
    )


def links_out_of(folder: Path) -> list[Path]:
    links = [path for path in folder.rglob("*") if path.is_symlink()]
    return [link for link in links if not Path(os.path.realpath(link)).is_relative_to(folder)]


@pytest.mark.parametrize("raw", TAKEN.values(), ids=TAKEN)
async def test_only_the_destination_is_written_to_whatever_the_names_are(target: Target, raw, tmp_path):
    destination = target.root / "inner" / "destination"
    before = written(target.root)
    with Seeder(tmp_path) as seeder:
        torrent = offer(raw, tmp_path)
        seeder.seed(torrent)

        answer = await target.add(seeder.magnet(torrent), destination=str(destination))

        assert answer.status == 200, answer
        await wait_for(lambda: is_seeding(target, torrent.infohash), what="the end of the download")
        await wait_for(lambda: any((destination / path).exists() for path in torrent.files), what="the file")
    new = written(target.root) - before
    assert {path for path in new if not path.startswith("inner/destination")} <= {"inner"}
    assert links_out_of(destination) == []

    await target.forget_all()

    assert written(destination) == set()


async def is_seeding(target: Target, infohash: str) -> bool:
    return bool((await target.download(infohash))["status"] == "SEEDING")


@pytest.mark.parametrize("raw", TAKEN.values(), ids=TAKEN)
async def test_the_names_that_clients_see_are_harmless_paths(target: Target, raw):
    infohash = (await target.upload(raw)).json()["infohash"]

    for file in (await target.get(f"/downloads/{infohash}/files"))["files"]:
        assert not set(file["name"].split("/")) & {"", ".", ".."}, file
        assert not any(letter < " " for letter in file["name"]), file
    assert "\0" not in (await target.download(infohash))["name"]


@pytest.mark.parametrize("raw", REFUSED.values(), ids=REFUSED)
async def test_names_that_no_file_can_have_are_refused(target: Target, raw):
    refusal(await target.upload(raw))
