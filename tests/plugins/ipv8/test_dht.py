"""The routes of the DHT, between a daemon and its neighbour."""

import base64

import pytest

from tests.plugins.ipv8.conftest import node_of
from triblerd.testing import wait_for
from triblerd_ipv8.library import MOST_KEYS, MOST_VALUES

INCORRECT = {"success": False, "error": "incorrect parameters"}
ABSENT = {"success": False, "error": "DHT community not found"}
KEY = "ab" * 20
BAD_KEYS = ["zz" * 20, "ab" * 19, "abc", "%C3%A9"]


@pytest.fixture
async def met(start_overlay, neighbour):
    """A daemon whose DHT holds the neighbour, and the other way round."""
    daemon = await start_overlay(bootstrap=[f"127.0.0.1:{neighbour.port}"])

    def know_each_other():
        return all(
            sum(len(bucket.nodes) for table in dht.routing_tables.values() for bucket in table.trie.values())
            for dht in (node_of(daemon).parts.dht, neighbour.dht)
        )

    await wait_for(know_each_other, what="the routing tables")
    return daemon


@pytest.fixture
async def alone(start_overlay):
    return await start_overlay()


@pytest.fixture
async def without(start_daemon):
    """A daemon without a DHT."""
    async with start_daemon("ipv8", config={"dht": {"enabled": False}}) as daemon:
        yield daemon


async def test_a_value_that_was_stored_is_found_by_others_and_by_us(met, neighbour):
    assert await met.put(f"/ipv8/dht/values/{KEY}", json={"value": "6869"}) == {"success": True}

    found = await met.get(f"/ipv8/dht/values/{KEY.upper()}")
    signer = base64.b64encode(node_of(met).parts.my_peer.public_key.key_to_bin()).decode()
    assert found["values"] == [{"public_key": signer, "key": KEY, "value": "6869"}]
    assert found["debug"].pop("time") > 0
    assert found["debug"] == {"requests": 1, "responses": 1, "responses_with_nodes": 0, "responses_with_values": 1}
    assert len(neighbour.dht.storages) == 1


async def test_rubbish_keeps_no_other_value_from_being_found(met, neighbour):
    await met.put(f"/ipv8/dht/values/{KEY}", json={"value": "6869"})
    [storage] = neighbour.dht.storages.values()
    for rubbish in (b"", b"\1", b"\2", b"\2" + bytes(100), b"\3"):
        storage.put(bytes.fromhex(KEY), rubbish)

    found = await met.get(f"/ipv8/dht/values/{KEY}")

    assert [value["value"] for value in found["values"]] == ["6869"]


async def test_what_is_kept_for_others_is_shown_with_who_signed_it(met, neighbour):
    async def stored():
        await neighbour.dht.store_value(bytes.fromhex(KEY), b"tea", sign=True)
        return await met.get("/ipv8/dht/values")

    values = await wait_for(stored, what="the neighbour's value")

    signer = base64.b64encode(neighbour.me.public_key.key_to_bin()).decode()
    assert values == {KEY: [{"endpoint": "UDPIPv4", "public_key": signer, "key": KEY, "value": b"tea".hex()}]}


async def test_statistics_and_buckets_tell_of_the_neighbour(met, neighbour):
    statistics = (await met.get("/ipv8/dht/statistics"))["statistics"]
    (bucket,) = (await met.get("/ipv8/dht/buckets"))["buckets"]

    assert statistics["peer_id"] == node_of(met).parts.my_peer.mid.hex()
    (table,) = statistics["endpoints"]
    assert (table["endpoint"], table["routing_table_size"], table["routing_table_buckets"]) == ("UDPIPv4", 1, 1)
    assert (len(table["node_id"]), table["num_keys_in_store"]) == (40, 0)
    assert set(statistics) == {"peer_id", "num_tokens", "endpoints", "num_peers_in_store", "num_store_for_me"}
    (peer,) = bucket.pop("peers")
    assert (bucket["prefix"], bucket["endpoint"]) == ("", "UDPIPv4")
    assert (peer["ip"], peer["port"], peer["mid"]) == ("127.0.0.1", neighbour.port, neighbour.me.mid.hex())
    assert peer["distance"] == int(peer["id"], 16) ^ int(table["node_id"], 16)
    assert peer["failed"] == 0


async def test_a_bucket_is_refreshed_and_another_does_not_exist(met):
    assert await met.get("/ipv8/dht/buckets//refresh") == {"success": True}
    assert await met.get("/ipv8/dht/buckets/0101/refresh", status=400) == {"success": False, "error": "no such bucket"}


async def test_a_peer_is_found_by_its_id(met, neighbour):
    mid = neighbour.me.mid.hex()

    async def found():
        await neighbour.dht.store_peer()
        return (await met.get(f"/ipv8/dht/peers/{mid}"))["peers"]

    (peer,) = await wait_for(found, what="the neighbour")

    assert peer == {
        "public_key": base64.b64encode(neighbour.me.public_key.key_to_bin()).decode(),
        "address": ["127.0.0.1", neighbour.port],
    }
    assert await met.get(f"/ipv8/noblockdht/{mid}") == {"success": True}


async def test_with_nobody_there_nothing_is_found(alone):
    found = await alone.get(f"/ipv8/dht/values/{KEY}")
    refused = await alone.put(f"/ipv8/dht/values/{KEY}", json={"value": "00"})

    assert (found["values"], found["debug"]["requests"]) == ([], 0)
    assert refused == {"success": False, "error": "No nodes found for storing the key-value pairs"}
    assert await alone.get(f"/ipv8/dht/peers/{KEY}") == {"peers": []}
    assert await alone.get("/ipv8/dht/buckets") == {"buckets": []}
    assert await alone.get("/ipv8/dht/values") == {}


async def test_a_value_that_is_too_long_is_refused_with_a_reason(met):
    answer = await met.put(f"/ipv8/dht/values/{KEY}", json={"value": "00" * 200})

    assert answer == {"success": False, "error": "Maximum length exceeded"}


async def test_keys_and_ids_are_forty_hex_digits(alone):
    for key in BAD_KEYS:
        assert await alone.get(f"/ipv8/dht/values/{key}", status=400) == INCORRECT
        assert await alone.put(f"/ipv8/dht/values/{key}", json={"value": "00"}, status=400) == INCORRECT
        assert await alone.get(f"/ipv8/dht/peers/{key}", status=400) == INCORRECT
        assert await alone.get(f"/ipv8/noblockdht/{key}", status=400) == INCORRECT


async def test_a_value_is_hex_digits(alone):
    for body in [{}, {"value": 5}, {"value": "x"}, {"value": "abc"}, []]:
        assert await alone.put(f"/ipv8/dht/values/{KEY}", json=body, status=400) == INCORRECT


async def test_without_a_dht_that_is_what_is_said(without):
    for path in ("statistics", "values", f"values/{KEY}", f"peers/{KEY}", "buckets", "buckets/0/refresh"):
        assert await without.get(f"/ipv8/dht/{path}", status=404) == ABSENT
    assert await without.put(f"/ipv8/dht/values/{KEY}", json={"value": "00"}, status=404) == ABSENT
    assert await without.get(f"/ipv8/noblockdht/{KEY}", status=404) == {"error": "DHT community not found"}


async def test_strangers_do_not_fill_the_memory_with_values(alone):
    dht = node_of(alone).parts.dht
    storage = dht.get_storage(dht.my_peer)

    for number in range(MOST_VALUES + 5):
        dht.add_value(b"k" * 20, dht.serialize_value(b"%d" % number, sign=False), storage)
    for number in range(MOST_KEYS + 5):
        dht.add_value(number.to_bytes(20, "big"), dht.serialize_value(b"v", sign=False), storage)

    assert len(storage.items[b"k" * 20]) == MOST_VALUES
    assert len(storage.items) == MOST_KEYS


async def test_what_somebody_only_asked_for_is_forgotten(alone):
    dht = node_of(alone).parts.dht
    for number in range(100):
        dht.store[number.to_bytes(20, "big")]  # as the library does it

    await wait_for(lambda: not dht.store, what="the keys to be gone")


async def test_who_may_only_look_sends_nobody_anything(start_daemon):
    config = {"api": {"keys": {"guest": {"key": "guest-key", "scope": "read"}}}}
    async with start_daemon("ipv8", config=config) as daemon:
        daemon.key = "guest-key"
        for path in (f"dht/values/{KEY}", f"dht/peers/{KEY}", "dht/buckets//refresh", f"noblockdht/{KEY}"):
            await daemon.get(f"/ipv8/{path}", status=403)
        for path in (f"tunnel/swarms/{KEY}/size", "tunnel/circuits/test", "tunnel/circuits/1/test"):
            await daemon.get(f"/ipv8/{path}", status=403)

        assert await daemon.get("/ipv8/dht/buckets") == {"buckets": []}
