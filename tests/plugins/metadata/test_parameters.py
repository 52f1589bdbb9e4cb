import pytest
from aiohttp.test_utils import make_mocked_request

from triblerd.http.binding import query_reader
from triblerd_metadata.parameters import BadParametersError, ListQuery, SearchQuery
from triblerd_metadata.selections import Order, Selection, SortColumn, Window


def query(text, kind=ListQuery):
    return query_reader(kind)(make_mocked_request("GET", f"/list?{text}"))


def selection(text):
    return query(text).selection()


@pytest.mark.parametrize(
    ("text", "window"),
    [
        ("", Window(1, 50)),
        ("first=0&last=10", Window(1, 10)),
        ("first=51&last=100", Window(51, 100)),
        ("first=%2B5&last=%207", Window(5, 7)),
        ("first=5&first=x&last=7&last=-1", Window(5, 7)),
        ("first=100", Window(100, 50)),
        ("last=0", Window(1, 0)),
        ("last=5000", Window(1, 1000)),
        ("first=11&last=99999999999999999999", Window(11, 1010)),
    ],
)
def test_a_window_counts_from_one_and_has_at_most_a_thousand_rows(text, window):
    assert query(text).window() == window


@pytest.mark.parametrize(
    "text", ["first=-1", "last=-1", "first=", "last=", "first=x", "first=1.0", "last=1e3", "first=1_0", "last=٣"]
)
def test_a_window_that_is_no_number_or_negative_is_refused(text):
    with pytest.raises(BadParametersError, match=r"^Error processing request parameters$"):
        query(text).window()


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("category", "tags"),
        ("name", "title"),
        ("size", "size"),
        ("infohash", "infohash"),
        ("date", "torrent_date"),
        ("created", "torrent_date"),
        ("status", "status"),
        ("torrents", "num_entries"),
        ("votes", "votes"),
        ("subscribed", "subscribed"),
        ("health", "HEALTH"),
        ("title", None),
        ("NAME", None),
        ("", None),
    ],
)
def test_a_column_is_known_by_the_clients_name_and_echoed_by_its_own(name, column):
    assert query(f"sort_by={name}").order() == Order(column, descending=True)


def test_a_list_without_a_column_has_the_default_of_its_route():
    assert query("").order() == Order(None, descending=True)
    assert query("sort_by=nonsense").order(SortColumn.HEALTH).column == "HEALTH"
    assert query("sort_by=name").order(SortColumn.HEALTH).column == "title"


@pytest.mark.parametrize("text", ["1", "true", "TRUE", "yes", "on", "On", "2", "%2B1", "77"])
def test_a_flag_is_set_by_words_and_numbers_above_zero(text):
    assert selection(f"hide_xxx={text}&exclude_deleted={text}") == Selection(hide_adult=True, exclude_deleted=True)
    assert query(f"sort_desc={text}").order().descending


@pytest.mark.parametrize("text", ["0", "false", "False", "no", "off", "OFF", "-1", "00", ""])
def test_a_flag_is_cleared_by_words_and_other_numbers(text):
    assert selection(f"hide_xxx={text}&exclude_deleted={text}") == Selection()
    assert not query(f"sort_desc={text}").order().descending


@pytest.mark.parametrize("text", ["maybe", "1.0", "tru", "0x1", "null", "1%001"])
@pytest.mark.parametrize("name", ["hide_xxx", "exclude_deleted"])
def test_another_text_is_no_flag(name, text):
    with pytest.raises(BadParametersError):
        selection(f"{name}={text}")
    with pytest.raises(BadParametersError):
        query(f"sort_desc={text}").order()


@pytest.mark.parametrize(
    ("text", "types"),
    [
        ("", None),
        ("metadata_type=", {300, 400, 220}),
        ("metadata_type=channel", {400, 220}),
        ("metadata_type=torrent", {300}),
        ("metadata_type=300&metadata_type=220", {300, 220}),
        ("metadata_type=torrent&metadata_type=channel", {300, 400, 220}),
        ("metadata_type=400", {400}),
    ],
)
def test_types_are_united(text, types):
    assert selection(text).types == types


@pytest.mark.parametrize("text", ["231", "TORRENT", "torrent,channel", "-300"])
def test_an_unknown_type_is_refused(text):
    with pytest.raises(BadParametersError):
        selection(f"metadata_type=torrent&metadata_type={text}")


def test_what_is_empty_is_not_given():
    assert selection("txt_filter=&category=&tags=&channel_pk=&unknown=1") == Selection()


def test_texts_are_taken_as_they_are():
    assert selection("txt_filter=%22big%22+bu*&category=Video&category=Audio&tags=b&tags=A") == Selection(
        text='"big" bu*', category="Video", tags=("b", "A")
    )


def test_a_key_is_hex_and_00_is_nobody():
    assert selection("channel_pk=00").channel_pk == b""
    assert selection(f"channel_pk={'aB' * 64}").channel_pk == b"\xab" * 64
    for text in ("0", "xy", "-1"):
        with pytest.raises(BadParametersError):
            selection(f"channel_pk={text}")


def test_a_folder_is_a_number():
    assert selection("origin_id=0").origin_id == 0
    assert selection("origin_id=9223372036854775807").origin_id == 2**63 - 1
    for text in ("", "x", "1.5"):
        with pytest.raises(BadParametersError):
            selection(f"origin_id={text}")


def test_a_list_takes_a_greatest_row():
    assert selection("max_rowid=12") == Selection(max_rowid=12)
    with pytest.raises(BadParametersError):
        selection("max_rowid=x")


def test_searches_refuse_to_be_remote():
    with pytest.raises(BadParametersError):
        query("remote=0", SearchQuery).selection()
    assert selection("remote=1") == Selection()
