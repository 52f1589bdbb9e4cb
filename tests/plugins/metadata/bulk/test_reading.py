"""Large batches of lines, which are read in a process of their own."""

import asyncio
import logging
import os
import signal
from collections import defaultdict

import msgspec
import numpy as np
import psutil
import pytest

from tests.plugins.metadata.bulk.test_endpoint import lines_of, metainfo_line
from tests.plugins.metadata.records import KEY_A
from triblerd.testing import wait_for
from triblerd_libtorrent.testing import make_torrent
from triblerd_metadata.api import ChannelPart, EntryType
from triblerd_metadata.bulk.reading import LinesReader, read_lines
from triblerd_metadata.testing import make_torrents
from triblerd_metadata.text.tokens import words
from triblerd_metadata.wire import sign_entry


@pytest.fixture
async def reader():
    reader = LinesReader()
    yield reader
    await reader.close()


def large(count=3_000):
    return lines_of(make_torrents(count))


async def test_another_process_reads_the_same_as_this_one(reader, tmp_path):
    first, *others = make_torrents(3_000)
    channel = msgspec.structs.replace(first, type=EntryType.CHANNEL, id=7, part=ChannelPart(votes=0.5), trackers=())
    adult = msgspec.structs.replace(first, title="Hot XXX video " + "\u202e" + "w" * 400, torrent_date=1 << 50)
    torrent = metainfo_line(make_torrent(tmp_path, b"x"))
    body = b"\n".join((lines_of([sign_entry(channel, KEY_A), adult]), b"{", b"[1]", torrent, b"\xff", lines_of(others)))

    read = await reader.read(body)

    assert reader._process.pid
    assert read == read_lines(body)
    assert [refusal.line for refusal in read.refusals] == [4, 5, 8]
    assert [line for line, _ in read.torrents] == [6]
    assert read.lines[:3] == [1, 2, 9]
    assert read.entries[1].derived.is_adult
    assert len(read.entries[1].entry.title) == 300
    rows = np.arange(1, len(read.entries) + 1, dtype=np.uint32)
    expected = defaultdict(list)
    for row, each in enumerate(read.entries, 1):
        for word in words(each.entry.title):
            expected[word].append(row)
    assert read.words.rows_by_word(rows) == expected


async def test_the_mark_that_some_editors_put_before_utf_8_is_passed_over():
    lines = lines_of(make_torrents(2))

    read = read_lines(b"\xef\xbb\xbf" + lines)

    assert read == read_lines(lines)
    assert len(read.entries) == 2


async def test_a_small_batch_needs_no_other_process(reader):
    assert len((await reader.read(large(300))).entries) == 300
    assert reader._process.pid is None


async def test_what_a_process_that_died_should_have_read_is_read_here(reader, caplog):
    reading = asyncio.create_task(reader.read(large(40_000)))
    pid = await wait_for(lambda: reader._process.pid, what="the process")
    await wait_for(lambda: psutil.Process(pid).cpu_times().user > 0.3, what="work")

    os.kill(pid, signal.SIGKILL)

    with caplog.at_level(logging.WARNING):
        assert len((await reading).entries) == 40_000
    assert "-9" in caplog.text
    assert len((await reader.read(large())).entries) == 3_000
    assert reader._process.pid not in {None, pid}


async def test_what_is_being_read_when_the_reader_is_closed_is_read_here(reader):
    reading = asyncio.create_task(reader.read(large(40_000)))
    await wait_for(lambda: reader._process.pid, what="the process")

    await reader.close()

    assert reader._process.pid is None
    assert len((await reading).entries) == 40_000


async def test_a_closed_reader_starts_nothing(reader):
    await reader.close()

    assert len((await reader.read(large())).entries) == 3_000
    assert reader._process.pid is None
