"""The graph as GraphML, read by an XML parser, and in Graphviz' language."""

import re
from xml.etree import ElementTree as ET

import pytest

from tests.plugins.trustview.ledgers import key_of
from triblerd_trustview.forms import dot, graphml
from triblerd_trustview.schemas import TrustGraph, TrustNode, TrustView

NAMESPACE = {"g": "http://graphml.graphdrawing.org/xmlns"}
TOTALS = [(5, 0), (0, 2**63 - 1), (7, 7)]
POSITIONS = [(0.0, 0.0), (1.0, -1 / 3), (1e-17, 0.5)]


@pytest.fixture
def view():
    nodes = [
        TrustNode(id=number, key=key_of(number).hex(), total_up=up, total_down=down, pos=POSITIONS[number])
        for number, (up, down) in enumerate(TOTALS)
    ]
    edges = [(0, 1), (0, 2), (1, 2)]
    return TrustView(root_public_key=nodes[0].key, graph=TrustGraph(node=nodes, edge=edges), num_tx=3)


def test_graphml_tells_all_of_the_graph(view):
    root = ET.fromstring(graphml(view))  # noqa: S314 - our own

    kinds = {key.get("id"): key.get("attr.type") for key in root.findall("g:key", NAMESPACE)}
    [graph] = root.findall("g:graph", NAMESPACE)
    nodes = graph.findall("g:node", NAMESPACE)
    assert kinds == {"key": "string", "total_up": "long", "total_down": "long", "x": "double", "y": "double"}
    assert graph.get("edgedefault") == "undirected"
    assert [node.get("id") for node in nodes] == ["n0", "n1", "n2"]
    for node, element in zip(view.graph.node, nodes, strict=True):
        data = {str(part.get("key")): str(part.text) for part in element}
        assert data["key"] == node.key
        assert (int(data["total_up"]), int(data["total_down"])) == (node.total_up, node.total_down)
        assert (float(data["x"]), float(data["y"])) == node.pos
    edges = [(edge.get("source"), edge.get("target")) for edge in graph.findall("g:edge", NAMESPACE)]
    assert edges == [("n0", "n1"), ("n0", "n2"), ("n1", "n2")]


def test_graphviz_is_told_all_of_the_graph(view):
    text = dot(view).decode()

    nodes = re.findall(r'n(\d) \[key="(\w+)", total_up=(\d+), total_down=(\d+), fillcolor=(\w+), pos="(.+?)!"', text)
    assert [(int(up), int(down)) for _, _, up, down, _, _ in nodes] == TOTALS
    assert [key for _, key, *_ in nodes] == [node.key for node in view.graph.node]
    assert [(colour, place) for *_, colour, place in nodes] == [
        ("green3", "0.0000,0.0000"),
        ("red", "5.0000,-1.6667"),
        ("gray", "0.0000,2.5000"),
    ]
    assert re.findall(r"n(\d) -- n(\d);", text) == [("0", "1"), ("0", "2"), ("1", "2")]
