import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triblerd_discovery.messages import MalformedError
from triblerd_discovery.queries import read_query, write_query, write_record_query
from triblerd_metadata.api import Order, Selection, SortColumn, Window

INFOHASH = "a0" * 20
KEY = "ab" * 64


def read(**query: object):
    return read_query(msgspec.json.encode(query), with_own=False)


def test_a_search_of_version_8_is_understood():
    wanted = read(first=1, last=50, sort_by=None, sort_desc=True, hide_xxx=False, category=None, txt_filter='"a" "b"')

    assert wanted.words == '"a" "b"'
    assert wanted.window == Window(1, 50)
    assert wanted.order == Order(None)
    assert wanted.selection == Selection(types=frozenset({300}), exclude_deleted=True, exclude_own=True)


@pytest.mark.parametrize(
    ("query", "window"),
    [
        ({}, (1, 100)),
        ({"first": 0, "last": 5}, (1, 5)),
        ({"first": 11}, (11, 110)),
        ({"first": 1, "last": 100_000}, (1, 100)),
        ({"first": 5, "last": 2}, (5, 2)),
        ({"last": 1, "infohash": INFOHASH}, (1, 1)),
    ],
)
def test_rows_are_at_most_a_hundred(query, window):
    assert read(**query).window == Window(*window)


@pytest.mark.parametrize(
    ("query", "selection"),
    [
        ({"metadata_type": 300}, {}),
        ({"metadata_type": [300]}, {}),
        ({"metadata_type": [220, 300]}, {}),
        ({"infohash": INFOHASH.upper()}, {"infohash": bytes.fromhex(INFOHASH)}),
        ({"popular": True, "metadata_type": 300}, {"popular": True}),
        ({"category": "Video", "tags": ["Audio", ""]}, {"tag_texts": ("Video", "Audio")}),
        ({"channel_pk": "00"}, {"channel_pk": b""}),
        ({"channel_pk": KEY, "origin_id": 7}, {"channel_pk": bytes.fromhex(KEY), "origin_id": 7}),
        ({"hide_xxx": 1, "self_checked_torrent": True}, {"hide_adult": True, "self_checked": True}),
        ({"health_checked_after": 5, "max_rowid": 9}, {"checked_after": 5, "max_rowid": 9}),
        ({"exclude_deleted": False, "include_total": [{}], "'; DROP": 1}, {}),
    ],
)
def test_known_keys_narrow_what_is_served_and_others_do_nothing(query, selection):
    base = {"types": frozenset({300}), "exclude_deleted": True, "exclude_own": True}

    assert read(**query).selection == Selection(**(base | selection))


@pytest.mark.parametrize(
    ("sort_by", "column"),
    [
        ("title", SortColumn.NAME),
        ("size", SortColumn.SIZE),
        ("infohash", SortColumn.INFOHASH),
        ("torrent_date", SortColumn.DATE),
        ("tags", SortColumn.CATEGORY),
        ("status", SortColumn.STATUS),
        ("HEALTH", SortColumn.HEALTH),
        ("num_entries", None),
        ("size; DROP TABLE x", None),
    ],
)
def test_a_list_is_sorted_by_the_columns_that_are_named_and_by_nothing_else(sort_by, column):
    assert read(sort_by=sort_by, sort_desc=False).order == Order(column, descending=False)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('"big" "bunny"', '"big" "bunny"'),
        ("big bun", '"big" "bun"'),
        ('"big" AND "bunny"', '"big" "bunny"'),
        ('"Élan_vital"', '"elan" "vital"'),
        ('"東京物語"', '"東京" "京物" "物語"'),
    ],
)
def test_words_are_looked_for_each_alone(text, words):
    assert read(txt_filter=text).words == words


@pytest.mark.parametrize(
    "query",
    [
        {"txt_filter": '"bu"*'},
        {"txt_filter": '"a" OR "b"'},
        {"txt_filter": '"a" NOT "b"'},
        {"txt_filter": "*"},
        {"txt_filter": "..."},
        {"txt_filter": " ".join(f'"w{number}"' for number in range(31))},
        {"metadata_type": 400},
        {"metadata_type": [400, 220]},
        {"subscribed": True},
        {"attribute_ranges": [["num_entries", 1, None]], "complete_channel": True},
        {"infohash": "a0"},
        {"channel_pk": "abcd"},
        {"first": 10_001},
        {"origin_id": 2**63},
    ],
)
def test_what_cannot_be_found_here_is_known_at_once(query):
    assert read(**query) is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"null",
        b'"x"',
        b"{",
        b'{"first": "1"}',
        b'{"first": -1}',
        b'{"last": -1}',
        b'{"last": 1.5}',
        b'{"infohash": "xyz"}',
        b'{"infohash": 5}',
        b'{"txt_filter": "\\""}',
        b'{"txt_filter": "("}',
        b'{"txt_filter": ["a"]}',
        b'{"tags": "Video"}',
        b'{"metadata_type": "300"}',
        b'{"category": "\xff"}',
        b'{"later": ' + b"[" * 60_000,
    ],
)
def test_what_is_no_question_is_malformed(data):
    with pytest.raises(MalformedError):
        read_query(data, with_own=False)


keys = st.sampled_from(
    ["first", "last", "txt_filter", "metadata_type", "infohash", "sort_by", "tags", "channel_pk", "x"]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.sampled_from(['"a"', "00", INFOHASH]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=5,
)


@settings(deadline=None)
@given(st.dictionaries(keys, values, max_size=5))
def test_any_json_is_malformed_or_a_question(query):
    try:
        wanted = read(**query)
    except MalformedError:
        return
    assert wanted is None or wanted.window.count <= 100


def asked(selection: Selection, order: Order | None = None, window: Window | None = None):
    query = write_query(selection, order or Order(), window or Window())
    return None if query is None else msgspec.json.decode(query)


def test_peers_are_asked_as_version_8_asks_them():
    assert asked(Selection(text="Big Buck-Bunny (2008)")) == {
        "first": 1,
        "last": 50,
        "sort_by": None,
        "sort_desc": True,
        "hide_xxx": False,
        "category": None,
        "txt_filter": '"Big" "Buck" "Bunny" "2008"',
    }
    assert write_record_query(bytes(20)) == b'{"infohash":"' + b"00" * 20 + b'","last":1}'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('"big buck"', '"big" "buck"'),
        ('"bu"*', '"bu"*'),
        ("東京物語", '"東京物語"'),
        ("one OR two", '("one" OR "two"*)'),
        ('"one" NOT "two"', '("one" NOT "two")'),
        ('("a b" OR "c") "d"', '(("a b" OR "c") AND "d")'),
    ],
)
def test_a_filter_goes_out_as_every_peer_can_read_it(text, told):
    assert asked(Selection(text=text))["txt_filter"] == told


def test_only_what_was_said_leaves_the_machine():
    selection = Selection(
        types=frozenset({300, 400}),
        popular=True,
        tags=("linux",),
        channel_pk=b"",
        origin_id=5,
        category="Video",
        hide_adult=True,
        exclude_deleted=True,
        max_rowid=77,
    )

    assert asked(selection, Order(SortColumn.VOTES, descending=False), Window(11, 900)) == {
        "first": 11,
        "last": 110,
        "sort_by": None,
        "sort_desc": False,
        "hide_xxx": True,
        "category": "Video",
        "metadata_type": 300,
        "popular": True,
        "tags": ["linux"],
        "channel_pk": "00",
        "origin_id": 5,
    }


@pytest.mark.parametrize(
    "selection", [Selection(text="..."), Selection(text="*"), Selection(text="-a"), Selection(types=frozenset({400}))]
)
def test_nobody_is_asked_what_nobody_can_answer(selection):
    assert asked(selection) is None
