"""Which nodes and relations are in the graph, and where the nodes stand."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.plugins.trustview.ledgers import expected_nodes, expected_view, key_of, ledger_of, records_of
from triblerd_trustview.graph import Graph, find_graph
from triblerd_trustview.layout import lay_out

ROOT = key_of(0)
SMALL_LEDGERS = st.lists(
    st.tuples(st.integers(0, 12), st.integers(0, 12)).filter(lambda pair: pair[0] != pair[1]), max_size=60, unique=True
)


def shown(*rows):
    graph = find_graph(key_of("R"), records_of(ledger_of(*rows)))
    layout = lay_out(len(graph.keys), graph.edges)
    names = [graph.keys[old].decode().strip("\0").removeprefix("LibNaCLPK:").strip("\0") for old in layout.order]
    return dict(zip(names, layout.positions, strict=True)), layout.edges


def test_partners_and_their_partners_stand_on_rings():
    nodes, edges = shown(("R", "a", 100), ("b", "R", 250), ("a", "c", 40), ("c", "d", 7), ("b", "a", 5))

    assert list(nodes.items()) == [
        ("R", (0.0, 0.0)),
        ("a", (0.5, -0.5)),
        ("c", (1.0, -1.0)),
        ("b", (-0.5000000000000001, 0.49999999999999983)),
    ]
    assert edges == [(0, 1), (0, 3), (1, 2), (1, 3)]


def test_three_partners_share_the_circle():
    nodes, edges = shown(("R", "a", 1), ("R", "b", 1), ("R", "c", 1))

    assert nodes == {
        "R": (0.0, 0.0),
        "a": (1.0, 0.026888165644586865),
        "b": (-0.4795590661590367, -1.0),
        "c": (-0.5204409338409633, 0.9731118343554127),
    }
    assert edges == [(0, 1), (0, 2), (0, 3)]


@pytest.mark.parametrize("rows", [[], [("a", "b", 5), ("b", "c", 5)]])
def test_a_node_that_took_and_gave_nothing_is_alone(rows):
    nodes, edges = shown(*rows)

    assert repr(nodes) == "{'R': (0.0, 0.0)}"
    assert edges == []


def test_two_who_took_from_one_another_have_one_relation():
    assert shown(("R", "a", 1), ("a", "R", 2))[1] == [(0, 1)]


@settings(max_examples=300, deadline=None)
@given(SMALL_LEDGERS)
def test_the_graph_is_that_of_its_description(pairs):
    rows = ledger_of(*((a, b, 1) for a, b in pairs))

    graph = find_graph(ROOT, records_of(rows))
    layout = lay_out(len(graph.keys), graph.edges)

    keys, positions, edges = expected_view(ROOT, rows)
    assert [graph.keys[old] for old in layout.order] == keys
    assert layout.positions == [pytest.approx(position, abs=1e-9) for position in positions]
    assert {frozenset(edge) for edge in layout.edges} == edges
    assert len(layout.edges) == len(edges)
    assert all(abs(coordinate) <= 1 for position in layout.positions for coordinate in position)


@pytest.mark.parametrize(
    ("pairs", "nodes", "edges"),
    [
        ([(0, n) for n in range(1, 151)], 101, 100),
        ([(0, 1), *((n, 1) for n in range(2, 151))], 101, 100),
        ([(0, n) for n in range(1, 101)] + [(n, n * 1000 + m) for n in range(1, 101) for m in range(50)], 500, 499),
        ([(a, b) for a in range(80) for b in range(80) if a != b], 80, 2500),
    ],
    ids=["partners", "theirs", "nodes", "edges"],
)
def test_a_large_ledger_is_shown_up_to_the_limits(pairs, nodes, edges):
    rows = ledger_of(*((a, b, 1) for a, b in pairs))

    graph = find_graph(ROOT, records_of(rows))

    keys, key_pairs = expected_nodes(ROOT, rows)
    assert (graph.keys, [(graph.keys[a], graph.keys[b]) for a, b in graph.edges]) == (keys, key_pairs)
    assert (len(graph.keys), len(graph.edges)) == (nodes, edges)


def test_no_more_records_are_read_than_are_shown():
    taken = []

    def endless(key):
        for number in range(1, 10_000):
            taken.append(key)
            yield ledger_of((0, number, 1))[0]

    assert find_graph(ROOT, endless) == Graph([key_of(n) for n in range(101)], [(0, n) for n in range(1, 101)])
    assert set(Counter(taken).values()) == {100}
