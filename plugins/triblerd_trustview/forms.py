"""The graph in the languages of programs that draw and measure graphs."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from triblerd_trustview.schemas import TrustNode, TrustView

GRAPHML: Final = "application/graphml+xml"
DOT: Final = "text/vnd.graphviz"

_DATA: Mapping[str, str] = {"key": "string", "total_up": "long", "total_down": "long", "x": "double", "y": "double"}
"""What GraphML says of a node."""
_HALF_INCHES: Final = 5
"""Half of the width of the picture that Graphviz makes."""


def graphml(view: TrustView) -> bytes:
    """Return the graph as GraphML (http://graphml.graphdrawing.org), UTF-8."""
    return _text(_graphml_lines(view))


def dot(view: TrustView) -> bytes:
    """Return the graph in Graphviz' language, UTF-8: positions are fixed, green gave more than it took, red less."""
    return _text(_dot_lines(view))


WRITERS: Mapping[str, Callable[[TrustView], bytes]] = {GRAPHML: graphml, DOT: dot}
"""What writes the form of a media type."""


def _text(lines: Iterator[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def _graphml_lines(view: TrustView) -> Iterator[str]:
    # Nothing needs to be escaped: there are only numbers and hexadecimal digits.
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">'
    for name, kind in _DATA.items():
        yield f'  <key id="{name}" for="node" attr.name="{name}" attr.type="{kind}"/>'
    yield '  <graph id="trustview" edgedefault="undirected">'
    for node in view.graph.node:
        values = (node.key, node.total_up, node.total_down, *node.pos)
        data = "".join(f'<data key="{name}">{value}</data>' for name, value in zip(_DATA, values, strict=True))
        yield f'    <node id="n{node.id}">{data}</node>'
    for a, b in view.graph.edge:
        yield f'    <edge source="n{a}" target="n{b}"/>'
    yield "  </graph>"
    yield "</graphml>"


def _dot_lines(view: TrustView) -> Iterator[str]:
    yield "graph trustview {"
    yield "  layout=neato;"
    yield '  node [shape=circle, style=filled, label="", width=0.15];'
    for node in view.graph.node:
        x, y = (_HALF_INCHES * coordinate for coordinate in node.pos)
        totals = f"total_up={node.total_up}, total_down={node.total_down}"
        looks = f'fillcolor={_colour(node)}, pos="{x:.4f},{y:.4f}!", tooltip="{node.key}"'
        yield f'  n{node.id} [key="{node.key}", {totals}, {looks}];'
    for a, b in view.graph.edge:
        yield f"  n{a} -- n{b};"
    yield "}"


def _colour(node: TrustNode) -> str:
    balance = node.total_up - node.total_down
    return "green3" if balance > 0 else "red" if balance < 0 else "gray"
