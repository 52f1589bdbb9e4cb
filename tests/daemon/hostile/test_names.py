"""Names that would leave the destination: what a torrent calls its files, they are written inside."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.daemon.hostile.peer import MetadataPeer
from tests.daemon.hostile.target import Target, refusal, written
from tests.daemon.hostile.torrents import CONTENT, leaf, link_leaf, many, multi, one_at, single, v2
from triblerd.testing import wait_for
from triblerd_libtorrent.metainfo import parse_metainfo
from triblerd_libtorrent.testing import MadeTorrent, Seeder

pytestmark = pytest.mark.asyncio(loop_scope="module")

HALF = len(CONTENT) // 2
PADDED = hashlib.sha1(CONTENT[:HALF] + bytes(HALF), usedforsecurity=False).digest()


def pair(one: list[str], other: list[str]) -> bytes:
    """Return a torrent of two files, which together have the content."""
    return multi({"length": HALF, "path": one}, {"length": HALF, "path": other})


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
    "folders that differ by case": pair(["A", "b"], ["a", "B"]),
    "files that differ by case": pair(["a"], ["A"]),
    "files that differ by the form of a letter": pair(["\u00e9"], ["e\u0301"]),
    "folders that differ by the form of a letter": pair(["\u00e9", "x"], ["e\u0301", "x"]),
    "files that are one when cleaned": pair(["a\0b"], ["a\x01b"]),
    "files that are one without a right-to-left mark": pair(["ab"], ["a\u202eb"]),
    "a folder that is also a file": pair(["a", "b"], ["a"]),
    "a name that the engine gives to a second file": multi(
        *({"length": length, "path": [path]} for length, path in ((64, "a"), (32, "a"), (32, "a.1")))
    ),
    "a path and its parts": pair(["a/b"], ["a", "b"]),
    "names of devices": pair(["CON"], ["aux.txt", "NUL", "com1"]),
    "a name of 255 bytes": one_at("x" * 255),
    "a name that is cut within a letter": one_at("\u00e9" * 128 + ".txt"),
    "two names that are cut to one": pair(["x" * 300 + "a"], ["x" * 300 + "b"]),
    "invisible letters": one_at("\u200b", "\u2066evil\u2069", "\ufeff"),
    "a pad file that leads out": multi(
        {"length": HALF, "path": ["a"]},
        {"attr": "p", "length": HALF, "path": [".pad", "..", "..", "..", "evil"]},
        pieces=PADDED,
    ),
    "a pad file in place of a file": multi(
        {"length": HALF, "path": ["a"]}, {"attr": "p", "length": HALF, "path": ["a"]}, pieces=PADDED
    ),
    "all attributes": multi(
        {"length": len(CONTENT), "path": ["a"]},
        {"attr": "lxhp?\0", "length": 0, "path": ["l"], "symlink path": ["..", "..", "evil"]},
    ),
    "links over links": multi(
        {"attr": "l", "length": 0, "path": ["one"], "symlink path": ["two"]},
        {"attr": "l", "length": 0, "path": ["two"], "symlink path": [".."]},
        {"length": len(CONTENT), "path": ["one", "two", "evil"]},
    ),
    "a symbolic link to a file in it": multi(
        {"length": len(CONTENT), "path": ["a"]}, {"attr": "l", "length": 0, "path": ["l"], "symlink path": ["a"]}
    ),
    "parents in version 2": v2({"..": {"..": {"evil": leaf()}}}),
    "an absolute name in version 2": v2({"/root/evil": leaf()}),
    "slashes in version 2": v2({"../../evil": leaf()}),
    "a NUL in version 2": v2({"ev\0il": leaf()}),
    "case in version 2": v2({"A": leaf(), "a": leaf()}),
    "a symbolic link out in version 2": v2({"a": leaf(), "l": link_leaf("..", "..", "..", "etc")}),
    "a parent as the only name in version 2": v2({"..": leaf()}, name=".."),
}

REFUSED = {
    "a parent as the file": single(name=".."),
    "a slash as the name": single(name="/"),
    "a dot as the name": single(name="."),
    "an empty name": single(name=""),
    "a long path": one_at(*["x" * 200] * 40),
    "a symbolic link of many bytes": multi(
        {"length": len(CONTENT), "path": ["a"]},
        {"attr": "l", "length": 0, "path": ["l"], "symlink path": [".."] * 500},
    ),
    "a file that is also a folder in version 2": v2({"a": {**leaf(), "b": leaf()}}),
    "a file below a link in version 2": v2({"l": {**link_leaf("/", "etc"), "passwd": leaf()}, "z": leaf()}),
    "an empty name in version 2": v2({"": {"": leaf()}}),
    "two trees that disagree": v2({"a": leaf()}, files=[{"length": len(CONTENT), "path": ["b"]}], pieces=b"h" * 20),
    "two trees of which one has more": v2(
        {"a": leaf(), "b": leaf()}, files=[{"length": len(CONTENT), "path": ["a"]}], pieces=b"h" * 20
    ),
    "a file and a tree": v2({"a": leaf()}, name="a", length=7, pieces=b"h" * 20),
}


def offer(raw: bytes, folder: Path) -> MadeTorrent:
    """Put the content where a seeder finds it: below the names that the engine makes of the torrent's.

    Empty files have to be there, too, but for symbolic links, which the seeder makes itself.
    """
    metainfo = parse_metainfo(raw)
    for file in metainfo.files:
        if file.is_pad:
            continue
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
        files={file.path: file.size for file in metainfo.files if not file.is_pad},
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
    here = {path: destination / path for path in torrent.files if not (destination / path).is_symlink()}
    assert {name: path.stat().st_size for name, path in here.items()}.items() <= dict(torrent.files).items()
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


LINKS_OUT = {
    "the folder": ("folder", one_at("a")),
    "a folder in it": ("folder/inner", one_at("inner", "a")),
    "the file": ("file", single()),
    "a file in it": ("folder/a", one_at("a")),
}

SLOWLY_READ = LINKS_OUT | {"the folder of many files": ("folder", many(2_500, name="folder"))}
"""The last in a process of its own: for the tenth of a second that this takes, a peer is faster than any look."""


@pytest.fixture
def outside(target: Target) -> Iterator[Path]:
    folder = target.root / "outside"
    folder.mkdir()
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize(("link", "raw"), LINKS_OUT.values(), ids=LINKS_OUT)
async def test_nothing_is_written_through_a_link_that_stands_in_the_destination(
    target: Target, tmp_path, outside, link, raw
):
    destination = tmp_path / "destination"
    path = destination / link
    path.parent.mkdir(parents=True)
    path.symlink_to(outside if link in {"folder", "folder/inner"} else outside / "a")
    with Seeder(tmp_path / "seeder") as seeder:
        torrent = offer(raw, tmp_path / "seeder")
        seeder.seed(torrent)
        (tmp_path / "a.torrent").write_bytes(raw)
        answer = await target.add((tmp_path / "a.torrent").as_uri(), destination=str(destination))
        assert answer.status == 200, answer

        download = await wait_for(lambda: failed(target, torrent.infohash), what="the error")

    assert "leads out of the destination" in download["error"]
    await target.forget_all()
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize("attempt", range(4))
@pytest.mark.parametrize("way", SLOWLY_READ.values(), ids=SLOWLY_READ)
async def test_nothing_of_a_magnet_link_is_written_through_a_link_however_fast_its_peer(
    target: Target, tmp_path, outside, way, attempt
):
    link, raw = way
    destination = tmp_path / f"destination {attempt}"
    path = destination / link
    path.parent.mkdir(parents=True)
    path.symlink_to(outside if link in {"folder", "folder/inner"} else outside / "a")
    with Seeder(tmp_path / "seeder") as seeder:
        torrent = offer(raw, tmp_path / "seeder")
        seeder.seed(torrent)
        answer = await target.add(seeder.magnet(torrent), destination=str(destination))
        assert answer.status == 200, answer

        download = await wait_for(lambda: failed(target, torrent.infohash), what="the error")

        assert list(outside.iterdir()) == []
    assert download["error"] == f"'The link {path} leads out of the destination'"
    await target.forget_all()
    assert list(outside.iterdir()) == []


async def test_a_magnet_link_whose_files_would_go_through_a_link_ends_in_an_error(target: Target, tmp_path, outside):
    destination = tmp_path / "destination"
    destination.mkdir()
    (destination / "folder").symlink_to(outside)
    info = one_at("a").partition(b"4:info")[2][:-1]
    async with MetadataPeer(info) as peer:
        assert (await target.add(peer.magnet, destination=str(destination))).status == 200

        download = await wait_for(lambda: failed(target, peer.infohash), what="the error")
        resumed = await target.request("PATCH", f"/downloads/{peer.infohash}", json={"state": "resume"})
        again = await wait_for(lambda: failed(target, peer.infohash), what="the error")

    assert resumed.status == 200
    assert "leads out of the destination" in download["error"]
    assert again["error"] == download["error"]


async def test_a_link_within_the_destination_is_followed(target: Target, tmp_path):
    destination = tmp_path / "destination"
    (destination / "other").mkdir(parents=True)
    (destination / "folder").symlink_to("other")
    with Seeder(tmp_path / "seeder") as seeder:
        torrent = offer(one_at("a"), tmp_path / "seeder")
        seeder.seed(torrent)

        await target.add(seeder.magnet(torrent), destination=str(destination))
        await wait_for(lambda: is_seeding(target, torrent.infohash), what="the end of the download")

    assert (destination / "other/a").read_bytes() == CONTENT


async def failed(target: Target, infohash: str) -> Any:
    download = await target.download(infohash)
    return download if download["status"] == "STOPPED_ON_ERROR" else None
