"""``/trustview`` as clients see it."""

import asyncio
import re
import threading
from collections.abc import Iterator
from typing import Any, cast
from xml.etree import ElementTree as ET

import pytest

from tests.plugins.bandwidth.people import both, half, person
from tests.plugins.downloads.conftest import service
from triblerd_bandwidth.api import Ledger, LedgerRow
from triblerd_identity.api import NodeKey, OwnIdentity
from triblerd_trustview.view import KeptView

ME, A, B, C, D = map(person, range(1, 6))


def hexkey(key):
    return key.full_public_key.hex()


@pytest.fixture
async def daemon(start_daemon):
    async with start_daemon("trustview") as daemon:
        await service(daemon, OwnIdentity).adopt(ME.private)
        yield daemon


async def remember(daemon, *rows):
    taken = await service(daemon, Ledger).take_over(rows)
    assert taken.added == len(rows), taken


def totals(view):
    return {node["key"]: (node["total_up"], node["total_down"]) for node in view["graph"]["node"]}


def relations(view):
    keys = [node["key"] for node in view["graph"]["node"]]
    return {frozenset((keys[a], keys[b])) for a, b in view["graph"]["edge"]}


async def test_a_new_node_stands_alone(start_daemon):
    async with start_daemon("trustview") as daemon:
        view = await daemon.get("/trustview")
        key = service(daemon, NodeKey).full_public_key.hex()

    assert len(key) == 148
    assert view == {
        "root_public_key": key,
        "graph": {"node": [{"id": 0, "key": key, "total_up": 0, "total_down": 0, "pos": [0.0, 0.0]}], "edge": []},
        "bootstrap": 0,
        "num_tx": 0,
    }


async def test_partners_and_theirs_are_shown_with_what_they_gave_and_took_in_all(daemon):
    await remember(daemon, half(ME, A, 100), both(B, ME, 250), both(A, C, 40), both(C, D, 7), both(B, A, 5))

    view = await daemon.get("/trustview")

    nodes = view["graph"]["node"]
    assert [node["id"] for node in nodes] == [0, 1, 2, 3]
    assert (nodes[0]["key"], nodes[0]["pos"]) == (view["root_public_key"], [0.0, 0.0])
    assert totals(view) == {hexkey(ME): (250, 100), hexkey(A): (105, 40), hexkey(B): (0, 255), hexkey(C): (40, 7)}
    assert relations(view) == {
        frozenset((hexkey(one), hexkey(other))) for one, other in [(ME, A), (ME, B), (A, C), (A, B)]
    }
    assert view["num_tx"] == 4
    assert max(abs(x) for node in nodes for x in node["pos"]) == 1.0


async def test_the_graph_of_the_first_call_is_shown_until_a_new_one_is_wanted(daemon):
    await remember(daemon, both(ME, A, 100))
    first = await daemon.get("/trustview")
    await remember(daemon, both(ME, B, 5), both(A, B, 1))

    assert await daemon.get("/trustview") == await daemon.get("/trustview?refresh=0") == first
    assert (await daemon.request("HEAD", "/trustview?refresh=1")).status == 200
    assert await daemon.get("/trustview?refresh=-0") == first
    new = await daemon.get("/trustview?refresh=1")
    assert totals(new) == {hexkey(ME): (0, 105), hexkey(A): (100, 1), hexkey(B): (6, 0)}
    assert await daemon.get("/trustview") == await daemon.get("/trustview?refresh=-2") == new


async def test_the_graph_is_the_same_after_a_restart(start_daemon):
    async with start_daemon("trustview") as daemon:
        await service(daemon, OwnIdentity).adopt(ME.private)
        await remember(daemon, *(both(ME, person(number), number) for number in range(2, 40)))
        view = await daemon.get("/trustview")
    async with start_daemon("trustview") as daemon:
        assert await daemon.get("/trustview") == view


async def test_another_key_is_another_root(daemon):
    await remember(daemon, both(ME, A, 100))
    await daemon.get("/trustview")

    await service(daemon, OwnIdentity).adopt(A.private)

    view = await daemon.get("/trustview")
    assert view["root_public_key"] == view["graph"]["node"][0]["key"] == hexkey(A)
    assert totals(view)[hexkey(A)] == (100, 0)


@pytest.mark.parametrize("refresh", ["x", "", "1.5", "1e3", " 1", "0x1", "1_0", "\u0661", "true", "--1", "1\n", "null"])
async def test_what_is_no_integer_does_not_refresh(daemon, refresh):
    assert await daemon.get("/trustview", params={"refresh": refresh}, status=400) == {
        "error": "refresh must be an integer"
    }


@pytest.mark.parametrize("query", ["depth=0", "depth=4", "depth=99", "depth=x", "depth=", "depth=1&refresh=%2B7"])
async def test_a_depth_is_taken_and_changes_nothing(daemon, query):
    assert await daemon.get(f"/trustview?{query}") == await daemon.get("/trustview")


async def test_the_route_is_there_only_while_the_ledger_is_kept(daemon):
    await daemon.patch("/plugins/bandwidth", json={"enabled": False})
    missing = await daemon.get("/trustview", status=404)
    await daemon.patch("/plugins/bandwidth", json={"enabled": True})

    assert missing == {"error": {"handled": True, "message": "Could not find /trustview"}}
    assert (await daemon.get("/trustview"))["root_public_key"] == hexkey(ME)
    assert (await daemon.request("POST", "/trustview", json={})).status == 405
    assert (await daemon.request("GET", "/trustview/")).status == 404
    assert (await daemon.request("GET", "/trustview", headers={"X-Api-Key": "wrong"})).status == 401


async def test_the_graph_can_be_had_in_other_forms(daemon):
    await remember(daemon, both(ME, A, 100))

    async def ask(accept):
        answer = await daemon.request("GET", "/trustview", headers={"Accept": accept})
        return answer.status, answer.headers["content-type"], answer.body

    assert await ask("*/*") == await ask("application/json") == await ask("text/html, */*;q=0.1")
    status, media_type, body = await ask("application/graphml+xml")
    assert (status, media_type) == (200, "application/graphml+xml")
    assert hexkey(A) in ET.fromstring(body).itertext()  # noqa: S314 - our own
    status, media_type, body = await ask("application/graphml+xml;q=0.5, text/vnd.graphviz")
    assert (status, media_type) == (200, "text/vnd.graphviz; charset=utf-8")
    assert b"n0 -- n1;" in body
    refusal = "This can be had as application/json, application/graphml+xml, text/vnd.graphviz"
    assert await daemon.get("/trustview", headers={"Accept": "image/png"}, status=406) == {"error": refusal}


async def test_the_description_tells_of_all_forms(daemon):
    paths = (await daemon.get("/docs/openapi.json"))["paths"]

    responses = paths["/trustview"]["get"]["responses"]
    assert list(responses["200"]["content"]) == ["application/json", "application/graphml+xml", "text/vnd.graphviz"]
    assert "406" in responses


async def test_the_page_is_linked_and_local_and_needs_no_key(daemon):
    daemon.key = ""
    docs, page = [await daemon.request("GET", path) for path in ("/docs", "/docs/trustview")]
    script, style = [await daemon.request("GET", f"/static/trustview/trustview.{kind}") for kind in ("js", "css")]

    assert b'<a href="docs/trustview">Who helps whom</a>' in docs.body
    assert page.headers["content-security-policy"] == docs.headers["content-security-policy"]
    assert [answer.headers["content-type"] for answer in (page, script, style)] == [
        "text/html; charset=utf-8",
        "text/javascript; charset=utf-8",
        "text/css; charset=utf-8",
    ]
    comment = rb"(?m)(^|\s)// .*$"
    namespace = b"http://www.w3.org/2000/svg"
    assert b"//" not in re.sub(comment, b"", page.body + script.body + style.body).replace(namespace, b"")
    assert await daemon.get("/static/trustview/%2e%2e%2fendpoint.py", status=404) == {
        "error": {"handled": True, "message": "Could not find /static/trustview/../endpoint.py"}
    }
    assert (await daemon.request("GET", "/trustview")).status == 401


class WatchedLedger:
    """A ledger that tells from which threads it was read."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.scans: list[int] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)

    def rows(self, public_key: bytes | None = None) -> Iterator[LedgerRow]:
        self.scans.append(threading.get_ident())
        return self._ledger.rows(public_key)


async def test_a_graph_is_made_once_and_elsewhere_however_many_want_it(daemon):
    await remember(daemon, both(ME, A, 100))
    watched = WatchedLedger(service(daemon, Ledger))
    kept = KeptView(key=service(daemon, NodeKey), ledger=cast("Ledger", watched))

    views = await asyncio.gather(*(kept.get(refresh=number % 2 == 0) for number in range(20)))

    assert all(view is views[0] for view in views)
    assert len(watched.scans) == 2  # this node, and its partner
    assert threading.get_ident() not in watched.scans
    await remember(daemon, both(ME, B, 1))
    assert await kept.get(refresh=False) is views[0]
    assert await kept.get(refresh=True) is not views[0]
    assert len(watched.scans) == 2 + 3
