import gzip
import io

import pytest

from triblerd.errors import InvalidInputError
from triblerd_metadata.bulk.sources import (
    BATCH_SIZE,
    LONGEST_LINE,
    Batch,
    FileSource,
    PipeSource,
    TorrentsSource,
    open_source,
)

LINE = b'{"name": "%s"}\n' % (b"x" * 985)
MANY = LINE * (2 * BATCH_SIZE // len(LINE) + 9)


@pytest.fixture
def lines(tmp_path):
    path = tmp_path / "lines.json"
    path.write_bytes(MANY)
    return path


def test_batches_are_whole_lines(lines):
    batches = list(FileSource(lines).batches(0, 0))

    assert len(batches) == 3
    assert b"".join(batch.lines for batch in batches) == MANY
    assert {len(batch.lines) % len(LINE) for batch in batches} == {0}
    assert (batches[-1].position, batches[-1].number) == (len(MANY), MANY.count(b"\n"))
    assert batches[-1].done == FileSource(lines).size


def test_reading_goes_on_where_a_batch_ended(lines):
    first = next(iter(FileSource(lines).batches(0, 0)))
    rest = list(FileSource(lines).batches(first.position, first.number))

    assert first.lines + b"".join(batch.lines for batch in rest) == MANY
    assert rest[-1].number == MANY.count(b"\n")


def test_a_packed_file_is_read_like_the_plain_one(tmp_path):
    path = tmp_path / "lines.json.gz"
    path.write_bytes(gzip.compress(MANY))
    first = next(iter(FileSource(path).batches(0, 0)))
    rest = list(FileSource(path).batches(first.position, first.number))

    assert first.lines + b"".join(batch.lines for batch in rest) == MANY
    assert rest[-1].done == path.stat().st_size


def damaged(how):
    packed = gzip.compress(b"".join(b'{"size": %d}\n' % number for number in range(20_000)))
    half = len(packed) // 2
    return {
        "cut": packed[:half],
        "overwritten": packed[:half] + b"\xff" * 99 + packed[half + 99 :],
        "with a wrong checksum": packed[:-8] + bytes(8),
        "not packed": b'{"size": 0}\n',
    }[how]


@pytest.mark.parametrize(
    ("how", "least"), [("cut", 9_000), ("overwritten", 5_000), ("with a wrong checksum", 20_000), ("not packed", 0)]
)
def test_a_damaged_file_is_named_after_the_lines_before_the_damage(tmp_path, how, least):
    path = tmp_path / "lines.json.gz"
    path.write_bytes(damaged(how))
    batches: list[Batch] = []

    with pytest.raises(InvalidInputError, match=f"{path} is damaged after line ") as told:
        batches.extend(FileSource(path).batches(0, 0))

    lines = b"".join(batch.lines for batch in batches)
    count = lines.count(b"\n")
    assert count >= least
    assert not lines or lines.endswith(b"}\n")
    assert f"after line {count}: " in str(told.value)


def test_a_file_that_is_damaged_before_the_place_to_go_on_is_named(tmp_path):
    path = tmp_path / "lines.json.gz"
    path.write_bytes(damaged("cut"))

    with pytest.raises(InvalidInputError, match="is damaged"):
        list(FileSource(path).batches(10_000_000, 7))


def test_the_last_line_needs_no_line_feed():
    assert [batch.lines for batch in PipeSource(io.BytesIO(b"{}\n{}")).batches(0, 0)] == [b"{}\n{}"]


def test_an_endless_line_is_no_line():
    with pytest.raises(InvalidInputError, match="Line 2 has more than 7 MiB"):
        list(PipeSource(io.BytesIO(b"{}\n" + b"x" * (BATCH_SIZE + LONGEST_LINE))).batches(0, 0))


def test_a_file_is_another_source_once_it_has_changed(lines):
    before = open_source(lines).identity
    again = open_source(lines).identity
    lines.write_bytes(LINE)

    assert before == again
    assert open_source(lines).identity != before


def test_the_torrents_below_a_directory_come_in_the_order_of_their_names(tmp_path):
    for name in ("b.torrent", "sub/a.TORRENT", "sub/no.txt", "a.torrent"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"de")

    (batch,) = TorrentsSource(tmp_path).batches(0, 0)
    (rest,) = TorrentsSource(tmp_path).batches(1, 1)

    assert batch.names == [str(tmp_path / name) for name in ("a.torrent", "b.torrent", "sub/a.TORRENT")]
    assert batch.lines == b'{"metainfo": "ZGU="}\n' * 3
    assert rest.names == batch.names[1:]
    assert (rest.position, rest.done) == (3, 3)


def test_a_torrent_too_large_to_be_sent_is_refused(tmp_path):
    with (tmp_path / "large.torrent").open("wb") as file:
        file.truncate((8 << 20) + 1)

    (batch,) = TorrentsSource(tmp_path).batches(0, 0)

    assert batch.lines == b""
    assert batch.refused == [(str(tmp_path / "large.torrent"), "it has more than 8 MiB")]
