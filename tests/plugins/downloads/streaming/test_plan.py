import pytest

from triblerd_downloads.streaming.plan import Place, make_plan
from triblerd_downloads.streaming.spans import FileSpan, find_span
from triblerd_libtorrent.metainfo import parse_metainfo
from triblerd_libtorrent.testing import TorrentVersion, make_torrent

MIB = 1024 * 1024
PIECE = MIB // 4
FILM = FileSpan(0, "film", 400 * PIECE, 0, PIECE)
"""Its window is 20 pieces, its header 20, its footer 4."""


def all_missing(span):
    return set(span.pieces)


def test_a_window_is_a_twentieth_of_the_file_and_four_pieces_at_least():
    small = FileSpan(0, "a", 10 * PIECE, PIECE // 2, PIECE)

    assert FILM.window(100 * PIECE) == range(100, 120)
    assert FILM.window(399 * PIECE) == range(399, 400)
    assert small.window(0) == range(4)
    assert small.pieces == range(11)


def test_the_ends_of_a_file_are_five_mib_and_one():
    assert (FILM.header, FILM.footer) == (range(20), range(396, 400))


def test_what_is_played_next_has_the_first_deadlines_and_the_highest_priority():
    plan = make_plan(FILM, all_missing(FILM), [Place(100 * PIECE)])

    assert plan.deadlines == {100 + place: place * 10 for place in range(20)}
    assert [plan.priorities[100 + place] for place in range(20)] == [7, 6, 6, 4, 4, 4, 4, *[3] * 8, *[2] * 5]
    assert plan.others == 1


def test_a_large_window_ends_with_the_priority_of_all_others():
    span = FileSpan(0, "film", 1000 * PIECE, 0, PIECE)

    plan = make_plan(span, all_missing(span), [Place(0)])

    assert [plan.priorities[piece] for piece in (30, 31, 49)] == [2, 1, 1]


def test_pieces_that_are_there_leave_their_place_to_the_next_ones():
    plan = make_plan(FILM, all_missing(FILM) - {100, 102}, [Place(100 * PIECE)])

    assert {piece: plan.deadlines[piece] for piece in (101, 103)} == {101: 0, 103: 10}
    assert 120 not in plan.deadlines


def test_a_piece_of_two_windows_takes_the_sooner_place():
    plan = make_plan(FILM, all_missing(FILM), [Place(100 * PIECE), Place(110 * PIECE)])

    assert (plan.deadlines[100], plan.deadlines[110], plan.deadlines[119]) == (0, 0, 90)


def test_until_a_client_has_its_first_bytes_nothing_else_of_the_file_is_fetched():
    assert make_plan(FILM, all_missing(FILM), [Place(0, is_starting=True)]).others == 0


def test_a_file_that_is_prepared_gets_its_ends_and_its_beginning_first():
    plan = make_plan(FILM, all_missing(FILM), [], buffer_from=200 * PIECE)

    assert {plan.priorities[piece] for piece in (*range(20), *range(200, 220), *range(396, 400))} == {7}
    assert [plan.deadlines[piece] for piece in (0, 200, 399)] == [10, 20, 0]
    assert len(plan.priorities) == 44


@pytest.mark.parametrize("version", list(TorrentVersion))
def test_a_file_is_found_where_its_bytes_are(tmp_path, version):
    content = {name: name[:1].encode() * size for name, size in (("a", 5), ("b", 40_000), ("c", 0), ("d", 16_384))}
    metainfo = parse_metainfo(make_torrent(tmp_path, content, name="album", version=version).metainfo)

    spans = [find_span(metainfo, index) for index in range(len(metainfo.files))]

    named = {span.path: span for span in spans if span is not None}
    assert {path: span.size for path, span in named.items()} == {
        f"album/{name}": len(data) for name, data in content.items()
    }
    if version is not TorrentVersion.V1:  # every file begins a piece
        assert [named[f"album/{name}"].pieces for name in "abd"] == [range(1), range(1, 4), range(4, 5)]
    assert not named["album/c"].pieces


def test_there_is_no_file_of_another_index(tmp_path):
    hybrid = make_torrent(tmp_path, {"a": b"a" * 5, "b": b"b" * 5}, version=TorrentVersion.HYBRID)
    metainfo = parse_metainfo(hybrid.metainfo)
    pad = next(file.index for file in metainfo.files if file.is_pad)

    assert [find_span(metainfo, index) for index in (-1, len(metainfo.files), pad, 2**70)] == [None] * 4
