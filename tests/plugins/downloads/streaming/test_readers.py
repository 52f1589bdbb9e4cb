"""Several players, and players that jump or stop reading."""

import asyncio
import random
import socket
from typing import cast

import pytest

from tests.plugins.downloads.conftest import service, wait_for_status
from tests.plugins.downloads.streaming.conftest import PIECE, add, pieces_of, read_slowly
from triblerd.events import Event, UnhandledError
from triblerd.testing import wait_for
from triblerd_downloads.api import Downloads
from triblerd_downloads.streaming.spans import FileSpan
from triblerd_downloads.streaming.stream import Cursor, DownloadStream, StreamedFile
from triblerd_libtorrent.api import Infohash, TorrentPieces
from triblerd_libtorrent.testing import TorrentVersion

MIB = 1024 * 1024


@pytest.mark.parametrize("version", list(TorrentVersion))
async def test_a_file_among_others_is_played_while_it_comes(start_player, seeder, version):
    sizes = {"a": 5 * PIECE + 7, "b": 30 * PIECE + 11, "c": 3 * PIECE + 13}
    files = {name: random.Random(name).randbytes(size) for name, size in sizes.items()}
    torrent = seeder.seed_new(files, name="album", version=version)
    seeder.limit(500_000)
    async with start_player() as player:
        await add(player.daemon, torrent, seeder)
        listed = (await player.daemon.get(f"/downloads/{torrent.infohash}/files"))["files"]
        index = next(file["index"] for file in listed if file["name"] == "b")

        whole, end = await asyncio.gather(
            player.get(torrent.infohash, index), player.get(torrent.infohash, index, Range="bytes=-20000")
        )

    assert whole[2] == files["b"]
    assert end[2] == files["b"][-20_000:]


async def test_who_jumps_does_not_wait_for_what_lies_between(start_player, seeder):
    content = random.Random(6).randbytes(400 * PIECE)
    torrent = seeder.seed_new(content, name="film")
    seeder.limit(400_000)
    async with start_player() as player:
        await add(player.daemon, torrent, seeder)
        async with player.open(torrent.infohash) as beginning:
            await read_slowly(beginning, PIECE)
        async with player.open(torrent.infohash, Range=f"bytes={300 * PIECE + 5}-") as later:
            jumped = await read_slowly(later, 2 * PIECE)
        there = await pieces_of(player.daemon, torrent.infohash)

    assert jumped == content[300 * PIECE + 5 : 302 * PIECE + 5]
    assert len(there) < 200


async def test_several_players_of_one_file_all_get_what_they_ask_for(start_player, seeder):
    content = random.Random(7).randbytes(100 * PIECE)
    torrent = seeder.seed_new(content, name="film")
    seeder.limit(800_000)
    async with start_player() as player:
        await add(player.daemon, torrent, seeder)
        starts = [0, 10, 50 * PIECE, 99 * PIECE, 100 * PIECE - 1]

        answers = await asyncio.gather(
            *(player.get(torrent.infohash, Range=f"bytes={start}-{start + 10 * PIECE}") for start in starts)
        )

    assert [answer[2] for answer in answers] == [content[start : start + 10 * PIECE + 1] for start in starts]


async def test_who_stops_reading_is_noticed_and_goes_on_when_it_reads_again(start_player, seeder):
    content = random.Random(8).randbytes(32 * MIB)
    torrent = seeder.seed_new(content, name="film", piece_length=MIB // 4)
    seeder.limit(10 * MIB)
    async with start_player() as player:
        await add(player.daemon, torrent, seeder)
        reader, writer = await open_narrow(player, torrent.infohash)
        first = await reader.readuntil(b"\r\n\r\n")
        cursors = service(player.daemon, Downloads)._streams._streams[torrent.infohash].files[0].cursors
        await wait_for(lambda: any(cursor.is_stalled for cursor in cursors))
        async with asyncio.timeout(20):
            rest = await reader.readexactly(len(content))
        writer.close()

    assert first.startswith(b"HTTP/1.1 200 ")
    assert rest == content


async def open_narrow(player, infohash):
    """Ask for a file by a connection that takes little before it is read."""
    link = socket.socket()
    link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
    link.setblocking(False)
    await asyncio.get_running_loop().sock_connect(link, ("127.0.0.1", player.daemon.port))
    reader, writer = await asyncio.open_connection(sock=link, limit=64 * 1024)
    path = player.url(infohash).partition(str(player.daemon.port))[2]
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    return reader, writer


async def test_a_client_that_goes_away_while_a_complete_file_is_sent_is_no_error(start_player, seeder):
    torrent = seeder.seed_new(bytes(32 * MIB), name="film", piece_length=MIB // 4)
    async with start_player() as player:
        await add(player.daemon, torrent, seeder)
        await wait_for_status(player.daemon, torrent.infohash, "SEEDING")
        heard: list[Event] = []
        unlisten = player.daemon.daemon.container.bus().listen(heard.append, UnhandledError)
        reader, writer = await open_narrow(player, torrent.infohash)
        await reader.readexactly(MIB)
        writer.transport.abort()

        answered = player.daemon.daemon.container.router()._owners["downloads"].streams
        await wait_for(lambda: not answered)
        unlisten()

    assert heard == []


def test_a_client_that_does_not_read_has_no_window_while_another_one_reads():
    file, idle, active = file_with_two_readers()

    idle.is_stalled = True
    while_one_reads = file.plan()
    active.is_stalled = True
    while_none_reads = file.plan()

    assert min(while_one_reads.deadlines) == 200
    assert min(while_none_reads.deadlines) == 0


def test_a_client_that_reads_again_has_its_window_again():
    file, idle, _ = file_with_two_readers()

    idle.stall(is_stalled=True)
    idle.stall(is_stalled=False)

    assert min(file.plan().deadlines) == 0


class Pieces:
    """An engine that is told what comes first."""

    def clear_deadlines(self, infohash, pieces):
        pass

    def prioritize(self, infohash, priorities):
        pass

    def set_deadlines(self, infohash, milliseconds):
        pass


def file_with_two_readers():
    stream = DownloadStream(Infohash("ab" * 20), pieces=cast("TorrentPieces", Pieces()))
    file = stream.files[0] = StreamedFile(FileSpan(0, "film", 400 * PIECE, 0, PIECE))
    cursors = Cursor(stream, file, 0), Cursor(stream, file, 200 * PIECE)
    for cursor in cursors:
        cursor.has_started = True
        file.cursors.add(cursor)
    return file, *cursors
