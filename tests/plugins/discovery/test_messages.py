import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.plugins.discovery import bare, vectors
from triblerd_discovery.messages import (
    MOST_HEALTH_ITEMS,
    Health,
    HealthItem,
    HealthRequest,
    MalformedError,
    Select,
    SelectResponse,
    TorrentsHealth,
    VersionResponse,
    fitting,
)

INFOHASH_1 = bytes(range(0xA0, 0xB4))
INFOHASH_2 = b"\xff" * 8 + bytes(12)
TRACKED = HealthItem(INFOHASH_1, 12, 3, 1714000100, "udp://tracker.example:1337")
UNTRACKED = HealthItem(INFOHASH_2, 1, 0, 1714000200)
QUERY = (
    b'{"first": 1, "last": 50, "sort_by": null, "sort_desc": true, "hide_xxx": false, "category": null, '
    b'"txt_filter": "\\"big\\" \\"bunny\\""}'
)
KNOWN = [
    (Health(2, (TRACKED, UNTRACKED)), vectors.HEALTH),
    (HealthRequest(2), b"\x02"),
    (
        TorrentsHealth((HealthItem(INFOHASH_1, 12, 3, 1714000100),), (UNTRACKED,)),
        vectors.TORRENTS_HEALTH,
    ),
    (VersionResponse("triblerd 1.0", "linux"), vectors.VERSION_RESPONSE),
    (Select(0x1234, QUERY), vectors.SELECT),
    (Select(7, b'{"infohash": "%s", "last": 1}' % INFOHASH_1.hex().encode()), vectors.SELECT_RECORD),
    (SelectResponse(0x1234, bytes.fromhex("04224d184040c000000000")), vectors.EMPTY_RESPONSE),
]
KINDS = (Health, HealthRequest, TorrentsHealth, VersionResponse, Select, SelectResponse)

number = st.integers(0, 2**32 - 1)
text = st.text(st.characters(codec="utf-8"), max_size=20)
item = st.builds(HealthItem, st.binary(min_size=20, max_size=20), number, number, st.integers(0, 2**64 - 1), text)
bare_item = st.builds(HealthItem, st.binary(min_size=20, max_size=20), number, number, st.integers(0, 2**64 - 1))
items = st.lists(bare_item, max_size=5).map(tuple)
message = st.one_of(
    st.builds(Health, st.integers(0, 255), st.lists(item, max_size=5).map(tuple)),
    st.builds(HealthRequest, st.integers(0, 255)),
    st.builds(TorrentsHealth, items, items),
    st.builds(VersionResponse, text, text),
    st.builds(Select, number, st.binary(max_size=50)),
    st.builds(SelectResponse, number, st.binary(max_size=50)),
)


@pytest.mark.parametrize(("message", "packed"), KNOWN, ids=lambda one: type(one).__name__)
def test_a_message_is_written_and_read_as_other_programs_do(message, packed):
    assert message.pack() == packed
    assert type(message).parse(packed) == message


@settings(deadline=None)
@given(message)
def test_what_is_written_can_be_read_also_with_room_for_later_behind_it(message):
    assert type(message).parse(message.pack()) == message
    if not isinstance(message, TorrentsHealth | SelectResponse):  # these take all that is left
        assert type(message).parse(message.pack() + b"later") == message


@settings(deadline=None)
@given(st.sampled_from(KINDS), st.binary(max_size=120))
def test_rubbish_is_malformed_or_a_message(kind, data):
    try:
        message = kind.parse(data)
    except MalformedError:
        return
    assert kind.parse(message.pack()) == message


@settings(deadline=None)
@given(message, st.data())
def test_what_ends_too_early_is_malformed(message, data):
    packed = message.pack()
    cut = data.draw(st.integers(0, len(packed) - 1))
    if isinstance(message, SelectResponse):
        cut = min(cut, 3)
    with pytest.raises(MalformedError):
        type(message).parse(packed[:cut])


def test_of_many_items_the_first_ones_are_read():
    many = tuple(HealthItem(number.to_bytes(20), number, 0, 1) for number in range(100))

    assert Health.parse(Health(2, many).pack()).items == many[:MOST_HEALTH_ITEMS]
    assert TorrentsHealth.parse(TorrentsHealth(many, many).pack()).popular == many[:MOST_HEALTH_ITEMS]


def test_an_item_with_room_for_later_is_read():
    packed = bytearray(Health(2, (UNTRACKED,)).pack())
    packed[2:4] = (len(packed) - 4 + 3).to_bytes(2)

    assert Health.parse(bytes(packed) + b"new").items == (UNTRACKED,)


def test_a_message_holds_items_up_to_1200_bytes():
    items = [HealthItem(number.to_bytes(20), 1, 1, 1, "udp://t.example:1" + "0" * 83) for number in range(10)]

    kept = fitting(items)

    assert kept == tuple(items[:8])  # 138 bytes each


def test_the_payloads_of_the_library_agree():
    from ipv8.messaging.serialization import default_serializer as serializer  # noqa: PLC0415 - one test's own

    theirs = bare.Health(2, [bare.HealthItem(INFOHASH_1, 12, 3, 1714000100, "udp://tracker.example:1337")], b"")

    assert serializer.pack_serializable(theirs) == Health(2, (TRACKED,)).pack()
