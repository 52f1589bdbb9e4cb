"""``GET``, ``PATCH`` and ``DELETE`` of single entries, and of several at once."""

import msgspec

from tests.plugins.metadata.editing.conftest import FOREIGN_KEY, LOOSE_ID
from triblerd_identity.api import verify
from triblerd_metadata.testing import make_torrents
from triblerd_metadata.values import EntryStatus, EntryType
from triblerd_metadata.wire import unsigned_part

FOREIGN = FOREIGN_KEY.hex()


async def answer(library, method, path, **kwargs):
    answer = await library.daemon.request(method, path, **kwargs)
    return answer.status, answer.json()


async def test_an_entry_is_found_by_key_and_id(library):
    entry = await library.daemon.get(f"/metadata/{library.own}/3")

    assert entry["name"] == "Sintel"
    assert entry["public_key"] == library.own
    assert "statements" not in entry


async def test_an_unsigned_entry_is_found_by_an_empty_key(library):
    entry = await library.daemon.get(f"/metadata//{LOOSE_ID}")

    assert entry["name"] == "Loose"
    assert entry["id"] == LOOSE_ID
    assert entry["public_key"] == ""


NOT_FOUND = [
    ("//7", 404, "entry not found in database"),
    ("/00ff/7", 404, "entry not found in database"),
    (f"//{2**64 + LOOSE_ID}", 404, "entry not found in database"),
    ("/xyz/7", 400, "Invalid public key"),
    ("/abc/7", 400, "Invalid public key"),
    ("/a%20b/7", 400, "Invalid public key"),
    ("//seven", 400, "id: expected int, got str"),
    ("//1.0", 400, "id: expected int, got str"),
]


async def test_what_is_no_entry_is_not_found_or_refused(library):
    for path, status, error in NOT_FOUND:
        assert await answer(library, "GET", f"/metadata{path}") == (status, {"error": error})


async def test_an_own_entry_is_signed_anew_when_it_is_changed(library):
    before = library.entry(3)

    answered = await library.daemon.patch(f"/metadata/{library.own}/3", json={"title": "Sintel 4K", "tags": "CD"})

    entry = library.entry(3)
    assert (answered["name"], answered["category"], answered["status"]) == ("Sintel 4K", "CD", 6)
    assert entry.timestamp > before.timestamp
    assert verify(library.key.public_key, entry.signature, unsigned_part(entry))


async def test_an_entry_that_is_not_published_stays_new(library):
    answered = await library.daemon.patch(f"/metadata/{library.own}/4", json={"title": "Songs"})

    assert (answered["name"], answered["status"]) == ("Songs", EntryStatus.NEW)


async def test_local_properties_of_foreign_entries_may_be_set(library):
    answered = await library.daemon.patch(f"/metadata/{FOREIGN}/9", json={"status": 1000, "xxx": 1})

    assert answered["status"] == 1000
    entry = library.store.by_identity(FOREIGN_KEY, 9)
    assert entry.is_adult
    assert entry.signature == b"\1" * 64


async def test_a_channel_can_be_subscribed_to_and_liked(library):
    answered = await library.daemon.patch(f"/metadata/{library.own}/1", json={"subscribed": True, "votes": 0.5})

    assert (answered["subscribed"], answered["votes"], answered["status"]) == (True, 0.5, 2)
    assert library.store.columns.votes[library.entry(1).rowid] == 0.5


async def test_an_entry_may_be_marked_for_deletion(library):
    assert (await library.daemon.patch(f"/metadata/{library.own}/3", json={"status": 1}))["status"] == 1


async def test_nothing_to_change_changes_nothing(library):
    before = library.entry(3)

    await library.daemon.patch(f"/metadata/{library.own}/3", json={})

    assert library.entry(3) == before


REFUSED = [
    ("OWN/3", b"{", 400, "Bad JSON input data"),
    ("OWN/3", b"[]", 400, "Bad JSON input data"),
    ("OWN/3", b"", 400, "Bad JSON input data"),
    ("OWN/77", b"{", 400, "Bad JSON input data"),
    ("OWN/77", b"{}", 404, "Object with the specified pk+id could not be found."),
    ("xyz/3", b"{}", 400, "Invalid public key"),
    (
        f"{FOREIGN}/9",
        b'{"title": "x", "status": 1, "nonsense": 1}',
        400,
        "Cannot set status manually when changing signed attributes.",
    ),
    (
        f"{FOREIGN}/9",
        b'{"title": "x"}',
        400,
        "Changing signed parameters in non-personal entries is not supported.",
    ),
    (
        f"/{LOOSE_ID}",
        b'{"title": "x"}',
        400,
        "Changing signed parameters in non-personal entries is not supported.",
    ),
    ("OWN/3", b'{"nonsense": 1}', 400, "nonsense: an entry of type 300 has no such property"),
    ("OWN/3", b'{"subscribed": true}', 400, "subscribed: an entry of type 300 has no such property"),
    ("OWN/3", b'{"title": 7}', 400, "title: expected str, got int"),
    ("OWN/3", b'{"size": -1}', 400, "size: expected int >= 0"),
    ("OWN/1", b'{"votes": 1e39}', 400, "votes: expected float <= 3.4028234663852886e+38"),
    ("OWN/3", b'{"status": 5}', 400, "status: there is no status 5"),
    ("OWN/3", b'{"infohash": "xy"}', 400, "infohash: expected str matching regex '^[0-9a-fA-F]{40}$'"),
    ("OWN/3", b'{"tracker_info": "nowhere"}', 400, "tracker_info: expected an announce URL"),
    ("OWN/3", b'{"public_key": "00"}', 400, "public_key cannot be changed"),
    ("OWN/3", b'{"origin_id": 77}', 400, "origin_id: there is no folder 77"),
    ("OWN/2", b'{"origin_id": 3}', 400, "origin_id: there is no folder 3"),
    ("OWN/2", b'{"origin_id": 2}', 400, "origin_id: 2 is in the entry itself"),
    ("OWN/1", b'{"origin_id": 2}', 400, "origin_id: 2 is in the entry itself"),
]


async def test_what_cannot_be_changed_is_refused_in_the_order_of_the_contract(library):
    for path, body, status, error in REFUSED:
        before = [library.entry(id_) for id_ in (1, 2, 3)]

        answered = await answer(library, "PATCH", f"/metadata/{path.replace('OWN', library.own)}", data=body)

        assert answered == (status, {"error": error})
        assert [library.entry(id_) for id_ in (1, 2, 3)] == before


async def test_a_legacy_entry_cannot_be_changed(library):
    await library.daemon.patch(f"/metadata/{library.own}/3", json={"status": 1000})

    answered = await answer(library, "PATCH", f"/metadata/{library.own}/3", json={"title": "x"})

    assert answered == (400, {"error": "Changing parameters of legacy entries is not supported."})


async def test_an_entry_moves_to_another_folder(library):
    answered = await library.daemon.patch(f"/metadata/{library.own}/3", json={"origin_id": 4})

    assert (answered["origin_id"], answered["status"]) == (4, 6)
    assert library.store.columns.origin_id[library.entry(3).rowid] == 4


async def test_a_channel_below_another_one_becomes_a_folder_and_the_reverse(library):
    folder = await library.daemon.patch(f"/metadata/{library.own}/4", json={"origin_id": 1})
    channel = await library.daemon.patch(f"/metadata/{library.own}/2", json={"origin_id": 0})

    assert (folder["type"], folder["origin_id"], "infohash" in folder) == (EntryType.FOLDER, 1, False)
    assert (channel["type"], channel["origin_id"], channel["torrents"]) == (EntryType.CHANNEL, 0, 1)
    assert library.store.by_infohash(bytes.fromhex(channel["infohash"])) == [library.entry(2)]
    assert library.store.by_infohash(b"\x04" * 20) == []
    assert library.store.counts[EntryType.FOLDER] == 1


async def test_several_entries_change_in_one_request(library):
    body = [
        {"public_key": library.own, "id": 3, "title": "Third"},
        {"public_key": "", "id": LOOSE_ID, "xxx": 1},
        {"public_key": library.own, "id": 1, "title": "First"},
    ]

    answered = await library.daemon.patch("/metadata", json=body)

    assert [entry["name"] for entry in answered] == ["Third", "Loose", "First"]


async def test_the_first_error_ends_a_request_and_what_was_before_it_stays_changed(library):
    body = [
        {"public_key": library.own, "id": 3, "title": "Third"},
        {"public_key": FOREIGN, "id": 9, "title": "Ours"},
        {"public_key": library.own, "id": 1, "title": "First"},
    ]

    answered = await answer(library, "PATCH", "/metadata", json=body)

    assert answered == (400, {"error": "Changing signed parameters in non-personal entries is not supported."})
    assert [library.entry(id_).title for id_ in (3, 1)] == ["Third", "My films"]


BAD_REQUESTS = [
    ("PATCH", b"{", "Bad JSON"),
    ("PATCH", b"{}", "Bad JSON"),
    ("PATCH", b"[7]", "Bad JSON"),
    ("PATCH", b'[{"public_key": "OWN", "id": 3, "title": "x"}, {"id": 3}]', "public_key parameter missing"),
    ("PATCH", b'[{"public_key": "OWN", "id": 3, "title": "x"}, {"public_key": ""}]', "id parameter missing"),
    ("PATCH", b'[{"public_key": "xyz", "id": 3}]', "Invalid public key"),
    ("PATCH", b'[{"public_key": 7, "id": 3}]', "Invalid public key"),
    ("PATCH", b'[{"public_key": "", "id": "x"}]', "id: expected int"),
    ("DELETE", b"{", "Bad JSON"),
    ("DELETE", b"{}", "Bad JSON"),
    ("DELETE", b'[{"public_key": "xyz", "id": 3}]', "Invalid public key"),
    ("DELETE", b'[{"public_key": "OWN", "id": 3}, {"public_key": "OWN", "id": 77}]', "Entry 77 not found"),
]


async def test_a_bad_request_for_several_entries_changes_nothing(library):
    for method, body, error in BAD_REQUESTS:
        before = library.entry(3)

        answered = await answer(library, method, "/metadata", data=body.replace(b"OWN", library.own.encode()))

        assert answered == (400, {"error": error})
        assert library.entry(3) == before


async def test_a_folder_is_deleted_with_all_that_is_in_it(library):
    body = [{"public_key": library.own, "id": 1}]

    answered = await library.daemon.delete("/metadata", json=body)

    assert answered == [{"public_key": library.own, "id": 1, "state": "Deleted"}]
    assert [library.entry(id_) for id_ in (1, 2, 3)] == [None, None, None]
    assert library.entry(4).title == "Music"


async def test_a_foreign_folder_with_the_same_id_keeps_what_is_in_it(library):
    await library.store.add([msgspec.structs.replace(library.entry(3), public_key=FOREIGN_KEY, id=5, origin_id=1)])

    await library.daemon.delete("/metadata", json=[{"public_key": library.own, "id": 1}])

    assert library.store.by_identity(FOREIGN_KEY, 5).origin_id == 1


async def test_an_entry_may_be_named_with_the_folder_that_it_is_in(library):
    body = [{"public_key": library.own, "id": 2}, {"public_key": library.own, "id": 3}]

    answered = await library.daemon.delete("/metadata", json=body)

    assert [entry["id"] for entry in answered] == [2, 3]


async def test_each_of_many_unsigned_torrents_is_found(library):
    torrent = make_torrents(77_777)[-1]

    entry = await library.daemon.get(f"/metadata//{torrent.id}")

    assert (entry["infohash"], entry["name"]) == (torrent.infohash.hex(), torrent.title)
