"""``/knowledge`` over HTTP."""

import pytest

from tests.plugins.knowledge.people import DEBIAN, PEERS, SINTEL, said
from triblerd_identity.api import NodeKey
from triblerd_knowledge.api import Deed, Operations
from triblerd_metadata.api import Statements

LIVE = {"predicate": 101, "object": "live"}
DUTCH = {"predicate": 8, "object": "Dutch"}


@pytest.fixture
async def daemon(start_daemon):
    async with start_daemon("knowledge") as running:
        yield running


def service(daemon, kind):
    return daemon.daemon.container.services().find(kind)


def shown(daemon, infohash=DEBIAN):
    return [(one.predicate, one.object) for one in service(daemon, Statements).shown(infohash)]


async def test_the_set_of_statements_is_replaced(daemon):
    first = await daemon.patch(f"/knowledge/{DEBIAN}", json={"statements": [LIVE, DUTCH]})
    both = shown(daemon)
    await daemon.patch(f"/knowledge/{DEBIAN}", json={"statements": [DUTCH, {"predicate": 101, "object": "film"}]})

    assert first == {"success": True}
    assert both == [(8, "Dutch"), (101, "live")]
    assert shown(daemon) == [(8, "Dutch"), (101, "film")]


async def test_what_is_said_about_an_unknown_torrent_can_be_read(daemon):
    await daemon.patch(f"/knowledge/{DEBIAN}", json={"statements": [LIVE]})

    answer = await daemon.get(f"/knowledge/{DEBIAN.upper()}")
    nothing = await daemon.get(f"/knowledge/{SINTEL}")

    assert answer == {"statements": [{"subject_type": 102, "subject": DEBIAN, **LIVE}]}
    assert nothing == {"statements": []}


async def test_an_empty_set_removes_all(daemon):
    await daemon.patch(f"/knowledge/{DEBIAN}", json={"statements": [LIVE, DUTCH]})

    answer = await daemon.patch(f"/knowledge/{DEBIAN}", json={"statements": []})

    assert answer == {"success": True}
    assert shown(daemon) == []


async def test_duplicates_collapse_and_further_keys_are_ignored(daemon):
    await daemon.patch(f"/knowledge/{DEBIAN}", json={"statements": [LIVE, LIVE | {"more": 1}, LIVE], "more": [2]})

    assert shown(daemon) == [(101, "live")]
    assert [one.clock for one in service(daemon, Operations).about(DEBIAN)] == [1]


async def test_case_counts(daemon):
    await daemon.patch(f"/knowledge/{DEBIAN}", json={"statements": [LIVE, {"predicate": 101, "object": "LIVE"}]})

    assert shown(daemon) == [(101, "LIVE"), (101, "live")]


async def test_an_infohash_is_folded_to_lower_case(daemon):
    await daemon.patch(f"/knowledge/{DEBIAN.upper()}", json={"statements": [LIVE]})

    assert shown(daemon) == [(101, "live")]
    assert await daemon.get(f"/knowledge/{DEBIAN.upper()}/tag_suggestions") == {"suggestions": []}


@pytest.mark.parametrize("predicate", [*range(1, 16), 101, 102, 103])
async def test_every_predicate_is_taken(daemon, predicate):
    await daemon.patch(f"/knowledge/{DEBIAN}", json={"statements": [{"predicate": predicate, "object": "some"}]})

    assert shown(daemon) == [(predicate, "some")]


@pytest.mark.parametrize("text", ["ab", "日本", "x" * 50, "\U0001f600" * 50])
async def test_objects_of_2_to_50_characters_are_taken(daemon, text):
    await daemon.patch(f"/knowledge/{DEBIAN}", json={"statements": [{"predicate": 101, "object": text}]})

    assert shown(daemon) == [(101, text)]


BAD_BODIES = [
    (b"{", "Bad JSON"),
    (b"", "Bad JSON"),
    (b"[]", "Bad JSON"),
    (b'{"statements": [{"predicate": 101, "object": "\\ud800x"}]}', "Bad JSON"),
    (b"{}", "statements parameter missing"),
    (b'{"statements": null}', "statements: expected array, got null"),
    (b'{"statements": [7]}', "statements[0]: expected object, got int"),
    (b'{"statements": [{"predicate": 101}]}', "statements[0].object parameter missing"),
    (b'{"statements": [{"object": "live"}]}', "statements[0].predicate parameter missing"),
    (b'{"statements": [{"predicate": 101, "object": 7}]}', "statements[0].object: expected str, got int"),
    (b'{"statements": [{"predicate": 101, "object": "x"}]}', "Invalid tag length"),
    (b'{"statements": [{"predicate": 101, "object": ""}]}', "Invalid tag length"),
    (b'{"statements": [{"predicate": 101, "object": "%s"}]}' % (b"x" * 51), "Invalid tag length"),
    (b'{"statements": [{"predicate": 8, "object": "x"}]}', "Invalid tag length"),
    (b'{"statements": [{"predicate": 16, "object": "live"}]}', "Invalid predicate"),
    (b'{"statements": [{"predicate": -1, "object": "live"}]}', "Invalid predicate"),
    (b'{"statements": [{"predicate": 1e3, "object": "live"}]}', "Invalid predicate"),
    (b'{"statements": [{"predicate": "101", "object": "live"}]}', "Invalid predicate"),
    (b'{"statements": [{"predicate": true, "object": "live"}]}', "Invalid predicate"),
    (b'{"statements": [{"predicate": null, "object": "live"}]}', "Invalid predicate"),
    (b'{"statements": [{"predicate": 123456789012345678901234567890, "object": "live"}]}', "Invalid predicate"),
]


@pytest.mark.parametrize(("body", "text"), BAD_BODIES)
async def test_a_bad_set_is_refused_and_changes_nothing(daemon, body, text):
    await daemon.patch(f"/knowledge/{DEBIAN}", json={"statements": [DUTCH]})

    answer = await daemon.request("PATCH", f"/knowledge/{DEBIAN}", data=body)

    assert (answer.status, answer.json()) == (400, {"error": text})
    assert shown(daemon) == [(8, "Dutch")]


async def test_one_bad_statement_spoils_the_set(daemon):
    body = {"statements": [LIVE, {"predicate": 101, "object": "x"}]}

    answer = await daemon.request("PATCH", f"/knowledge/{DEBIAN}", json=body)

    assert (answer.status, answer.json()) == (400, {"error": "Invalid tag length"})
    assert shown(daemon) == []


async def test_more_than_1000_statements_are_refused(daemon):
    many = [{"predicate": 101, "object": f"tag {number}"} for number in range(1001)]

    answer = await daemon.request("PATCH", f"/knowledge/{DEBIAN}", json={"statements": many})
    await daemon.patch(f"/knowledge/{DEBIAN}", json={"statements": many[:1000]})

    assert (answer.status, answer.json()) == (400, {"error": "statements: at most 1000 can be set"})
    assert len(shown(daemon)) == 1000


@pytest.mark.parametrize("infohash", ["ab", "0" * 39, "0" * 41, "0" * 64, "x" * 40, "%30" * 39 + "%C3%A9"])
async def test_a_bad_infohash_is_told_after_a_bad_body(daemon, infohash):
    bad = await daemon.request("PATCH", f"/knowledge/{infohash}", json={"statements": [LIVE]})
    worse = await daemon.request("PATCH", f"/knowledge/{infohash}", data=b"{")
    read = await daemon.request("GET", f"/knowledge/{infohash}")
    asked = await daemon.request("GET", f"/knowledge/{infohash}/tag_suggestions")

    assert (bad.status, bad.json()) == (asked.status, asked.json()) == (400, {"error": "Invalid infohash"})
    assert (read.status, read.json()) == (400, {"error": "Invalid infohash"})
    assert (worse.status, worse.json()) == (400, {"error": "Bad JSON"})


async def test_tags_that_peers_disagree_on_are_suggested(daemon):
    heard = [said(PEERS[0], "concert"), said(PEERS[1], "concert", deed=Deed.REMOVE), said(PEERS[0], "live")]
    await service(daemon, Operations).add([*heard, said(PEERS[0], "2019", deed=Deed.REMOVE)])

    answer = await daemon.get(f"/knowledge/{DEBIAN}/tag_suggestions")
    elsewhere = await daemon.get(f"/knowledge/{SINTEL}/tag_suggestions")

    assert sorted(answer.pop("suggestions")) == ["2019", "concert"]
    assert answer == {}
    assert elsewhere == {"suggestions": []}


async def test_a_suggestion_that_is_taken_up_is_one_no_longer(daemon):
    await service(daemon, Operations).add([said(PEERS[0], "concert", deed=Deed.REMOVE)])

    await daemon.patch(f"/knowledge/{DEBIAN}", json={"statements": [{"predicate": 101, "object": "concert"}]})

    assert await daemon.get(f"/knowledge/{DEBIAN}/tag_suggestions") == {"suggestions": []}
    assert shown(daemon) == [(101, "concert")]


async def test_what_this_node_says_is_signed_with_its_key(daemon):
    await daemon.patch(f"/knowledge/{DEBIAN}", json={"statements": [LIVE]})

    assert service(daemon, Operations).about(DEBIAN) == [said(service(daemon, NodeKey), "live")]
