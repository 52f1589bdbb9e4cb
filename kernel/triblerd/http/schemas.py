"""The JSON Schemas of what routes take and answer."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from triblerd.http.binding import is_path_parameter
from triblerd.http.endpoint import RawBody, Route

REFS = "#/components/schemas/{name}"


class Schemas:
    """The JSON Schemas of everything that routes take and answer.

    Attributes:
        shared: Schemas with a name, that others refer to. No query has one, since its members are listed one by one.

    Raises:
        TypeError: a type has no JSON Schema.
    """

    def __init__(self, routes: Sequence[Route]) -> None:
        kinds = {key: kind for route in routes for key, kind in _kinds(route)}
        schemas, named = _without_closed_items(
            msgspec.json.schema_components(kinds.values(), schema_hook=_own_schema, ref_template=REFS)
        )
        self._schemas = dict(zip(kinds, schemas, strict=True))
        queries = {_component(schema) for (_, _, part), schema in self._schemas.items() if part == "query"}
        elsewhere = [schema for (_, _, part), schema in self._schemas.items() if part != "query"]
        wanted = set(_referred([elsewhere, named]))
        self._queries = {name: named[name] for name in queries}
        self.shared = {name: schema for name, schema in named.items() if name not in queries or name in wanted}

    def of(self, route: Route, part: str) -> dict[str, Any]:
        """Return the schema of a route's ``body``, ``answers``, or of a parameter of its path."""
        schema: dict[str, Any] = self._schemas[route.method, route.path, part]
        return schema

    def query(self, route: Route) -> dict[str, Any]:
        """Return the schema of a route's query."""
        schema: dict[str, Any] = self._queries[_component(self.of(route, "query"))]
        return schema


def _component(schema: Mapping[str, Any]) -> str:
    return str(schema.get("$ref", "")).rpartition("/")[2]


def _referred(value: Any) -> Iterator[str]:
    """Yield the names of the schemas that a value refers to."""
    if isinstance(value, Mapping):
        if isinstance(value.get("$ref"), str):
            yield _component(value)
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _referred(item)


def _kinds(route: Route) -> Iterator[tuple[tuple[str, str, str], Any]]:
    """Yield the types of a route that have a schema; no parameter of a path is called like a part of a route."""
    parts = {"query": route.query, "body": route.body, "answers": route.answers, **route.parameters}
    for part, kind in parts.items():
        if kind is not None and kind is not RawBody:
            yield (route.method, route.path, part), kind


def _without_closed_items(value: Any) -> Any:
    """Return schemas without ``items: false``, which apispec takes for a name; the tuple's length says the same."""
    if isinstance(value, Mapping):
        return {
            key: _without_closed_items(item) for key, item in value.items() if not (key == "items" and item is False)
        }
    return [_without_closed_items(item) for item in value] if isinstance(value, (list, tuple)) else value


def _own_schema(kind: type) -> dict[str, Any]:
    if is_path_parameter(kind):
        return dict(kind.json_schema)
    if kind is object:
        return {"description": "Any value"}
    raise NotImplementedError
