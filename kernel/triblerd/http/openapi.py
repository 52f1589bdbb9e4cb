"""The API's description, OpenAPI 3.1, made of nothing but the declared routes."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from apispec import APISpec

from triblerd.auth import OPEN_PREFIXES
from triblerd.errors import (
    ForbiddenError,
    InvalidInputError,
    NotAcceptableError,
    TooLargeError,
    TooManyAttemptsError,
    TooSlowError,
    TriblerdError,
    UnauthorizedError,
    UnavailableError,
    UnknownPathError,
)
from triblerd.http.endpoint import RawBody, Route
from triblerd.http.errors import answer_of, is_dialect8
from triblerd.http.schemas import REFS, Schemas

TITLE = "Tribler REST API documentation"
UNLISTED = ("/docs", "/static")
"""The description's own pages."""
ERROR = {
    "description": "What went wrong: a text, or an object that also says whether the failure was foreseen.",
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "oneOf": [
                {"type": "string"},
                {
                    "type": "object",
                    "required": ["handled", "message"],
                    "properties": {
                        "handled": {"type": "boolean"},
                        "code": {"type": "string"},
                        "message": {"type": "string"},
                    },
                },
            ]
        }
    },
}

Declared = Mapping[str, Sequence[Route]]


def openapi_document(declared: Declared, *, version: str, wants_key: bool, base_path: str = "") -> dict[str, Any]:
    """Return the OpenAPI 3.1 document.

    Args:
        declared: The routes by the name of who declared them, which is their tag.
        version: The daemon's version.
        wants_key: Whether requests need a key.
        base_path: The path under which a proxy shows the API.
    """
    routes = [(owner, route) for owner, owned in declared.items() for route in owned if _is_listed(route)]
    schemas = Schemas([route for _, route in routes])
    secured: dict[str, Any] = {"security": [{"apiKey": []}]} if wants_key else {}
    spec = APISpec(TITLE, version, "3.1.0", servers=[{"url": base_path or "/"}], **secured)
    if wants_key:
        spec.components.security_scheme("apiKey", {"type": "apiKey", "in": "header", "name": "X-Api-Key"})
    for name, schema in {"Error": ERROR, **schemas.shared}.items():
        spec.components.schema(name, schema)
    operations: dict[str, dict[str, Any]] = defaultdict(dict)
    for owner, route in routes:
        operations[route.path][route.method.lower()] = _operation(owner, route, schemas)
    for path, methods in operations.items():
        spec.path(path, operations=methods)
    for owner in sorted({owner for owner, _ in routes}):
        spec.tag({"name": owner})
    document: dict[str, Any] = spec.to_dict()
    return document


def _is_listed(route: Route) -> bool:
    return not route.path.startswith(UNLISTED)


def _operation(owner: str, route: Route, schemas: Schemas) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": "_".join([route.method.lower(), *re.findall(r"\w+", route.path)]),
        "tags": [owner],
        "summary": route.summary,
        "parameters": [*_path_parameters(route, schemas), *_query_parameters(route, schemas)],
        "responses": {"200": _answer(route, schemas), **_failures(route)},
    }
    if route.description:
        operation["description"] = route.description
    if route.body is not None:
        operation["requestBody"] = _body(route, schemas)
    if _is_open(route):
        operation["security"] = []
    return operation


def _path_parameters(route: Route, schemas: Schemas) -> Iterator[dict[str, Any]]:
    for name in route.parameters:
        yield _parameter("path", name, schemas.of(route, name), required=True)


def _query_parameters(route: Route, schemas: Schemas) -> Iterator[dict[str, Any]]:
    if route.query:
        struct = schemas.query(route)
        for name, schema in struct["properties"].items():
            yield _parameter("query", name, schema, required=name in struct.get("required", ()))


def _parameter(place: str, name: str, schema: dict[str, Any], *, required: bool) -> dict[str, Any]:
    wanted = [choice for choice in schema.get("anyOf", ()) if choice != {"type": "null"}]  # no text means null
    if len(wanted) == 1:
        schema = {key: value for key, value in schema.items() if key not in ("anyOf", "default")} | wanted[0]
    schema = dict(schema)
    description = schema.pop("description", "")
    described = {"description": description} if description else {}
    return {"name": name, "in": place, "required": required, **described, "schema": schema}


def _body(route: Route, schemas: Schemas) -> dict[str, Any]:
    schema = {"type": "string", "format": "binary"} if route.body is RawBody else schemas.of(route, "body")
    content = {"schema": schema, **_example(route, "body")}
    return {"required": True, "content": {route.consumes: content}}


def _answer(route: Route, schemas: Schemas) -> dict[str, Any]:
    schema = {} if route.answers is None else {"schema": schemas.of(route, "answers")}
    content = {route.media_type: {**schema, **_example(route, "answer")}}
    content |= {media_type: {"schema": {"type": "string"}} for media_type in route.also}
    return {"description": "Success", "content": content}


def _example(route: Route, part: str) -> dict[str, Any]:
    return {"example": route.examples[part]} if part in route.examples else {}


def _failures(route: Route) -> dict[str, Any]:
    meanings: dict[int, list[str]] = defaultdict(list)
    for kind in dict.fromkeys([*_general_failures(route), *route.raises]):
        status, _ = answer_of(kind)
        meanings[status].append(" ".join((kind.__doc__ or kind.__name__).partition("\n\n")[0].split()))
    if is_dialect8(route.path):
        meanings[404].append("What it is of is turned off, or not up yet.")
    return {str(status): _failure(status, " ".join(texts)) for status, texts in sorted(meanings.items())}


def _failure(status: int, description: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": REFS.format(name="Error")}}}
    waits = {"headers": {"Retry-After": {"description": "Seconds", "schema": {"type": "integer"}}}}
    return {"description": description, "content": content, **(waits if status in (429, 503) else {})}


def _general_failures(route: Route) -> Iterator[type[TriblerdError]]:
    if route.query or route.body is not None or route.parameters:
        yield InvalidInputError
    if not _is_open(route):
        yield from (UnauthorizedError, ForbiddenError, TooManyAttemptsError)
    if route.parameters:
        yield UnknownPathError
    if route.also:
        yield NotAcceptableError
    if route.body is not None:
        yield from (TooLargeError, TooSlowError)
    yield UnavailableError


def _is_open(route: Route) -> bool:
    return not route.needs_key or route.path.startswith(OPEN_PREFIXES)
