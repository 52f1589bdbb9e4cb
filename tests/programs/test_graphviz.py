"""Debian's Graphviz draws the graph of who helps whom, with each node where the daemon put it."""

import pytest

from tests.plugins.bandwidth.people import both, person
from tests.plugins.downloads.conftest import service
from tests.programs.conftest import run
from triblerd_bandwidth.api import Ledger
from triblerd_identity.api import OwnIdentity

pytestmark = pytest.mark.programs


async def test_graphviz_draws_the_graph_as_it_is_laid_out(start_daemon, tmp_path):
    me, friend, *others = map(person, range(1, 8))
    async with start_daemon("trustview") as daemon:
        await service(daemon, OwnIdentity).adopt(me.private)
        await service(daemon, Ledger).take_over([both(me, friend, 100), *(both(other, friend, 1) for other in others)])
        nodes = (await daemon.get("/trustview"))["graph"]["node"]
        answer = await daemon.request("GET", "/trustview", headers={"Accept": "text/vnd.graphviz"})
    file = tmp_path / "trust.dot"
    file.write_bytes(answer.body)

    lines = [line.split() for line in run("dot", "-Tplain", str(file)).splitlines()]

    places = {name: (float(x), float(y)) for kind, name, x, y, *_ in lines[:-1] if kind == "node"}
    assert set(places) == {f"n{number}" for number in range(7)}
    assert sum(kind == "edge" for kind, *_ in lines) == 6
    for node in nodes[1:]:
        drawn = [ours - middle for ours, middle in zip(places[f"n{node['id']}"], places["n0"], strict=True)]
        assert drawn == [pytest.approx(5 * wanted, abs=0.01) for wanted in node["pos"]]
    assert "<svg" in run("dot", "-Tsvg", str(file))
